"""How much each service is asked, how much of it fails, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from workbench.analysis import buckets
from workbench.analysis.compare import beside, empty_sides, group_names, overlapping, untimed
from workbench.analysis.gaps import gaps
from workbench.answer import Answer
from workbench.statement import read_query
from workbench.window import Window

__all__ = ["overview"]

QUERY = read_query(__name__)

_COUNTS = ("requests", "rate_per_s", "errors", "error_share")
_PERCENTILES = ("p50_ms", "p95_ms", "p99_ms")
_MEASURES = (*_COUNTS, *_PERCENTILES)
_CHANGES = ("rate_change", "error_share_change", *(f"{p[:3]}_change_ms" for p in _PERCENTILES))
_SERIES_GROUPS = 12


def overview(
    window: Window, *, baseline: Window | None = None, by: str | Sequence[str] = ("service",)
) -> Answer:
    """Rate, errors and duration of what services were asked; see `workbench.panels.overview`."""
    names = group_names(window, by, (*_MEASURES, *_CHANGES))
    width = buckets.nice_width(window.intervals)
    result = window.run(
        QUERY, baseline=baseline, columns={"by": names}, parameters={"bucket_ns": width}
    )
    rows = result.frame.with_columns(
        error_share=pl.col("errors") / pl.col("requests"),
        # Rates divide by the summed length of the intervals.
        rate_per_s=pl.col("requests")
        / pl.when("of_baseline")
        .then(pl.lit(baseline.seconds if baseline else None, dtype=pl.Float64))
        .otherwise(window.seconds),
    )
    totals = rows.filter(pl.col("over_all_time") == 1)
    mine, other = totals.filter(~pl.col("of_baseline")), totals.filter("of_baseline")
    table = mine.select(*names, *_MEASURES)
    if baseline is not None:
        table = _compared(mine, other, names)
    table = table.sort("requests", *names, descending=[True] + [False] * len(names))
    over_time = rows.filter((pl.col("over_all_time") == 0) & ~pl.col("of_baseline"))
    return Answer(
        table=table,
        sql=result.sql,
        window=window.label,
        baseline=baseline.label if baseline else None,
        extra={"series": _series(window, over_time, table.select(names), width)},
        caveats=(
            *gaps(window, baseline),
            *window.caveats,
            *overlapping(window, baseline),
            *untimed(totals, "requests"),
            *empty_sides(window, baseline, mine, other),
        ),
    )


def _compared(mine: pl.DataFrame, other: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Both sides and their changes; a group that one side lacks has a rate of zero there."""
    both = beside(mine, other, names, _MEASURES).with_columns(
        pl.col(f"{side}{count}").fill_null(0)
        for side in ("", "baseline_")
        for count in ("requests", "rate_per_s", "errors")
    )
    was = pl.col("baseline_rate_per_s")
    return both.with_columns(
        rate_change=pl.when(was > 0).then(pl.col("rate_per_s") / was - 1),
        error_share_change=pl.col("error_share") - pl.col("baseline_error_share"),
        **{
            f"{name[:3]}_change_ms": pl.col(name) - pl.col(f"baseline_{name}")
            for name in _PERCENTILES
        },
    )


def _series(window: Window, rows: pl.DataFrame, groups: pl.DataFrame, width: int) -> pl.DataFrame:
    """One row per drawn group and bucket; no request in a covered bucket is a rate of zero."""
    names = groups.columns
    grid = groups.head(_SERIES_GROUPS).join(buckets.covered(window.intervals, width), how="cross")
    measures = ("requests", "errors", "error_share", "p50_ms", "p95_ms")
    found = rows.select(*names, "bucket_start_ns", *measures)
    joined = grid.join(
        found,
        on=[*names, "bucket_start_ns"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    ).with_columns(pl.col("requests", "errors").fill_null(0))
    joined = joined.with_columns(rate_per_s=pl.col("requests") / pl.col("covered_s"))
    return buckets.with_time(joined, "bucket_start_ns", window.timezone)
