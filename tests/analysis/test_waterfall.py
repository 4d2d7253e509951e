"""Waterfalls against the slow, obvious tree."""

from __future__ import annotations

import polars as pl
import pytest

from tests.analysis import second
from tests.analysis.made import identifier, span, window_of, workbench_of
from workbench.analysis.waterfall import waterfall
from workbench.errors import InputError
from workbench.workbench import Workbench


def test_every_trace_equals_the_second_opinion(rough: Workbench) -> None:
    ids = rough.sql(
        "select trace_id from spans where start_ns is not null group by trace_id"
        " order by count(*) desc, trace_id limit 25"
    )
    for trace_id in ids["trace_id"].to_list():
        second.check_waterfall(waterfall, rough, trace_id)


def test_what_is_wrong_is_noted_at_the_span_and_counted() -> None:
    inc = workbench_of(
        [
            span(1, 1, None, 100, duration_ns=100),
            span(1, 2, 77, 110),
            span(1, 3, 3, 120, duration_ns=-5),
            span(1, 4, 1, 90, duration_ns=5),
            span(1, 5, 1, 190, duration_ns=50),
            span(1, 6, 1, 130, duration_ns=None),
        ]
    )
    answer = waterfall(inc.trace(identifier(1, 32)))
    notes = dict(answer.table.select("span_id", "note").iter_rows())
    assert [notes[identifier(number, 16)] for number in range(1, 7)] == [
        None,
        "parent missing",
        "cycle of parents cut here; no usable duration",
        "starts before its parent",
        "ends after its parent",
        "no usable duration",
    ]
    assert answer.table["offset_ms"].to_list()[1] == pytest.approx(-10 / 1e6)
    assert (
        sum(caveat.startswith(("1 of 6 spans", "2 of 6 spans")) for caveat in answer.caveats) == 5
    )


def test_phases_of_an_llm_span_lie_end_to_end() -> None:
    keys = ("queue", "model_prefill", "model_decode")
    seconds = {
        f"gen_ai.latency.time_in_{key}": n for key, n in zip(keys, (0.5, 1, 2.5), strict=True)
    }
    inc = workbench_of([span(1, 1, None, 0, duration_ns=4 * 10**9, **seconds), span(1, 2, 1, 5)])
    phases = waterfall(inc.trace(identifier(1, 32))).extra["phases"]
    assert phases.rows() == [
        (0, "queue", 0.0, 500.0),
        (0, "prefill", 500.0, 1000.0),
        (0, "decode", 1500.0, 2500.0),
    ]


def test_an_event_says_which_exception_it_records() -> None:
    full = {"exception.type": "OSError", "exception.message": "disk full", "exception.line": 7}
    inc = workbench_of(
        [
            span(1, 1, None, 0, events=[(2, "exception", full), (1, "noted")]),
            span(2, 2, None, 0, events=[(3, "exception", {"exception.type": "OSError"})]),
        ]
    )
    names = ("event_name", "exception_type", "exception_message")
    events = waterfall(inc.trace(identifier(1, 32))).extra["events"].select(names)
    assert events.rows() == [("exception", "OSError", "disk full"), ("noted", None, None)]
    events = waterfall(inc.trace(identifier(2, 32))).extra["events"].select(names)
    assert events.rows() == [("exception", "OSError", None)]


def test_events_of_a_store_without_exceptions_have_the_same_columns() -> None:
    inc = workbench_of([span(1, 1, None, 0, events=[(2, "noted")]), span(2, 2, None, 0)])
    for number in (1, 2):
        events = waterfall(inc.trace(identifier(number, 32))).extra["events"]
        assert events.columns[2:4] == ["exception_type", "exception_message"]
        assert events.schema["exception_type"] == pl.String


def test_a_chain_of_ten_thousand_spans() -> None:
    rows = [
        span(1, number, number - 1 if number else None, number, duration_ns=20_000 - 2 * number)
        for number in range(10_000)
    ]
    answer = waterfall(workbench_of(rows).trace(identifier(1, 32)))
    assert answer.table["depth"].to_list() == list(range(10_000))
    assert answer.table["critical_ms"].sum() == pytest.approx(20_000 / 1e6)


def test_more_than_one_trace_is_refused(rough: Workbench) -> None:
    with pytest.raises(InputError, match=r"inc\.trace"):
        waterfall(window_of(rough, (0, 60)))


def test_no_spans_give_the_columns(rough: Workbench) -> None:
    answer = waterfall(window_of(rough, (500, 600)))
    assert answer.table.shape == (0, 17)
    assert answer.extra["trace"].is_empty()
    assert answer.caveats[-1].startswith("Nothing in")


def test_a_trace_without_any_time() -> None:
    inc = workbench_of([span(1, 1, None, None), span(1, 2, 1, None)])
    answer = waterfall(inc.trace(identifier(1, 32)))
    assert answer.table["offset_ms"].to_list() == [None, None]
    assert answer.extra["critical_path"].is_empty()
