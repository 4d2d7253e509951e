"""Everything around the marks: grid, axes, titles, legend, shapes and annotations."""

from __future__ import annotations

import math
from typing import Any

from workbench.errors import InputError
from workbench.export.frame import AxisPlan, Entry, Frame, widest
from workbench.export.markers import draw_markers
from workbench.export.points import mode_of
from workbench.export.scales import Axis
from workbench.export.spec import Spec, notes_of, sub, title_text
from workbench.export.strokes import num
from workbench.export.text import markup_lines, paint, text_element

__all__ = ["axes_svg", "grid_svg", "legend_svg", "notes_svg", "shapes_svg", "title_svg"]

_INK, _SOFT, _GRID, _LINE = "#1f2630", "#57606a", "rgba(125,133,144,0.24)", "#a9b1bb"
_DASHES = {"dash": "6 4", "dot": "1.5 3", "dashdot": "6 3 1.5 3", "longdash": "10 4"}


def _colour(font: Spec, default: str) -> str:
    found = font.get("color")
    return found if isinstance(found, str) else default


def grid_svg(frame: Frame) -> str:
    """The grid lines and the zero lines, below everything else."""
    parts: list[str] = []
    for plan in frame.plans:
        spec = plan.axis.spec
        if not plan.shown:
            continue
        near, far = plan.across
        if spec.get("showgrid", plan.axis.kind != "category") is not False:
            places = [plan.axis.pixel(tick.unit) for tick in plan.ticks]
            path = "".join(_rule(plan.axis, place, near, far) for place in places)
            colour = paint("stroke", str(spec.get("gridcolor") or _GRID))
            parts.append(f'<path fill="none"{colour} d="{path}"/>' if path else "")
        low, high = sorted((plan.axis.low, plan.axis.high))
        if spec.get("zeroline") and plan.axis.kind == "linear" and low <= 0 <= high:
            colour = paint("stroke", str(spec.get("zerolinecolor") or _LINE))
            rule = _rule(plan.axis, plan.axis.pixel(0.0), near, far)
            parts.append(f'<path fill="none"{colour} stroke-width="1.5" d="{rule}"/>')
    return "".join(parts)


def _rule(axis: Axis, place: float, near: float, far: float) -> str:
    if axis.letter == "x":
        return f"M{num(place)} {num(near)}V{num(far)}"
    return f"M{num(near)} {num(place)}H{num(far)}"


def axes_svg(frame: Frame) -> str:
    """Axis lines, ticks, labels and titles."""
    return "".join(_axis(plan, frame) for plan in frame.plans if plan.shown)


def _axis(plan: AxisPlan, frame: Frame) -> str:
    axis, spec = plan.axis, plan.axis.spec
    out = 1.0 if plan.side in {"bottom", "right"} else -1.0
    upright = axis.letter == "y"
    path = ""
    if spec.get("showline"):
        path = (
            f"M{num(plan.at)} {num(axis.start)}V{num(axis.end)}"
            if upright
            else f"M{num(axis.start)} {num(plan.at)}H{num(axis.end)}"
        )
    length = float(spec.get("ticklen", 5)) if spec.get("ticks") else 0.0
    for tick in plan.ticks if length else []:
        place = num(axis.pixel(tick.unit))
        step = num(out * length)
        path += f"M{num(plan.at)} {place}h{step}" if upright else f"M{place} {num(plan.at)}v{step}"
    colour = paint("stroke", str(spec.get("linecolor") or _LINE))
    parts = [f'<path fill="none"{colour} d="{path}"/>' if path else ""]
    if plan.labelled:
        parts += [_tick_label(plan, axis.pixel(tick.unit), tick.text, out) for tick in plan.ticks]
    title = title_text(spec)
    if title:
        parts.append(_axis_title(plan, frame, title, out))
    return "".join(parts)


