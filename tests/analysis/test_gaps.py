"""Stretches without any span: said where they make a rate too low, and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from tests.analysis.made import SECOND, span, window_of, workbench_of
from workbench.analysis.gaps import gaps
from workbench.analysis.overview import overview
from workbench.workbench import Workbench

MINUTE, HOUR = 60, 3600


def asked_at(seconds: Iterable[float], tz: str = "UTC") -> Workbench:
    """One trace of two spans at each of the moments."""
    rows = []
    for trace, second in enumerate(seconds):
        start = int(second * SECOND)
        rows.append(span(trace, 2 * trace, None, start, kind="server"))
        rows.append(span(trace, 2 * trace + 1, 2 * trace, start + 5))
    return workbench_of(rows, tz=tz)


@pytest.fixture(scope="module")
def broken() -> Workbench:
    """Two hours from 21:20, a trace every five seconds; none from 22:20 to 22:32."""
    seconds = range(0, 2 * HOUR, 5)
    return asked_at(second for second in seconds if not HOUR < second < HOUR + 12 * MINUTE)


def test_a_gap_in_the_dump_is_said_with_its_length_and_place(broken: Workbench) -> None:
    good, bad = window_of(broken, (0, HOUR)), window_of(broken, (HOUR, 2 * HOUR))
    said = "No span starts in 12 min of the {} (22:20–22:32 UTC); rates divide by all 60 min."
    assert gaps(good, bad) == (said.format("baseline"),)
    assert gaps(bad, good) == (said.format("window"),)
    answer = overview(bad, baseline=good)
    assert answer.caveats[0] == said.format("window")
    assert answer.table["rate_per_s"].item() == answer.table["requests"].item() / HOUR


def test_a_window_that_begins_before_the_dump_and_ends_after_it(broken: Workbench) -> None:
    (said,) = gaps(window_of(broken, (-HOUR, HOUR - 1)), None)
    assert "in 60 min of the window (20:20–21:20 UTC)" in said
    (said,) = gaps(window_of(broken, (-48 * HOUR, 8 * HOUR)), None)
    first = "2026-11-04 21:20–2026-11-06 21:20, 2026-11-06 23:19:55–2026-11-07 05:20 UTC"
    assert f"in 2.3 days of the window ({first}); rates divide by all 2.3 days." in said


def test_intervals_are_looked_at_one_by_one(broken: Workbench) -> None:
    assert gaps(window_of(broken, (0, HOUR), (HOUR + 12 * MINUTE, 2 * HOUR)), None) == ()
    intervals = [(n * HOUR, n * HOUR + 30 * MINUTE) for n in (-4, -3, -2, -1, 0)]
    (said,) = gaps(window_of(broken, *intervals), None)
    assert "in 2 h of the window" in said
    assert said.count("–") == 2
    assert "UTC and 2 more)" in said


def test_intervals_that_touch_and_spans_on_their_ends(broken: Workbench) -> None:
    touching = window_of(broken, (0, HOUR), (HOUR, 2 * HOUR))
    assert "12 min of the window (22:20–22:32 UTC)" in gaps(touching, None)[0]
    inside = window_of(broken, (HOUR + MINUTE, HOUR + 7 * MINUTE), (HOUR + 7 * MINUTE, 2 * HOUR))
    (said,) = gaps(inside, None)
    assert "11 min of the window (22:21–22:27, 22:27–22:32 UTC)" in said


def test_a_condition_makes_no_gap(broken: Workbench) -> None:
    assert gaps(window_of(broken, (0, HOUR)).where("start_ns % 7 = 0"), None) == ()


@pytest.mark.parametrize("seed", range(5))
def test_quiet_and_busy_services_are_left_alone(seed: int) -> None:
    chance = random.Random(seed)
    for count in (1, 3, 12, 60, 700):
        inc = asked_at(chance.uniform(0, HOUR) for _ in range(count))
        assert gaps(window_of(inc, (0, HOUR)), None) == ()


def test_bursts_of_a_quiet_service_are_left_alone() -> None:
    inc = asked_at([10.0, 10.1, 10.2])
    assert gaps(window_of(inc, (0, HOUR)), None) == ()


def test_the_clock_is_that_of_the_zone() -> None:
    inc = asked_at(range(0, HOUR, 5), tz="Asia/Tokyo")
    (said,) = gaps(window_of(inc, (0, HOUR + 30 * MINUTE)), None)
    assert "30.1 min of the window (07:19:55–07:50 Asia/Tokyo)" in said


def test_an_empty_window_has_no_gaps(broken: Workbench) -> None:
    assert gaps(window_of(broken, (90 * HOUR, 91 * HOUR)), None) == ()
