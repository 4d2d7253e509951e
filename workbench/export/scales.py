"""Axes of a figure: what kind they are, how values become positions, and where they end."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from workbench.errors import InputError
from workbench.export.spec import Spec, values_of

__all__ = ["Axis", "axis_of", "axis_pair", "make_axes", "milliseconds"]

Kind = Literal["linear", "log", "date", "category"]
_DATE = re.compile(r"\d{4}-\d\d(-\d\d([T ].*)?)?$")
_LATE = re.compile(r"\.(\d{6})\d+")


@dataclass
class Axis:
    """One axis: ``low`` and ``high`` in its own unit, ``start`` and ``end`` in pixels.

    The unit is the value itself (linear), its decimal logarithm (log), milliseconds since 1970
    of the wall clock (date), or the index of the category.
    """

    name: str
    spec: Spec
    kind: Kind
    categories: list[str] = field(default_factory=list[str])
    low: float = math.inf
    high: float = -math.inf
    padded: bool = False
    start: float = 0.0
    end: float = 1.0

    @property
    def letter(self) -> str:
        """``x`` or ``y``."""
        return self.name[0]

    @property
    def id(self) -> str:
        """The name that traces and shapes use: ``x``, ``y2``."""
        return self.name[0] + self.name[5:]

    @property
    def domain(self) -> tuple[float, float]:
        """The share of the figure that the axis spans."""
        low, high = self.spec.get("domain") or (0.0, 1.0)
        return float(low), float(high)

    def unit(self, value: Any) -> float | None:  # noqa: PLR0911  one a kind of axis
        """A value in the axis's unit, or None where it has no place on it."""
        if value is None:
            return None
        if self.kind == "category":
            if isinstance(value, (int, float)) and str(value) not in self.categories:
                return float(value)
            return float(self._index.get(str(value), math.nan)) if self._index else None
        if self.kind == "date":
            return milliseconds(value)
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            return None
        if self.kind == "log":
            return math.log10(value) if value > 0 else None
        return float(value)

    def pixel(self, unit: float) -> float:
        """The place of a value given in the axis's unit."""
        span = (self.high - self.low) or 1.0
        return self.start + (unit - self.low) / span * (self.end - self.start)

    def place(self, value: Any) -> float | None:
        """The place of a value as the figure gives it."""
        unit = self.unit(value)
        return None if unit is None or math.isnan(unit) else self.pixel(unit)

    def add_categories(self, values: Iterable[Any]) -> None:
        """Learn the categories of a trace in the order in which they appear."""
        for value in values:
            text = str(value)
            if value is not None and text not in self._index:
                self._index[text] = len(self.categories)
                self.categories.append(text)

    def include(self, units: Iterable[float | None], *, pad: bool = False) -> None:
        """Widen the range to hold these values."""
        for unit in units:
            if unit is not None and math.isfinite(unit):
                self.low, self.high = min(self.low, unit), max(self.high, unit)
        self.padded = self.padded or pad

    def settle(self) -> None:
        """Fix the range: what the figure says, else the data with a little room."""
        given = self.spec.get("range")
        auto = self.spec.get("autorange")
        if self.low > self.high:
            self.low, self.high = {"log": (0.0, 1.0), "category": (-0.5, 0.5)}.get(
                self.kind, (0.0, 1.0)
            )
        elif self.kind == "category":
            self.low, self.high = min(self.low, -0.5), max(self.high, len(self.categories) - 0.5)
        else:
            self._pad()
        if given and auto not in (True, "reversed"):
            ends = [self._limit(end) for end in given]
            self.low = self.low if ends[0] is None else ends[0]
            self.high = self.high if ends[1] is None else ends[1]
        if auto == "reversed":
            self.low, self.high = self.high, self.low

    def _limit(self, end: Any) -> float | None:
        # Limits of a log axis are exponents already, those of categories indices.
        if self.kind in {"log", "category"} and isinstance(end, (int, float)):
            return float(end)
        return self.unit(end)

    def _pad(self) -> None:
        mode = self.spec.get("rangemode")
        if self.kind == "linear" and mode in {"tozero", "nonnegative"}:
            self.low, self.high = min(0.0, self.low), max(0.0, self.high)
        span = self.high - self.low
        room = span * 0.05 if self.padded else 0.0
        if not span:
            room = 0.5 if self.kind == "log" else 3_600_000 if self.kind == "date" else 1.0
        # Where zero is the end of the data (bars, areas), it stays the end of the axis.
        flat = self.kind == "linear"
        self.low = self.low if flat and self.low == 0 else self.low - room
        self.high = self.high if flat and self.high == 0 and span else self.high + room

    def __post_init__(self) -> None:
        self._index = {text: at for at, text in enumerate(self.categories)}


def milliseconds(value: Any) -> float | None:
    """A time as milliseconds of the wall clock it names; like plotly, zones are not applied.

    Examples
    --------
    >>> milliseconds("1970-01-01 00:00:01.5+02:00")
    1500.0
    """
    if isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) else None
    text = _LATE.sub(r".\1", str(value).strip())
    text = f"{text}-01" if re.fullmatch(r"\d{4}-\d\d", text) else text
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e3
    except ValueError:
        return None


def make_axes(traces: list[Spec], layout: Spec) -> dict[str, Axis]:
    """Every axis of the figure by its id, with its kind and its categories."""
    axes: dict[str, Axis] = {}
    columns: dict[str, list[list[Any]]] = {}
    for trace in traces:
        for letter in "xy":
            axis_id = str(trace.get(f"{letter}axis") or letter)
            columns.setdefault(axis_id, []).append(values_of(trace.get(letter)))
            if _is_value_axis(trace, letter) and trace.get("base") is not None:
                columns[axis_id].append(values_of(trace["base"]))
    for name in layout:
        if re.fullmatch(r"[xy]axis\d*", name):
            spec: Spec = layout[name]
            axis_id = name[0] + name[5:]
            kind = _kind(spec, columns.get(axis_id, []))
            axis = Axis(name, spec, kind)
            if kind == "category":
                _order(axis, columns.get(axis_id, []))
            axes[axis_id] = axis
    return axes


def _is_value_axis(trace: Spec, letter: str) -> bool:
    return trace["type"] == "bar" and letter == ("x" if trace.get("orientation") == "h" else "y")


def _kind(spec: Spec, columns: list[list[Any]]) -> Kind:
    given = spec.get("type")
    if given in {"linear", "log", "date", "category"}:
        return given
    if given not in {None, "-"}:
        raise InputError(f"An axis of type {given!r} cannot be drawn as SVG.")
    texts = [value for column in columns for value in column if isinstance(value, str)]
    if not texts:
        return "linear"
    return "date" if all(map(_DATE.match, texts)) else "category"


def _order(axis: Axis, columns: list[list[Any]]) -> None:
    order = str(axis.spec.get("categoryorder") or "trace")
    axis.add_categories(values_of(axis.spec.get("categoryarray")))
    found = [value for column in columns for value in column if value is not None]
    if order.startswith("category"):
        found.sort(key=str, reverse=order.endswith("descending"))
    elif order not in {"trace", "array"}:
        raise InputError(f"The category order {order!r} cannot be drawn as SVG.")
    axis.add_categories(found)


def axis_of(axes: dict[str, Axis], trace: Spec, letter: str) -> Axis:
    """The axis that a trace lies on."""
    return axes[str(trace.get(f"{letter}axis") or letter)]


def axis_pair(axes: dict[str, Axis], trace: Spec) -> tuple[Axis, Axis]:
    """The x and the y axis of a trace."""
    return axis_of(axes, trace, "x"), axis_of(axes, trace, "y")
