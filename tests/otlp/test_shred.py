"""Attribute lists into typed columns and back: order, repetition and emptiness are kept."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small import attributes as pairs
from workbench.model.batch import AttributeColumn
from workbench.otlp.intern import FIRST_RUN, Interned, Quirk, intern
from workbench.otlp.shred import as_json, runs_of, shape_id_of, shred

VALUES = st.one_of(
    st.text(max_size=3),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
KEYS = st.sampled_from(["a", "b", "c", "d", "e"])
KINDS = {str: "string", int: "int", float: "double", bool: "bool"}
# A list without attributes leaves nothing behind in the skeleton, as a list that is absent.
LISTS = st.lists(st.lists(st.tuples(KEYS, VALUES), unique_by=lambda pair: pair[0], max_size=5))


def interned_lists(lists: list[list[tuple[str, object]]]) -> tuple[pa.ListArray, Interned]:
    """Lists of attributes as the skeleton holds them, one a row."""
    rows = [[] if not held else [pairs(held)] for held in lists]
    text = json.dumps([[item for part in row for item in part] for row in rows], ensure_ascii=False)
    text = text.replace('{"key": ', '{"key":').replace('", "value": ', '","value":')
    text = text.replace("}}, {", "}},{")
    skeleton, interned = intern(text.encode())
    written = skeleton if isinstance(skeleton, bytes) else skeleton.to_pybytes()
    return pa.array(json.loads(written), pa.list_(pa.int64())), interned


@settings(max_examples=40, deadline=None, derandomize=True)
@given(LISTS)
def test_every_list_comes_back_in_its_order(lists: list[list[tuple[str, object]]]) -> None:
    array, interned = interned_lists(lists)
    shredded = shred(array, interned)
    for row, held in enumerate(lists):
        expected = [(key, KINDS[type(content)], content) for key, content in held]
        assert repr(as_json(shredded, row)) == repr(expected)
    filled = sum(len(column) - column.null_count for column in shredded.columns.values())
    assert filled == sum(map(len, lists))


def test_rows_share_a_shape_exactly_when_keys_types_and_order_agree() -> None:
    lists: list[list[tuple[str, object]]] = [
        [("a", "1"), ("b", 2)],
        [("a", "other"), ("b", 3)],
        [("b", 2), ("a", "1")],
        [("a", 1), ("b", 2)],
        [("a", "1")],
        [],
        [("a", "1"), ("b", {})],
        [],
    ]
    shredded = shred(*interned_lists(lists))
    ids = shredded.shape_ids.to_pylist()
    assert ids[0] == ids[1]
    assert ids[5] == ids[7] == shape_id_of(())
    assert len(set(ids)) == len(shredded.shapes) == 6
    assert shredded.shapes[ids[0]] == (AttributeColumn("a", "string"), AttributeColumn("b", "int"))
    assert shredded.shapes[ids[6]][1] == AttributeColumn("b", "empty")
    assert AttributeColumn("b", "empty") not in shredded.columns


def test_a_key_twice_in_a_list_is_left_to_the_slow_path() -> None:
    with pytest.raises(Quirk, match="'a' is given twice"):
        shred(*interned_lists([[("b", 1)], [("a", "1"), ("b", 1), ("a", "2")]]))


def test_a_key_twice_with_two_types_is_two_columns() -> None:
    shredded = shred(*interned_lists([[("a", "1"), ("a", 1)]]))
    assert as_json(shredded, 0) == [("a", "string", "1"), ("a", "int", 1)]


SHAPE = (
    AttributeColumn("http.route", "string"),
    AttributeColumn("http.route", "int", 1),
    AttributeColumn("ключ\0", "empty"),
)
SHAPE_IDS = {(): -1970711489451281740, SHAPE[:1]: 5169665501333655309, SHAPE: -6476855028831908253}


@pytest.mark.parametrize("shape", SHAPE_IDS)
def test_a_shape_has_the_same_id_in_every_version(shape: tuple[AttributeColumn, ...]) -> None:
    assert shape_id_of(shape) == SHAPE_IDS[shape]


def test_a_shape_has_the_same_id_in_every_process() -> None:
    code = (
        "from workbench.model.batch import AttributeColumn as A\n"
        "from workbench.otlp.shred import shape_id_of\n"
        "print(shape_id_of((A('http.route', 'string'),)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == shape_id_of(SHAPE[:1])


def test_shapes_that_differ_have_ids_that_differ() -> None:
    columns = [
        AttributeColumn(key, kind, occurrence)
        for key in ("a", "b", "a string 0 1 b", "a\1string\0b", "")
        for kind in ("string", "int")
        for occurrence in (0, 1, 10)
    ]
    shapes = {(), *((one,) for one in columns), *((one, two) for one in columns for two in columns)}
    assert len({shape_id_of(shape) for shape in shapes}) == len(shapes)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[FIRST_RUN, FIRST_RUN]], "broken up"),
        ([[0]], "a number stands"),
        ([[FIRST_RUN + 1]], "a number stands"),
        ([[FIRST_RUN], [None]], "a null stands"),
    ],
)
def test_a_list_that_is_no_run_is_refused(rows: list[list[int | None]], reason: str) -> None:
    _, interned = interned_lists([[("a", "1")]])
    with pytest.raises(Quirk, match=reason):
        runs_of(pa.array(rows, pa.list_(pa.int64())), interned)


def test_absent_and_empty_lists_have_no_attributes() -> None:
    _, interned = interned_lists([[("a", "1"), ("b", "2")]])
    rows = pa.array([None, [], [FIRST_RUN], None], pa.list_(pa.int64()))
    starts, lengths = runs_of(rows, interned)
    assert np.array_equal(lengths, [0, 0, 2, 0])
    assert starts[2] == 0
    shredded = shred(rows, interned)
    assert shredded.columns[AttributeColumn("b", "string")].to_pylist() == [None, None, "2", None]
