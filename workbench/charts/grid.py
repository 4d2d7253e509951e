"""Small multiples: a row of plots for each group, a column for each measure."""

from __future__ import annotations

import html
import itertools
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.answer import Answer
from workbench.charts import theme
from workbench.model.text import apart, plural

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "Grid",
    "clock",
    "compared",
    "framed",
    "group_names",
    "intervals",
    "left_labels",
    "nothing",
    "row_names",
    "rows_of",
    "time_of",
    "zone_of",
]

_GAP_X, _GAP_ROW, _ROW, _FOOT = 0.055, 22, 96, 56
# Letters in a line of a row's name, and how many lines the row has room for.
_LINE, _LINES = 22, 5


class Grid:
    """Axes of ``rows`` x ``columns`` plots that share one axis of time.

    Parameters
    ----------
    titles
        What each column measures, with its unit.
    rows
        What each row is called; safe for plotly, lines parted by ``<br>``.
    """

    def __init__(self, titles: Sequence[str], rows: Sequence[str]) -> None:
        self.titles = tuple(titles)
        self.rows = tuple(rows)
        self.height_px = len(rows) * (_ROW + _GAP_ROW)
        # Room for the longest line, bold, and for the numbers of the first axis.
        longest = max((_letters(line) for name in rows for line in name.split("<br>")), default=0)
        self.label_px = max(130, 60 + round(7.6 * longest))

    def figure(self, title: str, subtitle: str, caveats: Sequence[str]) -> go.Figure:
        """A figure with room for the grid."""
        fig = framed(title, subtitle, caveats, self.height_px, above=20, below=_FOOT)
        bare: Any = fig
        bare.update_layout(margin_l=self.label_px, legend={"x": 1, "xanchor": "right"})
        return fig

    def add_line(
        self,
        fig: go.Figure,
        place: tuple[int, int],
        points: Mapping[str, Sequence[Any]],
        *,
        name: str,
        colour: str,
        fill: bool,
        legend: bool,
    ) -> None:
        """Draw a measure over time at (row, column); ``points`` holds x, y and n for the hover."""
        import plotly.graph_objects as go

        bare: Any = fig
        if fill:
            x, y = _area(points["x"], points["y"])
            bare.add_trace(
                go.Scatter(
                    x=x,
                    y=y,
                    mode="none",
                    fill="toself",
                    fillcolor=theme.fade(colour, 0.14),
                    legendgroup=name,
                    showlegend=False,
                    hoverinfo="skip",
                    **self.axes(*place),
                )
            )
        bare.add_trace(
            go.Scatter(
                x=points["x"],
                y=points["y"],
                mode="lines+markers",
                marker={"size": 3.5},
                line={"color": colour, "width": 1.8},
                name=name,
                legendgroup=name,
                showlegend=legend,
                customdata=points["n"],
                hovertemplate="%{x}<br>" + name + ": %{y:.3~g}<br>n = %{customdata}<extra></extra>",
                **self.axes(*place),
            )
        )

    def add_level(
        self,
        fig: go.Figure,
        place: tuple[int, int],
        times: Sequence[Any],
        value: float | None,
        *,
        name: str,
        legend: str | None,
    ) -> None:
        """Draw the baseline's value as a dashed line across the plot."""
        import plotly.graph_objects as go

        if value is None or not times:
            return
        bare: Any = fig
        bare.add_trace(
            go.Scatter(
                x=[times[0], times[-1]],
                y=[value, value],
                mode="lines",
                line={"color": theme.BASELINE, "width": 1.5, "dash": "dash"},
                name=legend or "baseline",
                legendgroup="baseline",
                showlegend=legend is not None,
                hovertemplate=f"baseline {name}: %{{y:.3~g}}<extra></extra>",
                **self.axes(*place),
            )
        )

    def axes(self, row: int, column: int) -> dict[str, str]:
        """Which axes a trace of this plot lies on."""
        number = row * len(self.titles) + column + 1
        suffix = "" if number == 1 else str(number)
        return {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}

    def lay_out(
        self, fig: go.Figure, time: Mapping[str, Any], y_axes: Sequence[dict[str, Any]]
    ) -> None:
        """Place the axes, the names of the rows and the titles of the columns.

        ``time`` is the axis of time, from `time_of`; ``y_axes`` holds further settings of the
        value axis of each column.
        """
        bare: Any = fig
        for row, name in enumerate(self.rows):
            top, bottom = self._band(row)
            for column, more in enumerate(y_axes):
                self._place_axes(bare, (row, column), time, {**more, "domain": (bottom, top)})
            bare.add_annotation(
                text=name,
                x=0,
                xshift=14 - self.label_px,
                y=(top + bottom) / 2,
                xref="paper",
                yref="paper",
                xanchor="left",
                yanchor="middle",
                align="left",
                showarrow=False,
                font={"size": 12, "color": theme.INK},
            )
        for column, title in enumerate(self.titles):
            bare.add_annotation(
                text=theme.label(title),
                x=self._span(column)[0],
                y=1,
                yshift=16,
                xref="paper",
                yref="paper",
                xanchor="left",
                showarrow=False,
                font={"size": 12, "color": theme.INK},
            )

    def _place_axes(
        self, fig: Any, place: tuple[int, int], time: Mapping[str, Any], more: Mapping[str, Any]
    ) -> None:
        row, column = place
        names = self.axes(row, column)
        x, y = names["xaxis"], names["yaxis"]
        last = row == len(self.rows) - 1
        bare = {} if last else {"title": None, "showticklabels": False}
        settings = {**time, **bare, "domain": self._span(column), "anchor": y, "matches": "x"}
        if x == "x":
            del settings["matches"]
        # Plain numbers in the unit of the title: no 300µ beside 0.0005.
        plain = {"rangemode": "tozero", "nticks": 4, "exponentformat": "none"}
        value = {**plain, **more, "anchor": x}
        fig.update_layout({"xaxis" + x[1:]: settings, "yaxis" + y[1:]: value})

    def _span(self, column: int) -> list[float]:
        width = (1 - _GAP_X * (len(self.titles) - 1)) / len(self.titles)
        return [column * (width + _GAP_X), column * (width + _GAP_X) + width]

    def _band(self, row: int) -> tuple[float, float]:
        """Top and bottom of a row as shares of the plot's height."""
        each = 1 / len(self.rows)
        return 1 - row * each, 1 - (row + 1) * each + each * _GAP_ROW / (_ROW + _GAP_ROW)


