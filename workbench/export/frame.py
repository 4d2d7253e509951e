"""How a picture is divided: margins, the places of the axes, their ticks, the legend's size."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from workbench.export.scales import Axis
from workbench.export.spec import Spec, sub, title_text, values_of
from workbench.export.text import markup_lines, text_width
from workbench.export.ticks import Tick, ticks_of

__all__ = ["AxisPlan", "Entry", "Frame", "lay_out", "legend_entries", "widest"]

_TICK_GAP, _TITLE_GAP, _LINE = 7.0, 6.0, 1.3
_ENTRY_GAP, _SWATCH = 18.0, 26.0


@dataclass(frozen=True)
class Entry:
    """One line of the legend."""

    trace: Spec
    colour: str
    text: str
    width: float
    faded: bool


@dataclass
class AxisPlan:
    """An axis ready to draw: where it runs, what its ticks say and at which angle."""

    axis: Axis
    side: str
    across: tuple[float, float] = (0.0, 1.0)
    at: float = 0.0
    ticks: list[Tick] = field(default_factory=list[Tick])
    angle: float = 0.0
    extent: float = 0.0

    @property
    def shown(self) -> bool:
        """Whether the axis is drawn at all."""
        return self.axis.spec.get("visible", True) is not False

    @property
    def labelled(self) -> bool:
        """Whether its ticks carry labels."""
        return self.shown and self.axis.spec.get("showticklabels", True) is not False

    @property
    def size(self) -> float:
        """The size of its labels."""
        return float(sub(self.axis.spec, "tickfont").get("size") or 12)


@dataclass
class Frame:
    """The picture's size, the plot's edges in it, and everything around the plot."""

    width: float
    height: float
    left: float
    top: float
    right: float
    bottom: float
    plans: list[AxisPlan]
    entries: list[Entry]
    legend_rows: list[list[Entry]] = field(default_factory=list[list[Entry]])
    legend_at: str = "top"
    legend_y: float = 12.0

    @property
    def wide(self) -> float:
        """The width of the plot."""
        return max(10.0, self.right - self.left)

    @property
    def tall(self) -> float:
        """The height of the plot."""
        return max(10.0, self.bottom - self.top)

    def paper(self, x: float, y: float) -> tuple[float, float]:
        """A point given in shares of the plot."""
        return self.left + x * self.wide, self.bottom - y * self.tall


def widest(markup: str, size: float) -> float:
    """The width of the widest line of a label."""
    return max(
        sum(text_width(run.text, run.size or size) * (1.07 if run.bold else 1) for run in line)
        for line in markup_lines(markup)
    )


def legend_entries(traces: list[Spec], colours: list[str], layout: Spec) -> list[Entry]:
    """The traces that the legend names, in order; empty where there is no legend."""
    named = [trace for trace in traces if trace.get("showlegend", True) is not False]
    shown = layout.get("showlegend")
    asked = any(trace.get("showlegend") for trace in traces)
    if shown is False or (shown is None and len(named) < 2 and not asked):
        return []
    size = float(sub(layout, "legend", "font").get("size") or 12)
    entries: list[Entry] = []
    for number, (trace, colour) in enumerate(zip(traces, colours, strict=True)):
        if trace.get("showlegend", True) is False or trace["type"] == "heatmap":
            continue
        text = str(trace.get("name") or f"trace {number}")
        faded = trace.get("visible") == "legendonly"
        entries.append(Entry(trace, colour, text, _SWATCH + widest(text, size), faded))
    if str(sub(layout, "legend").get("traceorder") or "").startswith("reversed"):
        entries.reverse()
    return entries


def lay_out(
    layout: Spec,
    axes: dict[str, Axis],
    entries: list[Entry],
    size: tuple[float, float],
    bar: float,
) -> Frame:
    """Divide the picture: margins grow with the labels, as plotly's ``automargin`` does."""
    width, height = size
    margin = sub(layout, "margin")
    least = {side: float(margin.get(side, 60)) for side in "lrtb"}
    frame = Frame(
        width,
        height,
        least["l"],
        least["t"],
        width - least["r"],
        height - least["b"],
        [AxisPlan(axis, str(axis.spec.get("side") or _usual(axis))) for axis in axes.values()],
        entries,
        legend_at=_legend_place(layout),
    )
    for _ in range(2):
        _place_axes(frame, axes)
        need = _needs(frame)
        _legend_needs(frame, layout, need)
        frame.left = max(least["l"], need["left"])
        frame.right = width - max(least["r"], need["right"]) - bar
        frame.top = max(least["t"], need["top"])
        frame.bottom = height - max(least["b"], need["bottom"])
    _place_axes(frame, axes)
    return frame


