"""What is said of a window beside its baseline, and of the buckets that it cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.analysis.made import SECOND, span, window_of, workbench_of
from workbench.analysis.latency import latency
from workbench.analysis.overview import overview
from workbench.workbench import Workbench

MINUTE = 60


@pytest.fixture(scope="module")
def steady() -> Workbench:
    """A trace every second of half an hour from 21:20."""
    seconds = range(30 * MINUTE)
    return workbench_of([span(at, at, None, at * SECOND, kind="server") for at in seconds])


@pytest.mark.parametrize("analysis", [overview, latency])
def test_a_baseline_that_holds_part_of_its_window_is_said(
    analysis: Callable[..., Any], steady: Workbench
) -> None:
    window = window_of(steady, (10 * MINUTE, 20 * MINUTE))
    for baseline, said in (
        (window_of(steady, (0, 10 * MINUTE)), ()),
        (window.where("span_id is not null"), ()),
        (window_of(steady, (0, 5 * MINUTE), (6 * MINUTE, 12.5 * MINUTE)), ("25 %",)),
        (window, ("100 %",)),
    ):
        caveats = analysis(window, baseline=baseline).caveats
        assert len(caveats) == len(said)
        assert all(f"holds {share} of the window" in caveats[0] for share in said)


def test_buckets_that_the_window_cuts_are_named(steady: Workbench) -> None:
    window = window_of(steady, (5 * MINUTE, 25 * MINUTE))
    (said,) = latency(window, bucket="10m").caveats
    assert said == "2 buckets lie in the window only in part, and so count less: 21:20, 21:40 UTC."
    (said,) = latency(window_of(steady, (0, 19 * MINUTE + 59.5)), bucket="10m").caveats
    assert said == "1 bucket lies in the window only in part, and so counts less: 21:30 UTC."
    assert latency(window, bucket="5m").caveats == ()
    assert latency(window).caveats == ()
