"""Attribute lists into one typed column an attribute, and a shape that keeps their order."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.model.batch import AttributeColumn, Shape
from workbench.otlp.intern import FIRST_RUN, Interned, Quirk

__all__ = ["Shredded", "as_json", "runs_of", "shape_id_of", "shred"]

Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Shredded:
    """Typed attribute columns of some rows.

    Attributes
    ----------
    shape_ids
        One int64 a row.
    columns
        One array an attribute column, as long as the rows.
    shapes
        What every shape id stands for.
    """

    shape_ids: pa.Array
    columns: Mapping[AttributeColumn, pa.Array]
    shapes: Mapping[int, Shape]


def shape_id_of(shape: Shape) -> int:
    """The id of a shape: a hash of its content, equal in every process and every store."""
    # With lengths: a key may hold any character, also those between the parts.
    text = "".join(f"{len(p.key)} {p.key} {p.type} {p.occurrence} " for p in shape)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def shred(lists: pa.ListArray, interned: Interned) -> Shredded:
    """Columns and shapes of ``lists``, whose items are numbers of runs in ``interned``.

    Raises
    ------
    Quirk
        When a list names several runs, or one row has a column twice.
    """
    rows = len(lists)
    starts, lengths = runs_of(lists, interned)
    total = int(lengths.sum())
    if total == 0:
        empty = shape_id_of(())
        return Shredded(pa.array(np.full(rows, empty)), {}, {empty: ()})
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    owner = np.repeat(np.arange(rows), lengths)
    within = np.arange(total) - np.repeat(offsets[:-1], lengths)
    codes = interned.codes[within + np.repeat(starts, lengths)]
    columns = interned.columns[codes]
    shape_ids, shapes = _shapes(columns, within, offsets, lengths, interned.names)
    order = np.argsort(columns, kind="stable")
    ordered = columns[order]
    edges = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1, [total]])
    shredded: dict[AttributeColumn, pa.Array] = {}
    for begin, end in itertools.pairwise(edges):
        name = interned.names[int(ordered[begin])]
        chosen = order[begin:end]
        owners = owner[chosen]
        if len(owners) > 1 and (np.diff(owners) == 0).any():
            raise Quirk(f"attribute {name.key!r} is given twice")
        if name.type == "empty":
            continue
        taken = np.full(rows, -1, np.int64)
        taken[owners] = codes[chosen]
        shredded[name] = interned.values[name.type].take(pa.array(taken, mask=taken < 0))
    return Shredded(pa.array(shape_ids), shredded, shapes)


def runs_of(lists: pa.ListArray, interned: Interned) -> tuple[Integers, Integers]:
    """First attribute and number of attributes of every row."""
    offsets = lists.offsets.to_numpy().astype(np.int64)
    held = np.diff(offsets)
    if lists.null_count:
        held = np.where(np.asarray(lists.is_valid().to_numpy(zero_copy_only=False)), held, 0)
    if len(held) and held.max() > 1:
        raise Quirk("an attribute list is broken up")
    starts = np.zeros(len(lists), np.int64)
    lengths = np.zeros(len(lists), np.int64)
    has = held == 1
    if has.any():
        if lists.values.null_count:
            raise Quirk("a null stands where an attribute should")
        items = lists.values.to_numpy(zero_copy_only=False).astype(np.int64)
        runs = items[offsets[:-1][has]] - FIRST_RUN
        if runs.min() < 0 or runs.max() >= len(interned.run_starts):
            raise Quirk("a number stands where an attribute should")
        starts[has] = interned.run_starts[runs]
        lengths[has] = interned.run_ends[runs] - interned.run_starts[runs]
    return starts, lengths


def _shapes(
    columns: Integers,
    within: Integers,
    offsets: Integers,
    lengths: Integers,
    names: tuple[AttributeColumn, ...],
) -> tuple[Integers, dict[int, Shape]]:
    """Shape id of every row; rows are grouped by a hash, and the groups are then verified."""
    random = np.random.default_rng(len(names)).integers(
        1, 2**63, size=max(len(names), int(lengths.max())) + 1, dtype=np.uint64
    ) | np.uint64(1)
    mixed = random[columns] * (random[within] + np.uint64(2))
    hashes = np.zeros(len(lengths), np.uint64)
    filled = lengths > 0
    hashes[filled] = np.add.reduceat(mixed, offsets[:-1][filled])
    hashes[filled] += lengths[filled].astype(np.uint64)
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    example = first[group]
    if (lengths[example] != lengths).any():
        raise Quirk("two shapes share a hash")
    if (columns[np.repeat(offsets[example], lengths) + within] != columns).any():
        raise Quirk("two shapes share a hash")
    shapes: dict[int, Shape] = {}
    ids = np.empty(len(first), np.int64)
    for index, row in enumerate(first.tolist()):
        members: list[int] = columns[offsets[row] : offsets[row + 1]].tolist()
        shape = tuple(names[column] for column in members)
        ids[index] = shape_id_of(shape)
        shapes[int(ids[index])] = shape
    return ids[group], shapes


def as_json(shredded: Shredded, row: int) -> list[tuple[str, str, Any]]:
    """The attributes of one row, in their order, as ``(key, type, value)``."""
    shape = shredded.shapes[shredded.shape_ids[row].as_py()]
    return [
        (part.key, part.type, None if part.type == "empty" else shredded.columns[part][row].as_py())
        for part in shape
    ]
