"""Split OTLP JSON into a skeleton and its distinct attributes.

Attributes are most of a dump and most of them repeat: ``{"key":"http.route","value":…}`` stands
there once a span. So each is found by its first eight bytes, equal ones are put together as bytes,
only distinct ones are parsed, and every attribute list is replaced by one number. What remains, the
skeleton, has a fixed schema.

An object that begins with ``{"key":"`` is structure, never part of a string: inside a string its
quotes would be escaped. Whatever else may go wrong (another order of fields, blanks, nested
key-value lists) ends in `Quirk`, never in a wrong value, because every piece is parsed strictly.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from workbench.model.batch import AttributeColumn
from workbench.otlp.anyvalue import parse_json, plain_json
from workbench.otlp.schema import KEY_VALUE

__all__ = ["FIRST_RUN", "Interned", "Quirk", "intern", "read_json"]

_START = b'{"key":"'
_START_AS_NUMBER = np.frombuffer(_START, np.uint64)[0]
_BRACE, _BRACKET, _COMMA, _CLOSE = (ord(mark) for mark in "{[,}")
_TEXT_ATTRIBUTE = (
    r'(?s)^(?P<whole>\{"key":"(?:[^"\\]|\\.)*","value":\{"stringValue":"(?:[^"\\]|\\.)*"\}\})'
)
_TYPED = ("string", "int", "double", "bool", "bytes")
# Attribute lists are numbered from here: a number that stands in a list itself is never taken for
# one of them.
FIRST_RUN = 7_000_000_000
_ARROW = {"int": pa.int64(), "double": pa.float64(), "bool": pa.bool_(), "bytes": pa.binary()}


Integers = np.ndarray[Any, np.dtype[np.int64]]


class Quirk(Exception):  # noqa: N818  (a variation of the format, not an error)
    """The bytes are not in the form that the fast path reads; nothing is said about validity."""


@dataclass(frozen=True)
class Interned:
    """The attributes of a piece of OTLP JSON.

    Attributes
    ----------
    codes
        For every attribute in order of appearance, which of the distinct ones it is.
    run_starts, run_ends
        For every attribute list, its range in ``codes``.
    columns
        The column that each distinct attribute belongs to, as index into ``names``.
    names
        The distinct columns.
    values
        By type, the value of each distinct attribute (null where it has another type).
    """

    codes: Integers
    run_starts: Integers
    run_ends: Integers
    columns: Integers
    names: tuple[AttributeColumn, ...]
    values: dict[str, pa.Array]


def read_json(text: bytes | pa.Buffer, schema: pa.Schema) -> pa.Table:
    """Rows of JSON lines, read strictly: a field that ``schema`` lacks is a `Quirk`."""
    size = len(text) if isinstance(text, bytes) else text.size
    try:
        return pyarrow.json.read_json(
            pa.BufferReader(text),
            read_options=pyarrow.json.ReadOptions(
                block_size=max(size + 1, 1024), use_threads=False
            ),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="error"
            ),
        )
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise Quirk(str(error)) from None


def intern(text: bytes) -> tuple[bytes | pa.Buffer, Interned]:
    """Skeleton of ``text`` and its attributes.

    Raises
    ------
    Quirk
        When an attribute list is not written as the collector writes it.
    """
    starts = _find_starts(text)
    count = len(starts)
    if count == 0:
        none = np.zeros(0, np.int64)
        return text, Interned(none, none, none, none, (), {})
    data = np.frombuffer(text, np.uint8)
    before = data[starts - 1]
    first = before == _BRACKET
    if starts[0] == 0 or not (first | (before == _COMMA)).all() or not first[0]:
        raise Quirk("an attribute stands outside a list")
    run_starts = np.flatnonzero(first)
    run_ends = np.append(run_starts[1:], count)
    ends = np.append(starts[1:] - 1, len(text))
    last = run_ends - 1
    tails = _slices(text, starts[last], np.append(starts, len(text))[run_ends])
    for length_of in (_length_to_mark, _length_of_text):
        ends[last] = starts[last] + length_of(tails)
        encoded = _slices(text, starts, ends).dictionary_encode()
        try:
            columns, names, values = _parse(encoded.dictionary)
        except Quirk:
            continue
        codes = np.asarray(encoded.indices.to_numpy(), dtype=np.int64)
        skeleton = _skeleton(text, starts[run_starts], ends[last])
        return skeleton, Interned(codes, run_starts, run_ends, columns, names, values)
    raise Quirk("attributes could not be parsed")


def _find_starts(text: bytes) -> Integers:
    if len(text) < 16:
        return np.zeros(0, np.int64)
    data = np.frombuffer(text, np.uint8)
    braces = np.flatnonzero(data[:-8] == _BRACE)
    words = np.ndarray((len(text) - 7,), np.uint64, text, 0, (1,))
    return braces[words[braces] == _START_AS_NUMBER]


def _length_to_mark(tails: pa.Array) -> Integers:
    """Length of the first attribute of each text: up to the first ``}}]``.

    A string that holds ``}}]`` cuts the attribute short, and what is left does not parse.
    """
    found = np.asarray(pc.find_substring(tails, b"}}]").to_numpy(zero_copy_only=False))
    if found.min() < 0:
        raise Quirk("the end of an attribute list was not found")
    return found.astype(np.int64) + 2


def _length_of_text(tails: pa.Array) -> Integers:
    """As `_length_to_mark`, but reads text values to their closing quote (four times slower)."""
    matched = pc.struct_field(pc.extract_regex(tails, _TEXT_ATTRIBUTE), "whole")
    lengths = pc.fill_null(pc.binary_length(matched), -1).to_numpy(zero_copy_only=False)
    return np.where(lengths < 0, _length_to_mark(tails), lengths)


def _alternating(text: bytes, starts: Integers, ends: Integers) -> pa.Array:
    """Binary array of all of ``text``: what lies before, in, and after each ``[start, end)``.

    Ranges are ascending and do not overlap, so every second item is one of them.
    """
    if len(text) >= 2**31:
        raise Quirk("one piece is larger than 2 GiB")
    bounds = np.empty(2 * len(starts) + 2, np.int32)
    bounds[0] = 0
    bounds[1:-1:2] = starts
    bounds[2:-1:2] = ends
    bounds[-1] = len(text)
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.binary(), len(bounds) - 1, buffers)


def _slices(text: bytes, starts: Integers, ends: Integers) -> pa.Array:
    """Binary array of ``text[start:end]``, one a range."""
    return _alternating(text, starts, ends).take(pa.array(np.arange(1, 2 * len(starts), 2)))


def _skeleton(text: bytes, run_starts: Integers, run_ends: Integers) -> pa.Buffer:
    """``text`` with the n-th attribute list replaced by ``FIRST_RUN + n``."""
    numbers = pa.array(np.arange(len(run_starts)) + FIRST_RUN).cast(pa.string()).cast(pa.binary())
    mask = np.zeros(2 * len(run_starts) + 1, np.bool_)
    mask[1::2] = True
    replaced = pc.replace_with_mask(
        _alternating(text, run_starts, run_ends), pa.array(mask), numbers
    )
    size = np.frombuffer(replaced.buffers()[1], np.int32)[len(mask)]
    return replaced.buffers()[2].slice(0, int(size))


def _parse(
    distinct: pa.Array,
) -> tuple[Integers, tuple[AttributeColumn, ...], dict[str, pa.Array]]:
    lines = pa.ListArray.from_arrays(pa.array([0, len(distinct)], pa.int32()), distinct)
    text = pc.binary_join(lines, b"\n")[0].as_buffer()
    if pc.any(pc.match_substring(distinct, b'"kvlistValue":')).as_py():
        raise Quirk("nested attributes")
    table = _read_attributes(text, distinct)
    keys = table.column("key").combine_chunks()
    value = table.column("value").combine_chunks()
    if keys.null_count:
        raise Quirk("an attribute without a key")
    count = len(distinct)
    types = np.full(count, "empty", dtype="U8")
    values: dict[str, pa.Array] = {}
    for kind in (*_TYPED, "array", "kvlist", "anyvalue"):
        field = f"{kind}Value" if kind in _TYPED else f"wb.{kind}"
        column = pc.struct_field(value, field)
        if column.null_count == count:
            continue
        valid = np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
        if (types[valid] != "empty").any():
            raise Quirk("a value of several kinds")
        types[valid] = kind
        values[kind] = _typed(column, kind)
    arrays = pc.match_substring(distinct, b'"arrayValue":').to_numpy(zero_copy_only=False)
    if (types[np.asarray(arrays)] != "empty").any():
        raise Quirk("a value of several kinds")
    occurrences = pc.fill_null(table.column("wb.occurrence").combine_chunks(), 0)
    _add_nested(distinct, types, values)
    named: dict[AttributeColumn, int] = {}
    columns = np.empty(count, np.int64)
    for index, identity in enumerate(
        zip(keys.to_pylist(), types.tolist(), occurrences.to_pylist(), strict=True)
    ):
        column_id = AttributeColumn(*cast("tuple[str, str, int]", identity))
        columns[index] = named.setdefault(column_id, len(named))
    return columns, tuple(named), values


def _read_attributes(text: pa.Buffer, distinct: pa.Array) -> pa.Table:
    """The attributes as a table; arrays are left out here and added by `_add_nested`."""
    for written_as in ("text", "number"):
        schema = KEY_VALUE[written_as]
        try:
            table = pyarrow.json.read_json(
                pa.BufferReader(text),
                read_options=pyarrow.json.ReadOptions(
                    block_size=max(text.size + 1, 1024), use_threads=False
                ),
                parse_options=pyarrow.json.ParseOptions(
                    explicit_schema=schema, unexpected_field_behavior="ignore"
                ),
            )
        except (pa.ArrowException, UnicodeDecodeError):
            continue
        if table.num_rows == len(distinct):
            return table
    raise Quirk("attributes could not be parsed")


def _typed(column: pa.Array, kind: str) -> pa.Array:
    try:
        if kind == "bytes":
            decoded = [
                None if text is None else base64.b64decode(text, validate=True)
                for text in column.to_pylist()
            ]
            return pa.array(decoded, pa.binary())
        return column.cast(_ARROW.get(kind, pa.string()))
    except (pa.ArrowException, binascii.Error) as error:
        raise Quirk(str(error)) from None


def _add_nested(distinct: pa.Array, types: Any, values: dict[str, pa.Array]) -> None:
    """Give arrays their plain JSON; anything else without a value is truly empty."""
    empty = np.flatnonzero(types == "empty")
    if not len(empty):
        return
    nested: dict[str, list[str | None]] = {}
    for index, raw in zip(empty.tolist(), distinct.take(pa.array(empty)).to_pylist(), strict=True):
        try:
            value = parse_json(raw).get("value")
            if not value:
                continue
            if not isinstance(value, dict) or set(cast("dict[str, Any]", value)) != {"arrayValue"}:
                raise Quirk("a value of an unusual form")
            kind, text = plain_json(cast("dict[str, Any]", value))
        except (ValueError, RecursionError) as error:
            raise Quirk(f"a list that cannot be read: {error}") from None
        nested.setdefault(kind, [None] * len(types))[index] = text
        types[index] = kind
    for kind, texts in nested.items():
        column = pa.array(texts, pa.string())
        values[kind] = pc.coalesce(values[kind], column) if kind in values else column
