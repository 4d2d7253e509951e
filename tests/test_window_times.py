"""Windows in time: before, after, on other days, how long, and what they are called."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import workbench
from tests.small import gauge, load, request, span
from workbench.errors import WindowError
from workbench.window import Window

HOUR = 3600 * 10**9


@pytest.fixture
def berlin() -> workbench.Workbench:
    return workbench.open(tz="Europe/Berlin")


def test_a_label_is_iso_8601_with_the_offset_of_the_day(berlin: workbench.Workbench) -> None:
    text = "2026-07-01T12:00:00+02:00/2026-07-01T13:00:00.500000+02:00"
    later = "2026-11-12T12:00:00+01:00/2026-11-12T12:00:00.000000001+01:00"
    window = berlin.parse_window(f"{text},{later}")
    assert window.label == f"{text},{later}"
    assert window.seconds == 3600.5 + 1e-9


def test_before_and_after_touch_or_leave_a_gap(berlin: workbench.Workbench) -> None:
    window = berlin.parse_window("2026-11-12 12:00/13:00,2026-11-12 15:00/16:00")
    ((start, _), (_, end)) = window.intervals
    assert window.before("30m").intervals == ((start - HOUR // 2, start),)
    assert window.after("2h").intervals == ((end, end + 2 * HOUR),)
    gap = timedelta(minutes=15)
    assert window.before("1h", gap=gap).intervals == ((start - HOUR * 5 // 4, start - HOUR // 4),)
    assert window.after("1h", gap="15m").intervals == ((end + HOUR // 4, end + HOUR * 5 // 4),)
    assert window.before("1d").after("2h").intervals == ((start, start + 2 * HOUR),)


def test_a_window_that_is_moved_keeps_its_condition(berlin: workbench.Workbench) -> None:
    window = berlin.window("2026-11-12 12:00", "13:00").where("name = 'a'")
    for moved in (window.before("1h"), window.after("1h"), window.shift(days=-1)):
        assert moved.predicates == ("name = 'a'",)
        assert moved.timezone == window.timezone


@pytest.mark.parametrize("length", ["0s", timedelta(0), timedelta(seconds=-1)])
def test_a_window_of_no_length_is_refused(
    berlin: workbench.Workbench, length: str | timedelta
) -> None:
    window = berlin.window("2026-11-12", "2026-11-13")
    for move in (window.before, window.after):
        with pytest.raises(WindowError, match="must end after it starts"):
            move(length)
    with pytest.raises(WindowError, match="Cannot read 'soon'"):
        window.before("soon")


@pytest.mark.parametrize(
    ("day", "days", "hours"),
    [
        ("2026-11-12", -1, -24),
        ("2026-11-12", -7, -168),
        ("2026-11-12", 0, 0),
        ("2026-03-29", -1, -23),  # the night before has no hour from two to three
        ("2026-03-28", 1, 23),
        ("2026-10-25", -1, -25),  # the night before has it twice
        ("2026-11-12", -30, -24 * 30 - 1),
    ],
)
def test_a_shift_keeps_the_time_of_day(
    berlin: workbench.Workbench, day: str, days: int, hours: int
) -> None:
    window = berlin.window(f"{day} 14:00", "15:00")
    moved = window.shift(days=days)
    ((start, end),) = window.intervals
    assert moved.intervals == ((start + hours * HOUR, end + hours * HOUR),)
    date = (datetime.fromisoformat(day) + timedelta(days=days)).date()
    assert moved.label.startswith(f"{date}T14:00:00+0")


def test_a_day_that_is_shifted_is_as_long_as_the_day_it_becomes(
    berlin: workbench.Workbench,
) -> None:
    day = berlin.window("2026-03-28", "2026-03-29")
    assert day.seconds == 24 * 3600
    assert day.shift(days=1).seconds == 23 * 3600
    assert berlin.window("2026-10-24", "2026-10-25").shift(days=1).seconds == 25 * 3600


def test_a_shift_keeps_nanoseconds(berlin: workbench.Workbench) -> None:
    window = Window(berlin.store, berlin.timezone, ((HOUR * 100 + 1, HOUR * 101 + 999),))
    assert window.shift(days=2).intervals == ((HOUR * 148 + 1, HOUR * 149 + 999),)


def test_a_shift_to_several_days_is_several_intervals_in_order(
    berlin: workbench.Workbench,
) -> None:
    window = berlin.window("2026-11-12 14:00", "15:00")
    moved = window.shift(days=[-1, -7])
    assert [interval[0] for interval in moved.label.split(",")] == ["2", "2"]
    assert moved.label.split(",")[0].startswith("2026-11-05T14:00:00")
    assert moved.label.split(",")[1].startswith("2026-11-11T14:00:00")
    assert moved.seconds == 2 * 3600
    assert window.shift(days=[-1, -1]) == window.shift(days=-1)


def test_a_window_says_itself_in_one_line(berlin: workbench.Workbench, tmp_path) -> None:
    load(berlin, tmp_path, request(span(1, 10**9)))
    window = berlin.window("2026-11-12 14:00", "15:00")
    assert repr(window) == f"Window({window.label}, 3,600 s)"
    assert repr(window.where("name = 'a'").where("flags = 1")) == (
        f"Window({window.label}, 3,600 s, where name = 'a', where flags = 1)"
    )
    trace = berlin.trace(f"{1:032x}")
    assert repr(trace) == f"Window({trace.label}, 1.1e-08 s, trace {trace.trace_id})"


@pytest.mark.parametrize("days", [[], 10**7, -(10**6)])
def test_a_shift_to_nowhere_is_a_window_error(
    berlin: workbench.Workbench, days: int | list[int]
) -> None:
    with pytest.raises(WindowError):
        berlin.window("2026-11-12 14:00", "15:00").shift(days=days)


def test_a_window_outside_the_data_says_where_the_data_lies(
    berlin: workbench.Workbench, tmp_path
) -> None:
    window = berlin.window("2026-11-12 14:00", "15:00")
    assert window.outside == "The store holds no span with a start; load traces."
    times = [span(1, 5 * 10**9, 9 * 10**9), span(2, 7 * 10**9)]
    load(berlin, tmp_path, request(*times, metrics=[gauge(99 * 10**9)]))
    assert window.where("name = 'x'").where("kind = 'server'").outside == (
        f"Nothing in {window.label} where name = 'x' and kind = 'server'; the store's spans"
        " start in 1970-01-01T01:00:05+01:00/1970-01-01T01:00:07+01:00."
    )
    assert window.outside == (
        f"Nothing in {window.label}; the store's spans"
        " start in 1970-01-01T01:00:05+01:00/1970-01-01T01:00:07+01:00."
    )


def test_a_window_is_empty_when_no_span_of_it_fulfils_its_condition(
    berlin: workbench.Workbench, tmp_path
) -> None:
    load(berlin, tmp_path, request(span(1, 5 * 10**9)))
    assert not berlin.all.is_empty()
    assert berlin.all.where("name = 'x'").is_empty()
    assert berlin.all.after("1h").is_empty()
