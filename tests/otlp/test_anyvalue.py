"""Values: every way of writing one, the text in which nested ones are stored, and the way back."""

from __future__ import annotations

import base64
import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.otlp.anyvalue import canonical_value, otlp_json, parse_json, plain_json, real, whole

property_test = settings(max_examples=100, deadline=None, derandomize=True)

SCALARS = st.one_of(
    st.text(max_size=5).map(lambda text: {"stringValue": text}),
    st.integers(-(2**63), 2**63 - 1).map(lambda number: {"intValue": str(number)}),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: {"doubleValue": number}),
    st.sampled_from(["NaN", "Infinity", "-Infinity"]).map(lambda text: {"doubleValue": text}),
    st.booleans().map(lambda yes: {"boolValue": yes}),
    st.binary(max_size=4).map(lambda raw: {"bytesValue": base64.b64encode(raw).decode()}),
    st.just({}),
)


def lists_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    entries = st.builds(
        lambda key, value: {"key": key, "value": value}, st.text(max_size=2), values
    )
    return st.one_of(
        st.lists(values, max_size=3).map(lambda held: {"arrayValue": {"values": held}}),
        st.lists(entries, max_size=3).map(lambda held: {"kvlistValue": {"values": held}}),
    )


ANY = st.recursive(SCALARS, lists_of, max_leaves=8)
NESTED = lists_of(ANY)


@property_test
@given(NESTED)
def test_a_nested_value_comes_back_from_its_text(value: dict[str, Any]) -> None:
    kind, text = plain_json(value)
    assert kind in ("array", "kvlist", "anyvalue")
    assert json.dumps(otlp_json(kind, text)) == json.dumps(value)


@property_test
@given(SCALARS)
def test_a_single_value_comes_back(value: dict[str, Any]) -> None:
    assert json.dumps(otlp_json(*canonical_value(value))) == json.dumps(value)


def plain(value: dict[str, Any]) -> Any:
    """A second opinion: what people would write for a value; ValueError where they cannot."""
    ((name, content),) = value.items()
    if name == "arrayValue":
        return [plain(item) for item in content["values"]]
    if name == "kvlistValue":
        keys = [item["key"] for item in content["values"]]
        if sorted(set(keys)) != sorted(keys):
            raise ValueError("a key twice")
        return {item["key"]: plain(item["value"]) for item in content["values"]}
    if name == "bytesValue" or content in ("NaN", "Infinity", "-Infinity") != (name == ""):
        raise ValueError("not in JSON")
    return int(content) if name == "intValue" else content


@property_test
@given(NESTED)
def test_the_text_is_what_people_would_write_where_that_loses_nothing(
    value: dict[str, Any],
) -> None:
    kind, text = plain_json(value)
    try:
        expected = plain(value)
    except ValueError:
        assert kind == "anyvalue"
    else:
        assert kind == ("array" if "arrayValue" in value else "kvlist")
        assert json.dumps(json.loads(text)) == json.dumps(expected)


@pytest.mark.parametrize(
    ("value", "kind", "content"),
    [
        (None, "empty", None),
        ({}, "empty", None),
        ({"stringValue": None}, "empty", None),
        ({"stringValue": ""}, "string", ""),
        ({"string_value": "x"}, "string", "x"),
        ({"intValue": "5"}, "int", 5),
        ({"intValue": 5}, "int", 5),
        ({"int_value": 5.0}, "int", 5),
        ({"intValue": "-9223372036854775808"}, "int", -(2**63)),
        ({"intValue": 9223372036854775807}, "int", 2**63 - 1),
        ({"doubleValue": 5}, "double", 5.0),
        ({"doubleValue": "1e3"}, "double", 1000.0),
        ({"doubleValue": "-Infinity"}, "double", -math.inf),
        ({"boolValue": "true"}, "bool", True),
        ({"bool_value": False}, "bool", False),
        ({"bytesValue": "-_8"}, "bytes", b"\xfb\xff"),
        ({"bytesValue": "+/8="}, "bytes", b"\xfb\xff"),
        ({"bytesValue": ""}, "bytes", b""),
        ({"arrayValue": {}}, "array", []),
        ({"arrayValue": {"values": None}}, "array", []),
        ({"kvlistValue": {"values": [{"key": "a"}]}}, "kvlist", [("a", ("empty", None))]),
        ({"kvlist_value": {"values": [{}]}}, "kvlist", [("", ("empty", None))]),
        ({"stringValue": "x", "intValue": None}, "string", "x"),
    ],
)
def test_every_way_of_writing_a_value_is_understood(value: Any, kind: str, content: Any) -> None:
    assert canonical_value(value) == (kind, content)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("x", "must be an object"),
        (5, "must be an object"),
        ([], "must be an object"),
        ({"stringValue": 5}, "not text"),
        ({"intValue": "9223372036854775808"}, "does not fit 64 bits"),
        ({"intValue": "five"}, "not an integer"),
        ({"intValue": 5.5}, "not an integer"),
        ({"intValue": True}, "not an integer"),
        ({"doubleValue": "much"}, "not a number"),
        ({"doubleValue": True}, "not a number"),
        ({"boolValue": 1}, "neither true nor false"),
        ({"bytesValue": "*"}, "not base64"),
        ({"bytesValue": 5}, "not base64"),
        ({"arrayValue": {"values": 5}}, "hold {'values'"),
        ({"arrayValue": {"values": [{"intValue": "x"}]}}, "not an integer"),
        ({"kvlistValue": {"values": ["a"]}}, "objects with a key"),
        ({"kvlistValue": {"values": [{"key": 5}]}}, "objects with a key"),
        ({"futureValue": 1}, "unknown kind of value 'futureValue'"),
        ({"stringValue": "x", "intValue": "1"}, "2 alternatives: intValue, stringValue"),
    ],
)
def test_anything_else_is_refused_with_what_it_is(value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        canonical_value(value)


@pytest.mark.parametrize("text", ["1" * 400, "1e400", "-1e400", "nan"])
def test_a_number_of_any_size_is_read_or_refused(text: str) -> None:
    assert isinstance(real(text), float)
    with suppress(ValueError):
        assert isinstance(whole(text), int)


def test_json_as_python_writes_it_is_parsed() -> None:
    assert math.isnan(parse_json("[NaN]")[0])
    assert parse_json(b'{"a": -Infinity}') == {"a": -math.inf}
    assert parse_json("[18446744073709551615]") == [18446744073709551615]
    with pytest.raises(ValueError, match="line 1"):
        parse_json("{")
