"""Spans that arrive twice.

The same ids with equal content are one span, stored once. The same ids with other content are two
spans (Zipkin lets client and server share an id) and both are kept and counted.

A span whose ids came before in the same load is put aside while the load goes on, with its events
and links, and looked at in the end: a delete inside the transaction would make DuckDB write every
row of the load again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from workbench.store.names import quote

__all__ = ["Aside", "Repeated", "settle_duplicates", "twice_stored"]

_NOT_CONTENT = frozenset({"load_id", "span_row", "other_attributes"})
_CHILDREN = ("span_events", "span_links")
_TABLES = ("spans", *_CHILDREN)
# Beyond this much, repeated spans are stored with the others and deleted in the end.
_MOST_BYTES = 128 << 20
_ODD = np.random.default_rng(6).integers(1, 2**63, 6, dtype=np.uint64) * 2 + 1

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Keys = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True)
class Repeated:
    """How many spans of a load were duplicates, and how many ids now belong to several spans."""

    duplicates: int
    conflicting_ids: int


class Aside:
    """Spans whose ids came before in the same load, with their events and links.

    Attributes
    ----------
    tables
        Rows put aside, by table.
    full
        Whether more came than is held in memory; the rest is in the tables of the store.
    """

    def __init__(self) -> None:
        self.tables: dict[str, list[pa.Table]] = {}
        self.full = False
        self._bytes = 0
        self._runs: list[Keys] = []
        self._rows: Any = np.zeros(0, np.int64)

    def put(self, table: str, rows: pa.Table) -> pa.Table:
        """Keep what is repeated and give back the rest; events and links follow their spans."""
        if table not in _TABLES:
            return rows
        numbers = rows.column("span_row").to_numpy()
        if table == "spans":
            again = self._came_before(_keys(rows))
            self.full = self.full or self._bytes > _MOST_BYTES
            self._rows = numbers[again & (not self.full)]
        repeated = np.isin(numbers, self._rows)
        if not repeated.any():
            return rows
        kept = rows.filter(pa.array(repeated))
        self._bytes += kept.nbytes
        self.tables.setdefault(table, []).append(kept)
        return rows.filter(pa.array(~repeated))

    def _came_before(self, keys: Keys) -> Flags:
        """Which keys stand earlier in ``keys`` or came in an earlier call.

        Earlier keys lie in sorted runs; a run is merged with the one before it once it has grown
        as long, so that n keys make at most log n runs.
        """
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        found = np.zeros(len(keys), np.bool_)
        found[1:] = ordered[1:] == ordered[:-1]
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, ordered), len(run) - 1)
            found |= run[places] == ordered
        if len(ordered):
            self._runs.append(ordered)
        while len(self._runs) > 1 and len(self._runs[-2]) <= len(self._runs[-1]):
            merged = np.concatenate([self._runs[-2], self._runs[-1]])
            merged.sort(kind="stable")
            self._runs[-2:] = [merged]
        again = np.empty(len(keys), np.bool_)
        again[order] = found
        return again


def _keys(spans: pa.Table) -> Keys:
    """A 64-bit hash of the ids of every span; what shares one is compared by content later."""
    parts: list[Keys] = []
    for name, size in (("trace_id", 32), ("span_id", 16)):
        ids = spans.column(name).combine_chunks()
        first = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset]
        letters = np.frombuffer(ids.buffers()[2], np.uint8)[first:][: len(ids) * size]
        words = letters.reshape(len(ids), size).view(np.uint64)
        parts.extend(words.T)
    # Words of hexadecimal letters differ in few bits: multiply, then mix the high half in.
    mixed = np.zeros(spans.num_rows, np.uint64)
    for word, factor in zip(parts, _ODD, strict=True):
        mixed = (mixed ^ word) * factor
        mixed ^= mixed >> np.uint64(32)
    return mixed


def settle_duplicates(
    connection: duckdb.DuckDBPyConnection, load_id: int, aside: Aside
) -> Repeated:
    """Store of the spans put aside those that are new; delete what the store held already.

    Parameters
    ----------
    connection
        Within the transaction of the load; everything else of it is in the tables.
    load_id
        The load.
    aside
        What was put aside.
    """
    parameters = {"load_id": load_id}
    for table in _TABLES:
        connection.execute(
            f"create or replace temp table aside_{table} as from raw.{table} limit 0"
        )
        for rows in aside.tables.get(table, ()):
            _insert(connection, f"aside_{table}", rows)
    try:
        return _settle(connection, aside, parameters)
    finally:
        for table in _TABLES:
            connection.execute(f"drop table temp.aside_{table}")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    connection.register("repeated_rows", rows)
    connection.execute(f"insert into {table} by name select * from repeated_rows")
    connection.unregister("repeated_rows")


def _settle(
    connection: duckdb.DuckDBPyConnection, aside: Aside, parameters: Mapping[str, int]
) -> Repeated:
    parts = ["select trace_id, span_id from aside_spans", _OF_EARLIER_LOADS]
    if aside.full:
        parts.append(_WITHIN_THE_LOAD)
    shared = connection.sql(
        f"select distinct trace_id, span_id from ({' union all '.join(parts)})",
        params=dict(parameters),
    ).to_arrow_table()
    if not shared.num_rows:
        return Repeated(0, 0)
    connection.register("shared_ids", shared)
    numbered = connection.sql(_numbered(connection)).to_arrow_table()
    connection.unregister("shared_ids")
    connection.register("numbered", numbered)
    try:
        _keep_one_copy(connection, parameters)
        counted = connection.execute(
            "select count(*) filter (where copy > 1 and load_id = $load_id), count(distinct case"
            " when contents > 1 then trace_id || span_id end) from numbered",
            parameters,
        ).fetchall()
    finally:
        connection.unregister("numbered")
    return Repeated(int(counted[0][0]), int(counted[0][1]))


def _keep_one_copy(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, int]) -> None:
    doomed = connection.execute(
        "select count(*) from numbered where copy > 1 and load_id = $load_id and not aside",
        parameters,
    ).fetchall()[0][0]
    for table in _TABLES:
        connection.execute(
            f"insert into raw.{table} by name select * from aside_{table}"
            " where span_row in (select span_row from numbered where copy = 1)"
        )
        if doomed:
            connection.execute(
                f"delete from raw.{table} where span_row in (select span_row from numbered"
                " where copy > 1 and load_id = $load_id and not aside)",
                parameters,
            )


_OF_EARLIER_LOADS = """
    select fresh.trace_id, fresh.span_id
    from raw.spans as fresh
    join raw.spans as earlier
        on earlier.trace_id = fresh.trace_id and earlier.span_id = fresh.span_id
    where fresh.load_id = $load_id and earlier.load_id <> $load_id
