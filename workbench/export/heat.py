"""Heatmap traces and the colour bar."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.export.scales import Axis, axis_pair
from workbench.export.spec import Spec, colour_at, merged, sub, title_text, values_of
from workbench.export.strokes import Paths, bounds, num
from workbench.export.text import paint, text_element
from workbench.export.ticks import ticks_of

__all__ = ["BAR_ROOM", "Heat", "arrange_heat", "colour_bar", "draw_heat"]

BAR_ROOM = 84
_FALLBACK = [[0, "#e8f1f8"], [1, "#08345c"]]


@dataclass(frozen=True)
class Heat:
    """A heatmap's cells: ``rows[y][x]``, the edges of both axes, and the colour scale."""

    rows: list[list[Any]]
    x_edges: list[float]
    y_edges: list[float]
    low: float
    high: float
    scale: Sequence[Sequence[Any]]
    bar: Spec | None


def arrange_heat(traces: Sequence[Spec], layout: Spec, axes: dict[str, Axis]) -> dict[int, Heat]:
    """The cells of every heatmap by its number; ranges are widened."""
    arranged: dict[int, Heat] = {}
    for number, trace in enumerate(traces):
        if trace["type"] != "heatmap":
            continue
        x, y = axis_pair(axes, trace)
        rows = [values_of(row) for row in values_of(trace.get("z"))]
        width = max((len(row) for row in rows), default=0)
        shared: Spec = layout.get(str(trace.get("coloraxis") or "")) or {}
        told = merged(shared, trace)
        low, high = bounds(value for row in rows for value in row)
        low = told.get("zmin", told.get("cmin", low))
        high = told.get("zmax", told.get("cmax", high))
        shows = told.get("showscale", True) is not False
        heat = Heat(
            rows,
            _edges(values_of(trace.get("x")), width, x),
            _edges(values_of(trace.get("y")), len(rows), y),
            float(low),
            float(high),
            told.get("colorscale") or _FALLBACK,
            sub(told, "colorbar") if shows and rows else None,
        )
        x.include(heat.x_edges)
        y.include(heat.y_edges)
        arranged[number] = heat
    return arranged


def _edges(values: list[Any], count: int, axis: Axis) -> list[float]:
    """Edges between cells from their centres; edges that are given stay as they are."""
    units = [unit for unit in map(axis.unit, values) if unit is not None]
    if not units:
        units = [float(at) for at in range(count)]
    if len(units) == count + 1:
        return units
    if len(units) < 2:
        return [units[0] - 0.5, units[0] + 0.5] if units else []
    middles = [(a + b) / 2 for a, b in itertools.pairwise(units)]
    return [2 * units[0] - middles[0], *middles, 2 * units[-1] - middles[-1]]


def draw_heat(trace: Spec, heat: Heat, axes: dict[str, Axis]) -> str:
    """The cells as SVG: one path a colour, 64 steps of the scale."""
    x, y = axis_pair(axes, trace)
    xs, ys = [x.pixel(edge) for edge in heat.x_edges], [y.pixel(edge) for edge in heat.y_edges]
    x_gap, y_gap = float(trace.get("xgap") or 0), float(trace.get("ygap") or 0)
    span = (heat.high - heat.low) or 1.0
    paths = Paths()
    for row, (top, bottom) in zip(heat.rows, itertools.pairwise(ys), strict=False):
        for value, (left, right) in zip(row, itertools.pairwise(xs), strict=False):
            if not isinstance(value, (int, float)) or math.isnan(value):
                continue
            colour = colour_at(heat.scale, round((value - heat.low) / span * 64) / 64)
            near, far = sorted((left, right))
            high, low = sorted((top, bottom))
            # A hair wider than the cell, or the ground shines through between neighbours.
            wide = max(0.5, far - near - x_gap + (0 if x_gap else 0.3))
            tall = max(0.5, low - high - y_gap + (0 if y_gap else 0.3))
            at = f"M{num(near + x_gap / 2)} {num(high + y_gap / 2)}"
            paths.add(paint("fill", colour), f"{at}h{num(wide)}v{num(tall)}h{num(-wide)}z")
    return paths.svg() + _cell_texts(trace, heat, xs, ys, span)


def _cell_texts(trace: Spec, heat: Heat, xs: list[float], ys: list[float], span: float) -> str:
    texts = values_of(trace.get("text"))
    if not texts or not str(trace.get("texttemplate") or "").startswith("%{text"):
        return ""
    parts: list[str] = []
    for j, row in enumerate(texts[: len(heat.rows)]):
        for i, text in enumerate(values_of(row)[: len(heat.rows[j])]):
            value = heat.rows[j][i]
            if text in (None, "") or not isinstance(value, (int, float)):
                continue
            dark = (value - heat.low) / span > 0.45
            colour = "#ffffff" if dark else "#1f2630"
            x, y = (xs[i] + xs[i + 1]) / 2, (ys[j] + ys[j + 1]) / 2
            parts.append(text_element(x, y, str(text), size=11, colour=colour, anchor="middle"))
    return "".join(parts)


def colour_bar(heat: Heat, left: float, top: float, height: float) -> str:
    """The scale at the right of the plot, with its labels and its title."""
    bar = heat.bar or {}
    steps = 40
    parts: list[str] = []
    for step in range(steps):
        colour = paint("fill", colour_at(heat.scale, 1 - (step + 0.5) / steps))
        y = top + height * step / steps
        parts.append(
            f'<rect x="{num(left)}" y="{num(y)}" width="12"'
            f' height="{num(height / steps + 0.4)}"{colour}/>'
        )
    scale = Axis("yaxis", bar, "linear", low=heat.low, high=heat.high)
    scale.start, scale.end = top + height, top
    for tick in ticks_of(scale, height):
        y = scale.pixel(tick.unit)
        parts.append(text_element(left + 17, y, tick.text, size=11, colour="#57606a"))
    words = title_text(bar)
    if words:
        parts.append(
            text_element(left, top - 8, str(words), size=11, colour="#57606a", valign="bottom")
        )
    return "".join(parts)
