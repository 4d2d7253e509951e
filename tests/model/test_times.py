"""Points in time and lengths of time, against plain arithmetic and the calendar."""

from __future__ import annotations

import calendar
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputError, WindowError
from workbench.model.times import format_ns, parse_duration, parse_time, zone

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = (ZoneInfo("UTC"), BERLIN, NEW_YORK, KATHMANDU)
SECOND = 10**9
HOUR = 3600 * SECOND
# From 1970 to the last moment that int64 can hold, in 2262.
MOMENTS = st.integers(0, 2**63 - 1)


often = settings(max_examples=60, deadline=None, derandomize=True)


def by_calendar(text: str) -> int:
    """Nanoseconds of ``YYYY-MM-DD HH:MM:SS`` in UTC, by the calendar of the standard library."""
    return calendar.timegm(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").timetuple()) * SECOND


@often
@given(MOMENTS, st.sampled_from(ZONES))
def test_what_is_shown_is_read_back_to_the_nanosecond(ns: int, tz: ZoneInfo) -> None:
    assert parse_time(format_ns(ns, tz), ZoneInfo("UTC")) == ns


@often
@given(MOMENTS, st.sampled_from(ZONES))
def test_what_is_shown_is_the_clock_of_the_zone(ns: int, tz: ZoneInfo) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ns // SECOND)
    offset = tz.utcoffset(moment.astimezone(tz))
    assert offset is not None
    shown = format_ns(ns, tz)
    assert shown[:19] == (moment + offset).strftime("%Y-%m-%dT%H:%M:%S")
    assert datetime.fromisoformat(shown[:19] + shown[-6:]).utcoffset() == offset


@often
@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_an_offset_in_the_text_wins_over_the_zone(naive: datetime, minutes: int) -> None:
    aware = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    whole = calendar.timegm(naive.timetuple()) - minutes * 60
    expected = whole * SECOND + naive.microsecond * 1000
    assert parse_time(aware.isoformat(), BERLIN) == expected
    assert parse_time(aware, BERLIN) == expected
    assert parse_time(naive, ZoneInfo("UTC")) == expected + minutes * 60 * SECOND


@pytest.mark.parametrize(
    ("text", "in_utc"),
    [
        ("2026-11-12 14:05", "2026-11-12 13:05:00"),
        ("2026-11-12T14:05:30", "2026-11-12 13:05:30"),
        ("  2026-11-12 14:05  ", "2026-11-12 13:05:00"),
        ("2026-07-01 00:00", "2026-06-30 22:00:00"),
        ("2026-11-12", "2026-11-11 23:00:00"),
        ("2026-11-12T14:05:00Z", "2026-11-12 14:05:00"),
        # 29 March 2026: 02:00 becomes 03:00, the day has 23 hours.
        ("2026-03-29 01:59:59", "2026-03-29 00:59:59"),
        ("2026-03-29 03:00", "2026-03-29 01:00:00"),
        # 25 October 2026: 02:00 to 03:00 comes twice; without an offset the first is meant.
        ("2026-10-25 02:30", "2026-10-25 00:30:00"),
        ("2026-10-25 02:30+01:00", "2026-10-25 01:30:00"),
        ("2026-10-25 03:00", "2026-10-25 02:00:00"),
    ],
)
def test_a_time_without_offset_is_in_the_zone(text: str, in_utc: str) -> None:
    assert parse_time(text, BERLIN) == by_calendar(in_utc)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-12", 24)]
)
def test_a_day_in_berlin_is_as_long_as_its_clock(day: str, hours: int) -> None:
    following = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    assert parse_time(following, BERLIN) - parse_time(day, BERLIN) == hours * HOUR


@pytest.mark.parametrize(
    ("fraction", "nanoseconds"),
    [
        (".5", 500_000_000),
        (".123", 123_000_000),
        (".123456", 123_456_000),
        (".123456789", 123_456_789),
        (".1234567", 123_456_700),
        (".000000001", 1),
    ],
)
def test_a_fraction_of_a_second_keeps_nine_digits(fraction: str, nanoseconds: int) -> None:
    for offset in ("", "Z", "+00:00"):
        assert parse_time(f"1970-01-01T00:00:07{fraction}{offset}", ZoneInfo("UTC")) == (
            7 * SECOND + nanoseconds
        )


@pytest.mark.parametrize(
    ("clock", "in_utc"),
    [
        ("14:05", "2026-11-12 13:05:00"),
        ("9:05", "2026-11-12 08:05:00"),
        ("9:05:30", "2026-11-12 08:05:30"),
        ("00:00", "2026-11-11 23:00:00"),
        ("23:59:59", "2026-11-12 22:59:59"),
    ],
)
def test_a_bare_time_of_day_lies_on_the_day_of_the_zone(clock: str, in_utc: str) -> None:
    near = by_calendar("2026-11-11 23:30:00")  # half past midnight of the 12th in Berlin
    assert parse_time(clock, BERLIN, near=near) == by_calendar(in_utc)


def test_a_bare_time_of_day_without_a_day_is_an_error_that_shows_one() -> None:
    with pytest.raises(WindowError, match="'14:05' has no date; write it as '2026-11-12 14:05'"):
        parse_time("14:05", BERLIN)


@pytest.mark.parametrize(
    "text", ["", "noon", "25:00", "14:60", "14:05:61", "2026-13-01", "2026-02-30", "12.11.2026"]
)
def test_a_time_that_cannot_be_read_is_a_window_error(text: str) -> None:
    with pytest.raises(WindowError, match="Cannot read"):
        parse_time(text, BERLIN, near=0)


@often
@given(st.text(max_size=12) | st.from_regex(r"[0-9:T.\-]{1,20}", fullmatch=True))
def test_any_text_is_a_time_or_a_window_error(text: str) -> None:
    for read in (lambda: parse_time(text, BERLIN, near=0), lambda: parse_duration(text)):
        with suppress(WindowError):
            assert isinstance(read(), int)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("5ms", 5),
        ("90s", 90_000),
        ("1.5s", 1_500),
        ("10m", 600_000),
        ("10min", 600_000),
        ("2h", 7_200_000),
        ("1h 30m", 5_400_000),
        ("1h30min", 5_400_000),
        ("1d", 86_400_000),
        (" 2 h ", 7_200_000),
        ("0s", 0),
    ],
)
def test_a_length_of_time_is_the_sum_of_its_parts(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds * 10**6


@often
@given(st.timedeltas())
def test_a_timedelta_is_its_microseconds(length: timedelta) -> None:
    assert parse_duration(length) == length // timedelta(microseconds=1) * 1000


@pytest.mark.parametrize("text", ["", "90", "-5s", "5 parsecs", "1h and 3m", "m", "1:30", "5M"])
def test_a_length_that_cannot_be_read_is_a_window_error(text: str) -> None:
    with pytest.raises(WindowError, match="as a length of time; write '90s', '10m' or '2h'"):
        parse_duration(text)


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Asia/Kathmandu"])
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert zone(name).key == name


@pytest.mark.parametrize("name", ["", "Europe", "Berlin", "../etc/passwd", "/etc/localtime", "a\0"])
def test_a_zone_that_does_not_exist_is_an_input_error(name: str) -> None:
    with pytest.raises(InputError, match="give an IANA name"):
        zone(name)


def test_a_moment_beyond_the_calendar_is_shown_as_a_number() -> None:
    assert format_ns(10**30, BERLIN) == f"{10**30} ns"
    assert format_ns(-1, ZoneInfo("UTC")) == "1969-12-31T23:59:59.999999999+00:00"
