"""A part of a store to ask about: intervals of time, and perhaps a condition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workbench.errors import QueryError, UnknownNameError, WindowError, check_type
from workbench.model.times import format_ns, parse_duration, parse_time
from workbench.statement import (
    NEEDS,
    TABLES,
    Result,
    filled_in,
    is_one_expression,
    named_tables,
    split_comments,
    syntax_error,
    with_shared_keys,
)
from workbench.store import Store, quote

__all__ = ["Window", "without_overlap"]

_DAY = 86_400 * 10**9
_PLACEHOLDER = re.compile(r"\{(\w+)\.(\w+)\}")


@dataclass(frozen=True, repr=False)
class Window:
    """Half-open intervals ``[start, end)`` of a store, one or several, and a condition.

    A question about single spans (``latency``) takes the spans that start in the window; a question
    about requests (``traces``) takes the traces whose root starts in it, whole. A condition keeps
    the spans that fulfil it, or the traces that contain such a span.

    Made by ``inc.window(…)``; ``inc.all`` is the window of everything, ``inc.all_spans`` that of
    all spans, ``inc.trace(id)`` that of one trace.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.demo().window("2026-11-12 14:05", "14:24").where("service = 'vllm'")
    Window(2026-11-12T14:05:00+00:00/2026-11-12T14:24:00+00:00, 1,140 s, where service = 'vllm')
    """

    store: Store
    timezone: ZoneInfo
    intervals: tuple[tuple[int, int], ...]
    predicates: tuple[str, ...] = ()
    trace_id: str | None = None
    caveats: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        parts = [self.label, f"{self.seconds:,.9g} s", *map("where {}".format, self.predicates)]
        if self.trace_id is not None:
            parts.append(f"trace {self.trace_id}")
        return f"Window({', '.join(parts)})"

    @property
    def label(self) -> str:
        """``START/END`` in ISO 8601, several intervals joined by commas."""
        return ",".join(
            f"{format_ns(start, self.timezone)}/{format_ns(end, self.timezone)}"
            for start, end in self.intervals
        )

    @property
    def seconds(self) -> float:
        """Summed length of the intervals in seconds: what rates divide by."""
        return sum(end - start for start, end in self.intervals) / 1e9

    def where(self, predicate: str) -> Window:
        """The same window with a condition: a SQL predicate over the columns of ``spans``.

        Raises
        ------
        QueryError
            When DuckDB refuses it; the message names the nearest columns.

        Examples
        --------
        >>> import workbench as wb
        >>> inc = wb.demo()
        >>> inc.all.where("service = 'gateway' and status = 'error'").predicates
        ("service = 'gateway' and status = 'error'",)
        """
        check_type(predicate, (str,), "A condition is SQL text such as \"service = 'vllm'\"")
        if not is_one_expression(predicate):
            raise QueryError(
                "A condition is one SQL expression, without ';' or comments.", predicate
            )
        wrong = syntax_error(predicate)
        if wrong is not None:
            raise QueryError(f"Cannot read the condition {predicate!r}: {wrong}.", predicate)
        shared = "".join(f"with {table} " for table in self._shared_keys({}, predicate))
        self.store.arrow(f"{shared}select 1 from spans where ({predicate}\n) limit 0")
        return replace(self, predicates=(*self.predicates, predicate))

    def before(self, length: str | timedelta, *, gap: str | timedelta = "0s") -> Window:
        """The window of ``length`` that ends ``gap`` before this one starts: a baseline.

        Examples
        --------
        >>> import workbench as wb
        >>> inc = wb.demo()
        >>> bad = inc.window("2026-11-12 14:05", "14:24")
        >>> bad.before("30m", gap="10m").label
        '2026-11-12T13:25:00+00:00/2026-11-12T13:55:00+00:00'
        """
        end = min(start for start, _ in self.intervals) - parse_duration(gap)
        return self._moved(((end - parse_duration(length), end),))

    def after(self, length: str | timedelta, *, gap: str | timedelta = "0s") -> Window:
        """The window of ``length`` that starts ``gap`` after this one ends."""
        start = max(end for _, end in self.intervals) + parse_duration(gap)
        return self._moved(((start, start + parse_duration(length)),))

    def shift(self, *, days: int | Sequence[int]) -> Window:
        """The same times of day on other days: ``days=[-1, -7]`` is yesterday and a week ago.

        Days are days of the clock in the window's zone, also where daylight saving time changes.
        """
        expected = "days is a whole number such as -1, or several such as [-1, -7]"
        check_type(days, (int, Sequence), expected, WindowError)
        each = [days] if isinstance(days, int) else days
        for day in each:
            check_type(day, (int,), expected, WindowError)
        moved = [
            (_shift(start, day, self.timezone), _shift(end, day, self.timezone))
            for day in each
            for start, end in self.intervals
        ]
        return self._moved(tuple(sorted(moved)))

    def _moved(self, intervals: tuple[tuple[int, int], ...]) -> Window:
        if not intervals or any(end <= start for start, end in intervals):
            raise WindowError("A window must end after it starts; give a length above zero.")
        return replace(self, intervals=without_overlap(intervals), trace_id=None)

    def run(
        self,
        query: str,
        *,
        baseline: Window | None = None,
        columns: Mapping[str, Sequence[str]] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Result:
        """Run the query of an analysis on this window.

        Parameters
        ----------
        query
            Text of a SQL file (see `read_query`). It begins with ``with`` and may use
            ``window_spans``, ``window_traces``, ``window_trace_spans``, ``window_logs``,
            ``window_metrics``, ``window_events`` and the same for ``baseline_``; those that it
            names are put in front.
        baseline
            The window to compare with; without one the ``baseline_`` tables are empty.
        columns
            For every ``{view.name}`` in the query the columns that replace it. They are looked up
            in that view and qualified with its name, which the query gives to the table that holds
            them: ``select {spans.by} from window_spans as spans``.
        parameters
            For every ``$name`` in the query its value.

        Raises
        ------
        UnknownNameError
            When a column does not exist.
        """
        chosen: dict[str, list[str]] = {}

        def qualified(match: re.Match[str]) -> str:
            view, asked = match[1], (columns or {})[match[2]]
            names = [self.column(name, view) for name in asked]
            chosen.setdefault(view, []).extend(names)
            return ", ".join(f"{view}.{quote(name)}" for name in names)

        text = _PLACEHOLDER.sub(qualified, query)
        values = dict(parameters or {})
        sides = {"window": self, "baseline": baseline}
        predicates = (*self.predicates, *(baseline.predicates if baseline else ()))
        tables = self._shared_keys(chosen, " ".join(predicates))
        tables += [
            f"{side}_{kind} as (\n{_define(side, kind, sides[side], values)}\n)"
            for side, kind in named_tables(text)
        ]
        comments, rest = split_comments(text)
        statement = f"{comments}with {', '.join([*tables, rest])}" if tables else text
        result = self.store.arrow(statement, values)
        return Result(result, filled_in(statement, values))

    def is_empty(self) -> bool:
        """Whether no span starts in the window, fulfilling its condition."""
        query = "with\nfound as (select 1 as one from window_spans limit 1)\nselect one from found"
        return self.run(query).table.num_rows == 0

    @property
    def outside(self) -> str:
        """A sentence for an answer without rows: what was asked, and where the spans lie."""
        starts = self.store.starts()
        if starts is None:
            return "The store holds no span with a start; load traces."
        first, last = (format_ns(ns, self.timezone) for ns in starts)
        condition = f" where {' and '.join(self.predicates)}" if self.predicates else ""
        return f"Nothing in {self.label}{condition}; the store's spans start in {first}/{last}."

    def column(self, name: str, view: str = "spans") -> str:
        """The column of a view that a name means, whatever the case of its letters.

        Raises
        ------
        UnknownNameError
            When there is none; the message names the nearest.
        """
        known = (*self.store.columns(view), *self.store.shared_keys(view))
        by_lower = {column.lower(): column for column in known}
        column = name if name in known else by_lower.get(name.lower())
        if column is None:
            raise UnknownNameError("column", name, known)
        return column

    def _shared_keys(self, chosen: Mapping[str, Sequence[str]], conditions: str) -> list[str]:
        """Tables that show, as columns, keys that are asked for and share a map column."""
        tables: list[str] = []
        for view in dict.fromkeys(("spans", *chosen)):
            keys = [
                key
                for key in self.store.shared_keys(view)
                if key in chosen.get(view, ()) or (view == "spans" and key in conditions)
            ]
            if keys:
                tables.append(with_shared_keys(view, keys))
        return tables


def without_overlap(intervals: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The intervals in order, those that overlap joined: no moment may count twice."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def _shift(ns: int, days: int, tz: ZoneInfo) -> int:
    seconds, rest = divmod(ns, 10**9)
    try:
        moved = datetime.fromtimestamp(seconds, tz).replace(tzinfo=None) + timedelta(days=days)
        return parse_time(moved, tz) + rest
    except (OverflowError, ValueError):
        raise WindowError(f"No calendar reaches {days} days from {format_ns(ns, tz)}.") from None


def _define(side: str, kind: str, window: Window | None, values: dict[str, Any]) -> str:
    """Body of one table; what it compares with is added to ``values``."""
    sql = TABLES[kind].replace("{side}", side)
    if kind in NEEDS:
        return sql
    if window is None:
        return re.sub(r"\{\w+\}", "", sql.replace("{time}", "false"))
    if window.trace_id is not None and kind != "metrics":
        values[f"{side}_trace_id"] = window.trace_id
        time = f"trace_id = ${side}_trace_id"
    else:
        column = {"logs": "coalesce(time_ns, observed_time_ns)", "metrics": "time_ns"}
        time = _between(column.get(kind, "start_ns"), side, window, values)
    inside = " and ".join(f"({predicate}\n)" for predicate in window.predicates)
    condition = ""
    if inside and kind == "spans":
        condition = f"\n        and {inside}"
    elif inside and kind == "traces":
        condition = f"\n        and trace_id in (select trace_id from spans where {inside})"
    return sql.replace("{time}", time).replace("{condition}", condition)


def _between(column: str, side: str, window: Window, values: dict[str, Any]) -> str:
    parts: list[str] = []
    for index, (start, end) in enumerate(window.intervals):
        low, high = f"{side}_start_{index}", f"{side}_end_{index}"
        values[low], values[high] = start, end
        parts.append(f"({column} >= ${low} and {column} < ${high})")
    return f"({' or '.join(parts)})" if parts else "false"
