"""Markers of scatter traces, as few paths as their looks allow."""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.export.spec import Spec, sub
from workbench.export.strokes import Paths, each, mark_colours, num
from workbench.export.text import paint

__all__ = ["draw_markers"]

# Marks that one can see through show where they crowd: up to this many darken each other.
_LAYERS = 6
_OUTLINES = {
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    "triangle-up": ((0, -1.2), (1.15, 0.8), (-1.15, 0.8)),
    "triangle-down": ((0, 1.2), (1.15, -0.8), (-1.15, -0.8)),
    "triangle-left": ((-1.2, 0), (0.8, -1.15), (0.8, 1.15)),
    "triangle-right": ((1.2, 0), (-0.8, -1.15), (-0.8, 1.15)),
}
_STROKES = {
    "line-ns": "M{x} {t}V{b}",
    "line-ew": "M{l} {y}H{r}",
    "cross": "M{x} {t}V{b}M{l} {y}H{r}",
    "cross-thin": "M{x} {t}V{b}M{l} {y}H{r}",
    "x": "M{l} {t}L{r} {b}M{l} {b}L{r} {t}",
    "x-thin": "M{l} {t}L{r} {b}M{l} {b}L{r} {t}",
}


def draw_markers(
    marker: Spec, places: Sequence[tuple[float, float] | None], default: str, layout: Spec
) -> str:
    """A marker at each place; circles are dots of a round pen, which is the shortest to write."""
    count = len(places)
    colours = mark_colours(marker, count, default, layout)
    sizes = each(marker.get("size"), count, 6)
    symbols = each(marker.get("symbol"), count, "circle")
    opacity = each(marker.get("opacity"), count, 1)
    rims = each(sub(marker, "line").get("width"), count, 0)
    rim_colours = each(sub(marker, "line").get("color"), count, "#ffffff")
    scale, area = float(marker.get("sizeref") or 1), marker.get("sizemode") == "area"
    paths = Paths()
    seen: set[tuple[object, ...]] = set()
    for at, place in enumerate(places):
        if place is None:
            continue
        size = float(sizes[at]) / scale
        size = 2 * math.sqrt(max(0.0, size)) if area else size
        symbol, rim = str(symbols[at]), (float(rims[at]), str(rim_colours[at]))
        key = (num(place[0]), num(place[1]), colours[at], size, symbol, rim)
        if key in seen:
            continue
        seen.add(key)
        shade = "" if opacity[at] == 1 else f' opacity="{float(opacity[at]):g}"'
        layer = at % _LAYERS if shade else 0
        for look, piece in _marker(symbol, place, size, colours[at], rim):
            paths.add(look + shade, piece, layer)
    return paths.svg()


def _marker(
    symbol: str,
    place: tuple[float, float],
    size: float,
    colour: str,
    rim: tuple[float, str],
) -> list[tuple[str, str]]:
    """The looks and the pieces of one marker."""
    (x, y), half = place, size / 2
    base = symbol.removesuffix("-dot").removesuffix("-open")
    if base in _STROKES:
        edges = {"l": x - half, "r": x + half, "t": y - half, "b": y + half, "x": x, "y": y}
        piece = _STROKES[base].format(**{key: num(value) for key, value in edges.items()})
        return [(f' fill="none"{paint("stroke", colour)} stroke-width="2"', piece)]
    if base == "circle" and "-open" not in symbol:
        pen = ' fill="none" stroke-linecap="round"'
        dot = f"M{num(x)} {num(y)}h0"
        found = [(f'{pen}{paint("stroke", colour)} stroke-width="{size:g}"', dot)]
        if rim[0]:
            wide = f' stroke-width="{size + 2 * rim[0]:g}"'
            found.insert(0, (f"{pen}{paint('stroke', rim[1])}{wide}", dot))
        return found
    if base == "circle":
        piece = f"M{num(x - half)} {num(y)}a{num(half)} {num(half)} 0 1 0 {num(size)} 0"
        piece += f"a{num(half)} {num(half)} 0 1 0 {num(-size)} 0z"
    else:
        corners = _OUTLINES.get(base, _OUTLINES["diamond"])
        points = [f"{num(x + dx * half)} {num(y + dy * half)}" for dx, dy in corners]
        piece = f"M{'L'.join(points)}z"
    if "-open" in symbol:
        width = rim[0] or 1.4
        return [(f' fill="none"{paint("stroke", colour)} stroke-width="{width:g}"', piece)]
    edge = f'{paint("stroke", rim[1])} stroke-width="{rim[0]:g}"' if rim[0] else ""
    return [(paint("fill", colour) + edge, piece)]
