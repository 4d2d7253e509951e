"""The picture of a list of traces: a bar each, beside what is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.answer import Answer
from workbench.charts import theme
from workbench.charts.formats import duration_ticks
from workbench.charts.grid import framed, intervals, left_labels, nothing, zone_of
from workbench.model.text import plural

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["traces"]

_TITLES = {
    "duration": "The slowest traces",
    "typical": "The traces nearest to the median",
    "errors": "The traces with the most errors",
    "start": "Traces in order of start",
}
_MOST = 60
_ROW_PX = 22


def traces(answer: Answer) -> go.Figure:
    """A bar for each trace in the order of the table, by the length of the trace.

    Parameters
    ----------
    answer
        From `workbench.analysis.traces.traces`.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars in two colours, without and with error spans; the median and 95th percentile of all
        traces that were asked for as vertical lines. A trace whose length is not known has a
        ring at zero. At most 60 bars.
    """
    title = _TITLES[answer.extra["overall"]["sort"].item()]
    if answer.table.is_empty():
        return nothing(title, answer.caveats)
    shown = answer.table.head(_MOST)
    inner = max(shown.height, 3) * _ROW_PX
    fig = framed(title, _subtitle(answer, shown.height), answer.caveats, inner, above=36)
    _draw_bars(fig, shown)
    _draw_unknown(fig, shown)
    _lay_out(fig, shown, answer.extra["overall"])
    return fig


def _subtitle(answer: Answer, shown: int) -> str:
    overall = answer.extra["overall"].row(0, named=True)
    parts = [intervals(answer.window), f"{shown:,} of {plural(overall['asked'], 'trace')}"]
    if overall["asked"] != overall["traces"]:
        parts[-1] += f" asked for, {overall['traces']:,} in all"
    return " · ".join(parts)


def _draw_bars(fig: Any, shown: pl.DataFrame) -> None:
    import plotly.graph_objects as go

    placed = shown.with_row_index("row").filter(pl.col("duration_ms").is_not_null())
    for name, colour, kept in (
        ("without errors", theme.WINDOW, pl.col("errors") == 0),
        ("with errors", theme.ERROR, pl.col("errors") > 0),
    ):
        some = placed.filter(kept)
        rows = some.to_dicts()
        fig.add_trace(
            go.Bar(
                x=some["duration_ms"].to_list(),
                y=some["row"].to_list(),
                orientation="h",
                width=0.72,
                marker={"color": colour, "line": {"color": colour, "width": 1}},
                name=name,
                showlegend=bool(rows),
                text=[_words(row) for row in rows],
                textposition="outside",
                cliponaxis=False,
                textfont={"size": 11, "color": theme.INK_SOFT},
                hovertext=[_hover(row) for row in rows],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )


def _draw_unknown(fig: Any, shown: pl.DataFrame) -> None:
    import plotly.graph_objects as go

    some = shown.with_row_index("row").filter(pl.col("duration_ms").is_null())
    if some.is_empty():
        return
    fig.add_trace(
        go.Scatter(
            x=[0.0] * some.height,
            y=some["row"].to_list(),
            mode="markers",
            marker={"symbol": "circle-open", "size": 8, "color": theme.NEUTRAL},
            name="length not known",
            hovertext=[_hover(row) for row in some.to_dicts()],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )


def _words(row: dict[str, Any]) -> str:
    errors = row["errors"]
    said = f" · {plural(errors, 'error')}" if errors else ""
    return f"{theme.format_duration(row['duration_ms'])}{said}"


def _hover(row: dict[str, Any]) -> str:
    lines = [
        f"<b>{theme.label(row['name'])}</b>",
        f"{theme.label(row['trace_id'])}",
        f"{row['start']:%Y-%m-%d %H:%M:%S}" if row["start"] is not None else "no start",
        f"{theme.format_duration(row['duration_ms'])}",
        f"{plural(row['spans'], 'span')}, {row['errors']:,} with errors",
        theme.label(row["services"], 60),
    ]
    return "<br>".join(lines)


def _lay_out(fig: Any, shown: pl.DataFrame, overall: pl.DataFrame) -> None:
    rows = shown.height
    longest = max(shown["duration_ms"].drop_nulls().to_list(), default=0.0)
    marks = overall.row(0, named=True)
    lines = [(name, marks[key]) for name, key in (("median", "median_ms"), ("p95", "p95_ms"))]
    inside = [(name, value) for name, value in lines if value is not None]
    top = max([longest, *(value for _, value in inside)]) or 1.0
    close = len(inside) == 2 and inside[1][1] - inside[0][1] < top * 0.16
    for place, (name, value) in enumerate(inside):
        fig.add_shape(
            type="line",
            x0=value,
            x1=value,
            y0=-0.5,
            y1=rows - 0.5,
            line={"color": theme.INK, "width": 1.2, "dash": "dot"},
        )
        fig.add_annotation(
            text=f"{name} {theme.format_duration(value)}",
            x=value,
            y=-0.5,
            yshift=22 if close and place else 9,
            showarrow=False,
            font={"size": 11, "color": theme.INK},
        )
    header = f"start ({zone_of(shown['start'])}) · trace · root"
    left_labels(fig, _labels(shown), range(rows), header)
    fig.update_layout(
        barmode="overlay",
        xaxis={
            **theme.axis("Duration of the trace"),
            **duration_ticks(0, top, logarithmic=False),
            "range": [0, top * 1.16],
        },
        yaxis={
            "range": [max(rows, 3) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
        },
    )


def _labels(shown: pl.DataFrame) -> list[str]:
    times = shown["start"].dt.strftime("%H:%M:%S").to_list()
    return [
        f"{time or '–'}  {theme.label(trace_id[:8])}  "
        f"{theme.label(service, 14)} · {theme.label(name, 24)}"
        for time, trace_id, service, name in zip(
            times,
            shown["trace_id"].to_list(),
            shown["service"].to_list(),
            shown["name"].to_list(),
            strict=True,
        )
    ]
