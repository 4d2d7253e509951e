"""Numbers and names as charts and tables show them: short, with a unit, safe in a label."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from workbench.model.text import flat

__all__ = [
    "Scaled",
    "duration_ticks",
    "format_bytes",
    "format_duration",
    "format_number",
    "format_share",
    "label",
    "scale_durations",
]

# Steps of a duration axis in ms: decimal up to seconds, then as clocks are cut.
_LADDER = (
    *(step * 10.0**power for power in range(-6, 4) for step in (1, 2, 5)),
    *(1e3 * seconds for seconds in (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)),
    *(1e3 * seconds for seconds in (14400, 21600, 43200, 86400, 172800)),
)
_SI = ("", "k", "M", "G", "T", "P", "E")


@dataclass(frozen=True)
class Scaled:
    """Durations in the unit that suits them: ``values`` in ``unit``; ``factor`` is per ms."""

    values: list[float | None]
    unit: Literal["µs", "ms", "s", "min"]
    factor: float


def scale_durations(values_ms: Iterable[float | None]) -> Scaled:
    """Durations in µs, ms, s or min, decided by the longest of them.

    Examples
    --------
    >>> scale_durations([120.0, None, 45_000.0])
    Scaled(values=[0.12, None, 45.0], unit='s', factor=0.001)
    """
    values = list(values_ms)
    top = max((abs(value) for value in values if _finite(value)), default=0.0)
    unit: Literal["µs", "ms", "s", "min"]
    if 0 < top < 0.8:
        unit, factor = "µs", 1e3
    elif top < 800:
        unit, factor = "ms", 1.0
    elif top < 200_000:
        unit, factor = "s", 1e-3
    else:
        unit, factor = "min", 1 / 60_000
    return Scaled([None if value is None else value * factor for value in values], unit, factor)


def format_duration(value_ms: float | None) -> str:
    """A duration as people say it.

    Examples
    --------
    >>> [format_duration(value) for value in (0.0042, 3.14159, 950.0, 1234.0, 125_000.0, None)]
    ['4.2 µs', '3.14 ms', '950 ms', '1.23 s', '2 min 5 s', '–']
    """
    if not _finite(value_ms):
        return "–"
    size = abs(value_ms)
    if size and size < 1:
        return f"{_digits(value_ms * 1e3)} µs"
    if size < 999.5:
        return f"{_digits(value_ms)} ms"
    if size < 119_500:
        return f"{_digits(value_ms / 1e3)} s"
    minutes, seconds = divmod(round(value_ms / 1e3), 60)
    if minutes < 120:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def duration_ticks(low_ms: float, high_ms: float, *, logarithmic: bool) -> dict[str, Any]:
    """Ticks of an axis of durations in ms, each named with the unit that suits it.

    Examples
    --------
    >>> duration_ticks(0, 4000, logarithmic=False)["ticktext"]
    ['0 ms', '1 s', '2 s', '3 s', '4 s']
    """
    if logarithmic:
        values = [value for value in _LADDER if low_ms / 1.5 <= value <= high_ms * 1.5]
        while len(values) > 7:
            values = values[::2]
    else:
        step = next((value for value in _LADDER if value * 5 >= high_ms), _LADDER[-1])
        values = [place * step for place in range(min(int(high_ms / step) + 2, 50))]
        values = [value for value in values if value <= high_ms * 1.05]
    return {
        "type": "log" if logarithmic else "linear",
        "tickmode": "array",
        "tickvals": values,
        "ticktext": [format_duration(value) if value else "0 ms" for value in values],
    }


def format_number(value: float | None) -> str:
    """A number in three digits and an SI letter.

    Examples
    --------
    >>> [format_number(value) for value in (0, 0.0123, 7.5, 1234, 12_345, 4_551_000, None)]
    ['0', '0.0123', '7.5', '1,234', '12.3k', '4.55M', '–']
    """
    if not _finite(value):
        return "–"
    if abs(value) < 9_999.5:
        return f"{value:,.0f}" if abs(value) >= 999.5 else _digits(value)
    power = min(int(math.log10(abs(value)) // 3), len(_SI) - 1)
    if abs(value) / 1000**power >= 999.5 and power < len(_SI) - 1:
        power += 1
    return f"{_digits(value / 1000**power)}{_SI[power]}"


def format_share(value: float | None) -> str:
    """A share of one as a percentage.

    Examples
    --------
    >>> [format_share(value) for value in (0.0, 0.00042, 0.0731, 0.5, 1.0)]
    ['0 %', '0.042 %', '7.31 %', '50 %', '100 %']
    """
    return f"{_digits(value * 100)} %" if _finite(value) else "–"


def format_bytes(value: float | None) -> str:
    """A size in binary units.

    Examples
    --------
    >>> [format_bytes(value) for value in (512, 1536, 85_899_345_920)]
    ['512 B', '1.5 KiB', '80 GiB']
    """
    if not _finite(value):
        return "–"
    amount, unit = float(value), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if abs(amount) < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{_digits(amount)} {unit}"


def label(text: object, limit: int = 48) -> str:
    """Text from the data made safe and short enough for a plotly label or hover.

    Plotly reads some HTML in labels, so a span called ``<b>`` would vanish.

    Examples
    --------
    >>> label("<img src=x>")
    '&lt;img src=x&gt;'
    """
    shown = "–" if text is None else flat(str(text), limit)
    return html.escape(shown, quote=False)


def _finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _digits(value: float) -> str:
    """Three digits, without trailing zeros and without an exponent."""
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(places, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
