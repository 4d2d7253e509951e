"""The picture of latency: percentiles, self time and errors by group, or over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.answer import Answer
from workbench.charts import theme
from workbench.charts.formats import duration_ticks
from workbench.charts.grid import (
    Grid,
    clock,
    compared,
    framed,
    group_names,
    nothing,
    row_names,
    rows_of,
    time_of,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["latency"]

_PERCENTILES = ("p50_ms", "p90_ms", "p95_ms", "p99_ms")
_COLOURS = (theme.SERIES[0], theme.SERIES[2], theme.SERIES[3], theme.SERIES[4])
_MOST_GROUPS = 30
_MOST_ROWS = 6
_ROW_PX = 30
# Below this ratio of the longest to the shortest percentile a linear axis shows all of them.
_WIDE = 25


def latency(answer: Answer) -> go.Figure:
    """Percentiles of each group, with its share of all self time and of errors.

    Parameters
    ----------
    answer
        From `workbench.analysis.latency.latency`.

    Returns
    -------
    plotly.graph_objects.Figure
        Without buckets: a row a group, those with the most self time first, a dot a percentile,
        the baseline's dots grey below. With buckets: percentiles, share of errors and share of
        self time of each group over time.
    """
    over_time = "total" in answer.extra
    totals = answer.extra["total"] if over_time else answer.table
    by = totals.columns[: totals.columns.index("spans")]
    title = f"Latency by {', '.join(by)}"
    if answer.table.is_empty():
        return nothing(title, answer.caveats)
    if over_time:
        return _over_time(answer, totals, by, title)
    return _by_group(answer, by, title)


def _subtitle(answer: Answer, groups: int, shown: int, baseline: str) -> str:
    left_out = f"the {shown} with the most self time of {groups:,} groups"
    return compared(answer, baseline, left_out if shown < groups else "")


def _by_group(answer: Answer, by: Sequence[str], title: str) -> go.Figure:
    shown = answer.table.head(_MOST_GROUPS)
    has_baseline = answer.baseline is not None
    each = _ROW_PX + 12 * has_baseline
    subtitle = _subtitle(answer, answer.table.height, shown.height, "grey")
    fig = framed(title, subtitle, answer.caveats, shown.height * each, below=60)
    places = list(range(shown.height))
    if has_baseline:
        _draw_percentiles(fig, shown, [place + 0.22 for place in places], "baseline_")
    _draw_percentiles(fig, shown, [place - 0.12 * has_baseline for place in places], "")
    _draw_shares(fig, shown, places, has_baseline)
    _lay_out(fig, shown, by)
    return fig


def _draw_percentiles(fig: Any, shown: pl.DataFrame, places: Sequence[float], side: str) -> None:
    """A thin line from the median to p99 of each group, and a dot a percentile."""
    import plotly.graph_objects as go

    line: dict[str, list[float | None]] = {"x": [], "y": []}
    for place, low, high in zip(
        places, shown[f"{side}p50_ms"].to_list(), shown[f"{side}p99_ms"].to_list(), strict=True
    ):
        line["x"] += [low, high, None]
        line["y"] += [place, place, None]
    colour = theme.BASELINE if side else theme.WINDOW
    fig.add_trace(
        go.Scatter(
            **line,
            mode="lines",
            line={"color": theme.fade(colour, 0.45), "width": 2 if side else 3},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    counts = shown[f"{side}spans"].to_list()
    for name, own in zip(_PERCENTILES, _COLOURS, strict=True):
        values = shown[f"{side}{name}"].to_list()
        fig.add_trace(
            go.Scatter(
                x=values,
                y=list(places),
                mode="markers",
                marker={"color": theme.BASELINE if side else own, "size": 6 if side else 10},
                name=name[:3],
                showlegend=not side,
                customdata=[
                    [theme.format_duration(value), f"{count or 0:,}"]
                    for value, count in zip(values, counts, strict=True)
                ],
                hovertemplate=(
                    f"{'baseline ' if side else ''}{name[:3]}: %{{customdata[0]}}"
                    "<br>n = %{customdata[1]}<extra></extra>"
                ),
            )
        )


def _draw_shares(
    fig: Any, shown: pl.DataFrame, places: Sequence[float], has_baseline: bool
) -> None:
    import plotly.graph_objects as go

    for axis, measure, colour in (
        ("x2", "self_share", theme.WINDOW),
        ("x3", "error_share", theme.ERROR),
    ):
        sides = [("", colour, -0.12 * has_baseline, 0.42)]
        if has_baseline:
            sides.insert(0, ("baseline_", theme.BASELINE, 0.25, 0.2))
        for side, own, shift, width in sides:
            shares = shown[f"{side}{measure}"].to_list()
            fig.add_trace(
                go.Bar(
                    x=[None if share is None else share * 100 for share in shares],
                    y=[place + shift for place in places],
                    orientation="h",
                    width=width,
                    marker={"color": own},
                    text=["" if side else theme.format_share(share) for share in shares],
                    textposition="outside",
                    cliponaxis=False,
                    textfont={"color": theme.INK_SOFT, "size": 11},
                    xaxis=axis,
                    yaxis="y",
                    showlegend=False,
                    hovertemplate=f"{side.replace('_', ' ')}%{{x:.3~g}} %<extra></extra>",
                )
            )


def _lay_out(fig: Any, shown: pl.DataFrame, by: Sequence[str]) -> None:
    rows = shown.height
    groups = group_names(shown, by, max(16, 44 // len(by)))
    names = [theme.label(" · ".join(values), 0) for values in groups]
    counts = [f"{count:,}" for count in shown["spans"].to_list()]
    soft = f'<span style="font-size:10px;color:{theme.INK_SOFT}">'
    labels = [f"{name}  {soft}n={n}</span>" for name, n in zip(names, counts, strict=True)]
    fig.update_layout(
        bargap=0,
        barmode="overlay",
        yaxis={
            "range": [rows - 0.5, -0.5],
            "tickmode": "array",
            "tickvals": list(range(rows)),
            "ticktext": labels,
            "showgrid": False,
            "ticks": "",
        },
        xaxis={**_duration_axis(shown), "domain": [0, 0.62]},
        xaxis2=_share_axis("Self time", shown, "self_share", [0.67, 0.82]),
        xaxis3=_share_axis("Errors", shown, "error_share", [0.86, 1]),
    )


def _duration_axis(shown: pl.DataFrame) -> dict[str, Any]:
    columns = [name for name in shown.columns if name.removeprefix("baseline_") in _PERCENTILES]
    values = [value for name in columns for value in shown[name].drop_nulls().to_list()]
    positive = [value for value in values if value > 0]
    if not positive:
        return theme.axis("Duration", "ms", rangemode="tozero")
    low, high = min(positive), max(positive)
    wide = high / low >= _WIDE and len(positive) == len(values)
    title = "Duration, logarithmic" if wide else "Duration"
    ticks = duration_ticks(low, high, logarithmic=wide)
    return {**theme.axis(title), **ticks, **({} if wide else {"rangemode": "tozero"})}


def _share_axis(
    title: str, shown: pl.DataFrame, measure: str, domain: list[float]
) -> dict[str, Any]:
    columns = [name for name in (measure, f"baseline_{measure}") if name in shown.columns]
    top = max([0.0, *(share for name in columns for share in shown[name].drop_nulls().to_list())])
    # Room at the right for the number beside the longest bar.
    return {
        **theme.axis(title, "%", nticks=3),
        "range": [0, max(top * 100 * 1.8, 1.0)],
        "domain": domain,
        "anchor": "y",
    }


def _over_time(answer: Answer, totals: pl.DataFrame, by: Sequence[str], title: str) -> go.Figure:
    shown = totals.head(_MOST_ROWS)
    scaled = theme.scale_durations(answer.table["p99_ms"].to_list())
    titles = (f"Duration ({scaled.unit})", "Share of self time (%)", "Errors (%)")
    grid = Grid(titles, row_names(shown, by, "spans"))
    subtitle = _subtitle(answer, totals.height, shown.height, "dashed")
    fig = grid.figure(title, subtitle, answer.caveats)
    every = answer.extra["buckets"].select("time")
    for row, group in enumerate(shown.iter_rows(named=True)):
        mine = rows_of(answer.table, group, by)
        found = every.join(mine, on="time", how="left").sort("time")
        _draw_row(fig, grid, row, group, found, factor=scaled.factor)
    percent = {"ticksuffix": " %"}
    grid.lay_out(fig, time_of(answer.window, every["time"]), ({}, percent, percent))
    return fig


def _draw_row(
    fig: go.Figure,
    grid: Grid,
    row: int,
    group: dict[str, Any],
    found: pl.DataFrame,
    *,
    factor: float,
) -> None:
    times, counts = clock(found["time"]), found["spans"].to_list()
    lines = [
        (0, name[:3], name, colour, factor)
        for name, colour in zip(_PERCENTILES, _COLOURS, strict=True)
    ]
    lines.append((1, "self time", "self_share", theme.WINDOW, 100.0))
    lines.append((2, "errors", "error_share", theme.ERROR, 100.0))
    for column, name, measure, _, scale in lines:
        if measure in ("p95_ms", "self_share", "error_share"):
            before = group.get(f"baseline_{measure}")
            level = None if before is None else before * scale
            legend = "baseline (duration: p95)" if row == 0 and column == 0 else None
            grid.add_level(fig, (row, column), times, level, name=name, legend=legend)
    for column, name, measure, colour, scale in lines:
        points = {"x": times, "y": (found[measure] * scale).to_list(), "n": counts}
        grid.add_line(
            fig,
            (row, column),
            points,
            name=name,
            colour=colour,
            fill=column > 0,
            legend=row == 0 and column == 0,
        )
