"""The views of schema ``main``, remade whenever a load brings new attributes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import duckdb

from workbench.model.columns import TABLES, taken_names
from workbench.model.semconv import SPAN_KINDS, STATUS_CODES, TEMPORALITIES
from workbench.store.names import quote

__all__ = ["create_views"]

# View, alias of its own table there, that table, and whether a scope is joined in.
_VIEWS = (
    ("spans", "s", "spans", True),
    ("events", "e", "span_events", False),
    ("links", "l", "span_links", False),
    ("logs", "l", "logs", True),
    ("metrics", "p", "number_points", True),
    ("exemplars", "x", "exemplars", False),
    ("keys", "", "", False),
    ("loads", "", "", False),
    ("quarantine", "", "", False),
)
_SEVERITIES = ("trace", "debug", "info", "warn", "error", "fatal")


def _words(column: str, words: tuple[str, ...]) -> str:
    """SQL that shows a number of the protocol as its word, an unknown one as its digits."""
    cases = " ".join(f"when {number} then '{word}'" for number, word in enumerate(words))
    return f"case {column} {cases} else cast({column} as varchar) end"


def _severity() -> str:
    cases = " ".join(
        f"when l.severity_number between {1 + 4 * place} and {4 + 4 * place} then '{word}'"
        for place, word in enumerate(_SEVERITIES)
    )
    return f"case {cases} end"


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every view anew from what ``raw.keys`` holds."""
    keys = _columns_by_signal(connection)
    words = {
        "{service}": _service(connection),
        "{kind}": _words("s.kind", SPAN_KINDS),
        "{status}": _words("s.status_code", STATUS_CODES),
        "{temporality}": _words("p.temporality", TEMPORALITIES),
        "{severity}": _severity(),
    }
    folder = resources.files("workbench.store.views")
    for view, alias, table, has_scope in _VIEWS:
        text = (folder / f"{view}.sql").read_text(encoding="utf-8")
        for mark, sql in words.items():
            text = text.replace(mark, sql)
        if alias:
            columns = list(_attributes(keys, alias, table, has_scope))
            text = text.replace("{attributes}", ",\n    ".join(columns))
        connection.execute(f"create or replace view {view} as\n{text}")


def _service(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL for the name of a service; a ``service.name`` that is no text names none."""
    rows = connection.execute(
        "select \"column\" from raw.keys where signal = 'resource' and key = 'service.name'"
        " and type = 'string' and occurrence = 0"
    ).fetchall()
    return f"r.{quote(rows[0][0])}" if rows and rows[0][0] else "cast(null as varchar)"


def _columns_by_signal(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {table.signal: [] for table in TABLES.values()}
    rows = connection.execute(
        'select signal, "column" from raw.keys where "column" is not null order by signal, "column"'
    ).fetchall()
    for signal, column in rows:
        columns[signal].append(column)
    return columns


def _attributes(
    keys: dict[str, list[str]], alias: str, table: str, has_scope: bool
) -> Iterator[str]:
    """Columns of a view: its own attributes, the resource's twice, and the scope's."""
    signal = TABLES[table].signal
    own = keys[signal]
    taken = {name.lower() for name in own} | taken_names(signal)
    yield from (f"{alias}.{quote(name)}" for name in own)
    for name in keys["resource"]:
        yield f"r.{quote(name)} as {quote(f'resource.{name}')}"
        if name.lower() not in taken:
            yield f"r.{quote(name)}"
    if has_scope:
        yield 'c.name as "scope.name"'
        yield 'c.version as "scope.version"'
        yield from (f"c.{quote(name)} as {quote(f'scope.{name}')}" for name in keys["scope"])
    yield f"{alias}.other_attributes"