def _tick_label(plan: AxisPlan, place: float, text: str, out: float) -> str:
    colour = _colour(sub(plan.axis.spec, "tickfont"), _SOFT)
    if plan.axis.letter == "y":
        anchor = "end" if out < 0 else "start"
        return text_element(
            plan.at + out * 7, place, text, size=plan.size, colour=colour, anchor=anchor
        )
    y = plan.at + out * 7
    if plan.angle:
        return text_element(
            place + 3,
            y + 3,
            text,
            size=plan.size,
            colour=colour,
            anchor="end" if plan.angle < 0 else "start",
            angle=plan.angle,
        )
    valign = "top" if out > 0 else "bottom"
    return text_element(
        place, y, text, size=plan.size, colour=colour, anchor="middle", valign=valign
    )


def _axis_title(plan: AxisPlan, frame: Frame, title: str, out: float) -> str:
    axis = plan.axis
    font: Spec = sub(axis.spec, "title", "font")
    size, colour = float(font.get("size") or 12), _colour(font, _SOFT)
    middle = (axis.start + axis.end) / 2
    far = plan.at + out * (plan.extent - 8)
    if axis.letter == "x":
        return text_element(middle, far, title, size=size, colour=colour, anchor="middle")
    far = min(max(far, 9.0), frame.width - 9.0)
    return text_element(far, middle, title, size=size, colour=colour, anchor="middle", angle=-90.0)


def title_svg(layout: Spec, frame: Frame) -> str:
    """The figure's title, its subtitle and its caveats."""
    title = title_text(layout)
    if not title:
        return ""
    told: Spec = sub(layout, "title")
    font = sub(told, "font")
    pad = sub(told, "pad")
    size = float(font.get("size") or 17)
    share = float(told.get("x", 0.0))
    anchor = {"left": "start", "center": "middle", "right": "end"}.get(
        str(told.get("xanchor")), "start" if share < 0.3 else "middle"
    )
    x = share * frame.width + float(pad.get("l") or 14) * (1 if anchor == "start" else 0)
    return text_element(
        x,
        float(pad.get("t") or 8) - (0.1 if len(markup_lines(title)) == 1 else 0.8) * size,
        title,
        size=size,
        colour=_colour(font, _INK),
        anchor=anchor,
        valign="top",
    )


def legend_svg(layout: Spec, frame: Frame) -> str:
    """The legend's rows above, below or at the right of the plot."""
    font: Spec = sub(layout, "legend", "font")
    size, colour = float(font.get("size") or 12), _colour(font, _SOFT)
    rows = frame.legend_rows
    if frame.legend_at == "right":
        extent = max(
            (plan.extent for plan in frame.plans if plan.shown and plan.side == "right"),
            default=0.0,
        )
        x0, y0 = frame.right + extent + 14, frame.top + 8
    elif frame.legend_at == "top":
        x0, y0 = frame.left, frame.legend_y
    else:
        below = max((p.extent for p in frame.plans if p.shown and p.side == "bottom"), default=0.0)
        x0, y0 = frame.left, frame.bottom + below + 16
    to_right = str(sub(layout, "legend").get("xanchor")) == "right" and frame.legend_at != "right"
    parts: list[str] = []
    for number, row in enumerate(rows):
        x, y = x0, y0 + 19.0 * number
        if to_right:
            x = frame.right - sum(entry.width + 18 for entry in row) + 18
        for entry in row:
            fade = ' opacity="0.4"' if entry.faded else ""
            words = text_element(x + 21, y, entry.text, size=size, colour=colour)
            parts.append(f"<g{fade}>{_swatch(entry, x, y)}{words}</g>")
            x += entry.width + 18
    left_out = len(frame.entries) - sum(map(len, rows))
    if left_out > 0:
        y = y0 + 19.0 * len(rows)
        parts.append(text_element(x0, y, f"… {left_out} more", size=size, colour=colour))
    return "".join(parts)


