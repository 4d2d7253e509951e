"""The one place of colours, fonts, margins, axes and number formats of every chart.

A chart takes its empty figure from :func:`figure`, its axes from :func:`axis` and
:func:`time_axis`, its colours from the roles below, and its words from :func:`label`. The text
colour ``INK`` reads on white and on JupyterLab's dark ground alike (contrast 4.2 and 4.5 to 1),
and the background is transparent; where the ground is known (an exported page, an image) the
exporter replaces the two inks, and colours too dark for a dark ground, by stronger ones with
:func:`recolour`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from workbench.charts.formats import (
    Scaled,
    format_bytes,
    format_duration,
    format_number,
    format_share,
    label,
    scale_durations,
)
from workbench.model.text import flat, plural

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "BASELINE",
    "CRITICAL",
    "ERROR",
    "FONT",
    "GRID",
    "GROUNDS",
    "HEAT",
    "INK",
    "INK_SOFT",
    "LINE",
    "NEUTRAL",
    "OK",
    "SERIES",
    "SERVICES",
    "WARNING",
    "WINDOW",
    "Scaled",
    "add_caveats",
    "axis",
    "empty_figure",
    "fade",
    "figure",
    "format_bytes",
    "format_duration",
    "format_number",
    "format_share",
    "label",
    "recolour",
    "row_height",
    "scale_durations",
    "second_axis",
    "service_colours",
    "time_axis",
]

# Roles. Okabe and Ito's palette, whose colours stay apart for the three kinds of colour
# blindness; red beside green is never used to mean bad beside good.
WINDOW = "#0072b2"  # the intervals asked about
BASELINE = "#929ba6"  # what they are compared with
ERROR = "#d55e00"
WARNING = "#e69f00"
OK = "#009e73"
NEUTRAL = "#7d8894"  # anything without a meaning of its own
CRITICAL = "#b0307f"  # the critical path of a trace

SERVICES = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#7a5bc7",
    "#a6a12f",
    "#8a5a3b",
)
# For series that are not services, for example percentiles: light to dark of one hue.
SERIES = ("#8cc4e8", "#56b4e9", "#0072b2", "#7a5bc7", "#b0307f")
# Low to high: reads on both grounds, and lightness falls evenly (also in grey print).
HEAT = [
    [0.0, "#e8f1f8"],
    [0.25, "#9ecae8"],
    [0.5, "#4a9ed1"],
    [0.75, "#0f6aa8"],
    [1.0, "#08345c"],
]

INK = "#767d87"
INK_SOFT = "#7a818b"
GRID = "rgba(125,133,144,0.24)"
LINE = "rgba(125,133,144,0.65)"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
WIDTH, HEIGHT = 960, 420
TOP, LINE_HEIGHT, LEGEND = 44, 20, 24
# In a line under the title.
_LETTERS = 118

GROUNDS: Mapping[str, Mapping[str, str]] = {
    "light": {INK: "#1f2630", INK_SOFT: "#57606a"},
    "dark": {INK: "#e3e7ec", INK_SOFT: "#a3acb7", WINDOW: "#4aa3e0", ERROR: "#f5803e"},
}


def figure(
    title: str,
    *,
    subtitle: str = "",
    height: int = HEIGHT,
    legend_at: str = "top",
    axis_on_top: bool = False,
) -> go.Figure:
    """An empty figure in the house style.

    Parameters
    ----------
    title, subtitle
        Plain text; both are escaped here.
    height
        In pixels, see :func:`row_height` for one that grows with the rows. Not to be changed
        later: the legend's place is reckoned from it.
    legend_at
        ``"top"`` (a line under the title), ``"right"`` (a column) or ``"none"``.
    axis_on_top
        Leave room for the labels and the title of an x axis with ``side="top"``.

    Examples
    --------
    >>> figure("Latency by service").layout.height
    420
    """
    import plotly.graph_objects as go

    lines = [f"<b>{label(title, 84)}</b>"] if title else []
    lines += [_small(line, INK_SOFT) for line in _parts(subtitle)]
    head = TOP + LINE_HEIGHT * max(0, len(lines) - 1)
    room = (LEGEND if legend_at == "top" else 0) + (44 if axis_on_top else 0)
    # Given at construction: set later, it would be merged into plotly's own template.
    fig: Any = go.Figure(layout={"template": _TEMPLATE})
    fig.update_layout(
        height=height,
        font={"family": FONT, "size": 12, "color": INK_SOFT},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 64, "r": 24, "t": head + room, "b": 48},
        hoverlabel={"font": {"family": FONT, "size": 12}, "align": "left", "namelength": -1},
        hovermode="closest",
        bargap=0.28,
        legend=_legend(legend_at, 1 - (head - 14) / height),
        showlegend=None if legend_at != "none" else False,
        # Plotly reckons its own ground from ours, which is transparent, and gets a grey box.
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": INK_SOFT, "activecolor": INK},
        separators=".,",
        autotypenumbers="strict",
        title={
            "text": "<br>".join(lines),
            "font": {"size": 15, "color": INK, "family": FONT},
            "pad": _title_pad(len(lines)),
            **_CORNER,
        },
    )
    return cast("go.Figure", fig)


_AXIS: dict[str, Any] = {
    "gridcolor": GRID,
    "linecolor": LINE,
    "tickcolor": LINE,
    "zeroline": False,
    "showline": True,
    "ticks": "outside",
    "ticklen": 4,
    "automargin": True,
    "exponentformat": "SI",
    "separatethousands": True,
    "tickfont": {"color": INK_SOFT, "size": 11},
    "title": {"standoff": 10, "font": {"color": INK_SOFT, "size": 12}},
}
_CORNER: dict[str, Any] = {
    "x": 0,
    "xref": "container",
    "xanchor": "left",
    "y": 1,
    "yref": "container",
    "yanchor": "top",
}
_WHISKERS = {"error_x": {"color": INK_SOFT}, "error_y": {"color": INK_SOFT}}
_TEMPLATE: dict[str, Any] = {
    "data": {"bar": [_WHISKERS]},
    "layout": {
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "colorway": list(SERVICES),
        "annotationdefaults": {
            "font": {"size": 12, "color": INK_SOFT},
            "arrowcolor": INK_SOFT,
            "arrowhead": 2,
            "arrowwidth": 1.2,
        },
    },
}


def axis(title: str, unit: str = "", **more: Any) -> dict[str, Any]:
    """Settings of a value axis, its unit in the title.

    Examples
    --------
    >>> axis("Duration", "ms", rangemode="tozero")["title"]["text"]
    'Duration (ms)'
    """
    text = f"{label(title)} ({label(unit)})" if unit else label(title)
    return {"title": {"text": text}, **more}


def time_axis(title: str = "Time", zone: str = "UTC", **more: Any) -> dict[str, Any]:
    """Settings of a time axis; the zone is always named.

    Examples
    --------
    >>> time_axis(zone="Europe/Berlin")["title"]["text"]
    'Time (Europe/Berlin)'
    """
    return {**axis(title, zone), "type": "date", "hoverformat": "%Y-%m-%d %H:%M:%S.%L", **more}


def second_axis(title: str, unit: str = "", *, over: str = "y", **more: Any) -> dict[str, Any]:
    """Settings of a value axis at the right, laid over another."""
    # Plotly 7 would borrow the other axis's grid and print odd numbers: tickmode says no.
    told = {"overlaying": over, "side": "right", "showgrid": False, "tickmode": "auto"}
    return {**axis(title, unit), **told, **more}


def _legend(at: str, top: float) -> dict[str, Any]:
    base: dict[str, Any] = {
        "font": {"size": 11, "color": INK_SOFT},
        "bgcolor": "rgba(0,0,0,0)",
        "itemsizing": "constant",
        "traceorder": "normal",
    }
    if at == "right":
        return {**base, "orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"}
    place = {"x": 0, "xanchor": "left", "y": top, "yanchor": "top", "yref": "container"}
    return {**base, "orientation": "h", **place}


def empty_figure(message: str, title: str = "") -> go.Figure:
    """The picture of an answer without rows: the message, where the marks would be."""
    fig: Any = figure(title, height=220, legend_at="none")
    hidden = {"visible": False, "range": [0, 1]}
    fig.update_layout(xaxis=hidden, yaxis=hidden)
    fig.add_annotation(
        text="<br>".join(label(line, 0) for line in _wrap(message, 78)),
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        font={"size": 14, "color": INK},
    )
    return cast("go.Figure", fig)


def add_caveats(fig: go.Figure, caveats: Sequence[str]) -> go.Figure:
    """Write the caveats under the figure's title, at most three; returns the figure.

    A caveat must travel with the picture, since the picture is what gets pasted elsewhere.
    """
    if not caveats:
        return fig
    bare: Any = fig
    shown = [_small(f"▲ {flat(text, _LETTERS)}", WARNING) for text in caveats[:3]]
    if len(caveats) > 3:
        shown.append(_small(f"▲ {plural(len(caveats) - 3, 'more caveat')}", WARNING))
    more = LINE_HEIGHT * len(shown)
    lines = [line for line in str(bare.layout.title.text or "").split("<br>") if line] + shown
    bare.update_layout(title_text="<br>".join(lines), margin_t=bare.layout.margin.t + more)
    bare.update_layout(title_pad=_title_pad(len(lines)))
    if bare.layout.legend.yref == "container":
        bare.layout.legend.y -= more / (bare.layout.height or HEIGHT)
    return fig


def service_colours(names: Iterable[str | None]) -> dict[str | None, str]:
    """A colour for every name, the same whatever the order of the rows.

    Each name has a preferred colour, drawn from a hash of the name, so that a service keeps its
    colour from chart to chart; where two prefer the same one, the alphabetically later moves to
    the next that is free. With more names than colours, colours repeat.

    Examples
    --------
    >>> service_colours(["b", "a"]) == service_colours(["a", "b", "a"])
    True
    """
    count = len(SERVICES)
    unique = sorted({name for name in names if name is not None})
    taken: list[int] = []
    colours: dict[str | None, str] = {None: NEUTRAL}
    for position, name in enumerate(unique):
        if position % count == 0:
            taken.clear()
        slot = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=4).digest()[0] % count
        while slot in taken:
            slot = (slot + 1) % count
        taken.append(slot)
        colours[name] = SERVICES[slot]
    return colours


def fade(colour: str, share: float) -> str:
    """``#rrggbb`` with an opacity.

    Examples
    --------
    >>> fade("#0072b2", 0.3)
    'rgba(0,114,178,0.3)'
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"


