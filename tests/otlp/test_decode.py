"""However a request is written, its rows are the same: the fast path and the slow one agree."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from tests.otlp.rows import attributes, is_fast, rows
from tests.small import attributes as pairs
from tests.small import compact, gauge, log, request, span
from tests.sources.otlp_messages import REQUESTS, SPECIFICATION, Style, message
from workbench.otlp.canonical import canonical
from workbench.otlp.decode import _fast, decode

often = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# Without nested values: what the fast path reads by itself.
FLAT = st.one_of(message(TracesData, 0), message(LogsData, 0), message(MetricsData, 0))
UNUSUAL = st.sampled_from(
    [
        Style(snake_case=True),
        Style(numbers=True),
        Style(enum_names=True, base64_ids=True),
        Style(upper_case_ids=True, value_first=True),
        Style(bare_nan=True, ascii_only=True),
        Style(snake_case=True, numbers=True, enum_names=True, value_first=True, ascii_only=True),
    ]
)


def shuffled(tree: Any, order: random.Random) -> Any:
    """The same document with the fields of every object in another order."""
    if isinstance(tree, list):
        return [shuffled(item, order) for item in tree]
    if not isinstance(tree, dict):
        return tree
    names = sorted(tree)
    order.shuffle(names)
    return {name: shuffled(tree[name], order) for name in names}


def spaced(tree: Any) -> bytes:
    return json.dumps(tree, separators=(" ,\t", " : "), ensure_ascii=False).encode()


@often
@given(st.one_of(FLAT, REQUESTS), UNUSUAL, st.randoms(use_true_random=False))
def test_a_request_written_differently_gives_the_same_rows(
    content: Any, style: Style, order: random.Random
) -> None:
    usual = SPECIFICATION.write(content).encode()
    expected = decode(usual)
    assert expected.rejects == ()
    unusual = spaced(shuffled(style.tree(content), order))
    assert rows(decode(unusual).batches) == rows(expected.batches)
    assert decode(unusual).rejects == ()


@often
@given(st.one_of(FLAT, REQUESTS))
def test_the_slow_path_gives_what_the_fast_path_gives(content: Any) -> None:
    usual = SPECIFICATION.write(content).encode()
    clean, refused = canonical(usual, 1, "line")
    assert refused.rejects == ()
    assert refused.ignored == {}
    slow = rows(_fast(clean)) if clean else {}
    assert slow == rows(decode(usual).batches)


def test_what_the_collector_writes_is_read_by_the_fast_path() -> None:
    ids = {"traceId": "ab" * 16, "spanId": "cd" * 8}
    content = request(
        span(1, attributes={"http.route": "/", "n": 5, "f": 0.5, "yes": True, "l": ["a", 1]}),
        span(2, events=[{"name": "e", "attributes": pairs({"k": "v"})}], links=[ids]),
        logs=[log(attributes={"k": "v"}), log(None, observedTimeUnixNano="7", **ids)],
        metrics=[gauge(route="/"), gauge(name="other")],
    )
    text = compact(content)
    assert is_fast(text)
    assert is_fast(text + b"\n" + text)
    found = rows(decode(text).batches)
    assert {table: len(held) for table, held in found.items()} == {
        "resources": 3,
        "scopes": 3,
        "spans": 2,
        "span_events": 1,
        "span_links": 1,
        "logs": 2,
        "number_points": 2,
    }


def test_resources_of_equal_content_have_one_id_in_every_signal() -> None:
    content = request(span(), logs=[log()], metrics=[gauge()])
    found = rows(decode(compact(content)).batches)
    for table in ("resources", "scopes"):
        column = table.removesuffix("s") + "_id"
        assert len({row[column] for row in found[table]}) == 1
    owners = {found[table][0]["resource_id"] for table in ("spans", "logs", "number_points")}
    assert owners == {found["resources"][0]["resource_id"]}


NESTED = {"kvlistValue": {"values": [{"key": "a", "value": {"kvlistValue": {"values": []}}}]}}


@pytest.mark.parametrize(
    ("content", "kind", "stored"),
    [
        ("kvlistValue", "string", "kvlistValue"),
        ("arrayValue", "string", "arrayValue"),
        ('"kvlistValue":', "string", '"kvlistValue":'),
        (NESTED, "kvlist", '{"a":{}}'),
        ([NESTED, NESTED], "array", '[{"a":{}},{"a":{}}]'),
        ([["}}]"], ["{"]], "array", '[["}}]"],["{"]]'),
    ],
)
def test_a_trap_in_a_value_is_only_text(content: object, kind: str, stored: object) -> None:
    text = compact(request(span(attributes={"before": "x", "trap": content, "after": "y"})))
    assert attributes(decode(text).batches) == [
        [("before", "string", "x"), ("trap", kind, stored), ("after", "string", "y")]
    ]


@pytest.mark.parametrize("key", ["kvlistValue", "arrayValue", "stringValue", "wb.occurrence"])
def test_a_key_may_be_called_like_a_field(key: str) -> None:
    for style in (compact, spaced):
        text = style(request(span(attributes={key: "x", "n": NESTED})))
        decoded = decode(text)
        assert decoded.rejects == ()
        assert attributes(decoded.batches)[0][0] == (key, "string", "x")


def test_a_key_that_is_no_text_is_refused() -> None:
    half = b'{"key":"\\ud800","value":{"stringValue":"1"}}'
    text = compact(request(span(attributes=[]))).replace(
        b'"attributes":[]', b'"attributes":[' + half + b"]"
    )
    decoded = decode(text)
    (reject,) = decoded.rejects
    assert "half a surrogate pair" in reject.reason


def test_a_record_that_is_wrong_is_refused_alone_with_its_place() -> None:
    wrong = {**span(2), "traceId": "abc"}
    decoded = decode(compact(request(span(1), wrong, span(3))), first=41)
    assert [row["span_id"] for row in rows(decoded.batches)["spans"]] == [
        repr(f"{number:016x}") for number in (1, 3)
    ]
    (reject,) = decoded.rejects
    assert reject.position == "line 41, resourceSpans[0].scopeSpans[0].spans[1]"
    assert "traceId" in reject.reason
    assert json.loads(reject.raw) == wrong


def test_a_line_that_is_wrong_does_not_harm_its_neighbours() -> None:
    text = b"\n".join([compact(request(span(1))), b"{broken", b"", compact(request(span(2)))])
    decoded = decode(text)
    assert len(rows(decoded.batches)["spans"]) == 2
    assert [reject.position for reject in decoded.rejects] == ["line 2"]


def test_fields_that_otlp_does_not_know_are_counted() -> None:
    decoded = decode(compact(request({**span(), "invented": 1, "alsoNew": []})))
    assert dict(decoded.ignored) == {"invented": 1, "alsoNew": 1}
    assert len(rows(decoded.batches)["spans"]) == 1


def test_nothing_gives_nothing() -> None:
    for text in (b"", b"\n\n", b"{}", b"[]"):
        decoded = decode(text)
        assert rows(decoded.batches) == {}
        assert decoded.rejects == ()
