"""The store: a DuckDB file with the telemetry of an incident, and everything that touches it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from workbench.errors import QueryError, SourceError, nearest
from workbench.store.closed import closed, said_if_closed
from workbench.store.connection import Connection
from workbench.store.keystats import refresh_keys
from workbench.store.load import Incoming, is_known, store_file
from workbench.store.names import quote
from workbench.store.questions import check_question, words_of
from workbench.store.report import FileReport, LoadReport
from workbench.store.rows import rows_of

__all__ = ["FileReport", "Incoming", "LoadReport", "Store", "closed", "quote"]

_NOT_FOUND = re.compile(
    r'Referenced column "(?P<column>.+)" not found'
    r"|Table with name (?P<table>.+) does not exist"
    r'|does not have a column named "(?P<of_table>.+)"'
)


class Store:
    """A store, open for questions; see `workbench.open` for the way in.

    Parameters
    ----------
    path
        The file, or None for a store in memory. It need not exist before the first load.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._connection = Connection(path)
        self._columns: dict[str, tuple[str, ...]] = {}
        self._shared: dict[str, tuple[str, ...]] = {}
        self._stamp: int | None = None

    @contextmanager
    def reading(self) -> Generator[duckdb.DuckDBPyConnection]:
        """The DuckDB connection with the store attached for reading."""
        with self._connection.reading() as connection:
            yield connection

    def arrow(self, query: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Rows of a query as an Arrow table that polars can hold; see `rows_of`.

        Raises
        ------
        QueryError
            When DuckDB refuses the statement, or it is not one that reads.
        StoreError
            When the store was closed, or cannot be opened.
        """
        with said_if_closed(), self._connection.reading() as connection:

            def rows() -> pa.Table:
                check_question(connection, query)
                return rows_of(connection.sql(query, params=dict(parameters or {}) or None))

            try:
                return self._connection.interruptible(rows)
            except duckdb.Error as error:
                raise QueryError(self._explain(error, query), query) from None

    def sql(self, query: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of a query as a polars frame."""
        frame = pl.from_arrow(self.arrow(query, parameters))
        assert isinstance(frame, pl.DataFrame)
        return frame

    def columns(self, view: str) -> tuple[str, ...]:
        """Names of the columns of a view, in order; none for a view that does not exist."""
        stamp = self.path.stat().st_mtime_ns if self.path and self.path.exists() else None
        if stamp != self._stamp:
            self._columns.clear()  # another process has loaded something
            self._shared.clear()
            self._stamp = stamp
        if view not in self._columns:
            rows = self.sql(
                "select column_name from duckdb_columns() where database_name = 'store'"
                " and schema_name = 'main' and table_name = $view order by column_index",
                {"view": view},
            )
            self._columns[view] = tuple(rows["column_name"].to_list())
        return self._columns[view]

    def shared_keys(self, view: str) -> tuple[str, ...]:
        """Names of the attributes of a view that share the column ``other_attributes``."""
        columns = self.columns(view)
        if view not in self._shared:
            rows = self.sql(
                'select element from keys where "column" is null and signal = $signal'
                " order by element",
                {"signal": _SIGNALS.get(view, "")},
            )
            taken = {column.lower() for column in columns}
            names = rows["element"].to_list()
            self._shared[view] = tuple(name for name in names if name.lower() not in taken)
        return self._shared[view]

    def extent(self) -> tuple[int, int] | None:
        """First and last moment of all telemetry, in nanoseconds since 1970 UTC."""
        rows = self.sql("select min(first_ns) as first, max(last_ns) as last from loads")
        first, last = rows.row(0)
        return None if first is None else (first, last)

    def starts(self) -> tuple[int, int] | None:
        """When the first and when the last span starts, in nanoseconds since 1970 UTC."""
        first, last = self.sql("select min(start_ns) as a, max(start_ns) as b from spans").row(0)
        return None if first is None else (first, last)

    def owns(self, file: Path) -> bool:
        """Whether ``file`` is this store's own.

        It must not be opened as a source: closing it would release DuckDB's lock, which belongs
        to the process.
        """
        if self.path is None:
            return False
        names = {self.path, self.path.with_name(self.path.name + ".wal")}
        return any(own.exists() and file.samefile(own) for own in names)

    def load(
        self,
        files: Iterable[Callable[[], FileReport | Incoming]],
    ) -> LoadReport:
        """Store files one after another, each in a transaction of its own.

        Parameters
        ----------
        files
            One function a file; called while the file before it is still to be stored, it opens
            the file and gives what is to be stored, or a report when there is nothing.
        """
        reports: list[FileReport] = []
        opened: deque[FileReport | Incoming] = deque()
        with self._connection.writing() as connection:
            try:
                for open_file in files:
                    opened.append(open_file())
                    if isinstance(opened[-1], Incoming) and not is_known(connection, opened[-1]):
                        opened[-1].begin()
                    if len(opened) > 1:
                        reports.append(self._store(connection, opened.popleft()))
                while opened:
                    reports.append(self._store(connection, opened.popleft()))
            finally:
                for left in opened:
                    if isinstance(left, Incoming):
                        left.close()
                self._columns.clear()
                self._shared.clear()
                changed = any(report.status == "loaded" for report in reports)
                refresh_keys(connection, changed=changed)
        return LoadReport(tuple(reports))

    def _store(
        self, connection: duckdb.DuckDBPyConnection, opened: FileReport | Incoming
    ) -> FileReport:
        if isinstance(opened, FileReport):
            return opened
        check = self._connection.check_stopped
        try:
            return self._connection.interruptible(lambda: store_file(connection, opened, check))
        except SourceError as error:
            return FileReport(opened.path, opened.format, "unreadable", caveats=(str(error),))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _explain(self, error: duckdb.Error, query: str) -> str:
        """DuckDB's message in one line, with the nearest names of ours."""
        text = str(error)
        first = text.splitlines()[0]
        found = _NOT_FOUND.search(first)
        if found is None:
            return f"DuckDB refuses this SQL: {first}"
        name = found["table"] or found["column"] or found["of_table"]
        asked = {word.strip('"').lower() for word in words_of(query)}
        views = [view for view in _VIEWS if view in asked] or _VIEWS
        known = {column: None for view in views for column in self.columns(view)}
        near = nearest(name, _VIEWS if found["table"] else known)
        said = f"No {'table' if found['table'] else 'column'} {name!r}"
        if len(views) < len(_VIEWS) and not found["table"]:
            said += f" in {' or '.join(views)}"
        if near:
            said += f"; did you mean {' or '.join(map(repr, near))}?"
        else:
            said += f"; '{'show tables' if found['table'] else f'describe {views[0]}'}' lists them."
        if f'"{name}"' in query:
            said += f" If it is text, it takes single quotes: '{name}'."
        return said


# Views by the signal under which their own attributes are listed in `keys`.
_SIGNALS = {
    "spans": "span",
    "events": "event",
    "links": "link",
    "logs": "log",
    "metrics": "metric",
    "exemplars": "exemplar",
}
_VIEWS = ("spans", "logs", "metrics", "events", "links", "exemplars", "keys", "loads", "quarantine")
