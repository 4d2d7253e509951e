"""Figures of every kind that charts here use, for the tests of how they are shown."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.charts import theme

START = datetime(2026, 11, 12, 13, 50)
SERVICES = ["gateway", "retrieval", "vllm-0", "vllm-1", "vllm-2", "tools"]


def grouped_bars() -> go.Figure:
    """Two series side by side, with error bars and caveats."""
    fig = theme.figure("Latency by service", subtitle="p95 of 48,120 spans")
    for name, colour, factor in (
        ("window", theme.WINDOW, 1.0),
        ("baseline", theme.BASELINE, 0.7),
    ):
        fig.add_bar(
            x=SERVICES,
            y=[factor * (120 + 70 * at) for at in range(6)],
            name=name,
            marker_color=colour,
            error_y={"type": "data", "array": [18.0] * 6},
        )
    fig.update_layout(yaxis=theme.axis("p95", "ms"))
    return theme.add_caveats(fig, ["12 % of traces lack their root.", "One clock is 120 ms off."])


def ranked_bars(rows: int = 12) -> go.Figure:
    """Bars that lie, with long names and text at their ends."""
    values = [1800 / (at + 1) for at in range(rows)]
    names = [f"POST /v1/chat/completions/model-{at:04d}" for at in range(rows)]
    fig = theme.figure("Slowest operations", height=theme.row_height(rows), legend_at="none")
    fig.add_bar(
        y=names,
        x=values,
        orientation="h",
        marker_color=theme.WINDOW,
        text=[theme.format_duration(value) for value in values] if rows < 60 else None,
        textposition="outside",
        cliponaxis=False,
    )
    fig.update_layout(
        xaxis=theme.axis("p95", "ms"),
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    return fig


def time_lines(points: int = 60) -> go.Figure:
    """Quantiles over time with a band, a gap, a shaded interval and a note."""
    rng = random.Random(7)
    times = [(START + timedelta(seconds=60 * 60 / points * at)).isoformat() for at in range(points)]
    base = [
        300 + 60 * math.sin(at / 5) + (900 if points / 2 < at < points * 0.8 else 0)
        for at in range(points)
    ]
    fig = theme.figure("Time to first token", subtitle="by minute")
    upper = [value * 1.6 + rng.random() * 40 for value in base]
    middle: list[float | None] = [value + rng.random() * 40 for value in base]
    middle[points // 4] = None
    fig.add_scatter(x=times, y=upper, name="p95", line={"color": theme.SERIES[1], "width": 1.5})
    fig.add_scatter(
        x=times,
        y=[value * 0.7 for value in base],
        name="p50",
        fill="tonexty",
        fillcolor=theme.fade(theme.WINDOW, 0.15),
        line={"color": theme.WINDOW},
    )
    fig.add_scatter(
        x=times, y=middle, name="mean", line={"color": theme.NEUTRAL, "dash": "dot", "width": 1.5}
    )
    fig.add_vrect(
        x0="2026-11-12T14:05",
        x1="2026-11-12T14:24",
        fillcolor=theme.fade(theme.ERROR, 0.10),
        line_width=0,
        layer="below",
    )
    fig.add_annotation(x="2026-11-12T14:24", y=1200, text="replica drained", ax=60, ay=-30)
    fig.update_layout(xaxis=theme.time_axis(), yaxis=theme.axis("TTFT", "ms", rangemode="tozero"))
    return fig


def stacked_area() -> go.Figure:
    """Rates by service, stacked."""
    colours = theme.service_colours(SERVICES)
    fig = theme.figure("Request rate by service")
    times = [(START + timedelta(minutes=at)).isoformat() for at in range(50)]
    for number, name in enumerate(SERVICES):
        fig.add_scatter(
            x=times,
            y=[2.8 + number * 0.3 + math.sin(at / 6 + number) for at in range(50)],
            name=name,
            stackgroup="rate",
            line={"width": 0.5, "color": colours[name]},
        )
    fig.update_layout(xaxis=theme.time_axis(), yaxis=theme.axis("Rate", "1/s"))
    return fig


def scatter_cloud(points: int = 3000) -> go.Figure:
    """Many markers on a logarithmic axis, coloured by whether they failed."""
    rng = random.Random(3)
    fig = theme.figure("Traces", subtitle=f"{points:,} traces, duration over time")
    for name, colour, share in (("ok", theme.WINDOW, 0.95), ("error", theme.ERROR, 0.05)):
        count = max(1, int(points * share))
        fig.add_scatter(
            x=[(START + timedelta(seconds=rng.random() * 3600)).isoformat() for _ in range(count)],
            y=[math.exp(rng.gauss(6, 1.2)) for _ in range(count)],
            mode="markers",
            name=name,
            marker={
                "color": colour,
                "size": 5,
                "opacity": 0.6,
                "symbol": "circle" if name == "ok" else "x",
            },
        )
    fig.update_layout(xaxis=theme.time_axis(), yaxis=theme.axis("Duration", "ms", type="log"))
    return fig


def heat() -> go.Figure:
    """A heatmap of durations over time, with its scale."""
    fig = theme.figure("Latency heatmap", legend_at="none")
    times = [(START + timedelta(minutes=at)).isoformat() for at in range(50)]
    rows = ["<10 ms", "10-30 ms", "30-100 ms", "100-300 ms", "0.3-1 s", "1-3 s", "3-10 s"]
    fig.add_heatmap(
        x=times,
        y=rows,
        z=[[abs(100 * math.sin(i / 9 + j)) * (7 - j) for i in range(50)] for j in range(7)],
        colorscale=theme.HEAT,
        colorbar={"title": "spans"},
    )
    fig.update_layout(xaxis=theme.time_axis())
    return fig


def waterfall(rows: int = 18) -> go.Figure:
    """Spans of a trace as bars with a base; self time and critical path laid over."""
    fig = theme.figure(
        "Trace 4bf92f35",
        subtitle="1.84 s, 18 spans",
        height=theme.row_height(rows),
        axis_on_top=True,
    )
    colours = theme.service_colours(SERVICES)
    names = [f"{'  ' * (at % 5)}{SERVICES[at % 6]} operation {at}" for at in range(rows)]
    starts = [at * 1700 / rows for at in range(rows)]
    lengths = [140 + (at * 37 % 11) * 40 for at in range(rows)]
    for number, name in enumerate(SERVICES):
        mine = [at for at in range(rows) if at % 6 == number]
        fig.add_bar(
            y=[names[at] for at in mine],
            x=[lengths[at] for at in mine],
            base=[starts[at] for at in mine],
            orientation="h",
            name=name,
            marker_color=colours[name],
        )
    fig.add_bar(
        y=names[::4],
        x=[length / 2 for length in lengths[::4]],
        base=starts[::4],
        orientation="h",
        name="critical path",
        marker_color=theme.CRITICAL,
        width=0.2,
    )
    fig.update_layout(
        barmode="overlay",
        xaxis=theme.axis("Since the trace's start", "ms", side="top"),
        yaxis={
            "autorange": "reversed",
            "categoryorder": "array",
            "categoryarray": names,
            "showgrid": False,
        },
    )
    return fig


def overview() -> go.Figure:
    """Three panels over one time axis, made by plotly's own subplots."""
    fig = theme.figure("Overview", height=640)
    inner = make_subplots(
        rows=3,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.09,
        subplot_titles=["Rate", "Errors", "Duration"],
    )
    fig.update_layout(
        {
            name: value
            for name, value in inner.to_plotly_json()["layout"].items()
            if name != "template"
        }
    )
    times = [(START + timedelta(minutes=at)).isoformat() for at in range(50)]
    for row, (unit, colour) in enumerate(
        (("1/s", theme.WINDOW), ("%", theme.ERROR), ("ms", theme.OK)), start=1
    ):
        suffix = "" if row == 1 else str(row)
        fig.add_scatter(
            x=times,
            y=[row * 10 + 4 * math.sin(at / 4 + row) for at in range(50)],
            xaxis=f"x{suffix}",
            yaxis=f"y{suffix}",
            name=unit,
            line={"color": colour, "shape": "hv"},
        )
        fig.update_layout({f"yaxis{suffix}": theme.axis(unit)})
    fig.update_layout(xaxis3=theme.time_axis())
    return fig


