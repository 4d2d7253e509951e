"""Scatter traces: lines, areas, markers and words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.export.markers import draw_markers
from workbench.export.scales import Axis, axis_pair
from workbench.export.spec import Spec, sub, values_of
from workbench.export.strokes import each, error_bars, error_ends, num
from workbench.export.text import paint, text_element

__all__ = ["Points", "arrange_points", "draw_points"]

_DASHES = {"dash": "6 4", "dot": "1.5 3", "dashdot": "6 3 1.5 3", "longdash": "10 4"}
_Pixel = tuple[float, float]


@dataclass(frozen=True)
class Points:
    """A trace's points in the units of its axes; ``floor`` is what a stacked area stands on."""

    x: list[float | None]
    y: list[float | None]
    floor: list[float | None] | None = None


def mode_of(trace: Spec) -> str:
    """Lines, markers, text or a sum of them; by default as plotly decides it."""
    given = trace.get("mode")
    if given:
        return str(given)
    if trace.get("stackgroup"):
        return "lines"
    few = len(values_of(trace.get("y"))) < 20
    return "lines+markers" if few else "lines"


def arrange_points(traces: Sequence[Spec], axes: dict[str, Axis]) -> dict[int, Points]:
    """The points of every scatter trace by its number, stacked; ranges are widened."""
    arranged: dict[int, Points] = {}
    floors: dict[tuple[str, str, str], dict[float, float]] = {}
    for number, trace in enumerate(traces):
        if trace["type"] not in {"scatter", "scattergl"}:
            continue
        x, y = axis_pair(axes, trace)
        xs, ys = values_of(trace.get("x")), values_of(trace.get("y"))
        xs = xs or list(range(len(ys)))
        ys = ys or list(range(len(xs)))
        count = min(len(xs), len(ys))
        points = Points([x.unit(v) for v in xs[:count]], [y.unit(v) for v in ys[:count]])
        group = trace.get("stackgroup")
        if group:
            points = _stacked(points, floors.setdefault((x.id, y.id, str(group)), {}))
        arranged[number] = points
        mode = mode_of(trace)
        x.include(points.x, pad="markers" in mode or "text" in mode)
        y.include(points.y, pad=True)
        if (group or trace.get("fill") == "tozeroy") and y.kind == "linear":
            y.include([0.0])
        if trace.get("fill") == "tozerox" and x.kind == "linear":
            x.include([0.0])
        for name, values, axis in (("error_x", xs, x), ("error_y", ys, y)):
            ends = [end for _, *ends in error_ends(trace.get(name), values) for end in ends]
            axis.include([axis.unit(end) for end in ends])
    return arranged


def _stacked(points: Points, sums: dict[float, float]) -> Points:
    floor: list[float | None] = []
    tops: list[float | None] = []
    for x, y in zip(points.x, points.y, strict=True):
        below = sums.get(x, 0.0) if x is not None else 0.0
        floor.append(below)
        tops.append(below + (y or 0.0))
        if x is not None:
            sums[x] = below + (y or 0.0)
    return Points(points.x, tops, floor)


def draw_points(
    trace: Spec,
    points: Points,
    axes: dict[str, Axis],
    default: str,
    *,
    layout: Spec,
    before: Points | None,
) -> str:
    """The trace as SVG; ``before`` is the trace below it, for a fill down to it."""
    x, y = axis_pair(axes, trace)
    places = _pixels(points.x, points.y, x, y)
    mode = mode_of(trace)
    line = sub(trace, "line")
    marker = sub(trace, "marker")
    single = marker.get("color") if isinstance(marker.get("color"), str) else None
    colour = str(line.get("color") or single or default)
    parts = [_area(trace, points, places, before=before, axes=(x, y), colour=colour)]
    if "lines" in mode:
        parts.append(_line(trace, places, colour))
    parts.append(error_bars(trace.get("error_y"), values_of(trace.get("y")), places, y))
    parts.append(error_bars(trace.get("error_x"), values_of(trace.get("x")), places, x))
    if "markers" in mode:
        parts.append(draw_markers(marker, places, colour, layout))
    if "text" in mode:
        parts.append(_words(trace, places))
    body = "".join(parts)
    shade = trace.get("opacity")
    return f'<g opacity="{float(shade):g}">{body}</g>' if shade not in (None, 1) else body


def _pixels(
    xs: Sequence[float | None], ys: Sequence[float | None], x: Axis, y: Axis
) -> list[_Pixel | None]:
    return [
        None
        if a is None or b is None or math.isnan(a) or math.isnan(b)
        else (x.pixel(a), y.pixel(b))
        for a, b in zip(xs, ys, strict=True)
    ]


def _runs(places: Sequence[_Pixel | None], bridge: bool) -> list[list[_Pixel]]:
    """Points between gaps, without those that fall on the same tenth of a pixel."""
    runs: list[list[_Pixel]] = [[]]
    for place in places:
        if place is None:
            if runs[-1] and not bridge:
                runs.append([])
        else:
            at = (round(place[0], 1), round(place[1], 1))
            if not runs[-1] or runs[-1][-1] != at:
                runs[-1].append(at)
    return [_thinned(run) for run in runs if run]


