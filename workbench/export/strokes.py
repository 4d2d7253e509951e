"""Small pieces of SVG that every kind of mark shares: numbers, paths, colours of a trace."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from workbench.export.spec import Spec, colour_at, merged, values_of
from workbench.export.text import paint

__all__ = ["Paths", "bounds", "each", "error_bars", "error_ends", "mark_colours", "num"]


def num(value: float) -> str:
    """A coordinate to a tenth of a pixel, as short as it goes.

    Examples
    --------
    >>> num(12.0), num(0.26)
    ('12', '0.3')
    """
    text = f"{value:.1f}"
    return text.removesuffix(".0")


class Paths:
    """Path pieces gathered by their look, so that a thousand marks become one element."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[str, int], list[str]] = {}

    def add(self, look: str, piece: str, layer: int = 0) -> None:
        """Add a piece of path drawn with the attributes ``look``.

        Pieces of one layer do not darken each other where they overlap; those of two do.
        """
        self._pieces.setdefault((look, layer), []).append(piece)

    def svg(self) -> str:
        """One ``<path>`` a look, in the order in which looks appeared."""
        return "".join(
            f'<path{look} d="{"".join(pieces)}"/>' for (look, _), pieces in self._pieces.items()
        )


def each(value: Any, count: int, default: Any) -> list[Any]:
    """A setting that is one value or one a mark, as one a mark.

    Examples
    --------
    >>> each(3, 2, 0), each([1], 2, 0), each(None, 1, 5)
    ([3, 3], [1, 0], [5])
    """
    if value is None:
        return [default] * count
    if isinstance(value, (list, tuple, dict)):
        found = values_of(value)[:count]
        found = [default if item is None else item for item in found]
        return found + [default] * (count - len(found))
    return [value] * count


def bounds(values: Iterable[Any]) -> tuple[float, float]:
    """The least and the largest finite number; (0, 1) where there is none."""
    found = [float(v) for v in values if isinstance(v, (int, float)) and math.isfinite(v)]
    return (min(found), max(found)) if found else (0.0, 1.0)


def mark_colours(marker: Spec, count: int, default: str, layout: Spec) -> list[str]:
    """The colour of each mark: named, or a number on the trace's colour scale."""
    colours = each(marker.get("color"), count, default)
    numbers = [c for c in colours if isinstance(c, (int, float))]
    if not numbers:
        return [str(colour) for colour in colours]
    scale = merged(layout.get(str(marker.get("coloraxis") or "coloraxis")) or {}, marker)
    low, high = bounds(numbers)
    low, high = float(scale.get("cmin", low)), float(scale.get("cmax", high))
    stops: Sequence[Sequence[Any]] = scale.get("colorscale") or [[0, "#e8f1f8"], [1, "#08345c"]]
    span = (high - low) or 1.0
    return [
        colour_at(stops, (colour - low) / span) if isinstance(colour, (int, float)) else default
        for colour in colours
    ]


def error_ends(spec: Spec | None, values: Sequence[Any]) -> Iterator[tuple[int, float, float]]:
    """The number, the lower and the upper end of each whisker of ``error_x`` or ``error_y``."""
    if not spec or spec.get("visible") is False or spec.get("array") is None:
        return
    plus = each(spec["array"], len(values), 0)
    minus = plus if spec.get("arrayminus") is None else each(spec["arrayminus"], len(values), 0)
    for at, (value, more, less) in enumerate(zip(values, plus, minus, strict=True)):
        if isinstance(value, (int, float)) and math.isfinite(value):
            yield at, value - less, value + more


def error_bars(
    spec: Spec | None,
    values: Sequence[Any],
    points: Sequence[tuple[float, float] | None],
    axis: Any,
) -> str:
    """Whiskers along ``axis`` around ``points`` (pixels), from ``error_x`` or ``error_y``."""
    pieces: list[str] = []
    for at, low, high in error_ends(spec, values):
        ends, point = [axis.place(low), axis.place(high)], points[at]
        if point is None or None in ends:
            continue
        x, y = point
        if axis.letter == "y":
            pieces.append(f"M{num(x)} {num(ends[0])}V{num(ends[1])}")
            pieces += [f"M{num(x - 4)} {num(end)}h8" for end in ends]
        else:
            pieces.append(f"M{num(ends[0])} {num(y)}H{num(ends[1])}")
            pieces += [f"M{num(end)} {num(y - 4)}v8" for end in ends]
    if not pieces:
        return ""
    colour = paint("stroke", str((spec.get("color") if spec else None) or "#57606a"))
    return f'<path fill="none"{colour} stroke-width="1.2" d="{"".join(pieces)}"/>'
