"""Columns of a decoded skeleton: structs and lists flattened, text turned into numbers and ids."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.otlp.intern import Quirk

__all__ = [
    "content_id",
    "field",
    "filled",
    "hex_ids",
    "positions",
    "real_list",
    "signed",
    "text",
    "times",
    "unnest",
    "unsigned",
    "unsigned_list",
]

Integers = np.ndarray[Any, np.dtype[np.int64]]
_LARGEST = 2**63 - 1


def field(array: pa.StructArray, *path: str) -> pa.Array:
    """A field of a struct, null where any struct on the way is null."""
    found = array
    for name in path:
        found = pc.struct_field(found, name)
    return found


def unnest(lists: pa.ListArray) -> tuple[Integers, pa.Array]:
    """For every item of ``lists`` the number of its owner, and the items themselves."""
    items = lists.flatten()
    owners = pc.list_parent_indices(lists).to_numpy()
    return owners.astype(np.int64), items


def positions(owners: Integers) -> pa.Array:
    """For items in the order of their owners, their place within the owner, from 0."""
    if not len(owners):
        return pa.array([], pa.int64())
    starts = np.flatnonzero(np.concatenate([[True], owners[1:] != owners[:-1]]))
    lengths = np.diff(np.append(starts, len(owners)))
    return pa.array(np.arange(len(owners)) - np.repeat(starts, lengths))


def text(array: pa.Array) -> pa.Array:
    """Text, null where it is empty: in protobuf an absent string and an empty one are the same."""
    if array.null_count == len(array):
        return array
    empty = pc.equal(array, "")
    if not pc.any(empty).as_py():
        return array
    return pc.if_else(empty, pa.scalar(None, pa.string()), array)


def filled(array: pa.Array, default: int | bool = 0) -> pa.Array:
    """Numbers with the protobuf default where they are absent."""
    return pc.fill_null(array, default) if array.null_count else array


def hex_ids(array: pa.Array, size: int, *, optional: bool) -> pa.Array:
    """Lower-case hexadecimal ids of ``size`` bytes; anything else is a `Quirk`."""
    ids = text(array)
    if ids.null_count:
        if not optional:
            raise Quirk("an id is missing")
        if ids.null_count == len(ids):
            return ids
    present = ids.drop_null() if ids.null_count else ids
    if not len(present):
        return ids
    extent = pc.min_max(pc.binary_length(present)).as_py()
    if extent != {"min": 2 * size, "max": 2 * size}:
        raise Quirk("an id has an unusual length")
    first = np.frombuffer(present.buffers()[1], np.int32)[present.offset]
    letters = np.frombuffer(present.buffers()[2], np.uint8)[first:][: len(present) * 2 * size]
    # Numbers without a sign: what lies below the first letter wraps around to the top.
    if not ((letters - ord("0") < 10) | (letters - ord("a") < 6)).all():
        raise Quirk("an id is not in lower-case hexadecimal")
    return ids


def signed(array: pa.Array) -> pa.Array:
    """Signed 64-bit integers from their text."""
    return _cast(array, pa.int64())


def unsigned(array: pa.Array) -> pa.Array:
    """Unsigned 64-bit integers from their text, 0 where absent."""
    return pc.fill_null(_cast(array, pa.uint64()), pa.scalar(0, pa.uint64()))


def unsigned_list(lists: pa.ListArray) -> pa.ListArray:
    """Lists of unsigned integers from lists of their text; an absent list is empty."""
    return _map_list(lists, pa.uint64())


def real_list(lists: pa.ListArray) -> pa.ListArray:
    """Lists of floating-point numbers; an absent list is empty."""
    return _map_list(lists, pa.float64())


def _map_list(lists: pa.ListArray, kind: pa.DataType) -> pa.ListArray:
    counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    values = _cast(lists.flatten(), kind)
    if values.null_count:
        raise Quirk("a null within a list of numbers")
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return array.cast(kind)
    except pa.ArrowException as error:
        raise Quirk(str(error)) from None


def times(array: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Nanoseconds since 1970 as int64, null where absent or 0 (OTLP: unknown).

    Returns
    -------
    tuple
        The times, and beside them the times beyond int64 as uint64 (null elsewhere).
    """
    none = pa.nulls(len(array), pa.uint64())
    if array.null_count == len(array):
        return pa.nulls(len(array), pa.int64()), none
    try:
        number = array.cast(pa.int64())
    except pa.ArrowException:
        wide = _cast(array, pa.uint64())
        beyond = pc.greater(wide, pa.scalar(_LARGEST, pa.uint64()))
        number = pc.if_else(beyond, pa.scalar(None, pa.uint64()), wide).cast(pa.int64())
        none = pc.if_else(beyond, wide, pa.scalar(None, pa.uint64()))
    low = pc.min(number).as_py()
    if low is not None and low < 0:
        raise Quirk("a time before 1970")
    if low == 0:
        number = pc.if_else(pc.equal(number, 0), pa.scalar(None, pa.int64()), number)
    return number, none


def content_id(*content: object) -> int:
    """A 64-bit id of some content: equal in every process and every store."""
    digest = hashlib.blake2b(repr(content).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big", signed=True)
