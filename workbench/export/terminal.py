"""Tables for a terminal: aligned, and with what matters when the line is short."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from workbench.export.table import MISSING, cells
from workbench.model.text import apart, columns_of, flat, plural

__all__ = ["terminal_width", "text_table", "tree_table"]

_GAP = "  "
_LEAST, _NO_LIMIT = 12, 10**9
_BASELINE = "baseline_"
# Beside a baseline: how soon columns are left out, from the last to the first.
_HEADLINES, _REST, _MINOR, _BESIDES, _BASELINES = range(1, 6)
_HEADLINE = ("requests", "spans", "error_share", "p95_ms")
# Of a waterfall: what stands first, and how many levels are indented.
_TREE = ("service", "name", "offset_ms", "duration_ms", "self_ms", "status")
_DEEPEST = 12
_PERCENTILE = re.compile(r"p\d+_ms")
# One long word with a digit in it: whoever sees an id wants to copy it.
_ID = re.compile(r"(?=.*\d)[\w-]{16,64}")
_TIME = re.compile(r"(?P<date>[\d-]{10}) (?P<clock>[\d:.]+)(?P<zone>Z|[+-][\d:]+)?")


@dataclass(frozen=True)
class _Column:
    """What a column would print.

    ``width`` is what it would like, ``least`` what it can do with; ``date`` is what every time in
    it shares and its cells leave out.
    """

    name: str
    texts: tuple[str, ...]
    right: bool
    width: int
    least: int
    date: str = ""

    @property
    def is_alike(self) -> bool:
        """Whether every row says the same."""
        return len(self.texts) > 1 and len(set(self.texts)) == 1

    @property
    def is_baseline(self) -> bool:
        return self.name.startswith(_BASELINE)


def terminal_width() -> int:
    """The width to lay tables out for, at least 40; 0, without a limit, where no terminal is."""
    columns = shutil.get_terminal_size((0, 0)).columns
    return max(40, columns) if columns else 0


def text_table(table: pl.DataFrame, *, rows: int = 20, width: int = 120, whole: str = "") -> str:
    """The table for a terminal; what it leaves out is named below it.

    Times whose date is the same in every row say it once, below. Where the line is short, ids stay
    whole, other text takes the room that is left and is cut where it can still be told apart, and
    columns are left out in this order: a baseline's,
    those that say the same in every row, percentiles other than the 95th, the last. Beside a
    baseline the headline comes first, each measure followed by its change.

    Parameters
    ----------
    table
        What is shown.
    rows, width
        How many rows, and how many letters a line, at most; a width of 0 has no limit.
    whole
        How to see what is left out.

    Examples
    --------
    >>> print(text_table(pl.DataFrame({"service": ["api", "gateway"], "p95_ms": [12.5, 1300.0]})))
    service   p95_ms
    ───────  ───────
    api         12.5
    gateway  1,300.0
    """
    if not table.width:
        return "(no columns)"
    head = table.head(rows)
    columns = [_column(head[name], width) for name in head.columns]
    shown = _squeezed(_fitting(columns, width), width) if width else _fitting(columns, _NO_LIMIT)
    lines = [
        _line(shown, [column.name for column in shown]),
        _GAP.join("─" * column.width for column in shown),
        *(_line(shown, row) for row in zip(*(column.texts for column in shown), strict=True)),
    ]
    if not table.height:
        lines.append("(no rows)")
    names = {column.name for column in shown}
    hidden = [column for column in columns if column.name not in names]
    wrapper = textwrap.TextWrapper(
        width or 120, subsequent_indent="  ", max_lines=4, placeholder=" …", break_on_hyphens=False
    )
    for note in _notes(shown, hidden, table.height - head.height, whole):
        lines += wrapper.wrap(note)
    return "\n".join(lines)


def tree_table(spans: pl.DataFrame) -> pl.DataFrame:
    """The rows of a waterfall for `text_table`: names indented by depth, their times beside them.

    Examples
    --------
    >>> spans = {"depth": [0, 1], "name": ["GET /", "query"], "duration_ms": [9.0, 4.0]}
    >>> print(text_table(tree_table(pl.DataFrame(spans))))
    name     duration_ms  depth
    ───────  ───────────  ─────
    GET /            9.0      0
      query          4.0      1
    """
    indent = pl.lit("  ").repeat_by(pl.col("depth").clip(0, _DEEPEST)).list.join("")
    first = [name for name in _TREE if name in spans.columns]
    last = [name for name in ("position", "depth") if name in spans.columns]
    return spans.select(*first, pl.exclude(*first, *last), *last).with_columns(
        name=indent + pl.col("name")
    )


def _column(series: pl.Series, limit: int) -> _Column:
    name = flat(series.name, limit)
    texts = apart(cells(series), limit)
    date = ""
    if isinstance(series.dtype, pl.Datetime):
        texts, date = _without_date(texts)
    width = max(map(columns_of, [name, *texts]))
    is_text = not (series.dtype.is_numeric() or series.dtype.is_temporal())
    if is_text and not all(text == MISSING or _ID.fullmatch(text) for text in texts):
        least = max(columns_of(name), _least(texts, width, limit))
    else:
        least = width
    return _Column(name, tuple(texts), series.dtype.is_numeric(), width, least, date)


def _least(texts: Sequence[str], width: int, limit: int) -> int:
    """The least width for names: a fair part of the line, and enough to tell them apart."""
    several = len(set(texts))
    indent = max((len(text) - len(text.lstrip()) for text in texts), default=0)
    fair = min(width, max(_LEAST, limit // 5) + indent)
    apart_at = (w for w in range(fair, width) if len(set(apart(texts, w))) == several)
    return next(apart_at, width)


def _without_date(texts: list[str]) -> tuple[list[str], str]:
    """Times of day, and the date with its zone, if every row shares these."""
    times = [_TIME.fullmatch(text) for text in texts if text != MISSING]
    dates = {f"{time['date']} {time['zone'] or ''}" if time else "" for time in times}
    if len(times) < 2 or len(dates) != 1 or "" in dates:
        return texts, ""
    clocks = [text if text == MISSING else _TIME.sub(r"\g<clock>", text) for text in texts]
    return clocks, dates.pop().replace(" Z", " UTC").rstrip()


def _fitting(columns: Sequence[_Column], limit: int) -> list[_Column]:
    """The columns there is room for, in the order to show them."""
    ordered, ranks = _compared(columns)

    def need(column: _Column) -> int:
        return _BESIDES if column.is_alike and not column.is_baseline else ranks[column.name]

    left = limit + len(_GAP)
    chosen: set[str] = set()
    for column in sorted(ordered, key=need):
        left -= column.least + len(_GAP)
        if left < 0 and chosen:
            break
        chosen.add(column.name)
    return [column for column in ordered if column.name in chosen]


def _compared(columns: Sequence[_Column]) -> tuple[list[_Column], dict[str, int]]:
    """The columns in the order to show them, and how soon each may go: the highest first.

    Where a baseline is beside them, each measure is followed by its change; the count, the shares
    of errors and the 95th percentile come first, and the baseline's own values last.
    """
    names = [column.name for column in columns]
    both = [at for at, name in enumerate(names) if f"{_BASELINE}{name}" in names]
    places: dict[str, tuple[int, int, bool]] = {}
    for at, name in enumerate(names):
        if not both or at < both[0]:
            places[name] = (0, at, False)
        elif name.startswith(_BASELINE):
            places[name] = (_BASELINES, at, False)
        else:
            measure, is_change = _measure(name, names)
            places[name] = (_rank(measure), names.index(measure), is_change)
    ordered = sorted(columns, key=lambda column: places[column.name])
    return ordered, {name: rank for name, (rank, _, _) in places.items()}


def _measure(name: str, names: Sequence[str]) -> tuple[str, bool]:
    """Whose change a column is, or its own name: ``p95_change_ms`` is that of ``p95_ms``."""
    head, found, tail = name.partition("_change")
    if not found:
        return name, False
    whose = [other for other in names if other != name and other.startswith(f"{head}_")]
    return (head + tail if head + tail in names else (whose or [name])[0]), True


def _rank(measure: str) -> int:
    """How soon a measure and its change may go: the headline's last, other percentiles' first."""
    if measure in _HEADLINE:
        return _HEADLINES
    return _MINOR if _PERCENTILE.fullmatch(measure) else _REST


def _squeezed(columns: Sequence[_Column], limit: int) -> list[_Column]:
    """Take width from the widest columns that can spare some until the line fits."""
    widths = [column.width for column in columns]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > limit:
        able = [at for at, column in enumerate(columns) if widths[at] > column.least]
        if not able:
            break
        widths[max(able, key=lambda at: widths[at])] -= 1
    return [
        replace(column, width=width, texts=tuple(apart(column.texts, width)))
        for column, width in zip(columns, widths, strict=True)
    ]


def _line(columns: Sequence[_Column], texts: Sequence[str]) -> str:
    parts: list[str] = []
    for column, full in zip(columns, texts, strict=True):
        text = flat(full, column.width)
        gap = " " * (column.width - columns_of(text))
        parts.append(gap + text if column.right else text + gap)
    return _GAP.join(parts).rstrip()


def _notes(
    shown: Sequence[_Column], hidden: Sequence[_Column], more_rows: int, whole: str
) -> list[str]:
    """What the table does not say itself."""
    notes = [
        f"{', '.join(column.name for column in shown if column.date == date)}: {date}"
        for date in dict.fromkeys(column.date for column in shown if column.date)
    ]
    alike = [column for column in hidden if column.is_alike and column.texts[0] != MISSING]
    if alike:
        said = ", ".join(f"{column.name} {column.texts[0]}" for column in alike)
        notes.append(f"… the same in every row above: {said}")
    if more_rows:
        notes.append(f"… {plural(more_rows, 'more row')}")
    others = [column.name for column in hidden if column not in alike]
    if others:
        notes.append(f"… {plural(len(others), 'more column')}: {', '.join(others)}")
    if (others or more_rows) and whole:
        notes.append(f"… for all of it: {whole}{', or a wider terminal' if others else ''}")
    return notes
