"""Resources and scopes: each distinct one becomes a row whose id is a hash of its content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.model.batch import Batch
from workbench.otlp.columns import Integers, content_id, field, filled, text, unnest
from workbench.otlp.intern import Interned
from workbench.otlp.shred import as_json, runs_of, shred

__all__ = ["Records", "records_of"]


@dataclass(frozen=True)
class Records:
    """The records of one signal, with the ids of the resource and scope of each."""

    records: pa.Array
    resource_ids: pa.Array
    scope_ids: pa.Array
    owners: tuple[Batch, ...]


def records_of(requests: pa.ListArray, interned: Interned, scopes: str, records: str) -> Records:
    """The records in ``resourceX[].scopes[].records[]``, and their resources and scopes."""
    _, of_resource = unnest(requests)
    resource_ids, resources = _identify(
        "resources",
        "resource_id",
        field(of_resource, "resource", "attributes"),
        interned,
        {
            "schema_url": text(field(of_resource, "schemaUrl")),
            "dropped_attributes_count": _dropped(of_resource, "resource"),
        },
    )
    resource_of, of_scope = unnest(field(of_resource, scopes))
    scope_ids, in_scopes = _identify(
        "scopes",
        "scope_id",
        field(of_scope, "scope", "attributes"),
        interned,
        {
            "name": text(field(of_scope, "scope", "name")),
            "version": text(field(of_scope, "scope", "version")),
            "schema_url": text(field(of_scope, "schemaUrl")),
            "dropped_attributes_count": _dropped(of_scope, "scope"),
        },
    )
    scope_of, found = unnest(field(of_scope, records))
    return Records(
        found,
        pa.array(resource_ids[resource_of][scope_of]),
        pa.array(scope_ids[scope_of]),
        (*resources, *in_scopes),
    )


def _dropped(array: pa.Array, owner: str) -> pa.Array:
    return filled(field(array, owner, "droppedAttributesCount"))


def _identify(
    table: str,
    id_column: str,
    attributes: pa.ListArray,
    interned: Interned,
    columns: dict[str, pa.Array],
) -> tuple[Integers, Iterator[Batch] | Sequence[Batch]]:
    """Content ids of some resources or scopes, and a batch of the distinct ones."""
    starts, lengths = runs_of(attributes, interned)
    plain = [column.to_pylist() for column in columns.values()]
    seen: dict[tuple[object, ...], int] = {}
    number = np.empty(len(attributes), np.int64)
    distinct: list[int] = []
    ends = starts + lengths
    for row, content in enumerate(zip(starts.tolist(), ends.tolist(), *plain, strict=True)):
        codes = interned.codes[content[0] : content[1]].tobytes()
        key = (codes, *content[2:])
        if key not in seen:
            seen[key] = len(distinct)
            distinct.append(row)
        number[row] = seen[key]
    if not distinct:
        return number, ()
    chosen = pa.array(distinct, pa.int64())
    shredded = shred(attributes.take(chosen), interned)
    ids = np.array(
        [
            content_id(*(values[row] for values in plain), as_json(shredded, index))
            for index, row in enumerate(distinct)
        ],
        np.int64,
    )
    rows = pa.table(
        {
            id_column: pa.array(ids),
            **{name: pc.take(column, chosen) for name, column in columns.items()},
            "shape_id": shredded.shape_ids,
        }
    )
    return ids[number], (Batch(table, rows, shredded.columns, shredded.shapes),)
