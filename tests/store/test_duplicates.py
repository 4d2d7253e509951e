"""What is put aside as repeated, against a set; what becomes of it, when memory is short too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench
from tests.small import attributes, gauge, load, log, request, span
from workbench.store import duplicates
from workbench.store.duplicates import Aside

EVENT = {"timeUnixNano": "1001", "name": "retry", "attributes": attributes({"n": 1})}
LINK = {"traceId": "f" * 32, "spanId": "e" * 16, "attributes": attributes({"why": "batch"})}


def spans(ids: list[tuple[int, int]], first: int) -> pa.Table:
    return pa.table(
        {
            "span_row": pa.array(range(first, first + len(ids)), pa.int64()),
            "trace_id": pa.array([f"{trace:032x}" for trace, _ in ids], pa.string()),
            "span_id": pa.array([f"{span_id:016x}" for _, span_id in ids], pa.string()),
        }
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=60), st.integers(1, 9))
def test_a_span_is_put_aside_when_its_ids_came_before(
    ids: list[tuple[int, int]], size: int
) -> None:
    aside = Aside()
    kept: list[int] = []
    for index in range(0, len(ids), size):
        kept += aside.put("spans", spans(ids[index : index + size], index))["span_row"].to_pylist()
    seen = set[tuple[int, int]]()
    expected: list[int] = []
    for row, pair in enumerate(ids):
        if pair not in seen:
            expected.append(row)
        seen.add(pair)
    assert kept == expected
    put = [row for table in aside.tables.get("spans", []) for row in table["span_row"].to_pylist()]
    assert sorted(kept + put) == list(range(len(ids)))


def test_events_and_links_follow_their_span_in_each_piece() -> None:
    aside = Aside()
    events = pa.table({"span_row": pa.array([0, 0, 1, 2], pa.int64()), "position": [0, 1, 0, 0]})
    aside.put("spans", spans([(1, 1), (1, 2), (1, 1)], 0))
    assert aside.put("span_events", events)["span_row"].to_pylist() == [0, 0, 1]
    assert [table["span_row"].to_pylist() for table in aside.tables["span_events"]] == [[2]]
    aside.put("spans", spans([(1, 3)], 3))
    assert aside.put("span_links", pa.table({"span_row": pa.array([3], pa.int64())})).num_rows == 1


@pytest.mark.parametrize("memory", [duplicates._MOST_BYTES, -1], ids=["enough", "none"])
def test_repeated_spans_are_settled_alike_whether_put_aside_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int
) -> None:
    monkeypatch.setattr(duplicates, "_MOST_BYTES", memory)
    incident = workbench.open()
    load(incident, tmp_path, request(span(7)))
    one, other = span(1, events=[EVENT]), span(1, events=[EVENT, EVENT])
    pieces = [one, span(2), other, one, span(7), span(2, name="changed"), span(7, name="changed")]
    report = load(incident, tmp_path, *(request(piece) for piece in pieces))
    assert (report.spans, report.span_events, report.duplicates) == (5, 3, 2)
    rows = incident.sql("select span_id, name, load_id from spans order by span_id, span_row")
    assert [(span_id[-1], name, load_id) for span_id, name, load_id in rows.rows()] == [
        ("1", "GET /", 2),
        ("1", "GET /", 2),
        ("2", "GET /", 2),
        ("2", "changed", 2),
        ("7", "GET /", 1),
        ("7", "changed", 2),
    ]
    assert incident.sql("select count(*) from events").item() == 3
    assert incident.sql("select count from store.raw.findings").item() == 3


def test_an_attribute_may_be_called_as_the_queries_call_their_columns(tmp_path: Path) -> None:
    names = ["copy", "contents", "aside", "content", "position", "repeated"]
    one = span(1, attributes=dict.fromkeys(names, "x"))
    other = span(1, attributes=dict.fromkeys(names, "y"))
    report = load(workbench.open(), tmp_path, request(one, other, one))
    assert (report.spans, report.duplicates) == (2, 1)


NAMES = dict.fromkeys(["rows", "first_row", "own", "extent", "fresh", "earlier"], "x")


def test_what_an_earlier_load_holds_too_is_said(tmp_path: Path) -> None:
    """A copy that was cut, or a file that grew and was renamed."""
    requests = [
        request(
            logs=[log(1000 + number, attributes=NAMES)],
            metrics=[gauge(2000 + number, **NAMES)],
        )
        for number in range(8)
    ]
    incident = workbench.open()
    assert load(incident, tmp_path, *requests[:4]).caveats == ()
    half = load(incident, tmp_path, *requests[2:6])
    said = "about 50 % of its {} are in an earlier load too, as in a copy or an earlier state of a"
    said += " file; they are now stored twice"
    assert half.caveats == (said.format("log records"), said.format("metric points"))
    assert (half.logs, half.metric_points) == (4, 4)
    assert load(incident, tmp_path, *requests[6:]).caveats == ()


def test_records_that_differ_in_one_value_are_not_the_same(tmp_path: Path) -> None:
    incident = workbench.open()
    load(incident, tmp_path, request(logs=[log(attributes={"a": "x"})], metrics=[gauge(route="/")]))
    other = request(logs=[log(attributes={"a": "y"})], metrics=[gauge(route="/x")])
    assert load(incident, tmp_path, other).caveats == ()


def test_equal_spans_are_stored_once_with_their_events_and_links(tmp_path: Path) -> None:
    whole = span(1, attributes={"a": "x"}, events=[EVENT, EVENT], links=[LINK])
    incident = workbench.open()
    report = load(incident, tmp_path, request(whole, whole, span(2), whole))
    assert (report.spans, report.duplicates) == (2, 2)
    assert (report.span_events, report.span_links) == (2, 1)
    for view, rows in (("spans", 2), ("events", 2), ("links", 1)):
        assert incident.sql(f"select count(*) as n from {view}").item() == rows
    assert incident.sql("select distinct span_row from events").rows() == [(0,)]
    assert not report.caveats


DIFFERENT: list[dict[str, Any]] = [
    {"name": "other"},
    {"kind": 3},
    {"attributes": {"a": "y"}},
    {"attributes": {"a": 1}},
    {"attributes": {"a": "x", "b": {}}},
    {"events": []},
    {"events": [EVENT, {**EVENT, "name": None}]},
    {"events": [EVENT, {**EVENT, "name": "NULL"}]},
    {"events": [EVENT, {**EVENT, "attributes": attributes({"n": "1"})}]},
    {"links": [{**LINK, "traceState": "k=v"}]},
    {"status": {"message": "NULL"}},
    {"flags": 1},
]


@pytest.mark.parametrize("change", DIFFERENT, ids=repr)
def test_spans_that_share_ids_and_differ_are_both_kept_and_counted(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    base: dict[str, Any] = {"attributes": {"a": "x"}, "events": [EVENT, EVENT], "links": [LINK]}
    incident = workbench.open()
    one, other = span(1, **base), span(1, **{**base, **change})
    report = load(incident, tmp_path, request(one, other, one))
    assert (report.spans, report.duplicates) == (2, 1)
    assert report.caveats == (
        "1 span id belongs to several spans with different content; all were kept",
    )
    assert incident.sql("select kind, count from store.raw.findings").rows() == [
        ("span ids shared", 1)
    ]


def test_the_same_span_of_another_resource_is_another_span(tmp_path: Path) -> None:
    incident = workbench.open()
    theirs = request(span(1), resource={"service.name": "other"})
    report = load(incident, tmp_path, request(span(1)), theirs)
    assert (report.spans, report.duplicates) == (2, 0)


def test_a_span_of_an_earlier_load_is_not_stored_again(tmp_path: Path) -> None:
    incident = workbench.open()
    whole = span(1, attributes={"a": "x"}, events=[EVENT], links=[LINK])
    load(incident, tmp_path, request(whole, span(2)))
    report = load(incident, tmp_path, request(span(3), whole, span(2, name="changed")))
    assert (report.spans, report.span_events, report.duplicates) == (2, 0, 1)
    rows = incident.sql("select span_id, load_id from spans order by span_row").rows()
    assert [(span_id[-1], load_id) for span_id, load_id in rows] == [
        ("1", 1),
        ("2", 1),
        ("3", 2),
        ("2", 2),
    ]
    assert incident.sql("select span_row from events").rows() == [(0,)]
    again = load(incident, tmp_path, request(whole, span(2), span(3)))
    assert (again.status, again.spans, again.duplicates) == ("loaded", 0, 3)