def _area(x: Sequence[Any], y: Sequence[float | None]) -> tuple[list[Any], list[float | None]]:
    """The outlines of the areas between a line and zero, one a stretch without a hole.

    Plotly's own fill to zero runs straight across holes.
    """
    outline_x: list[Any] = []
    outline_y: list[float | None] = []
    points = zip(x, y, strict=True)
    for is_hole, stretch in itertools.groupby(points, key=lambda point: point[1] is None):
        if not is_hole:
            times, values = zip(*stretch, strict=True)
            outline_x += [times[0], *times, times[-1], None]
            outline_y += [0.0, *values, 0.0, None]
    return outline_x, outline_y


def framed(
    title: str,
    subtitle: str,
    caveats: Sequence[str],
    inner_px: float,
    *,
    above: int = 0,
    below: int = 56,
) -> go.Figure:
    """A figure whose plot is ``inner_px`` high, however many lines stand over it."""
    trial: Any = theme.add_caveats(theme.figure(title, subtitle=subtitle), caveats)
    top = int(trial.layout.margin.t) + above
    fig = theme.figure(title, subtitle=subtitle, height=round(top + inner_px + below))
    bare: Any = theme.add_caveats(fig, caveats)
    bare.update_layout(margin={"t": top, "b": below})
    return fig


def intervals(label: str) -> str:
    """The intervals of a window as people write them.

    Examples
    --------
    >>> intervals("2026-11-12T14:05:00+00:00/2026-11-12T14:24:00+00:00")
    '2026-11-12 14:05 to 14:24 UTC'
    >>> intervals("2026-11-11T23:50:30+01:00/2026-11-12T00:10:00+01:00")
    '2026-11-11 23:50:30 to 2026-11-12 00:10 +01:00'
    """
    parts = label.split(",")
    shown = [_interval(part) for part in parts[:2]]
    more = [plural(len(parts) - 2, "more interval")] if len(parts) > 2 else []
    return ", ".join([*shown, *more])


def _interval(text: str) -> str:
    start, end = (datetime.fromisoformat(part) for part in text.split("/"))
    same_day = start.date() == end.date()
    offset = f"{end:%z}"
    zone = "UTC" if end.utcoffset() == timedelta(0) else f"{offset[:3]}:{offset[3:]}"
    day = "" if same_day else f"{end:%Y-%m-%d} "
    return f"{start:%Y-%m-%d} {_clock(start)} to {day}{_clock(end)} {zone}"


def _clock(time: datetime) -> str:
    if time.microsecond:
        return f"{time:%H:%M:%S.%f}"[:-3]
    return f"{time:%H:%M:%S}" if time.second else f"{time:%H:%M}"


