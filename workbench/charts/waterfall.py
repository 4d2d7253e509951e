"""The picture of one trace: a bar a span, in tree order, with critical path and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.answer import Answer
from workbench.charts import theme
from workbench.charts.formats import duration_ticks
from workbench.charts.grid import framed, left_labels, nothing, zone_of
from workbench.model.text import apart, plural

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["waterfall"]

_MOST = 1000
_ROW_PX, _LEAST_ROW_PX, _MOST_PX = 22, 1.4, 1400
_LABEL_PX = 13
_DEEPEST = 12
_EXCEPTION = ("exception_type", "exception_message")
_PHASE_COLOURS = {"queue": "#f4d35e", "prefill": "#9b72cf", "decode": "#bcd9ec"}


def waterfall(answer: Answer) -> go.Figure:
    """A bar for each span from its start to its end, indented by depth.

    Parameters
    ----------
    answer
        From `workbench.analysis.waterfall.waterfall`.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars coloured by service (of more than eight, those with the least self time are grey), a
        line along the critical path, a cross on every span that failed, a diamond for every event.
        At most 1,000 bars: the root, spans with errors, then the longest; a caveat says what was
        left out. A span without usable times is a ring.
    """
    if answer.table.is_empty():
        return nothing("Trace", answer.caveats)
    shown = _kept(answer.table).with_row_index("row")
    trace = answer.extra["trace"].row(0, named=True)
    each = max(_LEAST_ROW_PX, min(_ROW_PX, _MOST_PX / shown.height))
    zone = zone_of(answer.extra["trace"]["start"])
    fig = framed(
        f"{trace['service']} · {trace['name']}",
        _subtitle(trace, zone),
        [*_left_out(answer.table, shown), *answer.caveats],
        max(shown.height, 3) * each,
    )
    _draw_spans(fig, shown)
    _draw_phases(fig, answer.extra["phases"], shown)
    _draw_critical_path(fig, answer.extra["critical_path"], shown, each)
    _draw_events(fig, answer.extra["events"], shown)
    _draw_errors(fig, shown)
    _lay_out(fig, shown, each)
    return fig


def _kept(table: pl.DataFrame) -> pl.DataFrame:
    """The spans worth drawing, still in tree order: the root, the failed, the longest."""
    if table.height <= _MOST:
        return table
    ranked = table.sort(
        pl.col("position") > 0,
        pl.col("status").ne_missing("error"),
        -pl.col("duration_ms").fill_null(-1.0),
        "position",
    )
    return ranked.head(_MOST).sort("position")


def _left_out(table: pl.DataFrame, shown: pl.DataFrame) -> list[str]:
    if shown.height == table.height:
        return []
    failed = int((table["status"] == "error").sum())
    drawn = "all that failed and the longest" if failed < _MOST else "of those that failed"
    return [f"Drawn are {shown.height:,} of {table.height:,} spans: {drawn}."]


def _subtitle(trace: dict[str, Any], zone: str) -> str:
    errors = f", {trace['errors']:,} with errors" if trace["errors"] else ""
    parts = [
        f"trace {trace['trace_id']}",
        f"{trace['start']:%Y-%m-%d %H:%M:%S} {zone}",
        theme.format_duration(trace["duration_ms"]),
        f"{plural(trace['spans'], 'span')}{errors}",
    ]
    return " · ".join(parts)


def _draw_spans(fig: Any, shown: pl.DataFrame) -> None:
    import plotly.graph_objects as go

    usable = pl.col("offset_ms").is_not_null() & (pl.col("duration_ms") >= 0).fill_null(False)
    for name, colour, some in _by_service(shown.filter(usable)):
        fig.add_trace(
            go.Bar(
                x=some["duration_ms"].to_list(),
                base=some["offset_ms"].to_list(),
                y=some["row"].to_list(),
                orientation="h",
                width=0.68,
                # The outline keeps a span that is shorter than a pixel on the screen.
                marker={"color": colour, "line": {"color": colour, "width": 1}},
                name=name,
                hovertext=[_hover(row) for row in some.to_dicts()],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    rest = shown.filter(~usable)
    if not rest.is_empty():
        fig.add_trace(
            go.Scatter(
                x=[offset or 0.0 for offset in rest["offset_ms"].to_list()],
                y=rest["row"].to_list(),
                mode="markers",
                marker={"symbol": "circle-open", "size": 8, "color": theme.WARNING},
                name="no usable duration",
                hovertext=[_hover(row) for row in rest.to_dicts()],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )


def _by_service(spans: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Name, colour and spans of each service; beyond the colours that differ, one for the rest."""
    own = spans.group_by("service").agg(pl.col("self_ms").sum())
    ranked = own.sort(-pl.col("self_ms"), "service")["service"].to_list()
    most = len(theme.SERVICES)
    named = ranked if len(ranked) <= most else ranked[: most - 1]
    services = sorted(named, key=lambda service: service or "")
    labels = apart([service or "no service" for service in services], 30)
    colours = theme.service_colours(services)
    for service, label in zip(services, labels, strict=True):
        mine = spans.filter(pl.col("service").eq_missing(pl.lit(service)))
        yield theme.label(label, 0), colours[service], mine
    if len(named) < len(ranked):
        rest = ~pl.any_horizontal(pl.col("service").eq_missing(pl.lit(name)) for name in named)
        name = plural(len(ranked) - len(named), "other service")
        yield name, theme.NEUTRAL, spans.filter(rest)