def _swatch(entry: Entry, x: float, y: float) -> str:
    trace = entry.trace
    if trace["type"] == "bar":
        fill = paint("fill", entry.colour)
        return f'<rect x="{num(x)}" y="{num(y - 5)}" width="14" height="10" rx="1.5"{fill}/>'
    mode = mode_of(trace)
    parts: list[str] = []
    stroke = paint("stroke", entry.colour)
    if trace.get("fill") not in {None, "none"} or trace.get("stackgroup"):
        fill = paint("fill", str(trace.get("fillcolor") or entry.colour))
        parts.append(f'<rect x="{num(x)}" y="{num(y - 1)}" width="15" height="6"{fill}/>')
    if "lines" in mode:
        dash = str(sub(trace, "line").get("dash") or "")
        dashes = f' stroke-dasharray="{_DASHES[dash]}"' if dash in _DASHES else ""
        parts.append(f'<path{stroke} stroke-width="2"{dashes} d="M{num(x)} {num(y - 1)}h15"/>')
    if "markers" in mode:
        look = {**sub(trace, "marker"), "size": 7}
        if not isinstance(look.get("color"), str):
            look["color"] = entry.colour
        if not isinstance(look.get("symbol"), str):
            look["symbol"] = "circle"
        place = (x + 7.5, y - 1 if parts else y)
        parts.append(draw_markers(look, [place], entry.colour, {}))
    return "".join(parts)


def _point(value: Any, ref: str, axes: dict[str, Axis], frame: Frame, letter: str) -> float:
    """A coordinate of a shape or annotation in pixels."""
    name, _, share_of = ref.partition(" ")
    if name == "paper" or not name:
        x, y = frame.paper(float(value), float(value))
        return x if letter == "x" else y
    axis = axes[name]
    if share_of == "domain":
        return axis.start + float(value) * (axis.end - axis.start)
    place = axis.place(value)
    return math.nan if place is None else place


def shapes_svg(layout: Spec, axes: dict[str, Axis], frame: Frame, layer: str) -> str:
    """The shapes that lie below or above the marks."""
    parts: list[str] = []
    for shape in notes_of(layout, "shapes"):
        if (shape.get("layer") or "above") != layer:
            continue
        refs = {letter: str(shape.get(f"{letter}ref") or letter) for letter in "xy"}
        x0, x1 = (_point(shape.get(k, 0), refs["x"], axes, frame, "x") for k in ("x0", "x1"))
        y0, y1 = (_point(shape.get(k, 0), refs["y"], axes, frame, "y") for k in ("y0", "y1"))
        if any(map(math.isnan, (x0, x1, y0, y1))):
            continue
        parts.append(_shape(shape, x0, x1, y0, y1))
        words = sub(shape, "label")
        if words.get("text"):
            parts.append(
                text_element(
                    min(x0, x1) + 4,
                    min(y0, y1) + 3,
                    str(words["text"]),
                    size=11,
                    colour=_colour(sub(words, "font"), _SOFT),
                    valign="top",
                )
            )
    return "".join(parts)


def _shape(shape: Spec, x0: float, x1: float, y0: float, y1: float) -> str:
    line = sub(shape, "line")
    width = float(line.get("width", 2))
    stroke = f'{paint("stroke", str(line.get("color") or _SOFT))} stroke-width="{width:g}"'
    if str(line.get("dash")) in _DASHES:
        stroke += f' stroke-dasharray="{_DASHES[str(line["dash"])]}"'
    shade = shape.get("opacity")
    stroke = (stroke if width else "") + (f' opacity="{float(shade):g}"' if shade else "")
    kind = str(shape.get("type") or "rect")
    if kind == "line":
        return f'<path fill="none"{stroke} d="M{num(x0)} {num(y0)}L{num(x1)} {num(y1)}"/>'
    fill = paint("fill", str(shape.get("fillcolor") or "none"))
    left, top, wide, tall = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
    if kind == "rect":
        box = f'x="{num(left)}" y="{num(top)}" width="{num(wide)}" height="{num(tall)}"'
        return f"<rect {box}{fill}{stroke}/>"
    if kind == "circle":
        centre = f'cx="{num(left + wide / 2)}" cy="{num(top + tall / 2)}"'
        return f'<ellipse {centre} rx="{num(wide / 2)}" ry="{num(tall / 2)}"{fill}{stroke}/>'
    raise InputError(f"A shape of type {kind!r} cannot be drawn as SVG; use line, rect or circle.")


