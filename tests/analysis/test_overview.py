"""Rate, errors and duration against plain Python."""

from __future__ import annotations

import polars as pl
import pytest

from tests.analysis import second
from tests.analysis.made import SECOND, span, window_of, workbench_of
from workbench.analysis.overview import overview
from workbench.errors import InputError, UnknownNameError
from workbench.workbench import Workbench


def test_every_number_equals_the_second_opinion(rough: Workbench) -> None:
    second.check_overview(overview, rough, window_of)


def test_a_service_without_server_spans_is_counted_by_its_outermost_ones() -> None:
    inc = workbench_of(
        [
            span(1, 1, None, 0, service="cron", kind="internal"),
            span(1, 2, 1, 10, service="cron", kind="client"),
            span(1, 3, 2, 20, service="api", kind="server"),
            span(1, 4, 3, 25, service="api", kind="internal"),
        ]
    )
    table = overview(window_of(inc, (0, 1))).table
    assert dict(table.select("service", "requests").iter_rows()) == {"cron": 1, "api": 1}


def test_a_gap_between_intervals_has_no_buckets_and_no_seconds() -> None:
    inc = workbench_of([span(n, n, None, n * SECOND, kind="server") for n in range(60)])
    answer = overview(window_of(inc, (0, 10), (50, 60)))
    assert answer.table["requests"].item() == 20
    assert answer.table["rate_per_s"].item() == 1.0
    seconds = answer.extra["series"]["time"].dt.second().to_list()
    assert not [second for second in seconds if 10 <= second < 50]


def test_a_group_of_one_side_only_has_zeros_and_nulls_on_the_other() -> None:
    inc = workbench_of(
        [
            span(1, 1, None, 0, service="old", kind="server"),
            span(2, 2, None, 2 * SECOND, service="new", kind="server"),
        ]
    )
    answer = overview(window_of(inc, (2, 3)), baseline=window_of(inc, (0, 1)))
    old = answer.table.filter(pl.col("service") == "old").to_dicts()[0]
    new = answer.table.filter(pl.col("service") == "new").to_dicts()[0]
    assert (old["requests"], old["rate_change"], old["p95_ms"]) == (0, -1.0, None)
    assert (new["baseline_requests"], new["rate_change"]) == (0, None)
    assert new["p95_change_ms"] is None


def test_an_empty_window_says_where_the_data_is(rough: Workbench) -> None:
    answer = overview(window_of(rough, (500, 600)))
    assert answer.table.columns[:2] == ["service", "requests"]
    assert answer.table.is_empty()
    assert "the store's spans start in 2026-11-06T21:20:00" in answer.caveats[-1]


def test_an_empty_baseline_is_said(rough: Workbench) -> None:
    answer = overview(window_of(rough, (0, 60)), baseline=window_of(rough, (500, 600)))
    assert answer.caveats[-1].startswith("Baseline: Nothing in")
    assert answer.table["baseline_requests"].sum() == 0
    assert answer.table["rate_change"].null_count() == answer.table.height


def test_spans_without_a_usable_duration_are_counted_and_said(rough: Workbench) -> None:
    answer = overview(window_of(rough, (0, 60)))
    assert any("no usable duration" in caveat for caveat in answer.caveats)


def test_the_statement_can_be_pasted(rough: Workbench) -> None:
    answer = overview(window_of(rough, (0, 60)))
    rows = rough.sql(answer.sql)
    assert rows.filter(pl.col("over_all_time") == 1).height == answer.table.height


def test_mistakes_are_named(rough: Workbench) -> None:
    window = window_of(rough, (0, 60))
    with pytest.raises(UnknownNameError, match="service"):
        overview(window, by="servise")
    with pytest.raises(InputError, match="at least one column"):
        overview(window, by=[])
    with pytest.raises(InputError, match="twice"):
        overview(window, by=["service", "service"])


def test_an_attribute_named_like_the_answers_columns_is_refused() -> None:
    inc = workbench_of([span(1, 1, None, 0, kind="server", errors="many")])
    with pytest.raises(InputError, match="has a column of that name"):
        overview(window_of(inc, (0, 1)), by="errors")
