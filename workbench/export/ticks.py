"""Where the ticks of an axis go, and what they say."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.export.scales import Axis
from workbench.export.spec import values_of

__all__ = ["Tick", "format_value", "ticks_of"]

_SECOND, _MINUTE, _HOUR, _DAY = 1e3, 6e4, 3.6e6, 8.64e7
_STEPS = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14)),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT = re.compile(r"(\+)?(,)?(?:\.(\d+))?(~)?([dfs%eg])?")
_SI = {-3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T", 5: "P"}


@dataclass(frozen=True)
class Tick:
    """A tick at ``unit`` (the axis's own unit) and its label; lines are split by ``<br>``."""

    unit: float
    text: str


def ticks_of(axis: Axis, pixels: float) -> list[Tick]:
    """The ticks within the axis's range, about as many as ``pixels`` have room for."""
    spec = axis.spec
    given = spec.get("tickvals")
    if given is not None and spec.get("tickmode", "array") == "array":
        ticks = _given(axis, values_of(given), values_of(spec.get("ticktext")))
    elif axis.kind == "category":
        ticks = _categories(axis, pixels)
    else:
        maker = {"linear": _linear, "log": _log, "date": _dates}[axis.kind]
        ticks = maker(axis, _wanted(axis, pixels))
    low, high = sorted((axis.low, axis.high))
    slack = (high - low) * 1e-6
    return [tick for tick in ticks if low - slack <= tick.unit <= high + slack]


def _wanted(axis: Axis, pixels: float) -> float:
    most = axis.spec.get("nticks")
    least = (58 if axis.kind == "date" else 46) if axis.letter == "x" else 26
    return max(2.0, min(pixels / least, float(most or 12)))


def _given(axis: Axis, values: Sequence[Any], texts: Sequence[Any]) -> list[Tick]:
    units = [axis.unit(value) for value in values]
    said = [str(text) for text in texts] or _labels(axis, [unit or 0.0 for unit in units])
    pairs = zip(units, said, strict=False)
    return [Tick(unit, text) for unit, text in pairs if unit is not None]


def _categories(axis: Axis, pixels: float) -> list[Tick]:
    count = len(axis.categories)
    shown = abs(axis.high - axis.low) or 1.0
    slot = pixels / shown
    every = max(1, math.ceil((14 if axis.letter == "y" else 15) / slot))
    return [Tick(float(at), axis.categories[at]) for at in range(0, count, every)]


def _linear(axis: Axis, wanted: float) -> list[Tick]:
    low, high = sorted((axis.low, axis.high))
    step = axis.spec.get("dtick")
    if not isinstance(step, (int, float)) or step <= 0 or (high - low) / step > 200:
        step = _nice((high - low) / wanted)
    zero = axis.spec.get("tick0")
    zero = float(zero) if isinstance(zero, (int, float)) else 0.0
    first, last = math.ceil((low - zero) / step - 1e-9), math.floor((high - zero) / step + 1e-9)
    units = [zero + n * step for n in range(first, last + 1)]
    return _labelled(axis, units, _labels(axis, units, step))


def _nice(rough: float) -> float:
    if rough <= 0 or not math.isfinite(rough):
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= rough * 0.999)


def _log(axis: Axis, wanted: float) -> list[Tick]:
    low, high = sorted((axis.low, axis.high))
    first, last = math.floor(low), math.ceil(high)
    every = max(1, math.ceil((last - first) / max(wanted, 2.0)))
    within = (1, 2, 5) if high - low < 2.2 and every == 1 else (1,)
    units = [
        power + math.log10(n)
        for power in range(first, last + 1)
        if power % every == 0
        for n in within
    ]
    return _labelled(axis, units, _labels(axis, units))


def _labelled(axis: Axis, units: Sequence[float], texts: Sequence[str]) -> list[Tick]:
    prefix, suffix = axis.spec.get("tickprefix") or "", axis.spec.get("ticksuffix") or ""
    return [Tick(unit, f"{prefix}{text}{suffix}") for unit, text in zip(units, texts, strict=True)]


def _labels(axis: Axis, units: Sequence[float], step: float = 0.0) -> list[str]:
    if axis.kind == "date":
        return _date_labels(axis, list(units), max(step, 1.0))
    if axis.kind == "category":
        return [f"{unit:g}" for unit in units]
    values = [10**unit for unit in units] if axis.kind == "log" else list(units)
    pattern = str(axis.spec.get("tickformat") or "")
    if pattern:
        return [format_value(value, pattern) for value in values]
    if axis.kind == "log":
        return [_plain(value, abs(value)) for value in values]
    top = max((abs(value) for value in values), default=0.0)
    return [_plain(value, top, step) for value in values]


