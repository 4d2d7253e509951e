"""Stretches of a window in which no span starts at all, so that its rates come out too low."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from workbench.statement import read_query
from workbench.window import Window

__all__ = ["gaps"]

QUERY = read_query(__name__)

_LEAST_SHARE = 0.05
_LEAST_TRACES = 20
_NAMED = 2

Interval = tuple[int, int]


def gaps(window: Window, baseline: Window | None) -> tuple[str, ...]:
    """A caveat for each side whose rates divide by time in which nothing was recorded.

    Notes
    -----
    A stretch without the start of any span, whatever the window's condition, is said where it
    takes a twentieth of its side or more and where, at the pace of that side, 20 traces or more
    would have started in it. Were traces to start at random, a given stretch of that length would
    be empty once in e^20 times, and one anywhere among n traces about n times as often; a service
    that is asked three times an hour never comes near. Traces count, not spans: those of a trace
    come together.
    """
    sides = {"window": window, "baseline": baseline}
    asked = {side: replace(of, predicates=()) for side, of in sides.items() if of is not None}
    values: dict[str, object] = {"least_share": _LEAST_SHARE, "least_traces": _LEAST_TRACES}
    for side, of in sides.items():
        intervals = () if of is None else of.intervals
        values[f"{side}_from"] = [start for start, _ in intervals]
        values[f"{side}_to"] = [end for _, end in intervals]
    stretches = asked["window"].run(QUERY, baseline=asked.get("baseline"), parameters=values).frame
    said: list[str] = []
    for side, of in asked.items():
        mine = stretches.filter(pl.col("of_baseline") == (side == "baseline"))
        found = mine.select("start_ns", "end_ns").rows()
        if found:
            empty, whole = (_length(_seconds(some)) for some in (found, of.intervals))
            said.append(
                f"No span starts in {empty} of the {side} ({_named(found, of.timezone)});"
                f" rates divide by all {whole}."
            )
    return tuple(said)


def _seconds(intervals: Sequence[Interval]) -> float:
    return sum(end - start for start, end in intervals) / 1e9


def _length(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{round(seconds / size, 1):,g} {unit}"
    return f"{seconds:.3g} s"


def _named(found: Sequence[Interval], zone: ZoneInfo) -> str:
    """The stretches on the clock of the zone, with their days where there are several."""
    times = [_clock_time(ns, zone) for start, end in found for ns in (start, end)]
    one_day = len({time.date() for time in times}) == 1
    texts = [_text(time, dated=not one_day) for time in times]
    shown = [f"{start}–{end}" for start, end in zip(texts[::2], texts[1::2], strict=True)]
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return f"{', '.join(shown[:_NAMED])} {zone}{more}"


def _clock_time(ns: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)).astimezone(zone)


def _text(time: datetime, *, dated: bool) -> str:
    clock = f"{time:%H:%M:%S}".removesuffix(":00")
    return f"{time:%Y-%m-%d} {clock}" if dated else clock