def two_axes() -> go.Figure:
    """Stacked bars and a line on a second axis at the right; dates as bars' positions."""
    fig = theme.figure("Load and clock")
    times = [(START + timedelta(minutes=5 * at)).isoformat() for at in range(10)]
    for name, colour in (("prefill", theme.SERIES[1]), ("decode", theme.SERIES[2])):
        fig.add_bar(
            x=times,
            y=[20_000 + 3_000 * (at % 4) for at in range(10)],
            name=name,
            marker_color=colour,
        )
    fig.add_scatter(
        x=times,
        y=[1980, 1980, 1970, 1300, 1290, 700, 690, 700, 1980, 1980],
        name="clock",
        yaxis="y2",
        mode="lines+markers",
        line={"color": theme.WARNING},
    )
    fig.update_layout(
        barmode="stack",
        xaxis=theme.time_axis(),
        yaxis=theme.axis("Tokens", "1/min"),
        yaxis2=theme.second_axis("SM clock", "MHz", rangemode="tozero"),
    )
    return fig


def many_series() -> go.Figure:
    """Fourteen named lines with the legend at the right."""
    fig = theme.figure("Duration by model", legend_at="right")
    names = [f"model-{at}-with-a-long-name" for at in range(14)]
    colours = theme.service_colours(names)
    for number, name in enumerate(names):
        fig.add_scatter(
            x=list(range(30)),
            y=[number + math.sin(at / 3 + number) for at in range(30)],
            name=name,
            line={"color": colours[name]},
        )
    fig.update_layout(xaxis=theme.axis("Minute"), yaxis=theme.axis("Duration", "s"))
    return fig


