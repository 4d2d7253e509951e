"""How long spans take and how much of that is their own, by any column, also over time."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from workbench.analysis import buckets
from workbench.analysis.compare import beside, empty_sides, group_names, overlapping, untimed
from workbench.answer import Answer
from workbench.statement import read_query
from workbench.window import Window

__all__ = ["latency"]

QUERY = read_query(__name__)

_PERCENTILES = ("p50_ms", "p90_ms", "p95_ms", "p99_ms")
_MEASURES = ("spans", "errors", "error_share", *_PERCENTILES, "self_ms", "self_share")
_CHANGES = ("error_share_change", "p50_change_ms", "p95_change_ms", "self_share_change")


def latency(
    window: Window,
    *,
    baseline: Window | None = None,
    by: str | Sequence[str] = ("service",),
    bucket: str | None = None,
) -> Answer:
    """Durations and self time by group; see `workbench.panels.latency`."""
    names = group_names(window, by, (*_MEASURES, *_CHANGES))
    width = buckets.nice_width(window.intervals) if bucket is None else buckets.parse_width(bucket)
    covered = buckets.covered(window.intervals, width) if bucket is not None else None
    result = window.run(
        QUERY, baseline=baseline, columns={"by": names}, parameters={"bucket_ns": width}
    )
    # A share is of all self time on the same side, in the same bucket.
    whole = pl.col("self_ms").sum().over("of_baseline", "over_all_time", "bucket_start_ns")
    rows = result.frame.with_columns(
        error_share=pl.col("errors") / pl.col("spans"),
        self_share=pl.when(whole > 0).then(pl.col("self_ms") / whole),
    )
    totals = rows.filter(pl.col("over_all_time") == 1)
    mine, other = totals.filter(~pl.col("of_baseline")), totals.filter("of_baseline")
    table = mine.select(*names, *_MEASURES)
    if baseline is not None:
        table = _with_changes(beside(mine, other, names, _MEASURES))
    table = table.sort("self_ms", *names, descending=[True] + [False] * len(names), nulls_last=True)
    extra: dict[str, pl.DataFrame] = {}
    if covered is not None:
        dated = pl.col("bucket_start_ns").is_not_null() & (pl.col("over_all_time") == 0)
        over_time = rows.filter(dated & ~pl.col("of_baseline"))
        extra = {
            "total": table,
            "buckets": buckets.with_time(covered, "bucket_start_ns", window.timezone),
        }
        table = _over_time(over_time, table, names, baseline is not None)
        table = buckets.with_time(table, "bucket_start_ns", window.timezone)
    return Answer(
        table=table,
        sql=result.sql,
        window=window.label,
        baseline=baseline.label if baseline else None,
        extra=extra,
        caveats=(
            *window.caveats,
            *overlapping(window, baseline),
            *(() if covered is None else buckets.cut(covered, width, window.timezone)),
            *untimed(totals, "spans"),
            *empty_sides(window, baseline, mine, other),
        ),
    )


def _with_changes(table: pl.DataFrame) -> pl.DataFrame:
    """The table with its changes; a group that one side lacks has no spans there."""
    counts = ("spans", "errors", "baseline_spans", "baseline_errors")
    changed = {
        "error_share_change": "error_share",
        "p50_change_ms": "p50_ms",
        "p95_change_ms": "p95_ms",
        "self_share_change": "self_share",
    }
    return table.with_columns(
        *(pl.col(name).fill_null(0) for name in counts),
        **{new: pl.col(old) - pl.col(f"baseline_{old}") for new, old in changed.items()},
    )


def _over_time(
    rows: pl.DataFrame, totals: pl.DataFrame, names: Sequence[str], compared: bool
) -> pl.DataFrame:
    """One row per bucket and group that has spans in it, the baseline over all time beside."""
    table = rows.select("bucket_start_ns", *names, *_MEASURES)
    if compared:
        before = totals.select(*names, *(f"baseline_{measure}" for measure in _MEASURES))
        table = table.join(before, on=list(names), how="left", nulls_equal=True)
        table = _with_changes(table)
    return table.sort("bucket_start_ns", *names)
