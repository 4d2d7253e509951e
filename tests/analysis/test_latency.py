"""Percentiles and self time against plain Python."""

from __future__ import annotations

import polars as pl
import pytest

from tests.analysis import second
from tests.analysis.made import SECOND, span, window_of, workbench_of
from workbench.analysis.latency import latency
from workbench.errors import InputError
from workbench.workbench import Workbench


def test_every_number_equals_the_second_opinion(rough: Workbench) -> None:
    second.check_latency(latency, rough, window_of)


def test_shares_of_self_time_sum_to_one(rough: Workbench) -> None:
    table = latency(window_of(rough, (0, 120)), by=["service", "name", "kind"]).table
    assert table["self_share"].sum() == pytest.approx(1.0)


def test_children_outside_the_window_still_count() -> None:
    edge = SECOND
    inc = workbench_of(
        [
            span(1, 1, None, edge - 50, name="parent", duration_ns=100),
            span(1, 2, 1, edge, name="child", duration_ns=40),
        ]
    )
    table = latency(window_of(inc, (0, 1)), by="name").table
    assert table.rows_by_key("name", named=True, unique=True)["parent"]["self_ms"] == 60 / 1e6


def test_a_condition_keeps_the_childrens_time_out_of_self_time() -> None:
    inc = workbench_of(
        [
            span(1, 1, None, 0, name="parent", duration_ns=100),
            span(1, 2, 1, 10, name="child", duration_ns=40),
        ]
    )
    table = latency(window_of(inc, (0, 1)).where("name = 'parent'"), by="name").table
    assert table["self_ms"].to_list() == [60 / 1e6]


def test_buckets_are_shown_on_the_clock_of_the_zone() -> None:
    inc = workbench_of([span(1, 1, None, 0)], tz="Asia/Tokyo")
    times = latency(window_of(inc, (0, 1)), bucket="1m").table["time"]
    assert str(times.dtype) == "Datetime(time_unit='ns', time_zone='Asia/Tokyo')"
    assert times[0].strftime("%H:%M") == "06:20"


def test_a_bucket_has_the_baselines_value_over_all_time_beside_it(rough: Workbench) -> None:
    good = window_of(rough, (60, 120))
    whole = latency(good, by="name").table.select("name", p95="p95_ms")
    table = latency(window_of(rough, (0, 60)), baseline=good, by="name", bucket="10s").table
    joined = table.join(whole, on="name")
    assert joined["baseline_p95_ms"].to_list() == joined["p95"].to_list()
    assert (joined["p95_ms"] - joined["p95"]).to_list() == joined["p95_change_ms"].to_list()


@pytest.mark.parametrize("bucket", ["soon", "0s", "5", "1 week", "-1m"])
def test_a_bucket_that_cannot_be_read(rough: Workbench, bucket: str) -> None:
    with pytest.raises(InputError, match="bucket"):
        latency(window_of(rough, (0, 60)), bucket=bucket)


def test_too_many_buckets_are_refused(rough: Workbench) -> None:
    with pytest.raises(InputError, match="wider bucket"):
        latency(window_of(rough, (0, 60)), bucket="1ms")


def test_an_empty_window_has_its_columns(rough: Workbench) -> None:
    window = window_of(rough, (500, 600))
    for bucket in (None, "1m"):
        answer = latency(window, baseline=window, bucket=bucket)
        assert answer.table.is_empty()
        assert "self_share_change" in answer.table.columns
        assert answer.caveats[-1].startswith("Nothing in")


def test_a_group_can_be_null(rough: Workbench) -> None:
    table = latency(window_of(rough, (0, 60)), baseline=window_of(rough, (60, 120))).table
    assert table.filter(pl.col("service").is_null()).height == 1
