"""A plotly figure as plain values, with its template's settings filled in."""

from __future__ import annotations

import array
import base64
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from workbench.export.text import printable

__all__ = [
    "CONFIG",
    "Spec",
    "colour_at",
    "figure_spec",
    "merged",
    "notes_of",
    "resolve",
    "sub",
    "title_text",
    "values_of",
]

Spec = dict[str, Any]

# The tool bar of every interactive chart: no logo, nothing that selects without an effect.
# Not "responsive": JupyterLab resizes charts itself, and with it a resized window leaves charts
# of 29 pixels' height there (plotly 7.1, JupyterLab 4.6).
CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    }
)
_AXIS_NAME = re.compile(r"[xy]axis\d*$")
# As JSON writes them: control characters (but tab and line ends) and halves of surrogate pairs.
_CONTROLS = re.compile(r"\\u(00(0[0-8bcefBCEF]|1)|[dD][89a-fA-F]|[fF]{3}[eEfF])|\\[bf]")
_TYPES = {"f8": "d", "f4": "f", "i4": "i", "u4": "I", "i2": "h", "u2": "H", "i1": "b", "u1": "B"}


def figure_spec(figure: Any) -> Spec:
    """``data`` and ``layout`` of a figure (or of its JSON) as values that JSON can hold.

    Examples
    --------
    >>> import plotly.graph_objects as go
    >>> figure_spec(go.Figure(go.Bar(y=[1])))["data"]
    [{'y': [1], 'type': 'bar'}]
    """
    if isinstance(figure, Mapping):
        given = cast("Mapping[str, Any]", figure)
        return {"data": list(given.get("data") or []), "layout": dict(given.get("layout") or {})}
    text: str = figure.to_json(validate=False)
    found: Spec = json.loads(text)
    if _CONTROLS.search(text):
        found = _printable(found)
    return {"data": found.get("data") or [], "layout": found.get("layout") or {}}


def _printable(value: Any) -> Any:
    """Text without what XML forbids: JupyterLab's renderer fails on it, and SVG is broken by it."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        pairs = cast("Spec", value)
        return {printable(key): _printable(item) for key, item in pairs.items()}
    if isinstance(value, list):
        return [_printable(item) for item in cast("list[Any]", value)]
    return value


def resolve(spec: Spec) -> tuple[list[Spec], Spec]:
    """The traces and the layout, each laid over what the figure's template says."""
    layout: Spec = dict(spec["layout"])
    template: Spec = layout.pop("template", None) or {}
    below: Spec = dict(template.get("layout") or {})
    axes = {name: below.pop(name, {}) for name in ("xaxis", "yaxis")}
    layout = merged(below, layout)
    traces: list[Spec] = []
    styles: Spec = template.get("data") or {}
    for trace in cast("list[Spec]", spec["data"]):
        kind = str(trace.get("type", "scatter"))
        style = cast("list[Spec]", styles.get(kind) or [{}])
        traces.append(merged(style[0], {**trace, "type": kind}))
        for letter in "xy":
            axis_id = str(trace.get(f"{letter}axis") or letter)
            layout.setdefault(f"{letter}axis{axis_id[1:]}", {})
    for name in [name for name in layout if _AXIS_NAME.match(name)]:
        layout[name] = merged(axes[name[:5]], cast("Spec", layout[name] or {}))
    return traces, layout


def sub(owner: Mapping[str, Any], *keys: str) -> Spec:
    """A mapping within a mapping, empty where there is none.

    Examples
    --------
    >>> sub({"title": {"font": {"size": 9}}}, "title", "font"), sub({"title": "a"}, "title")
    ({'size': 9}, {})
    """
    found: Any = owner
    for key in keys:
        found = cast("Spec", found).get(key)
        if not isinstance(found, dict):
            return {}
    return cast("Spec", found)


def title_text(owner: Spec) -> str:
    """The text of a title that is a string or has a ``text``."""
    title: Any = owner.get("title") or ""
    return title if isinstance(title, str) else str(sub(owner, "title").get("text") or "")


def notes_of(layout: Spec, name: str) -> list[Spec]:
    """The shapes or annotations of a layout that are not hidden."""
    found = cast("list[Spec]", values_of(layout.get(name)))
    return [note for note in found if note.get("visible") is not False]


def merged(below: Spec, above: Spec) -> Spec:
    """``above`` laid over ``below``, mapping by mapping.

    Examples
    --------
    >>> merged({"font": {"size": 1, "color": "red"}}, {"font": {"size": 2}})
    {'font': {'size': 2, 'color': 'red'}}
    """
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            result[key] = merged(cast("Spec", under), cast("Spec", value))
        elif value is not None:
            result[key] = value
    return result


def values_of(value: Any) -> list[Any]:
    """A trace's column as a list; plotly 6 and later may hold numbers as base64.

    Examples
    --------
    >>> values_of({"dtype": "i2", "bdata": "AQACAA=="}), values_of(None)
    ([1, 2], [])
    """
    if value is None:
        return []
    if isinstance(value, Mapping):
        packed = cast("Mapping[str, Any]", value)
        flat = list(array.array(_TYPES[packed["dtype"]], base64.b64decode(packed["bdata"])))
        shape = str(packed.get("shape") or "")
        if "," not in shape:
            return flat
        wide = int(shape.split(",")[1])
        return [flat[at : at + wide] for at in range(0, len(flat), wide)]
    if isinstance(value, (list, tuple)):
        return list(cast("Sequence[Any]", value))
    return [value]


def colour_at(scale: Sequence[Sequence[Any]], share: float) -> str:
    """The colour at a share (0 to 1) of a colour scale of ``#rrggbb`` or ``rgb()`` stops.

    Examples
    --------
    >>> colour_at([[0, "#000000"], [1, "#ffffff"]], 0.5)
    '#808080'
    """
    share = min(1.0, max(0.0, share))
    stops = [(float(place), _rgb(str(colour))) for place, colour in scale]
    for (low, start), (high, end) in itertools.pairwise(stops):
        if share <= high:
            part = (share - low) / (high - low) if high > low else 1.0
            mixed = (round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
            return "#" + "".join(f"{channel:02x}" for channel in mixed)
    return "#" + "".join(f"{channel:02x}" for channel in stops[-1][1])


def _rgb(colour: str) -> tuple[int, int, int]:
    if re.fullmatch("#[0-9a-fA-F]{6}", colour):
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    numbers = [round(float(part)) for part in re.findall(r"[\d.]+", colour)[:3]]
    if len(numbers) != 3:
        return 125, 133, 144
    return numbers[0], numbers[1], numbers[2]
