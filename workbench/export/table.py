"""Tables as plain values, JSON, CSV and Markdown, and cells as people read them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast

import polars as pl

from workbench.model.text import flat, plural

__all__ = [
    "MISSING",
    "cells",
    "csv_frame",
    "markdown_table",
    "plain",
    "plain_rows",
]

MISSING = "–"
_SAFE_INTEGER = 2**53
_PERCENT = re.compile(r"(^|_)(share|share_change|rate_change)$")
_CHANGE = re.compile(r"_change(_|$)")


def plain(value: Any) -> Any:  # noqa: PLR0911  one a type
    r"""``value`` as JSON can hold it without loss that goes unseen.

    NaN and infinities become None, integers beyond 2^53 strings, bytes lower-case hex, times
    ISO 8601; lists and mappings are followed.

    Examples
    --------
    >>> plain([float("nan"), 2**53 + 1, b"\x4b\xf9"])
    [None, '9007199254740993', '4bf9']
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if -_SAFE_INTEGER <= value <= _SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, pl.Series):
        return [plain(item) for item in value.to_list()]
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value)
        return {str(key): plain(item) for key, item in pairs.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in cast("Sequence[Any]", value)]
    return str(value)


def plain_rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON can hold them, see :func:`plain`."""
    names = table.columns
    rows = _exact_times(table).iter_rows()
    return [{name: plain(v) for name, v in zip(names, row, strict=True)} for row in rows]


def csv_frame(table: pl.DataFrame) -> pl.DataFrame:
    """The table as CSV can hold it: nested values as JSON, bytes as hex, durations in seconds."""
    flat_columns: list[pl.Series] = []
    for column in table.get_columns():
        if column.dtype == pl.Binary:
            flat_columns.append(_texts(column, lambda value: cast("bytes", value).hex()))
        elif column.dtype == pl.Duration:  # in seconds, as in JSON
            flat_columns.append(column.dt.total_nanoseconds() / 1e9)
        elif column.dtype.is_nested() or column.dtype == pl.Object:
            flat_columns.append(_texts(column, _json))
        else:
            flat_columns.append(column)
    return pl.DataFrame(flat_columns)


def _texts(column: pl.Series, say: Callable[[Any], str]) -> pl.Series:
    values = [None if value is None else say(value) for value in column.to_list()]
    return pl.Series(column.name, values, dtype=pl.String)


def _json(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def _exact_times(table: pl.DataFrame) -> pl.DataFrame:
    """Times as ISO text before they become Python objects, which would lose nanoseconds."""
    times = [name for name, dtype in table.schema.items() if isinstance(dtype, pl.Datetime)]
    return table.with_columns(pl.col(name).dt.to_string("iso:strict") for name in times)


def cells(column: pl.Series) -> list[str]:
    """A column's values as people read them, all with the same number of decimals.

    A column called ``share`` or ``…_share`` is read as a percentage, and so are changes of a share
    (in points) and of a rate (of what it was); changes carry their sign. What is too small for the
    decimals of its column is said to be below the least of them.

    Examples
    --------
    >>> cells(pl.Series([1234.5678, 2.0, None]))
    ['1,234.6', '2.0', '–']
    >>> cells(pl.Series("error_share_change", [0.046, -0.001, 0.0]))
    ['+4.60 %', '-0.10 %', '0.00 %']
    >>> cells(pl.Series([780.6, 0.019, -0.001]))
    ['780.6', '< 0.1', '> -0.1']
    """
    values = column.to_list()
    if column.dtype.is_float() or column.dtype.is_decimal():
        scale, unit = (100, " %") if _PERCENT.search(column.name) else (1, "")
        sign = "+" if _CHANGE.search(column.name) else ""
        numbers = [None if v is None else float(v) * scale for v in values]
        places = _places(numbers)
        return [MISSING if v is None else f"{_float(v, places, sign)}{unit}" for v in numbers]
    if column.dtype.is_integer():
        return [MISSING if v is None else f"{v:,}" for v in values]
    if isinstance(column.dtype, (pl.Datetime, pl.Duration)):
        return _times(column)
    return [MISSING if value is None else flat(_word(value)) for value in values]


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    simple = plain(value)
    return simple if isinstance(simple, str) else _json(simple)


def _places(values: Sequence[Any]) -> int:
    sizes = [abs(float(v)) for v in values if v is not None and math.isfinite(v) and v]
    if not sizes or all(size == round(size) for size in sizes):
        return 0 if sizes and max(sizes) >= 1000 else 1
    top = max(sizes)
    return 1 if top >= 100 else 2 if top >= 1 else min(15, 2 - math.floor(math.log10(top)))


def _float(value: float, places: int, sign: str) -> str:
    """A number; with ``sign`` "+", one that is above zero says so."""
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else (f"{sign}∞" if value > 0 else "-∞")
    text = f"{value:{sign if value else ''},.{places}f}"
    if value == 0 or float(text.replace(",", "")):
        return text
    # A value too small for the column's decimals must not read as zero.
    least = 10.0**-places
    return f"< {least:{sign}.{places}f}" if value > 0 else f"> {-least:.{places}f}"


def _times(column: pl.Series) -> list[str]:
    if isinstance(column.dtype, pl.Duration):
        return [MISSING if v is None else str(v) for v in column.to_list()]
    texts = column.dt.strftime("%Y-%m-%d %H:%M:%S%.9f").to_list()
    name = getattr(column.dtype, "time_zone", None)
    zones = ["Z" if name == "UTC" else ""] * len(texts)
    if name not in {None, "UTC"}:
        zones = column.dt.strftime("%:z").to_list()
    spare = min((len(t) - len(t.rstrip("0")) for t in texts if t), default=0)
    # Milliseconds, microseconds or nanoseconds, whichever the column needs.
    cut = {0: 0, 1: 0, 2: 0}.get(spare, 10 if spare >= 9 else spare // 3 * 3)
    return [
        MISSING if t is None else t[: len(t) - cut] + zone
        for t, zone in zip(texts, zones, strict=True)
    ]


def markdown_table(table: pl.DataFrame, *, rows: int = 1000) -> str:
    r"""The table in GitHub's Markdown.

    Examples
    --------
    >>> print(markdown_table(pl.DataFrame({"name": ["a|b"], "n": [3]})))
    | name | n |
    | --- | ---: |
    | a\|b | 3 |
    """
    head = table.head(rows)
    names = [_markdown_cell(name) for name in head.columns]
    marks = ["---:" if head[name].dtype.is_numeric() else "---" for name in head.columns]
    columns = [[_markdown_cell(text) for text in cells(head[name])] for name in head.columns]
    lines = [names, marks, *(list(row) for row in zip(*columns, strict=True))]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    if table.height > rows:
        text += f"\n\n… {plural(table.height - rows, 'more row')}"
    return text


def _markdown_cell(text: str) -> str:
    safe = flat(text).replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    for mark in "|*_`[]":
        safe = safe.replace(mark, "\\" + mark)
    return safe
