"""Batches into tables, inside the transaction of one load."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from workbench.model.batch import AttributeColumn, Batch, Decoded, Shape
from workbench.model.columns import TABLES
from workbench.store.duplicates import Aside
from workbench.store.names import Names, quote

__all__ = ["Writer"]

# Inserts that are no multiple of DuckDB's row group cost 45 % disk and triple the checkpoint; a
# group that only a smaller insert follows is written twice (68 MB instead of 40 for 173,000 texts
# of 300 characters). So whole groups are inserted, and the last one together with what remains.
ROW_GROUP = 122_880
# Rows of long prompts are written earlier: what waits is held in memory.
MOST_BYTES = 256 << 20
_ROW_COLUMNS = ("span_row", "log_row", "point_row")
_OWNERS = {"resources": "resource_id", "scopes": "scope_id"}


class Writer:
    """Appends decoded batches to the tables of a store.

    Attributes
    ----------
    counts
        Rows appended so far, by table.
    services
        Values of ``service.name`` seen.
    first_ns, last_ns
        Extent of all times seen, None while there is none.
    aside
        Spans that may be duplicates; they are counted, and not yet stored.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, load_id: int) -> None:
        self.counts: Counter[str] = Counter()
        self.services: set[str] = set()
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.aside = Aside()
        self._connection = connection
        self._load_id = load_id
        self._names = Names(connection)
        self._pending: dict[str, list[pa.Table]] = {}
        self._next_row = {name: self._next(name) for name in _ROW_COLUMNS}
        self._known_owners = {table: self._ids(table, name) for table, name in _OWNERS.items()}
        self._known_shapes = self._ids("attribute_shapes", "shape_id")
        self._new_shapes: dict[int, Shape] = {}

    def _next(self, column: str) -> int:
        tables = [name for name, table in TABLES.items() if table.row == column]
        union = " union all ".join(
            f"select max({column}) as row from raw.{name}" for name in tables
        )
        found = self._connection.execute(f"select max(row) from ({union})").fetchall()
        return -1 if found[0][0] is None else int(found[0][0])

    def _ids(self, table: str, column: str) -> set[int]:
        rows = self._connection.execute(f"select distinct {column} from raw.{table}").fetchall()
        return {row[0] for row in rows}

    def append(self, decoded: Decoded) -> None:
        """Add what was decoded together; its row numbers are moved behind those of the store."""
        first = {name: last + 1 for name, last in self._next_row.items()}
        for batch in decoded.batches:
            self._append(batch, first)

    def _append(self, batch: Batch, first: Mapping[str, int]) -> None:
        rows, attributes = batch.rows, batch.attributes
        for shape_id in batch.shapes.keys() - self._known_shapes:
            self._known_shapes.add(shape_id)
            self._new_shapes[shape_id] = batch.shapes[shape_id]
        if batch.table in _OWNERS:
            self._note_services(attributes)
            rows, attributes = self._unknown(batch)
            if not rows.num_rows:
                return
        table = TABLES[batch.table]
        moved = table.row or table.parent
        if moved is not None:
            numbers = pc.add(rows.column(moved), first[moved])
            rows = rows.set_column(rows.schema.get_field_index(moved), moved, numbers)
            if table.row is not None:
                self._next_row[moved] = max(self._next_row[moved], pc.max(numbers).as_py())
        self._note_times(rows)
        self.counts[batch.table] += rows.num_rows
        whole = self._with_attributes(batch.table, rows, attributes)
        stored = self.aside.put(batch.table, whole)
        if stored.num_rows:
            self._keep(batch.table, stored)

    def _unknown(self, batch: Batch) -> tuple[pa.Table, dict[AttributeColumn, pa.Array]]:
        """The resources or scopes of a batch that the store does not hold yet."""
        known = self._known_owners[batch.table]
        ids = batch.rows.column(_OWNERS[batch.table]).to_pylist()
        new: list[int] = []
        for index, owner in enumerate(ids):
            if owner not in known:
                known.add(owner)
                new.append(index)
        chosen = pa.array(new, pa.int64())
        columns = {name: array.take(chosen) for name, array in batch.attributes.items()}
        return batch.rows.take(chosen), columns

    def _note_services(self, attributes: Mapping[AttributeColumn, pa.Array]) -> None:
        services = attributes.get(AttributeColumn("service.name", "string"))
        if services is not None:
            self.services.update(services.drop_null().to_pylist())

    def _note_times(self, rows: pa.Table) -> None:
        """Extent of when things happened; a counter's start may lie days before the dump."""
        names = rows.column_names
        if "observed_time_ns" in names:
            columns = [pc.coalesce(rows.column("time_ns"), rows.column("observed_time_ns"))]
        elif "time_ns" in names:
            columns = [rows.column("time_ns")]
        else:
            columns = [rows.column(name) for name in ("start_ns", "end_ns") if name in names]
        for column in columns:
            extent = pc.min_max(column).as_py()
            if extent["min"] is not None:
                earliest = extent["min"] if self.first_ns is None else self.first_ns
                self.first_ns = min(extent["min"], earliest)
                self.last_ns = max(extent["max"], self.last_ns or 0)

    def _with_attributes(
        self, table: str, rows: pa.Table, attributes: Mapping[AttributeColumn, pa.Array]
    ) -> pa.Table:
        """The rows with their attributes under the names of this store, and the load's id."""
        by_frequency = sorted(attributes, key=lambda name: attributes[name].null_count)
        self._names.make_room(self._connection, table, by_frequency)
        columns: dict[str, Any] = dict(zip(rows.column_names, rows.columns, strict=True))
        columns["load_id"] = pa.repeat(pa.scalar(self._load_id, pa.int32()), rows.num_rows)
        in_map: dict[str, pa.Array] = {}
        for name, values in attributes.items():
            place = self._names.of(table, name)
            (in_map if place.in_map else columns)[place.name] = values
        if in_map:
            columns["other_attributes"] = _as_map(in_map, rows.num_rows)
        return pa.table(columns)

    def _keep(self, table: str, rows: pa.Table) -> None:
        waiting = self._pending.setdefault(table, [])
        waiting.append(rows)
        total = sum(part.num_rows for part in waiting)
        if total >= 3 * ROW_GROUP or sum(part.nbytes for part in waiting) > MOST_BYTES:
            together = pa.concat_tables(waiting, promote_options="default")
            whole = (total // ROW_GROUP - 1) * ROW_GROUP if total >= 3 * ROW_GROUP else total
            self._insert(table, together.slice(0, whole))
            self._pending[table] = [together.slice(whole)] if total > whole else []

    def _insert(self, table: str, rows: pa.Table) -> None:
        # DuckDB scans chunks one after another unless they are as long as a row group.
        whole = rows.combine_chunks() if rows.num_rows >= 2 * ROW_GROUP else rows
        self._connection.register("incoming", whole)
        held = (name for name in rows.column_names if rows.column(name).null_count < rows.num_rows)
        names = ", ".join(quote(name) for name in held)
        self._connection.execute(f"insert into raw.{table} ({names}) select {names} from incoming")
        self._connection.unregister("incoming")

    def flush(self) -> None:
        """Write what is still waiting."""
        for table, waiting in self._pending.items():
            if waiting:
                self._insert(table, pa.concat_tables(waiting, promote_options="default"))
        self._pending.clear()
        if self._new_shapes:
            self._insert("attribute_shapes", _shape_rows(self._new_shapes))
            self._new_shapes = {}


def _as_map(columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """Several columns as one map from their name to text; what is no text is JSON."""
    pairs: list[list[tuple[str, str]]] = [[] for _ in range(rows)]
    for name, values in columns.items():
        for row, value in enumerate(values.to_pylist()):
            if value is not None:
                text = value if isinstance(value, str) else json.dumps(value, default=bytes.hex)
                pairs[row].append((name, text))
    return pa.array(pairs, pa.map_(pa.string(), pa.string()))


def _shape_rows(shapes: Mapping[int, Shape]) -> pa.Table:
    """One row an attribute of a shape; a shape without attributes has one row without a key."""
    rows = [
        (shape_id, position, part.key, part.type, part.occurrence)
        for shape_id, shape in shapes.items()
        for position, part in enumerate(shape)
    ]
    rows += [(shape_id, None, None, None, None) for shape_id, shape in shapes.items() if not shape]
    schema = {
        "shape_id": pl.Int64,
        "position": pl.Int32,
        "key": pl.String,
        "type": pl.String,
        "occurrence": pl.Int32,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").to_arrow()
