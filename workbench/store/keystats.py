"""How often each attribute occurs, with how many values, and an example."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from workbench.model.columns import TABLES
from workbench.store.names import quote

__all__ = ["refresh_keys"]

# One row per key in the map column, with the values that one column would have.
_SHARED = """
select name, count(*), approx_count_distinct(value), min(value)
from (
    select unnest(map_keys(other_attributes)) as name, unnest(map_values(other_attributes)) as value
    from raw.{table}
    where cardinality(other_attributes) > 0
)
group by name"""


@dataclass
class _Count:
    count: int = 0
    cardinality: int = 0
    example: str | None = None

    def add(self, count: int, cardinality: int, example: str | None) -> None:
        self.count += count
        self.cardinality = max(self.cardinality, cardinality)
        self.example = self.example or example


Counts = dict[tuple[str, str, bool], _Count]


def refresh_keys(connection: duckdb.DuckDBPyConnection, *, changed: bool) -> None:
    """Count the values of every attribute anew: one scan a table.

    Without a change it is done only for keys that were never counted, as after a load that was
    killed behind its commit.

    Cardinality is approximate (HyperLogLog, within a few per cent): exact counting of every column
    of a million rows takes ten times as long and serves no one who picks a column to group by.
    """
    uncounted = "select exists (select 1 from raw.keys where count is null)"
    if not (changed or connection.execute(uncounted).fetchall()[0][0]):
        return
    columns = _columns(connection)
    counts: Counts = defaultdict(_Count)
    for name, table in TABLES.items():
        own = [column for column in columns[name] if column in columns["*" + table.signal]]
        if own:
            parts = ", ".join(
                f"count({quote(column)}), approx_count_distinct({quote(column)}),"
                f" cast(min({quote(column)}) as varchar)"
                for column in own
            )
            row: tuple[Any, ...] = connection.execute(f"select {parts} from raw.{name}").fetchall()[
                0
            ]
            for index, column in enumerate(own):
                counts[table.signal, column, False].add(*row[3 * index : 3 * index + 3])
        for element, *found in connection.execute(_SHARED.format(table=name)).fetchall():
            counts[table.signal, element, True].add(*found)
    if counts:
        _write(connection, counts)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Columns of every table, and under ``*signal`` those that hold attributes."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns()"
        " where database_name = 'store' and schema_name = 'raw'"
    ).fetchall():
        found[table].append(column)
    for signal, column in connection.execute(
        'select signal, "column" from raw.keys where "column" is not null'
    ).fetchall():
        found["*" + signal].append(column)
    return found


def _write(connection: duckdb.DuckDBPyConnection, counts: Counts) -> None:
    rows = pl.DataFrame(
        [
            (*place, entry.count, min(entry.cardinality, entry.count), entry.example)
            for place, entry in counts.items()
        ],
        schema={
            "signal": pl.String,
            "name": pl.String,
            "in_map": pl.Boolean,
            "count": pl.Int64,
            "cardinality": pl.Int64,
            "example": pl.String,
        },
        orient="row",
    ).with_columns(pl.col("example").str.head(200))
    connection.register("counted", rows.to_arrow())
    connection.execute(
        "update raw.keys set count = c.count, cardinality = c.cardinality, example = c.example"
        " from counted as c where c.signal = raw.keys.signal"
        ' and c.name = coalesce(raw.keys."column", raw.keys.element)'
        ' and c.in_map = (raw.keys."column" is null)'
    )
    connection.unregister("counted")