def _usual(axis: Axis) -> str:
    return "bottom" if axis.letter == "x" else "left"


def _legend_place(layout: Spec) -> str:
    legend = sub(layout, "legend")
    if legend.get("orientation") == "h":
        low = float(legend.get("y", -0.1)) < (0.3 if legend.get("yref") == "container" else 0)
        return "bottom" if low else "top"
    return "right"


def _place_axes(frame: Frame, axes: dict[str, Axis]) -> None:
    for plan in frame.plans:
        axis = plan.axis
        low, high = axis.domain
        if axis.letter == "x":
            axis.start, axis.end = frame.left + low * frame.wide, frame.left + high * frame.wide
        else:
            axis.start, axis.end = frame.bottom - low * frame.tall, frame.bottom - high * frame.tall
    for plan in frame.plans:
        axis = plan.axis
        other = axes.get(str(axis.spec.get("anchor") or _partner(axis, axes)))
        if other is None:
            plan.across = (
                (frame.bottom, frame.top) if axis.letter == "x" else (frame.left, frame.right)
            )
        else:
            plan.across = (other.start, other.end)
        plan.at = plan.across[0] if plan.side in {"bottom", "left"} else plan.across[1]
        if axis.spec.get("anchor") == "free":
            share = float(axis.spec.get("position") or 0)
            x, y = frame.paper(share, share)
            plan.at = y if axis.letter == "x" else x
        _measure(plan, frame)


def _partner(axis: Axis, axes: dict[str, Axis]) -> str:
    letter = "y" if axis.letter == "x" else "x"
    same = letter + axis.id[1:]
    return same if same in axes else letter


def _measure(plan: AxisPlan, frame: Frame) -> None:
    """Choose the ticks, shorten or turn labels that do not fit, and note the room they take."""
    axis = plan.axis
    pixels = abs(axis.end - axis.start)
    plan.ticks = ticks_of(axis, pixels) if plan.shown else []
    plan.angle, plan.extent = 0.0, 0.0
    if plan.labelled and plan.ticks:
        if axis.letter == "y":
            most = 0.36 * frame.width
            plan.ticks = [Tick(t.unit, _fit(t.text, most, plan.size)) for t in plan.ticks]
            plan.extent = _TICK_GAP + max(widest(t.text, plan.size) for t in plan.ticks)
        else:
            _turn(plan, pixels, frame)
    if plan.shown and title_text(axis.spec):
        lines = len(markup_lines(title_text(axis.spec)))
        plan.extent += _TITLE_GAP + 12 * _LINE * lines


def _turn(plan: AxisPlan, pixels: float, frame: Frame) -> None:
    size = plan.size
    widths = [widest(tick.text, size) for tick in plan.ticks]
    gaps = [
        abs(plan.axis.pixel(b.unit) - plan.axis.pixel(a.unit))
        for a, b in zip(plan.ticks, plan.ticks[1:], strict=False)
    ]
    slot = min(gaps, default=pixels)
    told = plan.axis.spec.get("tickangle")
    if isinstance(told, (int, float)):
        plan.angle = float(told)
    elif plan.axis.kind == "category" and max(widths) > slot - 6:
        plan.angle = -38.0 if slot > size * 1.7 else -90.0
    elif plan.axis.kind != "category":
        every = max(1, math.ceil((max(widths) + 8) / slot)) if slot else 1
        plan.ticks = plan.ticks[::every]
    lines = max(len(markup_lines(tick.text)) for tick in plan.ticks)
    if plan.angle:
        most = 0.3 * frame.height
        plan.ticks = [Tick(t.unit, _fit(t.text, most, size)) for t in plan.ticks]
        longest = max(widest(t.text, size) for t in plan.ticks)
        turn = math.radians(abs(plan.angle))
        plan.extent = _TICK_GAP + longest * math.sin(turn) + size * math.cos(turn)
    else:
        plan.extent = _TICK_GAP + size * _LINE * lines