def row_height(rows: int, *, each: int = 24, least: int = 220, most: int = 1400) -> int:
    """The height of a figure with one bar a row: room for each, within bounds.

    Examples
    --------
    >>> row_height(3), row_height(20), row_height(3000)
    (220, 612, 1400)
    """
    return max(least, min(most, 132 + rows * each))


def recolour(value: Any, ground: Literal["light", "dark"]) -> Any:
    """A copy of a figure's JSON whose inks and lines suit a ground that is known."""
    return _replace(value, GROUNDS[ground])


def _replace(value: Any, inks: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for ink, better in inks.items():
            if ink in value:
                value = value.replace(ink, better)
        return value
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        return {key: _replace(inner, inks) for key, inner in found.items()}
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        return [_replace(inner, inks) for inner in items]
    return value


def _small(text: str, colour: str) -> str:
    return f'<span style="font-size:12px;color:{colour}">{label(text, 130)}</span>'


def _parts(text: str) -> list[str]:
    """A subtitle in lines that a figure has room for, broken between its parts."""
    lines: list[str] = []
    for part in text.split(" · ") if text else []:
        if lines and len(lines[-1]) + len(part) < _LETTERS:
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    return lines


def _title_pad(lines: int) -> dict[str, int]:
    # Plotly hangs one line from its top but several from the first one's base line.
    return {"l": 14, "t": 12 if lines < 2 else 23}


def _wrap(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [""]
