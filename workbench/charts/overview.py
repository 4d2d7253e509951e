"""The picture of an overview: rate, errors and duration of each group over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.answer import Answer
from workbench.charts import theme
from workbench.charts.grid import Grid, clock, compared, nothing, row_names, rows_of, time_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["overview"]

_ROWS = 8
_TITLES = ("Requests per second", "Errors (% of requests)")


def overview(answer: Answer) -> go.Figure:
    """Small multiples, a row for each of the busiest groups.

    Parameters
    ----------
    answer
        From `workbench.analysis.overview.overview`.

    Returns
    -------
    plotly.graph_objects.Figure
        Requests per second, share of errors, and median and 95th percentile of the duration over
        time; the baseline's value over all of its time as a dashed line.
    """
    table = answer.table
    by = table.columns[: table.columns.index("requests")]
    title = f"Rate, errors and duration by {', '.join(by)}"
    if table.is_empty():
        return nothing(title, answer.caveats)
    shown = table.head(_ROWS)
    series = answer.extra["series"]
    levels = table.get_column("baseline_p95_ms", default=series["p95_ms"])
    scaled = theme.scale_durations([*series["p95_ms"], *levels])
    grid = Grid((*_TITLES, f"Duration ({scaled.unit})"), row_names(shown, by, "requests"))
    left_out = f"the {_ROWS} busiest of {table.height:,} groups" if table.height > _ROWS else ""
    fig = grid.figure(title, compared(answer, "dashed", left_out), answer.caveats)
    for row, group in enumerate(shown.iter_rows(named=True)):
        _draw_row(fig, grid, row, group, rows_of(series, group, by), factor=scaled.factor)
    percent = {"ticksuffix": " %", "minallowed": 0}
    grid.lay_out(fig, time_of(answer.window, series["time"]), ({}, percent, {}))
    return fig


def _draw_row(
    fig: go.Figure,
    grid: Grid,
    row: int,
    group: dict[str, Any],
    series: pl.DataFrame,
    *,
    factor: float,
) -> None:
    times, counts = clock(series["time"]), series["requests"].to_list()
    lines = (
        (0, "requests per second", "rate_per_s", 1.0, theme.WINDOW),
        (1, "errors", "error_share", 100.0, theme.ERROR),
        (2, "p50", "p50_ms", factor, theme.SERIES[0]),
        (2, "p95", "p95_ms", factor, theme.WINDOW),
    )
    for place, (column, name, measure, scale, colour) in enumerate(lines):
        before = group.get(f"baseline_{measure}")
        level = None if before is None else before * scale
        legend = "baseline" if row == 0 and place == 0 else None
        grid.add_level(fig, (row, column), times, level, name=name, legend=legend)
        points = {"x": times, "y": (series[measure] * scale).to_list(), "n": counts}
        grid.add_line(
            fig,
            (row, column),
            points,
            name=name,
            colour=colour,
            fill=column < 2,
            legend=row == 0 and column == 2,
        )
