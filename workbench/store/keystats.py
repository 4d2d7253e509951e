"""How often each attribute occurs, with how many values, and an example."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import duckdb
import polars as pl

from workbench.model.columns import TABLES
from workbench.store.names import quote

__all__ = ["refresh_keys"]


@dataclass
class _Count:
    count: int = 0
    cardinality: int = 0
    example: str | None = None


def refresh_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Count the values of every attribute column anew: one scan a table.

    Cardinality is approximate (HyperLogLog, within a few per cent): exact counting of every column
    of a million rows takes ten times as long and serves no one who picks a column to group by.
    """
    columns = _columns(connection)
    counts: defaultdict[tuple[str, str], _Count] = defaultdict(_Count)
    for table in TABLES:
        own = [name for name in columns[table] if name in columns["*" + TABLES[table].signal]]
        if not own:
            continue
        parts = ", ".join(
            f"count({quote(name)}), approx_count_distinct({quote(name)}),"
            f" cast(min({quote(name)}) as varchar)"
            for name in own
        )
        row = connection.execute(f"select {parts} from raw.{table}").fetchall()[0]
        for index, name in enumerate(own):
            entry = counts[TABLES[table].signal, name]
            entry.count += row[3 * index]
            entry.cardinality = max(entry.cardinality, row[3 * index + 1])
            entry.example = entry.example or row[3 * index + 2]
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


def _write(connection: duckdb.DuckDBPyConnection, counts: dict[tuple[str, str], _Count]) -> None:
    rows = pl.DataFrame(
        [
            (signal, column, entry.count, min(entry.cardinality, entry.count), entry.example)
            for (signal, column), entry in counts.items()
        ],
        schema={
            "signal": pl.String,
            "column": pl.String,
            "count": pl.Int64,
            "cardinality": pl.Int64,
            "example": pl.String,
        },
        orient="row",
    ).with_columns(pl.col("example").str.head(200))
    connection.register("counted", rows.to_arrow())
    connection.execute(
        "update raw.keys set count = c.count, cardinality = c.cardinality, example = c.example"
        ' from counted as c where c.signal = raw.keys.signal and c."column" = raw.keys."column"'
    )
    connection.unregister("counted")
