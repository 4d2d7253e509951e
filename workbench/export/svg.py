"""A figure's static twin: the same picture as one small SVG, without a browser.

Plotly draws only in a browser, and a browser takes seconds; this takes milliseconds and needs
nothing. It knows what the charts here use (scatter, bar and heatmap traces; linear, log, date
and category axes; subplots, shapes, annotations, legends, error bars) and refuses the rest, so
that a chart which would come out wrong is found by a test and not by a reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.charts.theme import FONT, SERVICES, recolour
from workbench.errors import InputError
from workbench.export.bars import arrange_bars, draw_bars
from workbench.export.frame import Frame, lay_out, legend_entries, size_of
from workbench.export.furniture import (
    axes_svg,
    grid_svg,
    legend_svg,
    notes_svg,
    shapes_svg,
    title_svg,
)
from workbench.export.heat import BAR_ROOM, Heat, arrange_heat, colour_bar, draw_heat
from workbench.export.points import Points, arrange_points, draw_points
from workbench.export.scales import Axis, axis_pair, make_axes
from workbench.export.spec import Spec, figure_spec, resolve, sub, title_text
from workbench.export.strokes import num
from workbench.export.text import escape, markup_lines

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["figure_to_svg"]

_KNOWN = ("bar", "heatmap", "scatter", "scattergl")


def figure_to_svg(figure: go.Figure | Spec, *, width: float | None = None) -> str:
    """The figure as SVG text on a light ground, readable in any viewer.

    Parameters
    ----------
    figure
        A plotly figure or its JSON.
    width
        In pixels; the figure's own, else 960.

    Raises
    ------
    InputError
        The figure holds a trace, an axis or a shape of a kind that cannot be drawn.

    Examples
    --------
    >>> import plotly.graph_objects as go
    >>> figure_to_svg(go.Figure(go.Bar(x=["a"], y=[1])))[:4]
    '<svg'
    """
    traces, layout = resolve(recolour(figure_spec(figure), "light"))
    unknown = sorted({trace["type"] for trace in traces} - set(_KNOWN))
    if unknown:
        raise InputError(
            f"A trace of type {unknown[0]!r} cannot be drawn as SVG; there is: "
            f"{', '.join(_KNOWN)}. Save the figure as .html, or as .png with the extra 'images'."
        )
    colours = _colours(traces, layout)
    named = [(t, c) for t, c in zip(traces, colours, strict=True) if t.get("visible") is not False]
    entries = legend_entries([t for t, _ in named], [c for _, c in named], layout)
    pairs = [(t, c) for t, c in named if t.get("visible") != "legendonly"]
    drawn = [t for t, _ in pairs]
    axes = make_axes(drawn, layout)
    _follow(axes)
    bars = arrange_bars(drawn, layout, axes)
    points = arrange_points(drawn, axes)
    heats = arrange_heat(drawn, layout, axes)
    _match(axes)
    for axis in axes.values():
        axis.settle()
    scale = next((heat for heat in heats.values() if heat.bar is not None), None)
    frame = lay_out(
        layout, axes, entries, size_of(layout, width), BAR_ROOM if scale is not None else 0.0
    )
    marks: list[str] = []
    for number, (trace, colour) in enumerate(pairs):
        x, y = axis_pair(axes, trace)
        if number in bars:
            body = draw_bars(trace, bars[number], axes, colour, layout)
        elif number in heats:
            body = draw_heat(trace, heats[number], axes)
        else:
            below = _before(drawn, points, number)
            body = draw_points(trace, points[number], axes, colour, layout=layout, before=below)
        marks.append(_clipped(body, x, y))
    return _compose(layout, axes, frame, marks, scale)


def _colours(traces: list[Spec], layout: Spec) -> list[str]:
    """Each trace's colour: its own, else the next of the colour way."""
    way = layout.get("colorway") or SERVICES
    colours: list[str] = []
    for number, trace in enumerate(traces):
        own: Any = sub(trace, "marker").get("color")
        if trace["type"] != "bar":
            own = sub(trace, "line").get("color") or own
        if isinstance(own, list) and own and isinstance(own[0], str):
            own = own[0]
        colours.append(own if isinstance(own, str) else str(way[number % len(way)]))
    return colours


def _follow(axes: dict[str, Axis]) -> None:
    """An axis laid over another spans what that one spans."""
    for axis in axes.values():
        over = axes.get(str(axis.spec.get("overlaying") or ""))
        if over is not None and "domain" not in axis.spec:
            axis.spec["domain"] = list(over.domain)
            axis.spec.setdefault("anchor", over.spec.get("anchor") or None)


def _match(axes: dict[str, Axis]) -> None:
    """Axes that match one another share one range."""
    for axis in axes.values():
        other = axes.get(str(axis.spec.get("matches") or ""))
        if other is not None and other is not axis:
            if axis.kind == "category":
                other.add_categories(axis.categories)
            other.include([axis.low, axis.high], pad=axis.padded)
    for axis in axes.values():
        other = axes.get(str(axis.spec.get("matches") or ""))
        if other is not None and other is not axis:
            axis.include([other.low, other.high], pad=other.padded)
            for key in ("range", "autorange", "rangemode"):
                if key in other.spec:
                    axis.spec.setdefault(key, other.spec[key])


def _before(traces: list[Spec], points: dict[int, Points], number: int) -> Points | None:
    """The scatter trace before this one on the same axes."""
    mine = [traces[number].get(f"{letter}axis") for letter in "xy"]
    for at in range(number - 1, -1, -1):
        if at in points and [traces[at].get(f"{letter}axis") for letter in "xy"] == mine:
            return points[at]
    return None


def _clipped(body: str, x: Axis, y: Axis) -> str:
    """The marks within their axes; a nested drawing clips without an id that could clash."""
    left, right = sorted((x.start, x.end))
    top, bottom = sorted((y.start, y.end))
    # Half a marker may stand over the edge, as the outermost point of a line does.
    box = (left - 4, top - 4, right - left + 8, bottom - top + 8)
    place = " ".join(
        f'{name}="{num(value)}"'
        for name, value in zip(("x", "y", "width", "height"), box, strict=True)
    )
    view = " ".join(num(value) for value in box)
    return f'<svg {place} viewBox="{view}" overflow="hidden" class="wb-marks">{body}</svg>'


def _compose(
    layout: Spec, axes: dict[str, Axis], frame: Frame, marks: list[str], scale: Heat | None
) -> str:
    title = title_text(layout)
    said = " ".join("".join(run.text for run in line) for line in markup_lines(title)) or "Chart"
    size = f'width="{num(frame.width)}" height="{num(frame.height)}"'
    bar = "" if scale is None else colour_bar(scale, frame.right + 16, frame.top, frame.tall)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}'
        f' viewBox="0 0 {num(frame.width)} {num(frame.height)}" role="img"'
        f' aria-label="{escape(said)}" font-family="{escape(FONT)}"'
        ' xml:space="preserve" style="max-width:100%;height:auto">'
        f"<title>{escape(said)}</title>"
        '<rect class="wb-ground" width="100%" height="100%" fill="#ffffff"/>'
        + grid_svg(frame)
        + shapes_svg(layout, axes, frame, "below")
        + "".join(marks)
        + shapes_svg(layout, axes, frame, "above")
        + axes_svg(frame)
        + bar
        + notes_svg(layout, axes, frame)
        + legend_svg(layout, frame)
        + title_svg(layout, frame)
        + "</svg>"
    )
