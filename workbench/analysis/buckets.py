"""Buckets of time: their width, and how much of each one a window covers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import polars as pl

from workbench.errors import InputError, check_type
from workbench.model.text import plural

__all__ = ["covered", "cut", "nice_width", "parse_width", "with_time"]

_UNITS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_MOST = 10_000
_NAMED = 2

Interval = tuple[int, int]


def parse_width(text: str) -> int:
    """The width of a bucket in ns, from a number and ms, s, m, h or d.

    Examples
    --------
    >>> parse_width("5m")
    300000000000
    """
    check_type(text, (str,), "bucket is text such as '1m'")
    found = re.fullmatch(r"\s*(\d+)\s*(ms|s|m|h|d)\s*", text)
    if found is None or int(found[1]) == 0:
        raise InputError(
            f"Cannot read bucket {text!r}; expected a whole number above zero and a unit: "
            "ms, s, m, h or d, for example bucket='1m'."
        )
    return int(found[1]) * _UNITS[found[2]]


def nice_width(intervals: Sequence[Interval], about: int = 40) -> int:
    """A round width in ns that cuts the intervals into ``about`` buckets or somewhat fewer.

    Examples
    --------
    >>> nice_width([(0, 35 * 60 * 10**9)]) // 10**9
    60
    """
    if not intervals:
        return 10**9
    seconds = (max(end for _, end in intervals) - min(start for start, _ in intervals)) / 1e9
    for nice in _NICE_SECONDS:
        if seconds / nice <= about:
            return nice * 10**9
    days = int(seconds // (about * 86400)) + 1
    return days * 86400 * 10**9


def covered(intervals: Sequence[Interval], width_ns: int) -> pl.DataFrame:
    """The buckets that the intervals touch.

    Parameters
    ----------
    intervals
        Half-open, in ns UTC.
    width_ns
        Buckets begin at whole multiples of it since 1970 UTC.

    Returns
    -------
    polars.DataFrame
        One row per bucket, by time: ``bucket_start_ns`` and ``covered_s``, the part of the
        bucket that lies in the intervals, in seconds. Buckets in a gap between two intervals
        are absent.
    """
    total = sum((end - start) // width_ns + 1 for start, end in intervals)
    if total > _MOST:
        raise InputError(
            f"A bucket of {width_ns / 1e9:g} s cuts this window into about {total:,} buckets; "
            f"at most {_MOST:,} are drawn. Take a wider bucket or a shorter window."
        )
    seconds: dict[int, float] = {}
    for start, end in intervals:
        for bucket in range(start - start % width_ns, end, width_ns):
            inside = min(end, bucket + width_ns) - max(start, bucket)
            seconds[bucket] = seconds.get(bucket, 0.0) + inside / 1e9
    ordered = sorted(seconds)
    return pl.DataFrame(
        {"bucket_start_ns": ordered, "covered_s": [seconds[bucket] for bucket in ordered]},
        schema={"bucket_start_ns": pl.Int64, "covered_s": pl.Float64},
    )


def cut(found: pl.DataFrame, width_ns: int, zone: ZoneInfo) -> tuple[str, ...]:
    """A caveat where buckets, from `covered`, lie in a window only in part and so count less."""
    partly = found.filter(pl.col("covered_s") < width_ns / 1e9 * (1 - 1e-9))
    if partly.is_empty():
        return ()
    times = with_time(partly, "bucket_start_ns", zone)["time"].dt.strftime("%H:%M:%S").to_list()
    named = [time.removesuffix(":00") for time in times[:_NAMED]]
    more = f" and {len(times) - _NAMED} more" if len(times) > _NAMED else ""
    why = "in the window only in part, and so"
    said = plural(len(times), f"bucket lies {why} counts less", f"buckets lie {why} count less")
    return (f"{said}: {', '.join(named)} {zone}{more}.",)


def with_time(frame: pl.DataFrame, column: str, zone: ZoneInfo, name: str = "time") -> pl.DataFrame:
    """The frame with ``column`` (ns UTC) replaced by ``name``, a time in the zone."""
    time = pl.from_epoch(column, time_unit="ns").dt.replace_time_zone("UTC")
    shown = frame.with_columns(time.dt.convert_time_zone(str(zone)).alias(name))
    order = [name if old == column else old for old in frame.columns]
    return shown.select(order)
