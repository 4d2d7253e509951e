"""Bar traces: where each bar lies, and how it is drawn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.export.scales import Axis, axis_pair
from workbench.export.spec import Spec, sub, values_of
from workbench.export.strokes import Paths, each, error_bars, error_ends, mark_colours, num
from workbench.export.text import paint, text_element, text_width

__all__ = ["Bar", "arrange_bars", "draw_bars"]


@dataclass(frozen=True)
class Bar:
    """One bar in the units of its axes: across the position axis, along the value axis."""

    index: int
    near: float
    far: float
    base: float | None
    top: float


@dataclass(frozen=True)
class _Slot:
    """How wide a trace's bars are, and where they start from their position."""

    offset: float
    width: float


def arrange_bars(
    traces: Sequence[Spec], layout: Spec, axes: dict[str, Axis]
) -> dict[int, list[Bar]]:
    """The bars of every bar trace by its number, stacked and grouped; ranges are widened."""
    groups: dict[tuple[str, str, bool], list[int]] = {}
    for number, trace in enumerate(traces):
        if trace["type"] == "bar":
            x, y = axis_pair(axes, trace)
            groups.setdefault((x.id, y.id, _lies(trace)), []).append(number)
    arranged: dict[int, list[Bar]] = {}
    for (x_id, y_id, lies), numbers in groups.items():
        position, value = (axes[y_id], axes[x_id]) if lies else (axes[x_id], axes[y_id])
        columns = {n: _positions(traces[n], position, lies) for n in numbers}
        slots = _slots(traces, layout, numbers, columns)
        sums: dict[tuple[float, bool], float] = {}
        stacked = layout.get("barmode", "group") in {"stack", "relative"}
        for n in numbers:
            arranged[n] = _bars(
                traces[n],
                columns[n],
                slots[n],
                value=value,
                sums=sums if stacked else None,
                lies=lies,
            )
            ends = [end for bar in arranged[n] for end in (bar.near, bar.far)]
            position.include(ends)
            value.include([bar.top for bar in arranged[n]], pad=True)
            starts = [bar.base for bar in arranged[n]]
            value.include(starts if value.kind != "log" else [])
            trace, letter = traces[n], "x" if lies else "y"
            lengths = values_of(trace.get(letter))
            for _, low, high in error_ends(trace.get(f"error_{letter}"), lengths):
                value.include([value.unit(low), value.unit(high)])
    return arranged


def _lies(trace: Spec) -> bool:
    return trace.get("orientation") == "h"


def _positions(trace: Spec, axis: Axis, lies: bool) -> list[float | None]:
    given = values_of(trace.get("y" if lies else "x"))
    if not given:
        return [float(at) for at in range(len(values_of(trace.get("x" if lies else "y"))))]
    return [axis.unit(value) for value in given]


def _slots(
    traces: Sequence[Spec],
    layout: Spec,
    numbers: list[int],
    columns: dict[int, list[float | None]],
) -> dict[int, _Slot]:
    """Share the distance between neighbours among the traces that stand side by side."""
    places = sorted({at for n in numbers for at in columns[n] if at is not None})
    gaps = [b - a for a, b in itertools.pairwise(places) if b > a]
    room = (min(gaps) if gaps else 1.0) * (1 - float(layout.get("bargap", 0.2)))
    side_by_side = layout.get("barmode", "group") == "group"
    keys = [str(traces[n].get("offsetgroup") or (n if side_by_side else "")) for n in numbers]
    order = list(dict.fromkeys(keys))
    width = room / len(order)
    inner = width * (1 - float(layout.get("bargroupgap", 0.0)))
    slots: dict[int, _Slot] = {}
    for n, key in zip(numbers, keys, strict=True):
        left = -room / 2 + order.index(key) * width + (width - inner) / 2
        slots[n] = _Slot(left, inner)
    return slots


def _bars(
    trace: Spec,
    positions: list[float | None],
    slot: _Slot,
    *,
    value: Axis,
    sums: dict[tuple[float, bool], float] | None,
    lies: bool,
) -> list[Bar]:
    lengths = values_of(trace.get("x" if lies else "y"))
    bases = each(trace.get("base"), len(lengths), None)
    widths = each(trace.get("width"), len(lengths), None)
    offsets = each(trace.get("offset"), len(lengths), None)
    bars: list[Bar] = []
    for at, (place, length) in enumerate(zip(positions, lengths, strict=False)):
        span = _span(length, bases[at], place, value, sums)
        if place is None or math.isnan(place) or span is None:
            continue
        width = slot.width if widths[at] is None else float(widths[at])
        left = slot.offset if widths[at] is None else -width / 2
        near = place + (left if offsets[at] is None else float(offsets[at]))
        bars.append(Bar(at, near, near + width, *span))
    return bars


