"""The fast path: what it takes apart, and what it refuses rather than read it wrongly."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.otlp.rows import attributes, is_fast
from tests.small import compact, request, span
from workbench.otlp.decode import _fast, decode
from workbench.otlp.intern import Quirk, intern

GOOD = '{"key":"good","value":{"stringValue":"x"}}'
# Texts that look like the marks by which attributes are found.
TRAPS = (
    "}}]",
    "}}],",
    '"}}]',
    '"}}],"x":[',
    '{"key":"',
    '{"key":"a","value":{"stringValue":"b"}}',
    '[{"key":"a","value":{}}]',
    "\\",
    '\\"',
    '\\\\"}}]',
    "{",
    "}",
    "[",
    "],",
    "\n",
    "\0",
    "\u2028",
    "🔑}}]",
    "",
)


def one_span(*attribute: str, more: str = "") -> bytes:
    """A span whose attribute list is exactly this text, after a span with a good one."""
    spans = [compact(span(1, attributes={"first": "1"})).decode()]
    listed = ",".join(attribute)
    spans.append(compact(span(2)).decode()[:-1] + f',"attributes":[{listed}]{more}}}')
    document = compact(request(span(9))).decode()
    return document.replace(compact(span(9)).decode(), ",".join(spans)).encode()


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("place", ["first", "middle", "last", "only", "key"])
def test_a_text_that_looks_like_structure_is_read_as_text(trap: str, place: str) -> None:
    listed: list[tuple[str, object]] = [("a", "1"), ("b", 2), ("c", "3")]
    if place == "key":
        listed[1] = (trap, "x")
    elif place == "only":
        listed = [("a", trap)]
    else:
        index = ("first", "middle", "last").index(place)
        listed[index] = (listed[index][0], trap)
    text = compact(request(span(attributes=listed), span(2, attributes={"z": "end"})))
    kinds = {str: "string", int: "int"}
    expected = [[(key, kinds[type(held)], held) for key, held in listed], [("z", "string", "end")]]
    assert attributes(decode(text).batches) == expected
    if place != "key" and "}}]" not in trap:
        assert is_fast(text)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.text(), st.sampled_from(TRAPS) | st.text()), unique_by=lambda p: p[0]))
def test_any_text_comes_back(listed: list[tuple[str, str]]) -> None:
    text = compact(request(span(attributes=listed)))
    expected = [(key, "string", held) for key, held in listed]
    assert attributes(decode(text).batches) == [expected]


@pytest.mark.parametrize(
    "attribute",
    [
        '{"value":{"stringValue":"x"},"key":"a"}',
        '{"key": "a","value":{"stringValue":"x"}}',
        '{ "key":"a","value":{"stringValue":"x"}}',
        '{"key":null,"value":{"stringValue":"x"}}',
        '{"key":"a","value":{"string_value":"x"}}',
        '{"key":"a","value":{"stringValue":5}}',
        '{"key":"a","value":{"stringValue":null}}',
        '{"key":"a","value":{"intValue":"five"}}',
        '{"key":"a","value":{"intValue":"9223372036854775808"}}',
        '{"key":"a","value":{"intValue":5.5}}',
        '{"key":"a","value":{"doubleValue":"NaN"}}',
        '{"key":"a","value":{"boolValue":"true"}}',
        '{"key":"a","value":{"boolValue":1}}',
        '{"key":"a","value":{"bytesValue":"no base64!"}}',
        '{"key":"a","value":{"kvlistValue":{"values":[]}}}',
        '{"key":"a","value":{"kvlistValue":{"values":[{"key":"b","value":{"intValue":"1"}}]}}}',
        '{"key":"a","value":{"futureValue":"x"}}',
        '{"key":"a","value":{"stringValue":"x","intValue":"1"}}',
        '{"key":"a","value":{"stringValue":"x","arrayValue":{"values":[]}}}',
        '{"key":"a","value":{"stringValue":"x"},"value":{"stringValue":"y"}}',
        '{"key":"a","key":"b","value":{"stringValue":"x"}}',
        '{"key":"a","value":"x"}',
        '{"key":"a","value":[]}',
        '{"key":"a","value":5}',
        '{"key":"a"}',
        '{"key":"a","value":{"stringValue":"x"}',
        '{"key":"a","value":{"stringValue":"\\ud800"}}',
        f"{GOOD},null",
        f"null,{GOOD}",
        f"{GOOD},0",
        f"0,{GOOD}",
        f"{GOOD},{GOOD}",
        "0",
        "1",
        "null",
        '"key"',
        "{}",
        f"[{GOOD}]",
    ],
)
def test_the_fast_path_refuses_what_it_does_not_know(attribute: str) -> None:
    with pytest.raises(Quirk):
        _fast(one_span(attribute))


@pytest.mark.parametrize(
    "more", [',"name":"twice"', ',"kind":"SERVER"', ',"invented":1', ',"flags":true']
)
def test_the_fast_path_refuses_fields_that_it_does_not_know(more: str) -> None:
    assert is_fast(one_span(GOOD))
    with pytest.raises(Quirk):
        _fast(one_span(GOOD, more=more))


@pytest.mark.parametrize(
    "attribute", ["0", "1", "null", '{"key":"a","value":{"stringValue":"x","intValue":"1"}}']
)
def test_a_list_that_holds_no_attributes_is_refused_and_no_other_list_is_put_there(
    attribute: str,
) -> None:
    decoded = decode(one_span(attribute))
    assert attributes(decoded.batches) == [[("first", "string", "1")]]
    (reject,) = decoded.rejects
    assert json.loads(reject.raw)["spanId"] == f"{2:016x}"


def test_a_blank_within_an_attribute_does_no_harm() -> None:
    text = one_span('{"key":"a" ,"value": {"stringValue" : "x" }}')
    assert attributes(decode(text).batches)[1] == [("a", "string", "x")]


def test_equal_attributes_are_parsed_once() -> None:
    spans = [span(number, attributes={"route": f"/{number % 3}", "n": 7}) for number in range(300)]
    _, interned = intern(compact(request(*spans)))
    assert len(interned.codes) == 601  # the resource has one
    assert len(set(interned.codes.tolist())) == len(interned.columns) == 3 + 1 + 1
    assert [(name.key, name.type) for name in interned.names] == [
        ("service.name", "string"),
        ("route", "string"),
        ("n", "int"),
    ]
    assert np.array_equal(interned.run_starts[1:], np.arange(300) * 2 + 1)
    assert np.array_equal(interned.run_ends, np.arange(301) * 2 + 1)


def test_every_type_has_its_own_values() -> None:
    listed = [("s", "5"), ("i", 5), ("d", 5.0), ("b", True), ("l", [5, "x"]), ("e", {})]
    listed.append(("x", {"bytesValue": "AQI="}))
    text = compact(request(span(attributes=listed)))
    assert attributes(_fast(text)) == [
        [
            ("s", "string", "5"),
            ("i", "int", 5),
            ("d", "double", 5.0),
            ("b", "bool", True),
            ("l", "array", '[5,"x"]'),
            ("e", "empty", None),
            ("x", "bytes", b"\x01\x02"),
        ]
    ]


def test_text_without_attributes_is_its_own_skeleton() -> None:
    text = b'{"resourceSpans":[]}'
    skeleton, interned = intern(text)
    assert skeleton == text
    assert interned.names == ()
