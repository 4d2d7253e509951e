"""One trace, span by span: order, depth, own time, critical path, events and errors."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import polars as pl

from workbench.analysis import buckets
from workbench.analysis.tree import critical_path, trees
from workbench.answer import Answer
from workbench.errors import InputError
from workbench.model.text import plural
from workbench.statement import read_query
from workbench.window import Window

__all__ = ["waterfall"]

QUERY = read_query(__name__)

PHASES = {
    "queue": "gen_ai.latency.time_in_queue",
    "prefill": "gen_ai.latency.time_in_model_prefill",
    "decode": "gen_ai.latency.time_in_model_decode",
}
"""What an LLM engine does for a request, one after another, and the keys that vLLM uses (in s)."""

_EXCEPTION = {
    "exception_type": "exception.type",
    "exception_message": "exception.message",
}
"""What an event that records an exception says, and the keys of OpenTelemetry."""

_NOTES = {
    "missing_parent": "parent missing",
    "cut_cycle": "cycle of parents cut here",
    "shared_id": "id shared with another span",
    "no_interval": "no usable duration",
    "starts_before_parent": "starts before its parent",
    "ends_after_parent": "ends after its parent",
}
_SAID = {
    "missing_parent": "the parent is not in the trace; drawn as a tree of its own",
    "cut_cycle": "its own ancestor; the cycle of parents is cut above the earliest span",
    "shared_id": "the id is shared with another span of the trace",
    "no_interval": "no usable duration (a time is missing or the end lies before the start)",
    "starts_before_parent": "starts before its parent, so clocks disagree; clipped in sums",
    "ends_after_parent": "ends after its parent (not awaited, or clocks differ); clipped in sums",
}


def waterfall(trace: Window) -> Answer:
    """The spans of one trace in tree order; see `workbench.panels.waterfall`."""
    # A store without such spans or events lacks the columns: the query names those that are there.
    phases = [key for key in PHASES.values() if key in trace.store.columns("spans")]
    told = [key for key in _EXCEPTION.values() if key in trace.store.columns("events")]
    more = {"span_more": ["kind", *phases], "event_more": ["time_ns", *told]}
    result = trace.run(QUERY, columns=more)
    found = result.frame
    ids = found["trace_id"].unique().to_list()
    if len(ids) > 1:
        raise InputError(
            f"waterfall shows one trace, and this window holds {plural(len(ids), 'trace')}; "
            f"take one by its id, for example inc.trace({ids[0]!r})."
        )
    spans = found.unique("span_row", keep="first", maintain_order=True)
    placed = trees(spans).join(spans.drop("trace_id"), on="span_row", maintain_order="left")
    tops = placed.filter("is_root")["start_ns"].drop_nulls()
    starts = [*tops.to_list(), *placed["start_ns"].drop_nulls().sort().to_list(), 0]
    origin: int = starts[0]
    counted = found.group_by("span_row").agg(events=pl.col("event_position").count())
    placed = placed.join(counted, on="span_row", how="left", maintain_order="left")
    events = _events(found.filter(pl.col("event_position").is_not_null()), told)
    return Answer(
        table=_table(placed, origin),
        sql=result.sql,
        window=trace.label,
        extra={
            "events": _placed_at(events, placed, origin, "event_time_ns"),
            "critical_path": _placed_at(critical_path(spans), placed, origin, "start_ns", "end_ns"),
            "phases": _phases(placed, origin, phases),
            "trace": _trace(placed, origin, trace.timezone),
        },
        caveats=(*trace.caveats, *_caveats(placed), *([] if len(spans) else [trace.outside])),
    )


def _ms(column: str, origin: int = 0) -> pl.Expr:
    return (pl.col(column) - origin) / 1e6


def _table(placed: pl.DataFrame, origin: int) -> pl.DataFrame:
    notes = [pl.when(flag).then(pl.lit(note)) for flag, note in _NOTES.items()]
    return placed.select(
        "position",
        "depth",
        "service",
        "name",
        "kind",
        "status",
        _ms("start_ns", origin).alias("offset_ms"),
        _ms("duration_ns").alias("duration_ms"),
        _ms("self_ns").alias("self_ms"),
        _ms("critical_ns").alias("critical_ms"),
        "on_critical_path",
        "events",
        "children",
        pl.concat_str(notes, separator="; ", ignore_nulls=True).replace("", None).alias("note"),
        "status_message",
        "span_id",
        "parent_span_id",
    )


def _events(rows: pl.DataFrame, told: Sequence[str]) -> pl.DataFrame:
    """The events, each with the exception that it records, null where it records none."""
    said = {
        name: (pl.col(key) if key in told else pl.lit(None)).cast(pl.String, strict=False)
        for name, key in _EXCEPTION.items()
    }
    return rows.select("span_row", "event_name", pl.col("time_ns").alias("event_time_ns"), **said)


def _placed_at(rows: pl.DataFrame, placed: pl.DataFrame, origin: int, *times: str) -> pl.DataFrame:
    """Rows by their span's place in tree order, their times in ms since the root's start."""
    names = [column for column in ("event_name", *_EXCEPTION) if column in rows.columns]
    places = placed.select("span_row", "position")
    shown = [_ms(time, origin).alias(time.removesuffix("_ns") + "_ms") for time in times]
    return rows.join(places, on="span_row", maintain_order="left").select(
        "position", *names, *shown
    )


def _phases(placed: pl.DataFrame, origin: int, keys: Sequence[str]) -> pl.DataFrame:
    """Queue, prefill and decode of each LLM span, laid end to end from the span's start."""
    begun = placed.select("position", start_ms=_ms("start_ns", origin))
    parts: list[pl.DataFrame] = []
    for name, key in PHASES.items():
        seconds = placed[key].cast(pl.Float64, strict=False) if key in keys else None
        part = begun.with_columns(
            phase=pl.lit(name), duration_ms=None if seconds is None else seconds * 1e3
        )
        parts.append(part.cast({"duration_ms": pl.Float64}))
    laid = pl.concat(parts).filter(pl.col("duration_ms") >= 0, pl.col("start_ms").is_not_null())
    before = pl.col("duration_ms").cum_sum().over("position") - pl.col("duration_ms")
    return laid.select("position", "phase", pl.col("start_ms") + before, "duration_ms")


def _trace(placed: pl.DataFrame, origin: int, zone: ZoneInfo) -> pl.DataFrame:
    """One row about the trace, none if it has no spans."""
    one = placed.filter("is_root").select(
        "trace_id",
        "name",
        "service",
        (pl.col("duration_ns") / 1e6).alias("duration_ms"),
        pl.lit(origin).alias("origin_ns"),
        pl.lit(placed.height).alias("spans"),
        pl.lit((placed["status"] == "error").sum()).alias("errors"),
    )
    return buckets.with_time(one, "origin_ns", zone, "start")


def _caveats(placed: pl.DataFrame) -> tuple[str, ...]:
    counts = {flag: int(placed[flag].sum()) for flag in _SAID}
    total = plural(placed.height, "span")
    return tuple(f"{count:,} of {total}: {_SAID[flag]}." for flag, count in counts.items() if count)