def _draw_phases(fig: Any, phases: pl.DataFrame, shown: pl.DataFrame) -> None:
    """Inside the bar of an LLM span: how long it queued, read the prompt, and wrote."""
    import plotly.graph_objects as go

    found = phases.join(shown.select("position", "row"), on="position", maintain_order="left")
    for name, colour in _PHASE_COLOURS.items():
        some = found.filter(pl.col("phase") == name)
        if some.is_empty():
            continue
        durations = some["duration_ms"].to_list()
        fig.add_trace(
            go.Bar(
                x=durations,
                base=some["start_ms"].to_list(),
                y=some["row"].to_list(),
                orientation="h",
                width=0.3,
                marker={"color": colour, "line": {"width": 0}},
                name=name,
                legendgroup="phases",
                hovertext=[f"{name} {theme.format_duration(value)}" for value in durations],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )


def _hover(row: dict[str, Any]) -> str:
    lines = [
        f"<b>{theme.label(row['name'], 80)}</b>",
        f"{theme.label(row['service'])} · {row['kind']} · {row['status']}",
        f"{theme.format_duration(row['duration_ms'])}",
        f"self {theme.format_duration(row['self_ms'])}",
        f"on the critical path {theme.format_duration(row['critical_ms'])}",
        f"starts at {theme.format_duration(row['offset_ms'])}, span {theme.label(row['span_id'])}",
    ]
    lines += [theme.label(row[key], 100) for key in ("status_message", "note") if row[key]]
    return "<br>".join(lines)


def _draw_critical_path(fig: Any, path: pl.DataFrame, shown: pl.DataFrame, each_px: float) -> None:
    import plotly.graph_objects as go

    found = path.join(shown.select("position", "row"), on="position", maintain_order="left")
    if found.is_empty():
        return
    x: list[float | None] = []
    y: list[float | None] = []
    for begin, end, row in found.select("start_ms", "end_ms", "row").iter_rows():
        x += [begin, end, None]
        y += [row + 0.42, row + 0.42, None]
    fig.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": theme.CRITICAL, "width": max(1.0, min(3.0, each_px * 0.2))},
            name="critical path",
            hoverinfo="skip",
        )
    )


def _draw_events(fig: Any, events: pl.DataFrame, shown: pl.DataFrame) -> None:
    import plotly.graph_objects as go

    found = events.join(shown.select("position", "row"), on="position", maintain_order="left")
    found = found.filter(pl.col("event_time_ms").is_not_null())
    if found.is_empty():
        return
    fig.add_trace(
        go.Scatter(
            x=found["event_time_ms"].to_list(),
            y=found["row"].to_list(),
            mode="markers",
            marker={
                "symbol": "diamond",
                "size": 7,
                "color": "#ffffff",
                "line": {"color": "#24292f", "width": 1.2},
            },
            name="event",
            hovertext=[_said(row) for row in found.to_dicts()],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )


def _said(event: dict[str, Any]) -> str:
    lines = [
        theme.label(event["event_name"], 80),
        *(theme.label(event[key], 120) for key in _EXCEPTION if event[key] is not None),
        f"at {theme.format_duration(event['event_time_ms'])}",
    ]
    return "<br>".join(lines)


def _draw_errors(fig: Any, shown: pl.DataFrame) -> None:
    """A cross at the end of every failed span: of fixed size, so never too small to see."""
    import plotly.graph_objects as go

    failed = shown.filter(pl.col("status") == "error").with_columns(
        end=pl.col("offset_ms").fill_null(0) + pl.col("duration_ms").fill_null(0).clip(0)
    )
    if failed.is_empty():
        return
    fig.add_trace(
        go.Scatter(
            x=failed["end"].to_list(),
            y=failed["row"].to_list(),
            mode="markers",
            marker={
                "symbol": "x",
                "size": 9,
                "color": theme.ERROR,
                "line": {"color": "#ffffff", "width": 1},
            },
            name="error",
            hovertext=[_hover(row) for row in failed.to_dicts()],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )


def _lay_out(fig: Any, shown: pl.DataFrame, each_px: float) -> None:
    ends = shown.select(pl.col("offset_ms") + pl.col("duration_ms").clip(0)).to_series()
    first = min([0.0, *shown["offset_ms"].drop_nulls().to_list()])
    last = max([1e-3, *ends.drop_nulls().to_list()])
    labelled = _labelled(shown, each_px)
    names = [_name(row) for row in labelled.to_dicts()]
    left_labels(fig, names, labelled["row"].to_list(), "")
    fig.update_layout(
        barmode="overlay",
        xaxis={
            **theme.axis("Time since the root's start"),
            **duration_ticks(0, last, logarithmic=False),
            "range": [first - (last - first) * 0.01, last + (last - first) * 0.03],
        },
        yaxis={"range": [max(shown.height, 3) - 0.4, -0.6], "showgrid": False},
    )


def _labelled(shown: pl.DataFrame, each_px: float) -> pl.DataFrame:
    """The rows whose names fit: all of them, or the failed and the longest with room between."""
    if each_px >= _LABEL_PX:
        return shown
    apart = _LABEL_PX / each_px
    ranked = shown.sort(pl.col("status") != "error", -pl.col("duration_ms").fill_null(-1.0), "row")
    taken: list[int] = []
    for row in ranked["row"].to_list():
        if all(abs(row - other) >= apart for other in taken):
            taken.append(row)
    return shown.filter(pl.col("row").is_in(taken))


def _name(row: dict[str, Any]) -> str:
    depth = row["depth"]
    indent = "\u00a0\u00a0\u00a0" * min(depth, _DEEPEST) + ("… " if depth > _DEEPEST else "")
    return indent + theme.label(row["name"], max(14, 40 - 2 * min(depth, _DEEPEST)))
