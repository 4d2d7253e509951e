"""Points in time and spans of time, as people write them and as the store holds them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workbench.errors import InputError, WindowError, check_type

__all__ = ["format_ns", "parse_duration", "parse_time", "zone"]

_DURATION = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|min|m|h|d)")
_UNITS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}
_UNITS["d"] = 86_400 * 10**9
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
# datetime reads six digits of a second and drops the rest.
_BELOW_MICRO = re.compile(r"(?<=:\d\d\.\d{6})\d{1,3}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name.

    Raises
    ------
    InputError
        When there is none of that name.
    """
    check_type(name, (str,), "A time zone is an IANA name such as 'Europe/Berlin'")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones
        raise InputError(
            f"No time zone {name!r}; give an IANA name such as 'UTC' or 'Europe/Berlin'."
        ) from None


def parse_time(value: str | datetime, tz: ZoneInfo, near: int | None = None) -> int:
    """Nanoseconds since 1970 UTC of a point in time.

    Parameters
    ----------
    value
        A datetime, ISO 8601 text (``2026-11-12 14:05``), or a time of day (``14:05``) where
        ``near`` tells the day. Without an offset it is in ``tz``.
    tz
        Zone of naive times.
    near
        Nanoseconds of a moment whose day (in ``tz``) a bare time of day belongs to.

    Raises
    ------
    WindowError
        When it cannot be read, or is a time of day and the day is unknown.

    Examples
    --------
    >>> parse_time("1970-01-01 00:00:01", ZoneInfo("UTC"))
    1000000000
    """
    expected = "A time is text such as '2026-11-12 14:05' or a datetime"
    check_type(value, (str, datetime), expected, WindowError)
    rest = 0
    if isinstance(value, str):
        text = value.strip()
        finest = _BELOW_MICRO.search(text)
        if finest is not None:
            rest = int(finest[0].ljust(3, "0"))
            text = text[: finest.start()] + text[finest.end() :]
        if _CLOCK.fullmatch(text):
            if near is None:
                raise WindowError(f"{value!r} has no date; write it as '2026-11-12 {text}'.")
            day = (_EPOCH + timedelta(microseconds=near // 1000)).astimezone(tz).date()
            hour, minutes = text.split(":", 1)
            text = f"{day.isoformat()}T{hour.zfill(2)}:{minutes}"
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            raise WindowError(
                f"Cannot read {value!r} as a time; write it as '2026-11-12 14:05' or"
                " '2026-11-12T14:05:00Z'."
            ) from None
    moment = value if value.tzinfo else value.replace(tzinfo=tz)
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 10**9 + delta.microseconds * 1000 + rest


def parse_duration(value: str | timedelta) -> int:
    """Nanoseconds of a length of time such as ``"90s"``, ``"1h 30m"`` or a timedelta.

    Raises
    ------
    WindowError
        When it cannot be read.

    Examples
    --------
    >>> parse_duration("1h 30m") // 10**9
    5400
    """
    expected = "A length of time is text such as '90s', '10m' or '2h', or a timedelta"
    check_type(value, (str, timedelta), expected, WindowError)
    if isinstance(value, timedelta):
        return (value.days * 86_400 + value.seconds) * 10**9 + value.microseconds * 1000
    text = value.strip()
    parts = list(_DURATION.finditer(text))
    if not parts or _DURATION.sub("", text).strip():
        raise WindowError(f"Cannot read {value!r} as a length of time; write '90s', '10m' or '2h'.")
    return sum(round(float(part["count"]) * _UNITS[part["unit"]]) for part in parts)


def format_ns(ns: int, tz: ZoneInfo) -> str:
    """ISO 8601 text of a moment, with its offset, to the second or as fine as it is.

    Examples
    --------
    >>> format_ns(1_500_000_000, ZoneInfo("UTC"))
    '1970-01-01T00:00:01.500000+00:00'
    """
    seconds, rest = divmod(ns, 10**9)
    try:
        moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(tz)
    except OverflowError:
        return f"{ns} ns"
    if not rest:
        return moment.isoformat(timespec="seconds")
    if rest % 1000:
        text = moment.isoformat(timespec="seconds")
        return f"{text[:19]}.{rest:09d}{text[19:]}"
    return moment.replace(microsecond=rest // 1000).isoformat(timespec="microseconds")
