"""From a number to the traces behind it: the slowest, the failing, the typical."""

from __future__ import annotations

from typing import Literal

import polars as pl

from workbench.analysis import buckets
from workbench.answer import Answer
from workbench.errors import InputError, UnknownNameError, check_type
from workbench.model.text import plural
from workbench.statement import read_query
from workbench.window import Window

__all__ = ["SORTS", "Sort", "traces"]

QUERY = read_query(__name__)

Sort = Literal["duration", "typical", "errors", "start"]
SORTS: tuple[Sort, ...] = ("duration", "typical", "errors", "start")


def traces(
    window: Window, *, sort: Sort = "duration", errors: bool | None = None, limit: int = 20
) -> Answer:
    """The first traces in the order asked for; see `workbench.panels.traces`."""
    check_type(sort, (str,), f"sort is one of {', '.join(SORTS)}")
    check_type(errors, (bool, type(None)), "errors is True, False, or None for both")
    check_type(limit, (int,), "limit is a whole number of traces")
    if sort not in SORTS:
        raise UnknownNameError("sort", sort, SORTS)
    if limit < 1:
        raise InputError(f"limit is {limit}; expected 1 or more traces.")
    result = window.run(QUERY, parameters={"sort": sort, "errors": errors, "most": limit})
    rows = result.frame
    overall = rows.head(1).select(
        traces="all_traces",
        with_errors="all_with_errors",
        asked="asked_traces",
        median_ms=pl.col("median_ns") / 1e6,
        p95_ms=pl.col("p95_ns") / 1e6,
        sort=pl.lit(sort),
    )
    found = buckets.with_time(
        rows.filter(pl.col("trace_id").is_not_null()), "start_ns", window.timezone, "start"
    )
    table = found.select(
        "trace_id",
        "start",
        "service",
        "name",
        "status",
        (pl.col("duration_ns") / 1e6).alias("duration_ms"),
        "spans",
        "errors",
        "services",
    )
    return Answer(
        table=table,
        sql=result.sql,
        window=window.label,
        extra={"overall": overall},
        caveats=(*window.caveats, *_caveats(window, rows, errors)),
    )


def _caveats(window: Window, rows: pl.DataFrame, errors: bool | None) -> tuple[str, ...]:
    """What else to know; the reason for an empty answer comes last."""
    count, rootless = rows["all_traces"][0], rows["all_rootless"][0]
    said: list[str] = []
    if rootless:
        of = f"of {plural(count, 'trace')}"
        said.append(
            f"{plural(rootless, f'{of} has', f'{of} have')} no root span: named after the "
            "earliest span, and as long as from its start to the last end."
        )
    if not count:
        said.append(window.outside)
    elif rows["trace_id"][0] is None:
        kind = "has a span with an error" if errors else "is without an error"
        said.append(f"None of the {plural(count, 'trace')} of this window {kind}.")
    return tuple(said)