"""
_WITHIN_THE_LOAD = """
    select trace_id, span_id
    from raw.spans
    where load_id = $load_id
    group by trace_id, span_id
    having count(*) > 1
"""


def twice_stored(connection: duckdb.DuckDBPyConnection, load_id: int) -> dict[str, int]:
    """Log records and points that an earlier load holds too, of a sample of this load's.

    They are kept, since OTLP gives them no identity; a reader must know that sums count them twice.

    Returns
    -------
    dict
        For every table with such rows, in how many thousandths of a sample spread over the load.
    """
    found: dict[str, int] = {}
    for table, row in _WITHOUT_IDS.items():
        # Few loads share a moment; only then are whole rows worth reading.
        suspected = _SUSPECTED.format(table=table, row=row)
        if not connection.execute(suspected, {"load_id": load_id}).fetchall()[0][0]:
            continue
        names = [name for name in _columns(connection, table) if name != row]
        fresh, earlier = (_content(names, alias) for alias in ("fresh", "earlier"))
        query = _TWICE.format(table=table, row=row, fresh=fresh, earlier=earlier)
        sampled, known = connection.execute(query, {"load_id": load_id}).fetchall()[0]
        if known:
            found[table] = max(1, round(1000 * known / sampled))
    return found


_WITHOUT_IDS = {"logs": "log_row", "number_points": "point_row", "histogram_points": "point_row"}
_SAMPLED = """
with extent as (
    select min({row}) as first_row, count(*) as rows from raw.{table} where load_id = $load_id
),
sampled as (
    select own.{row}, own.time_ns, own.resource_id, own.shape_id
    from raw.{table} as own, extent
    where own.load_id = $load_id
        and (own.{row} - extent.first_row) % greatest(1, extent.rows // 1000) = 0
),
paired as (
    select sampled.{row} as fresh_row, earlier.{row} as earlier_row
    from sampled
    join raw.{table} as earlier
        on earlier.time_ns = sampled.time_ns
        and earlier.resource_id = sampled.resource_id
        and earlier.shape_id = sampled.shape_id
    where earlier.load_id <> $load_id
)
"""
_SUSPECTED = f"{_SAMPLED} select exists (select 1 from paired)"
_TWICE = f"""{_SAMPLED},
known as (
    select distinct paired.fresh_row
    from paired
    join raw.{{table}} as fresh on fresh.{{row}} = paired.fresh_row
    join raw.{{table}} as earlier on earlier.{{row}} = paired.earlier_row
    where row({{fresh}}) is not distinct from row({{earlier}})
)
select (select count(*) from sampled), (select count(*) from known)
"""


def _content(columns: Sequence[str], alias: str) -> str:
    """Every column that says what a row is, not where it lies."""
    names = [f"{alias}.{quote(name)}" for name in columns if name not in _NOT_CONTENT]
    return ", ".join([*names, f"cast({alias}.other_attributes as varchar)"])


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = 'store'"
        " and schema_name = 'raw' and table_name = $table order by column_index",
        {"table": table},
    ).fetchall()
    return [row[0] for row in rows]


def _numbered(connection: duckdb.DuckDBPyConnection) -> str:
    """For every span with shared ids: which copy of its content, and how many contents there are.

    Copies are counted from the earliest row on, of earlier loads first.
    """
    children = ",\n".join(
        f"{table} as (select t.span_row,"
        f" list(cast(row({_content(_columns(connection, table), 't')}) as varchar)"
        " order by t.position) as content"
        f" from (from raw.{table} union all by name from aside_{table}) as t"
        " where t.span_row in (select span_row from repeated) group by t.span_row)"
        for table in _CHILDREN
    )
    return f"""
with repeated as (
    select s.* from (from raw.spans union all by name from aside_spans) as s
    join shared_ids as i on i.trace_id = s.trace_id and i.span_id = s.span_id
),
{children},
copies as (
    select s.span_row, s.load_id, s.trace_id, s.span_id,
        s.span_row in (select span_row from aside_spans) as aside,
        row_number() over (
            partition by {_content(_columns(connection, "spans"), "s")}, e.content, l.content
            order by s.span_row
        ) as copy
    from repeated as s
    left join span_events as e on e.span_row = s.span_row
    left join span_links as l on l.span_row = s.span_row
)
select *, count(*) filter (where copy = 1) over (partition by trace_id, span_id) as contents
from copies
"""