def turned_labels() -> go.Figure:
    """Thirty categories with names too long to stand side by side."""
    fig = theme.figure("Errors by operation", legend_at="none")
    names = [f"/api/v1/resource-{at}/items" for at in range(30)]
    fig.add_bar(x=names, y=[at % 7 for at in range(30)], marker_color=theme.ERROR)
    fig.update_layout(yaxis=theme.axis("Errors"))
    return fig


def hostile() -> go.Figure:
    """Names that try to be markup."""
    bad = ['<img src=x onerror="alert(1)">', "</script><script>alert(2)</script>", "a & b\x00"]
    fig = theme.figure(bad[0], subtitle=bad[1])
    fig.add_bar(x=[theme.label(name) for name in bad], y=[1, 2, 3], name=bad[1])
    fig.add_scatter(x=bad, y=[3, 2, 1], text=bad, mode="text+markers", name=bad[0])
    fig.add_annotation(x=1, y=2, text=bad[0])
    fig.update_layout(xaxis=theme.axis(bad[1]), yaxis={"title": bad[0]})
    return theme.add_caveats(fig, bad)


def empty() -> go.Figure:
    """An answer without rows."""
    return theme.empty_figure(
        "No spans in 2026-11-12T14:05Z/2026-11-12T14:40Z. The data spans 2026-11-12T13:00Z to "
        "2026-11-12T13:55Z.",
        "Latency by service",
    )


SAMPLES: dict[str, Callable[[], go.Figure]] = {
    made.__name__: made
    for made in (
        grouped_bars,
        ranked_bars,
        time_lines,
        stacked_area,
        scatter_cloud,
        heat,
        waterfall,
        overview,
        two_axes,
        many_series,
        turned_labels,
        hostile,
        empty,
    )
}
