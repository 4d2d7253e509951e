"""What every source yields and every store accepts: rows of one table, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

__all__ = ["LONGEST_RAW", "AttributeColumn", "Batch", "Decoded", "Reject", "Shape"]

LONGEST_RAW = 1_000_000
"""How many letters of a rejected record are kept."""


@dataclass(frozen=True, slots=True)
class AttributeColumn:
    """Identity of one attribute column before a store has named it.

    ``occurrence`` counts repetitions of a key within one attribute list, from 0. ``type`` is
    ``string``, ``int``, ``double``, ``bool``, ``bytes``, ``array`` and ``kvlist`` (plain JSON),
    ``anyvalue`` (JSON of the OTLP encoding, where plain JSON would lose something) or ``empty``
    (a key without a value, which has a place in the shape and no column).
    """

    key: str
    type: str
    occurrence: int = 0


Shape = tuple[AttributeColumn, ...]
"""The attribute list of a row without its values: which columns, in which order."""


@dataclass(frozen=True)
class Batch:
    """Rows of one table, decoded.

    Attributes
    ----------
    table
        A key of ``model.columns.TABLES``.
    rows
        Its fixed columns and, for a table with attributes, ``shape_id``. Row numbers count from 0
        within what was decoded together; the store moves them.
    attributes
        One Arrow array a column, as long as ``rows``, null where the row lacks it.
    shapes
        Every ``shape_id`` that occurs in ``rows``.
    """

    table: str
    rows: pa.Table
    attributes: Mapping[AttributeColumn, pa.Array]
    shapes: Mapping[int, Shape]


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be stored: where it was, why, and its text."""

    position: str
    reason: str
    raw: str


@dataclass(frozen=True)
class Decoded:
    """What one piece of a source holds.

    ``ignored`` counts fields that the reader does not know, by path; ``caveats`` are sentences.
    """

    batches: tuple[Batch, ...] = ()
    rejects: tuple[Reject, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict[str, int])
    caveats: tuple[str, ...] = ()
