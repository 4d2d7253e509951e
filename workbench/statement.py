"""The text of statements: query files, the tables put in front of them, and values filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from workbench.errors import QueryError
from workbench.store import quote

__all__ = [
    "NEEDS",
    "TABLES",
    "Result",
    "filled_in",
    "is_one_expression",
    "named_tables",
    "read_query",
    "split_comments",
    "syntax_error",
    "with_shared_keys",
]

_NAME = re.compile(r"\b(window|baseline)_(\w+)\b")
_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|\$(\w+)")


@dataclass(frozen=True)
class Result:
    """Rows of a query, and the statement that made them, values filled in."""

    table: pa.Table
    sql: str

    @property
    def frame(self) -> pl.DataFrame:
        """The rows as a polars frame."""
        frame = pl.from_arrow(self.table)
        assert isinstance(frame, pl.DataFrame)
        return frame


def read_query(module: str, name: str | None = None) -> str:
    """Text of the SQL file beside a module: ``read_query(__name__)`` reads ``NAME.sql``."""
    package, _, stem = module.rpartition(".")
    file = resources.files(package) / f"{name or stem}.sql"
    return file.read_text(encoding="utf-8")


def is_one_expression(predicate: str) -> bool:
    """Whether no comment, no ``;`` and no bracket leads out of the brackets put around it."""
    written, depth = predicate.encode(), 0
    tokens = duckdb.tokenize(predicate)
    for offset, kind in tokens:
        mark = written[offset : offset + 1]
        if kind == duckdb.token_type.comment:
            return False
        if kind == duckdb.token_type.operator:
            depth += (mark == b"(") - (mark == b")")
            if depth < 0 or mark == b";":
                return False
    return bool(tokens) and depth == 0


def syntax_error(predicate: str) -> str | None:
    """What DuckDB cannot read in a condition, found without the brackets put around it."""
    try:
        duckdb.extract_statements(f"select 1 where {predicate}")
    except duckdb.Error as error:
        return str(error).splitlines()[0].removeprefix("Parser Error: ")
    return None


def split_comments(query: str) -> tuple[str, str]:
    """Leading comment lines, and what follows the first ``with``."""
    lines = query.splitlines(keepends=True)
    start = 0
    while start < len(lines) and (lines[start].startswith("--") or not lines[start].strip()):
        start += 1
    body = "".join(lines[start:])
    if not body.lower().startswith("with"):
        raise QueryError("The query of an analysis begins with 'with'.", query)
    return "".join(lines[:start]), body[4:].lstrip()


# One row per trace that belongs to a window: by its root's start, else its earliest span's.
_TRACES = """
    select trace_id, start_ns, end_ns
    from (
        select
            trace_id,
            coalesce(
                min(case when parent_span_id is null then start_ns end), min(start_ns)
            ) as start_ns,
            max(end_ns) as end_ns
        from spans
        group by trace_id
    ) as every_trace
    where {time}{condition}"""
TABLES: Mapping[str, str] = {
    "spans": "    select * from spans where {time}{condition}",
    "events": "    select * from events where span_row in (select span_row from {side}_spans)",
    "links": "    select * from links where span_row in (select span_row from {side}_spans)",
    "traces": _TRACES,
    "trace_spans": (
        "    select * from spans where trace_id in (select trace_id from {side}_traces)"
    ),
    "trace_events": (
        "    select * from events where trace_id in (select trace_id from {side}_traces)"
    ),
    "trace_links": (
        "    select * from links where trace_id in (select trace_id from {side}_traces)"
    ),
    "logs": "    select * from logs where {time}",
    "metrics": "    select * from metrics where {time}",
}
NEEDS = {
    "events": "spans",
    "links": "spans",
    "trace_spans": "traces",
    "trace_events": "traces",
    "trace_links": "traces",
}


def named_tables(query: str) -> list[tuple[str, str]]:
    """The tables that a query names, each after the one that it rests on."""
    named: dict[tuple[str, str], None] = {}
    for side, kind in sorted(set(_NAME.findall(query))):
        if kind in TABLES:
            if kind in NEEDS:
                named[side, NEEDS[kind]] = None
            named[side, kind] = None
    return list(named)


def with_shared_keys(view: str, keys: Iterable[str]) -> str:
    """A table named like a view, in which keys of ``other_attributes`` are columns too."""
    columns = ", ".join(f"other_attributes[{_literal(key)}] as {quote(key)}" for key in keys)
    return f"{view} as (\n    select *, {columns} from main.{view}\n)"


def filled_in(statement: str, values: Mapping[str, Any]) -> str:
    """The statement with every ``$name`` replaced by its value, ready to be pasted."""

    def value(match: re.Match[str]) -> str:
        return _literal(values[match[1]]) if match[1] in values else match[0]

    return _PARAMETER.sub(value, statement)


def _literal(value: Any) -> str:
    """A value as SQL, for a statement that is to be pasted."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        items: Iterable[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return "[" + ", ".join(_literal(item) for item in items) + "]"
    return "'" + str(value).replace("'", "''") + "'"