def notes_svg(layout: Spec, axes: dict[str, Axis], frame: Frame) -> str:
    """The notes on the plot, with their arrows."""
    parts: list[str] = []
    for note in notes_of(layout, "annotations"):
        refs = {letter: str(note.get(f"{letter}ref") or letter) for letter in "xy"}
        x = _point(note.get("x", 0.5), refs["x"], axes, frame, "x") + float(note.get("xshift") or 0)
        y = _point(note.get("y", 0.5), refs["y"], axes, frame, "y") - float(note.get("yshift") or 0)
        if not (math.isnan(x) or math.isnan(y)):
            parts.append(_note(note, x, y, refs))
    return "".join(parts)


def _note(note: Spec, x: float, y: float, refs: dict[str, str]) -> str:
    arrow = ""
    text = str(note.get("text") or "")
    pointed = note.get("showarrow", True) is not False
    if pointed:
        dx, dy = float(note.get("ax") or 0), float(note.get("ay", -30) or 0)
        colour = str(note.get("arrowcolor") or _SOFT)
        arrow = _arrow((x + dx, y + dy), (x, y), colour, float(note.get("arrowwidth") or 1))
        x, y = x + dx, y + dy
    anchor = _anchor(note, "x", refs["x"], ("left", "center", "right"), pointed)
    valign = _anchor(note, "y", refs["y"], ("bottom", "middle", "top"), pointed)
    font = sub(note, "font")
    size = float(font.get("size") or 12)
    box = ""
    if note.get("bgcolor") or note.get("bordercolor"):
        box = _note_box(note, text, size, (x, y), (anchor, valign))
    svg = text_element(
        x,
        y,
        text,
        size=size,
        colour=_colour(font, _SOFT),
        anchor={"left": "start", "right": "end"}.get(anchor, "middle"),
        valign=valign,
        angle=float(note.get("textangle") or 0),
    )
    return arrow + box + svg


def _anchor(note: Spec, letter: str, ref: str, names: tuple[str, str, str], pointed: bool) -> str:
    """Where a note hangs from its point: as told, else by the third of the paper it lies in."""
    told = str(note.get(f"{letter}anchor") or "auto")
    if told != "auto":
        return told
    if ref == "paper" and not pointed:
        share = float(note.get(letter, 0.5))
        return names[0] if share < 1 / 3 else names[2] if share > 2 / 3 else names[1]
    return names[1]


def _note_box(
    note: Spec, text: str, size: float, at: tuple[float, float], anchors: tuple[str, str]
) -> str:
    wide = widest(text, size) + 8
    tall = size * 1.3 * len(markup_lines(text)) + 4
    left = at[0] - {"left": 4.0, "right": wide - 4}.get(anchors[0], wide / 2)
    top = at[1] - {"top": 2.0, "bottom": tall - 2}.get(anchors[1], tall / 2)
    look = paint("fill", str(note.get("bgcolor") or "none"))
    look += paint("stroke", str(note["bordercolor"])) if note.get("bordercolor") else ""
    box = f'x="{num(left)}" y="{num(top)}" width="{num(wide)}" height="{num(tall)}"'
    return f'<rect {box} rx="2"{look}/>'


def _arrow(start: tuple[float, float], end: tuple[float, float], colour: str, width: float) -> str:
    """A line with a head at its end."""
    (x0, y0), (x1, y1) = start, end
    angle = math.atan2(y1 - y0, x1 - x0)
    if math.hypot(x1 - x0, y1 - y0) < 4:
        return ""
    head = ""
    for turn in (2.65, -2.65):
        head += f"L{num(x1 + 7 * math.cos(angle + turn))} {num(y1 + 7 * math.sin(angle + turn))}"
    stroke, fill = paint("stroke", colour), paint("fill", colour)
    return (
        f'<path fill="none"{stroke} stroke-width="{width:g}"'
        f' d="M{num(x0)} {num(y0)}L{num(x1)} {num(y1)}"/>'
        f'<path{fill} d="M{num(x1)} {num(y1)}{head}z"/>'
    )
