"""Spans that arrive twice.

The same ids with equal content are one span, stored once. The same ids with other content are two
spans (Zipkin lets client and server share an id) and both are kept and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from workbench.store.names import quote

__all__ = ["Repeated", "remove_duplicate_spans"]

_NOT_CONTENT = frozenset({"load_id", "span_row", "other_attributes"})
_CHILDREN = ("span_events", "span_links")


@dataclass(frozen=True)
class Repeated:
    """How many spans of a load were duplicates, and how many ids now belong to several spans."""

    duplicates: int
    conflicting_ids: int


def remove_duplicate_spans(connection: duckdb.DuckDBPyConnection, load_id: int) -> Repeated:
    """Delete spans of this load that the store, or the load itself, already holds."""
    rows = connection.sql(_REPEATED, params={"load_id": load_id}).to_arrow_table()
    if not rows.num_rows:
        return Repeated(0, 0)
    connection.register("repeated", rows)
    numbered = connection.sql(_numbered(connection)).to_arrow_table()
    connection.unregister("repeated")
    connection.register("numbered", numbered)
    where = "span_row in (select span_row from numbered where copy > 1 and load_id = $load_id)"
    parameters = {"load_id": load_id}
    counted = connection.execute(
        "select count(*) filter (where copy > 1 and load_id = $load_id), count(distinct case when"
        " contents > 1 then trace_id || span_id end) from numbered",
        parameters,
    ).fetchall()
    for table in ("spans", *_CHILDREN):
        connection.execute(f"delete from raw.{table} where {where}", parameters)
    connection.unregister("numbered")
    return Repeated(int(counted[0][0]), int(counted[0][1]))


_REPEATED = """
with fresh as (
    select trace_id, span_id from raw.spans where load_id = $load_id group by trace_id, span_id
),
shared as (
    select s.trace_id, s.span_id
    from raw.spans as s
    join fresh as f on f.trace_id = s.trace_id and f.span_id = s.span_id
    group by s.trace_id, s.span_id
    having count(*) > 1
)
select s.span_row
from raw.spans as s
join shared as h on h.trace_id = s.trace_id and h.span_id = s.span_id
"""


def _content(connection: duckdb.DuckDBPyConnection, table: str, alias: str) -> str:
    """Every column of ``table`` that says what a row is, not where it lies."""
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = 'store'"
        " and schema_name = 'raw' and table_name = $table order by column_index",
        {"table": table},
    ).fetchall()
    names = [f"{alias}.{quote(row[0])}" for row in rows if row[0] not in _NOT_CONTENT]
    return ", ".join([*names, f"cast({alias}.other_attributes as varchar)"])


def _numbered(connection: duckdb.DuckDBPyConnection) -> str:
    """For every repeated span: which copy of its content, and how many contents share its ids."""
    children = ", ".join(
        f"{table} as (select t.span_row, list(cast(row({_content(connection, table, 't')})"
        f" as varchar) order by t.position) as content from raw.{table} as t"
        " join repeated as r on r.span_row = t.span_row group by t.span_row)"
        for table in _CHILDREN
    )
    content = _content(connection, "spans", "s")
    return f"""
with {children},
copies as (
    select s.span_row, s.load_id, s.trace_id, s.span_id,
        row_number() over (
            partition by {content}, e.content, l.content order by s.span_row
        ) as copy
    from raw.spans as s
    join repeated as r on r.span_row = s.span_row
    left join span_events as e on e.span_row = s.span_row
    left join span_links as l on l.span_row = s.span_row
)
select *, count(*) filter (where copy = 1) over (partition by trace_id, span_id) as contents
from copies
"""