def _thinned(run: list[_Pixel]) -> list[_Pixel]:
    """Of each column of pixels the first, lowest, highest and last point: the same picture."""
    span = abs(run[-1][0] - run[0][0])
    if len(run) < 3 * span or len(run) < 64:
        return run
    kept: list[_Pixel] = []
    column: list[_Pixel] = []
    for point in [*run, None]:
        if column and (point is None or int(point[0]) != int(column[0][0])):
            ends = {0, len(column) - 1}
            ends.add(min(range(len(column)), key=lambda at: column[at][1]))
            ends.add(max(range(len(column)), key=lambda at: column[at][1]))
            kept += [column[at] for at in sorted(ends)]
            column = []
        if point is not None:
            column.append(point)
    return kept


def _steps(run: list[_Pixel], shape: str) -> list[_Pixel]:
    if shape not in {"hv", "vh", "hvh", "vhv"}:
        return run
    path = run[:1]
    for (x0, y0), (x1, y1) in itertools.pairwise(run):
        if shape == "hv":
            path.append((x1, y0))
        elif shape == "vh":
            path.append((x0, y1))
        elif shape == "hvh":
            path += [((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)]
        else:
            path += [(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)]
        path.append((x1, y1))
    return path


def _path(run: Sequence[_Pixel]) -> str:
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in run)


def _line(trace: Spec, places: Sequence[_Pixel | None], colour: str) -> str:
    line = sub(trace, "line")
    width = line.get("width")
    if width == 0:
        return ""
    shape = str(line.get("shape") or "linear")
    runs = _runs(places, bool(trace.get("connectgaps")))
    path = "".join(_path(_steps(run, shape)) + ("h0" if len(run) == 1 else "") for run in runs)
    dash = str(line.get("dash") or "solid")
    dashes = f' stroke-dasharray="{_DASHES[dash]}"' if dash in _DASHES else ""
    return (
        f'<path fill="none"{paint("stroke", colour)} stroke-width="{float(width or 2):g}"'
        f' stroke-linejoin="round" stroke-linecap="round"{dashes} d="{path}"/>'
    )


def _area(
    trace: Spec,
    points: Points,
    places: Sequence[_Pixel | None],
    *,
    before: Points | None,
    axes: tuple[Axis, Axis],
    colour: str,
) -> str:
    x, y = axes
    kind = trace.get("fill") or ("tonexty" if points.floor else "none")
    if kind == "none":
        return ""
    shape = str(sub(trace, "line").get("shape") or "linear")
    runs = [_steps(run, shape) for run in _runs(places, bool(trace.get("connectgaps")))]
    pieces: list[str] = []
    if kind in {"tonexty", "tonextx"} and (points.floor is not None or before is not None):
        floor = _pixels(points.x, points.floor, x, y) if points.floor else []
        if before is not None and points.floor is None:
            floor = _pixels(before.x, before.y, x, y)
        below = [at for run in _runs(floor, bridge=True) for at in _steps(run, shape)]
        pieces = [_path([*(at for run in runs for at in run), *reversed(below)]) + "z"]
    elif kind == "toself":
        pieces = [_path(run) + "z" for run in runs]
    else:
        upright = kind != "tozerox"
        axis = y if upright else x
        low, high = sorted((axis.low, axis.high))
        zero = axis.pixel(min(max(0.0, low), high) if axis.kind == "linear" else low)
        for run in runs:
            ends = [(run[-1][0], zero), (run[0][0], zero)]
            if not upright:
                ends = [(zero, run[-1][1]), (zero, run[0][1])]
            pieces.append(_path([*run, *ends]) + "z")
    fill = trace.get("fillcolor")
    look = paint("fill", str(fill)) if fill else f'{paint("fill", colour)} opacity="0.5"'
    return f'<path{look} stroke="none" d="{"".join(pieces)}"/>'


def _words(trace: Spec, places: Sequence[_Pixel | None]) -> str:
    font = sub(trace, "textfont")
    texts = each(trace.get("text"), len(places), "")
    where = each(trace.get("textposition"), len(places), "middle center")
    size = float(font["size"]) if isinstance(font.get("size"), (int, float)) else 11.0
    colours = each(font.get("color"), len(places), "#1f2630")
    parts: list[str] = []
    for place, text, side, colour in zip(places, texts, where, colours, strict=True):
        if place is None or text == "":
            continue
        rise, _, along = str(side).partition(" ")
        dx = {"left": -7.0, "right": 7.0}.get(along, 0.0)
        dy = {"top": -5.0, "bottom": 5.0}.get(rise, 0.0)
        parts.append(
            text_element(
                place[0] + dx,
                place[1] + dy,
                str(text),
                size=size,
                colour=str(colour),
                anchor={"left": "end", "right": "start"}.get(along, "middle"),
                valign={"top": "bottom", "bottom": "top"}.get(rise, "middle"),
            )
        )
    return "".join(parts)
