"""Where each attribute lives: one column a key and type, chosen once and kept for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from workbench.model.batch import AttributeColumn
from workbench.model.columns import SIGNALS, TABLES, taken_names

__all__ = ["DUCKDB_TYPES", "MOST_COLUMNS", "Names", "Place", "quote"]

DUCKDB_TYPES = {
    "string": "varchar",
    "int": "bigint",
    "double": "double",
    "bool": "boolean",
    "bytes": "blob",
    "array": "json",
    "kvlist": "json",
    "anyvalue": "json",
}
# Beyond this many columns a signal, new keys share the map column `other_attributes`: every
# column costs a little in every row group, and a table of 10,000 columns takes seconds to bind.
MOST_COLUMNS = 500
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A column, or an element of ``other_attributes`` when ``in_map``."""

    name: str
    in_map: bool = False


def quote(name: str) -> str:
    """A name as SQL identifier; the one place where names become SQL."""
    return '"' + name.replace('"', '""') + '"'


class Names:
    """The naming of attribute columns in one store, as far as ``raw.keys`` holds it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._places: dict[str, dict[AttributeColumn, Place]] = {name: {} for name in SIGNALS}
        self._taken = {name: set(taken_names(name)) for name in SIGNALS}
        rows = connection.execute(
            'select signal, key, type, occurrence, "column", element from raw.keys'
        ).fetchall()
        for signal, key, kind, occurrence, column, element in rows:
            place = Place(column) if column is not None else Place(element, in_map=True)
            self._places[signal][AttributeColumn(key, kind, occurrence)] = place
            self._taken[signal].add(place.name.lower())
        self._columns: dict[str, set[str]] = {name: set() for name in TABLES}
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns()"
            " where database_name = 'store' and schema_name = 'raw'"
        ).fetchall():
            self._columns.setdefault(table, set()).add(column.lower())

    def make_room(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        columns: Iterable[AttributeColumn],
    ) -> None:
        """Give every column of ``table`` a place; columns come with the most frequent first."""
        signal = TABLES[table].signal
        places = self._places[signal]
        for column in columns:
            place = places.get(column)
            if place is None:
                full = sum(not held.in_map for held in places.values()) >= MOST_COLUMNS
                place = Place(self._free_name(signal, column), in_map=full)
                places[column] = place
                self._taken[signal].add(place.name.lower())
                _write_key(connection, signal, column, place)
            if not place.in_map and place.name.lower() not in self._columns[table]:
                self._columns[table].add(place.name.lower())
                kind = DUCKDB_TYPES[column.type]
                connection.execute(f"alter table raw.{table} add column {quote(place.name)} {kind}")

    def of(self, table: str, column: AttributeColumn) -> Place:
        """Where ``column`` lives."""
        return self._places[TABLES[table].signal][column]

    def _free_name(self, signal: str, column: AttributeColumn) -> str:
        taken = self._taken[signal]
        base = column.key.replace("\0", "\N{SYMBOL FOR NULL}")
        if len(base) > _LONGEST_NAME:
            digest = hashlib.blake2b(base.encode("utf-8", "replace"), digest_size=6).hexdigest()
            base = f"{base[:_LONGEST_NAME]}…{digest}"
        if not base or base.lower() in taken_names(signal) or base.lower().startswith(_PREFIXES):
            base = f"attr.{base}"
        if column.occurrence:
            base = f"{base}#{column.occurrence + 1}"
        name = base
        if name.lower() in taken:
            name = f"{base}:{_SHORT.get(column.type, column.type)}"
        number = 2
        while name.lower() in taken:
            name = f"{base}~{number}"
            number += 1
        return name


_PREFIXES = ("resource.", "scope.", "attr.")
_SHORT = {"string": "str"}


def _write_key(
    connection: duckdb.DuckDBPyConnection, signal: str, column: AttributeColumn, place: Place
) -> None:
    connection.execute(
        'insert into raw.keys (signal, key, type, occurrence, "column", element)'
        " values ($signal, $key, $type, $occurrence, $column, $element)",
        {
            "signal": signal,
            "key": column.key,
            "type": column.type,
            "occurrence": column.occurrence,
            "column": None if place.in_map else place.name,
            "element": place.name if place.in_map else None,
        },
    )
