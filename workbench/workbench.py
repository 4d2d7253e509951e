"""The object that a reader holds in hand: a store, what is in it, and windows on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from workbench.errors import InputError, NoDataError, WindowError, check_type
from workbench.loading import load_files
from workbench.model.text import plural
from workbench.model.times import format_ns, parse_time, zone
from workbench.sources.files import (
    Paths,
)
from workbench.store import LoadReport, Store, closed
from workbench.window import Window, without_overlap

__all__ = ["Workbench", "open_workbench"]


class Workbench:
    """An incident: a store of telemetry, open for loading and for questions.

    Made by `workbench.open`. Shown in a cell, it says what it holds.
    """

    def __init__(self, store: Store, tz: str = "UTC") -> None:
        self.store = store
        self.timezone = zone(tz)
        self._is_closed = False

    def load(self, paths: Paths, *, progress: bool | Callable[[str], None] = True) -> LoadReport:
        """Load files of telemetry into the store.

        Each file is one transaction: interrupted at any moment, it is there whole or not at all.
        The format is found by content. A file whose content was loaded before is left out. The
        largest file is stored first; the report keeps the order in which they were named.

        Parameters
        ----------
        paths
            A file, a folder (searched to any depth), a pattern such as ``"dump/*.jsonl.gz"``, or
            several of these.
        progress
            Whether to show on standard error how far a load is when it takes longer than a
            second; or a function that takes that text.

        Returns
        -------
        LoadReport
            What became of each file: rows stored, duplicates, rejected records with reasons,
            caveats. Rejected records are in the view ``quarantine``.

        Raises
        ------
        SourceError
            When a path does not exist.
        StoreBusyError
            When another process holds the store for longer than 30 seconds.

        Examples
        --------
        >>> import workbench as wb
        >>> inc = wb.open()
        >>> inc.load("data/incident/traces.jsonl.gz", progress=False).total["rejected"]
        0
        """
        kinds = (str, os.PathLike, Iterable)
        check_type(paths, kinds, "A load takes a file, folder or pattern, or several")
        if self._is_closed:
            raise closed()
        return load_files(self.store, paths, progress)

    def sql(self, query: str) -> pl.DataFrame:
        """Rows of any SQL query over the views ``spans``, ``logs``, ``metrics``, … .

        Raises
        ------
        QueryError
            When DuckDB refuses it; the message names the nearest columns or tables.

        Examples
        --------
        >>> import workbench as wb
        >>> wb.demo().sql("select count(*) as n from spans").columns
        ['n']
        """
        check_type(query, (str,), "A query is SQL text such as 'select * from loads'")
        return self.store.sql(query)

    def window(self, start: str | datetime, end: str | datetime) -> Window:
        """The window ``[start, end)``.

        Parameters
        ----------
        start, end
            ISO 8601 text or datetimes, in the workbench's zone unless they carry an offset. A bare
            time of day as ``end`` lies on the day of ``start``; as ``start``, on the first day of
            the data.

        Raises
        ------
        WindowError
            When a time cannot be read, or the end is not after the start.
        """
        extent = self.store.extent()
        first = parse_time(start, self.timezone, near=extent[0] if extent else None)
        last = parse_time(end, self.timezone, near=first)
        if last <= first:
            raise WindowError(
                f"The window ends at {format_ns(last, self.timezone)}, which is not after its start"
                f" {format_ns(first, self.timezone)}."
            )
        return self._window(((first, last),))

    def parse_window(self, text: str) -> Window:
        """The window written as ``START/END``, several joined by commas.

        Raises
        ------
        WindowError
            When it cannot be read.
        """
        check_type(text, (str,), "A window is written as 'START/END'", WindowError)
        intervals: list[tuple[int, int]] = []
        for part in text.split(","):
            start, slash, end = part.partition("/")
            if not slash:
                raise WindowError(
                    f"Cannot read {part!r} as a window; write START/END, for example"
                    " 2026-11-12T14:05/2026-11-12T14:24."
                )
            intervals.extend(self.window(start, end).intervals)
        return self._window(tuple(intervals))

    @property
    def all(self) -> Window:
        """The window of everything in the store, from and to whole seconds.

        Raises
        ------
        NoDataError
            When the store is empty.
        """
        extent = self.store.extent()
        if extent is None:
            raise NoDataError("The store is empty; load a dump into it first.")
        return self._whole_seconds(*extent)

    @property
    def all_spans(self) -> Window:
        """The window in which spans start, from and to whole seconds.

        What a workbench stands for in a question about spans: metrics that go on for hours after
        the last span must not dilute a rate.

        Raises
        ------
        NoDataError
            When the store holds no span with a start.
        """
        starts = self.store.starts()
        if starts is None:
            wanted = "load traces into it first."
            if self.store.extent() is None:
                raise NoDataError(f"The store is empty; {wanted}")
            raise NoDataError(f"The store holds no span with a start; {wanted}")
        return self._whole_seconds(*starts)

    def _whole_seconds(self, first: int, last: int) -> Window:
        return self._window(((first // 10**9 * 10**9, (last // 10**9 + 1) * 10**9),))

    def trace(self, trace_id: str) -> Window:
        """The window of one trace, for `workbench.waterfall`.

        Parameters
        ----------
        trace_id
            Its id in hexadecimal, or the first characters of it if no other begins so.

        Raises
        ------
        InputError
            When no trace, or more than one, has an id that begins so.
        """
        check_type(trace_id, (str,), "A trace id is text of 32 hexadecimal digits")
        wanted = trace_id.strip().lower().replace("-", "")
        if not wanted or any(letter not in "0123456789abcdef" for letter in wanted):
            raise InputError(f"{trace_id!r} is no trace id; give 32 hexadecimal digits.")
        rows = self.store.sql(
            "select trace_id, min(start_ns) as first, max(coalesce(end_ns, start_ns)) as last"
            " from spans where starts_with(trace_id, $wanted) group by trace_id limit 2",
            {"wanted": wanted},
        )
        if rows.height != 1:
            found = "No trace has" if rows.is_empty() else "More than one trace has"
            raise InputError(f"{found} an id that begins with {wanted!r}.")
        full, first, last = rows.row(0)
        last = None if last is None else max(first or 0, last)
        window = self._window(((first or 0, (last or first or 0) + 1),))
        return Window(self.store, self.timezone, window.intervals, (), full, window.caveats)

    def _window(self, intervals: tuple[tuple[int, int], ...]) -> Window:
        joined = without_overlap(intervals)
        return Window(self.store, self.timezone, joined, caveats=self.caveats)

    @property
    def loads(self) -> pl.DataFrame:
        """One row a file that was loaded."""
        return self.store.sql("select * from loads order by load_id")

    @property
    def caveats(self) -> tuple[str, ...]:
        """What loads found that a reader of any number must know, each once."""
        rows = self.store.sql(
            "select distinct unnest(caveats) as caveat from loads order by caveat"
        )
        return tuple(rows["caveat"].to_list())

    def close(self) -> None:
        """Let go of the store; the workbench cannot be asked afterwards."""
        self._is_closed = True
        self.store.close()

    def __repr__(self) -> str:
        name = self.store.path or "in memory"
        if self.store.path is not None and not self.store.path.exists():
            return f"Workbench ({name}): no file yet. Load something: inc.load('dump/')"
        counts = self.store.sql(
            "select count(*) as loads, sum(spans) as spans, sum(logs) as logs, sum(metric_points)"
            " as points, min(first_ns) as first, max(last_ns) as last from loads"
        ).row(0, named=True)
        if not counts["loads"]:
            return f"Workbench ({name}): empty. Load something: inc.load('dump/')"
        services = self.store.sql(
            "select distinct unnest(services) as service from loads order by service"
        )["service"].to_list()
        lines = [
            f"Workbench ({name})",
            (
                f"  {plural(counts['spans'], 'span')}, {plural(counts['logs'], 'log record')},"
                f" {plural(counts['points'], 'metric point')} from"
                f" {plural(counts['loads'], 'load')}"
            ),
            f"  {self._extent(counts)}",
            f"  services: {', '.join(services[:12])}{' …' if len(services) > 12 else ''}",
            *(f"  ! {caveat}" for caveat in self.caveats),
        ]
        return "\n".join(lines)

    def _extent(self, counts: dict[str, Any]) -> str:
        first, last = counts["first"], counts["last"]
        if first is None:
            return "without times"
        return f"{format_ns(first, self.timezone)} to {format_ns(last, self.timezone)}"


def open_workbench(path: str | os.PathLike[str] | None = None, *, tz: str = "UTC") -> Workbench:
    """A workbench on a store; see `workbench.open`."""
    if path is None:
        return Workbench(Store(None), tz)
    check_type(path, (str, os.PathLike), "A store is the path of a file such as 'inc.duckdb'")
    file = Path(path).expanduser().absolute()
    if file.is_dir():
        raise InputError(f"{str(path)!r} is a folder; a store is one file, such as 'inc.duckdb'.")
    if not file.parent.is_dir():
        raise InputError(f"The folder {str(file.parent)!r} does not exist.")
    return Workbench(Store(file), tz)