def compared(answer: Answer, baseline: str, left_out: str) -> str:
    """The line under the title: the window, its baseline, how that looks, and what is left out."""
    parts = [intervals(answer.window)]
    if answer.baseline is not None:
        parts.append(f"{baseline}: baseline {intervals(answer.baseline)}")
    return " · ".join([*parts, left_out] if left_out else parts)


def rows_of(table: pl.DataFrame, group: Mapping[str, Any], by: Sequence[str]) -> pl.DataFrame:
    """The rows of one group, whose values may be null."""
    return table.filter(*(pl.col(name).eq_missing(pl.lit(group[name])) for name in by))


def nothing(title: str, caveats: Sequence[str]) -> go.Figure:
    """The picture of an answer without rows, whose last caveat says why."""
    reason = caveats[-1] if caveats else "No rows."
    return theme.add_caveats(theme.empty_figure(reason, title), caveats[:-1])


def left_labels(fig: go.Figure, texts: Sequence[str], rows: Sequence[float], head: str) -> None:
    """Names of rows, aligned on the left in a margin that holds the longest, under a heading.

    The texts hold no tags, so that their length says how wide they are.
    """
    longest = max((len(text) for text in [*texts, head]), default=0)
    width = min(420, 34 + round(6.3 * longest))
    bare: Any = fig
    bare.update_layout(margin_l=width, yaxis={"showticklabels": False, "ticks": ""})
    look = {
        "x": 0,
        "xshift": 14 - width,
        "xref": "paper",
        "xanchor": "left",
        "align": "left",
        "showarrow": False,
        "font": {"size": 11, "color": theme.INK_SOFT},
    }
    for text, row in zip(texts, rows, strict=True):
        bare.add_annotation(text=text, y=row, yref="y", yanchor="middle", **look)
    if head:
        bare.add_annotation(text=head, y=1, yref="paper", yanchor="bottom", yshift=3, **look)


def group_names(table: pl.DataFrame, by: Sequence[str], limit: int) -> list[list[str]]:
    """The values that name each group, at most ``limit`` characters each; not yet safe."""
    texts = [["–" if value is None else str(value) for value in table[name]] for name in by]
    columns = [apart(values, limit) for values in texts]
    return [list(values) for values in zip(*columns, strict=True)]


def row_names(table: pl.DataFrame, by: Sequence[str], count: str) -> list[str]:
    """What the rows of a grid are called: each value in as many lines as there is room, then n."""
    soft = f'<span style="font-size:11px;color:{theme.INK_SOFT}">'
    named = by[:_LINES]
    lines = _LINES // len(named)
    names = group_names(table, named, _LINE * lines)
    counts = table[count].to_list()
    return [
        f"<b>{'<br>'.join(line for value in values for line in _lines(value, lines))}</b>"
        f"<br>{soft}n = {number:,}</span>"
        for values, number in zip(names, counts, strict=True)
    ]


def _lines(text: str, most: int) -> list[str]:
    """The text in lines, broken at its hyphens if they are few enough then; safe for plotly."""
    lines = textwrap.wrap(text, _LINE) or [""]
    if len(lines) > most:
        lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return [theme.label(line, 0) for line in lines]


def _letters(line: str) -> int:
    return len(html.unescape(re.sub("<[^>]*>", "", line)))


def time_of(window: str, times: pl.Series) -> dict[str, Any]:
    """The axis of time from the first bucket in ``times`` to the end of the window."""
    ends = [datetime.fromisoformat(part.split("/")[1]) for part in window.split(",")]
    last = max(ends).replace(tzinfo=None)
    first = min(times.to_list()).replace(tzinfo=None)
    # Times with seconds are wide: few of them, and those at the ends stand inside.
    short = last - first < timedelta(minutes=5)
    pad = (last - first) * (0.13 if short else 0.02)
    return theme.time_axis(
        "Time",
        zone_of(times),
        range=[f"{moment:%Y-%m-%d %H:%M:%S.%f}" for moment in (first - pad, last + pad)],
        nticks=3 if short else 5,
        tickangle=0,
    )


def clock(times: pl.Series) -> list[str | None]:
    """Times as plotly reads them, on the clock of the column's own zone."""
    return times.dt.replace_time_zone(None).dt.strftime("%Y-%m-%d %H:%M:%S.%3f").to_list()


def zone_of(times: pl.Series) -> str:
    """The zone in which a column's times are shown."""
    return str(getattr(times.dtype, "time_zone", None) or "UTC")