def _plain(value: float, top: float, step: float = 0.0) -> str:
    """A number without a format: with an SI letter from 10,000 on, else with its decimals."""
    if value == 0:
        return "0"
    power, size = (int(math.log10(top) // 3), value) if top >= 1e4 else (0, value)
    if top < 1e-3:
        return f"{value:.3g}".replace("-", "−")
    power = min(power, 5)
    size, step = value / 1000**power, step / 1000**power
    places = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 6
    text = f"{size:,.{min(places, 9)}f}"
    text = text.rstrip("0").rstrip(".") if not step and "." in text else text
    return text.replace("-", "−") + _SI[power]


def format_value(value: float, pattern: str) -> str:
    """A number in the part of d3's format language that charts here use.

    Examples
    --------
    >>> [format_value(0.0731, p) for p in (".1%", ".2f", ".2s", "~s")]
    ['7.3%', '0.07', '73m', '73.1m']
    >>> format_value(12345, ",d"), format_value(12345, "~s")
    ('12,345', '12.345k')
    """
    found = _FORMAT.fullmatch(pattern)
    if found is None:
        return f"{value:g}"
    plus, comma, digits, trim, kind = found.groups()
    sign = "+" if plus and value > 0 else ""
    if kind == "s":
        text, unit = _si(value, int(digits or 6))
    elif kind == "%":
        text, unit = f"{value * 100:.{digits or (6 if trim else 0)}f}", "%"
    elif kind == "d":
        text, unit = f"{round(value):{comma or ''}d}", ""
    else:
        text, unit = f"{value:{comma or ''}.{digits or 6}{kind or 'g'}}", ""
    if (trim or (kind == "s" and not digits)) and "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{sign}{text}{unit}".replace("-", "−")


def _si(value: float, digits: int) -> tuple[str, str]:
    if not value:
        return "0", ""
    power = max(-3, min(5, math.floor(math.log10(abs(value)) / 3 + 1e-12)))
    size = value / 1000.0**power
    places = max(0, digits - 1 - math.floor(math.log10(abs(size)) + 1e-12))
    return f"{size:.{places}f}", _SI[power]


def _dates(axis: Axis, wanted: float) -> list[Tick]:
    low, high = sorted((axis.low, axis.high))
    step = axis.spec.get("dtick")
    if not isinstance(step, (int, float)) or step <= 0 or (high - low) / step > 200:
        step = next((s for s in _STEPS if (high - low) / s <= wanted), 0.0)
    if not step:
        units = _months(low, high, wanted)
        step = 28 * _DAY
    else:
        units = [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return _labelled(axis, units, _date_labels(axis, units, step))


def _months(low: float, high: float, wanted: float) -> list[float]:
    """The firsts of months, or of every few years."""
    months = (high - low) / (30.4 * _DAY)
    every = next((n for n in (1, 3, 6, 12, 24, 60, 120, 240, 600) if months / n <= wanted), 1200)
    start = _moment(low)
    month = start.year * 12 + start.month - 1
    units: list[float] = []
    for number in range(month - month % every, month + math.ceil(months) + every + 1, every):
        if 12 <= number < 9999 * 12:
            day = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
            units.append((day - _EPOCH).total_seconds() * 1e3)
    return units


def _moment(milliseconds: float) -> datetime:
    limit = 2.5e14
    return _EPOCH + timedelta(milliseconds=max(-5e13, min(limit, milliseconds)))


def _date_labels(axis: Axis, units: list[float], step: float) -> list[str]:
    """Times as short as the step allows; the day stands below the first and where it changes."""
    pattern = str(axis.spec.get("tickformat") or "")
    labels: list[str] = []
    before = ""
    for unit in units:
        moment = _moment(unit)
        if pattern:
            milli = f"{moment.microsecond // 1000:03d}"
            labels.append(moment.strftime(pattern.replace("%L", milli).replace("%-", "%")))
            continue
        if step >= 27 * _DAY:
            labels.append(moment.strftime("%b %Y"))
            continue
        day = moment.strftime("%b %-d, %Y") if step < _DAY else moment.strftime("%Y")
        clock = _clock(moment, step)
        labels.append(clock if day == before else f"{clock}<br>{day}")
        before = day
    return labels


def _clock(moment: datetime, step: float) -> str:
    if step >= _DAY:
        return moment.strftime("%b %-d")
    if step >= _MINUTE:
        return moment.strftime("%H:%M")
    if step >= _SECOND:
        return moment.strftime("%H:%M:%S")
    return f"{moment.strftime('%H:%M:%S')}.{moment.microsecond // 1000:03d}"