def _span(
    length: Any,
    base: Any,
    place: float | None,
    value: Axis,
    sums: dict[tuple[float, bool], float] | None,
) -> tuple[float | None, float] | None:
    """Where a bar starts and ends along its value axis; None where it has no place."""
    if value.kind == "log" or not isinstance(length, (int, float)):
        top = value.unit(length)
        return None if top is None else (None, top)
    if not math.isfinite(length):
        return None
    if base is not None:
        start = value.unit(base)
        return None if start is None else (start, start + length)
    if sums is None or place is None:
        return 0.0, float(length)
    key = (place, length < 0)
    start = sums.get(key, 0.0)
    sums[key] = start + length
    return start, start + length


def draw_bars(
    trace: Spec, bars: Sequence[Bar], axes: dict[str, Axis], default: str, layout: Spec
) -> str:
    """The bars as SVG, with their text and their error bars."""
    x, y = axis_pair(axes, trace)
    lies = _lies(trace)
    position, value = (y, x) if lies else (x, y)
    marker = sub(trace, "marker")
    count = max((bar.index for bar in bars), default=-1) + 1
    colours = mark_colours(marker, count, default, layout)
    line = sub(marker, "line")
    widths = each(line.get("width"), count, 0)
    strokes = each(line.get("color"), count, "#57606a")
    opacity = each(marker.get("opacity"), count, 1)
    paths = Paths()
    words: list[str] = []
    tips: dict[int, tuple[float, float]] = {}
    texts = each(trace.get("text"), count, "")
    for bar in bars:
        near, far = sorted((position.pixel(bar.near), position.pixel(bar.far)))
        start = value.pixel(value.low if bar.base is None else bar.base)
        end = value.pixel(bar.top)
        box = _box(near, far, start, end, lies)
        look = paint("fill", colours[bar.index])
        if widths[bar.index]:
            look += f"{paint('stroke', str(strokes[bar.index]))}"
            look += f' stroke-width="{float(widths[bar.index]):g}"'
        if opacity[bar.index] != 1:
            look += f' opacity="{float(opacity[bar.index]):g}"'
        left, top, wide, high = box
        paths.add(look, f"M{num(left)} {num(top)}h{num(wide)}v{num(high)}h{num(-wide)}z")
        tips[bar.index] = (end, (near + far) / 2) if lies else ((near + far) / 2, end)
        if texts[bar.index] != "" and trace.get("textposition") != "none":
            words.append(_bar_text(trace, str(texts[bar.index]), box, lies, end < start))
    lengths = values_of(trace.get("x" if lies else "y"))
    points = [tips.get(at) for at in range(len(lengths))]
    whiskers = error_bars(trace.get("error_x" if lies else "error_y"), lengths, points, value)
    shade = trace.get("opacity")
    body = paths.svg() + whiskers
    body = f'<g opacity="{float(shade):g}">{body}</g>' if shade not in (None, 1) else body
    return body + "".join(words)


def _box(
    near: float, far: float, start: float, end: float, lies: bool
) -> tuple[float, float, float, float]:
    """Left, top, width and height; never thinner than can be seen."""
    low, high = min(start, end), max(start, end)
    length = max(high - low, 0.7 if high > low else 0.0)
    across = max(far - near, 0.7)
    return (low, near, length, across) if lies else (near, low, across, length)


def _bar_text(
    trace: Spec, text: str, box: tuple[float, float, float, float], lies: bool, back: bool
) -> str:
    """A bar's text: inside where it fits or is told to, else beyond the bar's end."""
    left, top, wide, high = box
    font = sub(trace, "textfont")
    size = float(font.get("size") or 11)
    if not isinstance(font.get("size"), (int, float)):
        size = 11.0
    fits = text_width(text, size) + 6 <= wide and size + 2 <= high
    where = str(trace.get("textposition") or "auto")
    inside = where == "inside" or (where == "auto" and fits)
    if (where == "inside" and not fits) or (lies and high < 7):
        return ""
    colour = font.get("color")
    middle = top + high / 2
    if inside:
        fill = colour if isinstance(colour, str) else "#ffffff"
        at = str(trace.get("insidetextanchor") or "middle")
        if lies and at == "start":
            return text_element(left + 5, middle, text, size=size, colour=fill)
        return text_element(left + wide / 2, middle, text, size=size, colour=fill, anchor="middle")
    fill = colour if isinstance(colour, str) else "#1f2630"
    if lies:
        x, anchor = (left - 4, "end") if back else (left + wide + 4, "start")
        return text_element(x, middle, text, size=size, colour=fill, anchor=anchor)
    y, side = (top - 4, "bottom") if back or high == 0 else (top + high + 4, "top")
    return text_element(
        left + wide / 2, y, text, size=size, colour=fill, anchor="middle", valign=side
    )