def _fit(text: str, pixels: float, size: float) -> str:
    """The label, its middle left out where it is wider than ``pixels``."""
    if widest(text, size) <= pixels or "<br>" in text or len(text) < 8:
        return text
    keep = max(7, int(len(text) * pixels / widest(text, size)) - 1)
    head = keep // 2
    return f"{text[:head]}…{text[len(text) - (keep - head) :]}"


def _needs(frame: Frame) -> dict[str, float]:
    """The room that the labels of the outermost axes take on each side."""
    need = {"left": 0.0, "right": 0.0, "top": 0.0, "bottom": 0.0}
    edges = {"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom}
    for plan in frame.plans:
        if plan.shown and abs(plan.at - edges[plan.side]) < 2:
            need[plan.side] = max(need[plan.side], plan.extent + 8)
        if plan.labelled and plan.axis.letter == "x" and plan.ticks:
            first, last = plan.ticks[0], plan.ticks[-1]
            halves = [widest(tick.text, plan.size) / 2 for tick in (first, last)]
            places = [plan.axis.pixel(tick.unit) for tick in (first, last)]
            if plan.angle:
                # A turned label hangs to the left of its tick.
                lean = max(
                    2 * widest(t.text, plan.size) * math.cos(math.radians(plan.angle)) / 2
                    - (plan.axis.pixel(t.unit) - frame.left)
                    for t in plan.ticks
                )
                need["left"] = max(need["left"], lean + 8)
                continue
            need["left"] = max(need["left"], halves[0] - (places[0] - frame.left) + 6)
            over = halves[1] - (frame.right - places[1]) + 6
            need["right"] = max(need["right"], over)
    return need


def _legend_needs(frame: Frame, layout: Spec, need: dict[str, float]) -> None:
    """Break the legend into rows and make room for it and for the title."""
    title = title_text(layout)
    title_size = float(sub(layout, "title", "font").get("size") or 17)
    pad = sub(layout, "title", "pad")
    title_end = 0.0
    if title:
        lines = len(markup_lines(title))
        first = float(pad.get("t") or 8) + (0.7 * title_size if lines == 1 else 0)
        title_end = first + title_size * _LINE * (lines - 1) + 8
    need["top"] += title_end
    if not frame.entries:
        return
    if frame.legend_at == "right":
        most = max(4, int((frame.tall - 4) // 18))
        frame.legend_rows = [[entry] for entry in frame.entries[:most]]
        need["right"] += max(entry.width for entry in frame.entries) + 16
        return
    rows: list[list[Entry]] = [[]]
    used = 0.0
    for entry in frame.entries:
        if rows[-1] and used + entry.width > frame.wide:
            rows.append([])
            used = 0.0
        rows[-1].append(entry)
        used += entry.width + _ENTRY_GAP
    frame.legend_rows = rows[:5]
    height = 19.0 * len(frame.legend_rows) + 6
    if frame.legend_at == "top":
        frame.legend_y = title_end + 13
        need["top"] += height
    else:
        need["bottom"] += height + 6


def size_of(layout: Spec, width: float | None) -> tuple[float, float]:
    """The picture's width and height."""
    values: list[Any] = values_of([layout.get("width"), layout.get("height")])
    return float(width or values[0] or 960), float(values[1] or 420)
