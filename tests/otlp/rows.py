"""Everything that a decoded piece says, as plain values that can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.model.batch import Batch
from workbench.otlp.decode import _fast
from workbench.otlp.intern import Quirk

Row = dict[str, Any]


def rows(batches: Iterable[Batch]) -> dict[str, list[Row]]:
    """Rows by table; ``attributes`` is a list of (key, type, occurrence, value) in its order.

    Values are texts (``repr``), so that NaN equals NaN and 0.0 differs from -0.0.
    """
    found: dict[str, list[Row]] = {}
    for batch in batches:
        columns = {name: array.to_pylist() for name, array in batch.attributes.items()}
        for index, row in enumerate(batch.rows.to_pylist()):
            pairs = [
                (part.key, part.type, part.occurrence, columns[part][index])
                if part in columns
                else (part.key, part.type, part.occurrence, None)
                for part in batch.shapes[row["shape_id"]]
            ]
            plain = {name: repr(content) for name, content in row.items()}
            found.setdefault(batch.table, []).append({**plain, "attributes": repr(pairs)})
    return found


def attributes(batches: Iterable[Batch], table: str = "spans") -> list[list[tuple[str, str, Any]]]:
    """Key, type and value of every attribute of every row of one table."""
    found: list[list[tuple[str, str, Any]]] = []
    for batch in batches:
        if batch.table == table:
            for index, shape_id in enumerate(batch.rows["shape_id"].to_pylist()):
                shape = batch.shapes[shape_id]
                found.append(
                    [
                        (part.key, part.type, batch.attributes[part][index].as_py())
                        if part.type != "empty"
                        else (part.key, "empty", None)
                        for part in shape
                    ]
                )
    return found


def is_fast(text: bytes) -> bool:
    """Whether the fast path reads ``text`` itself."""
    try:
        _fast(text)
    except Quirk:
        return False
    return True
