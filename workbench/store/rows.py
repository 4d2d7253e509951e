"""From DuckDB's rows to Arrow's that polars can hold: names apart, types that it knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from workbench.model.text import plural
from workbench.store.names import quote

__all__ = ["rows_of"]

# Types that polars cannot import from Arrow, or shows as the bytes that DuckDB keeps.
_AS_TEXT = frozenset(("bignum", "bit", "geometry", "time with time zone", "union", "variant"))
_INTERVAL = "interval"
_NESTED = frozenset(("list", "array", "struct", "map"))
_PARTS = np.dtype([("months", "<i4"), ("days", "<i4"), ("ns", "<i8")])
_DAY_NS = 86_400 * 10**9


def rows_of(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    """The rows of a relation, in types and under names that a polars frame can have.

    The second column of a name gets ``_1`` behind it, as in DuckDB's own frames. Sums are int64
    where they fit. Intervals become durations, or text where one of them has months. What no frame
    holds (unions, bit strings, …) becomes DuckDB's text of it.
    """
    names = _distinct(relation.columns)
    odd = [_is_odd(kind) for kind in relation.types]
    if any(odd):
        columns = (
            f"{f'cast(#{at} as varchar)' if as_text else f'#{at}'} as {quote(name)}"
            for at, (name, as_text) in enumerate(zip(names, odd, strict=True), 1)
        )
        relation = relation.project(", ".join(columns))
    table = relation.to_arrow_table().rename_columns(names)
    for index, column in enumerate(table.schema):
        if column.type == pa.decimal128(38, 0):
            table = _replaced(table, index, _whole(table.column(index)))
        elif column.type == pa.month_day_nano_interval():
            table = _replaced(table, index, _durations(table.column(index)))
    return table


def _distinct(names: Sequence[str]) -> list[str]:
    """Names that differ also without regard to case, as DuckDB makes them for its own frames."""
    seen: dict[str, int] = {}
    distinct: list[str] = []
    for name in names:
        new = name
        while new.lower() in seen:
            seen[name.lower()] += 1
            new = f"{name}_{seen[name.lower()]}"
        seen[new.lower()] = 0
        distinct.append(new)
    return distinct


def _is_odd(kind: Any, inside: bool = False) -> bool:
    """Whether a type of DuckDB is one, or holds one, that becomes text."""
    if kind.id in _AS_TEXT or (inside and kind.id == _INTERVAL):
        return True
    if kind.id not in _NESTED:
        return False
    # The children of an array are its type and its size.
    parts = (part for _, part in kind.children if not isinstance(part, int))
    return any(_is_odd(part, inside=True) for part in parts)


def _replaced(table: pa.Table, index: int, column: Any) -> pa.Table:
    return table.set_column(index, table.schema.field(index).name, column)


def _whole(column: Any) -> Any:
    """A sum as int64 where it fits: DuckDB's HUGEINT leaves it as a decimal of 38 digits."""
    try:
        return column.cast(pa.int64())
    except pa.ArrowException:
        return column


def _durations(column: Any) -> Any:
    """Intervals as durations; as text if one has months, which are of no fixed length."""
    values = column.combine_chunks()
    parts = np.frombuffer(values.buffers()[1], _PARTS)[values.offset :][: len(values)]
    unknown = np.asarray(values.is_null())
    if parts["months"][~unknown].any():
        texts = [None if part is None else _text(part) for part in values.to_pylist()]
        return pa.array(texts, pa.string())
    lengths = (parts["days"].astype(np.int64) * _DAY_NS + parts["ns"]) // 1000
    return pa.array(lengths, pa.duration("us"), mask=unknown)


def _text(part: Any) -> str:
    counted = ((part.months, "month"), (part.days, "day"))
    parts = [plural(count, noun) for count, noun in counted if count]
    return " ".join(parts + [f"{part.nanoseconds / 1e9:.12g} s"] * bool(part.nanoseconds))
