"""The questions that Workbench answers: one table, and one public function each.

A row of ``PANELS`` joins an analysis and its chart; magics, the command line, the report and the
explorer are made from it. The functions are written out by hand for their types and docstrings;
a test compares their signatures with the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from workbench.analysis import latency as latency_analysis
from workbench.analysis import overview as overview_analysis
from workbench.analysis import traces as traces_analysis
from workbench.analysis import waterfall as waterfall_analysis
from workbench.answer import Answer
from workbench.charts import latency as latency_chart
from workbench.charts import overview as overview_chart
from workbench.charts import traces as traces_chart
from workbench.charts import waterfall as waterfall_chart
from workbench.errors import InputError
from workbench.view import View
from workbench.window import Window
from workbench.workbench import Workbench

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["PANELS", "Panel", "Parameter", "latency", "overview", "traces", "waterfall"]


@dataclass(frozen=True)
class Parameter:
    """What a question can be told, beside its windows.

    Attributes
    ----------
    name
        As in the function's signature; an option is ``--name``.
    kind
        ``columns`` (one column name or several), ``choice`` (one of ``choices``), ``flag`` (true,
        false, or None for both), ``count`` (a whole number) or ``width`` (a length of time such
        as ``"1m"``).
    default
        What holds when it is not given.
    help
        One line.
    choices
        The values that exist, for a choice.
    """

    name: str
    kind: Literal["columns", "choice", "flag", "count", "width"]
    default: Any
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Panel:
    """One question: what it asks, what computes it, and what draws it.

    Attributes
    ----------
    title
        What its picture is called.
    question
        What it answers, in one line.
    analysis, chart
        From a window to an answer, and from an answer to a figure.
    parameters
        What it can be told, in the order of the signature.
    subject
        Whether it asks about a ``window`` or about one ``trace``.
    has_baseline
        Whether it can compare with a second window.
    """

    title: str
    question: str
    analysis: Callable[..., Answer]
    chart: Callable[[Answer], go.Figure]
    parameters: tuple[Parameter, ...] = ()
    subject: Literal["window", "trace"] = "window"
    has_baseline: bool = False


_BY = Parameter("by", "columns", ("service",), "column or attribute to group by; several allowed")

PANELS: Mapping[str, Panel] = MappingProxyType(
    {
        "overview": Panel(
            title="Rate, errors and duration",
            question="How much is each service asked, how much of it fails, how long does it take?",
            analysis=overview_analysis.overview,
            chart=overview_chart.overview,
            parameters=(_BY,),
            has_baseline=True,
        ),
        "latency": Panel(
            title="Latency",
            question="How long do spans take, and how much of that time is their own?",
            analysis=latency_analysis.latency,
            chart=latency_chart.latency,
            parameters=(
                _BY,
                Parameter("bucket", "width", None, "also cut time into buckets, for example 1m"),
            ),
            has_baseline=True,
        ),
        "traces": Panel(
            title="Traces",
            question="Which traces are the slowest, the failing, the typical ones?",
            analysis=traces_analysis.traces,
            chart=traces_chart.traces,
            parameters=(
                Parameter("sort", "choice", "duration", "what comes first", traces_analysis.SORTS),
                Parameter("errors", "flag", None, "only traces with (or without) error spans"),
                Parameter("limit", "count", 20, "how many traces"),
            ),
        ),
        "waterfall": Panel(
            title="Trace",
            question="Where did the time of this trace go?",
            analysis=waterfall_analysis.waterfall,
            chart=waterfall_chart.waterfall,
            subject="trace",
        ),
    }
)


def overview(
    window: Window | Workbench,
    *,
    baseline: Window | Workbench | None = None,
    by: str | Sequence[str] = ("service",),
) -> View:
    """Rate, errors and duration of what each service is asked, beside a baseline.

    Parameters
    ----------
    window
        Requests that start in it; a workbench stands for the time in which it holds spans.
    baseline
        What to compare with.
    by
        A column of ``spans`` or an attribute, or several.

    Returns
    -------
    View
        ``.table`` has one row per group, the busiest first:

        - the columns named in ``by``;
        - ``requests`` (n of the percentiles), ``rate_per_s``, ``errors``;
        - ``error_share``, of 1; null without requests;
        - ``p50_ms``, ``p95_ms``, ``p99_ms``: percentiles of the duration; null without requests;
        - with a baseline, each of these as ``baseline_…``, and the changes: ``rate_change`` (0.1
          is 10 % more; null where there was none), ``error_share_change`` and
          ``p50_change_ms``, ``p95_change_ms``, ``p99_change_ms`` as differences.

        ``.answer.extra["series"]`` holds the same over about forty buckets of time, for the
        twelve busiest groups.

    Raises
    ------
    UnknownNameError
        When ``by`` names a column that does not exist.

    Notes
    -----
    The RED method (Wilkie, 2018) on the spans by which a service answers: those of kind server
    or consumer. A service without such spans is counted by its outermost ones, which have no
    parent or a parent in another service. Failed means status error. Percentiles are exact, with
    linear interpolation (SQL's ``percentile_cont``). Rates divide by the summed length of the
    window's intervals. A caveat names stretches in which no span of any service starts, where they
    make a rate too low: a twentieth of the time or more, in which 20 traces would have started at
    the window's own pace.

    Examples
    --------
    >>> import workbench as wb
    >>> inc = wb.demo()
    >>> bad = inc.window("2026-11-12 14:05", "14:24")
    >>> view = wb.overview(bad, baseline=bad.before("20m", gap="10m"))
    >>> view.table.columns[:4]
    ['service', 'requests', 'rate_per_s', 'errors']
    """
    return _view("overview", window, baseline=_maybe(baseline), by=by)


def latency(
    window: Window | Workbench,
    *,
    baseline: Window | Workbench | None = None,
    by: str | Sequence[str] = ("service",),
    bucket: str | None = None,
) -> View:
    """Durations of spans and their share of self time, by any column, also over time.

    Parameters
    ----------
    window
        Spans that start in it; a workbench stands for all of them.
    baseline
        What to compare with.
    by
        A column of ``spans`` or an attribute, or several.
    bucket
        A width such as ``"1m"``: one row per group and bucket of time instead of one per group.

    Returns
    -------
    View
        ``.table`` has one row per group, those with the most self time first; with ``bucket``
        one row per bucket and group that has spans in it, by time:

        - ``time``, where the bucket begins, in the workbench's zone (only with ``bucket``);
        - the columns named in ``by``;
        - ``spans`` (n of the percentiles), ``errors``, ``error_share`` (of 1);
        - ``p50_ms``, ``p90_ms``, ``p95_ms``, ``p99_ms`` of the duration; null if none is usable;
        - ``self_ms``: summed self time; ``self_share``: its share of that of window or bucket;
        - with a baseline, each of these as ``baseline_…`` (over all of its time, also beside a
          bucket), and ``error_share_change``, ``p50_change_ms``, ``p95_change_ms`` and
          ``self_share_change`` as differences.

        With ``bucket``, ``.answer.extra["total"]`` holds the table without buckets.

    Raises
    ------
    UnknownNameError
        When ``by`` names a column that does not exist.
    InputError
        When ``bucket`` cannot be read, or would make more than 10,000 buckets.

    Notes
    -----
    Self time is a span's duration minus the union of its children clipped to it, found by a
    running maximum of ends; children outside the window count. Failed means status error.
    Percentiles are exact, with linear interpolation (SQL's ``percentile_cont``).

    Examples
    --------
    >>> import workbench as wb
    >>> inc = wb.demo()
    >>> view = wb.latency(inc, by=["service", "name"])
    >>> round(view.table["self_share"].sum(), 6)
    1.0
    """
    return _view("latency", window, baseline=_maybe(baseline), by=by, bucket=bucket)


def traces(
    window: Window | Workbench,
    *,
    sort: traces_analysis.Sort = "duration",
    errors: bool | None = None,
    limit: int = 20,
) -> View:
    """The slowest, the failing or the typical traces, by id.

    Parameters
    ----------
    window
        Traces whose root starts in it, else their earliest span; a workbench stands for all of
        them.
    sort
        ``"duration"``: the longest first; ``"typical"``: those nearest to the median first;
        ``"errors"``: those with the most error spans first; ``"start"``: the earliest first.
    errors
        True keeps traces with an error span, False those without.
    limit
        How many.

    Returns
    -------
    View
        ``.table`` has one row per trace in the order asked for:

        - ``trace_id``, for ``inc.trace(…)``;
        - ``start``, in the workbench's zone; null where no span has one;
        - ``service``, ``name`` and ``status`` of the root span, else of the earliest span;
        - ``duration_ms`` of the root span; without one, from the first start to the last end;
          null where the root's times are missing or reversed;
        - ``spans``, ``errors`` (spans with status error), ``services`` (names, by alphabet).

        ``.answer.extra["overall"]`` has one row: how many traces there are, have errors and were
        asked for, and median and 95th percentile of the duration of the last.

    Raises
    ------
    UnknownNameError
        When ``sort`` is none of these.
    InputError
        When ``limit`` is below 1.

    Notes
    -----
    The median of ``"typical"`` is that of the traces asked for: with ``errors=False``, that of
    the traces without errors.

    Examples
    --------
    >>> import workbench as wb
    >>> inc = wb.demo()
    >>> wb.traces(inc, errors=True, limit=3).table.height
    3
    """
    return _view("traces", window, sort=sort, errors=errors, limit=limit)


def waterfall(trace: Window) -> View:
    """The spans of one trace in tree order, with self time and critical path.

    Parameters
    ----------
    trace
        From ``inc.trace(id)``.

    Returns
    -------
    View
        ``.table`` has one row per span, parents before their children, siblings by start:

        - ``position`` from 0, ``depth`` from 0;
        - ``service``, ``name``, ``kind``, ``status``;
        - ``offset_ms`` since the root's start, below zero for a span that starts before it, and
          ``duration_ms``; null where times are missing;
        - ``self_ms``: the duration minus the union of the children clipped to it; null where the
          duration is missing or below zero;
        - ``critical_ms``: time on the critical path that no child on it covers; sums to the
          root's duration; ``on_critical_path``;
        - ``events`` and ``children``: how many;
        - ``note``: what is wrong with the span's place or times; null if nothing;
        - ``status_message``, ``span_id``, ``parent_span_id``.

        ``.answer.extra`` holds ``events`` (with ``exception_type`` and ``exception_message``, null
        where an event records no exception), ``critical_path`` (stretches of time) and ``phases``
        (queue, prefill and decode of LLM spans), each by ``position`` and in ms since the root's
        start, and ``trace``, one row about the whole.

    Raises
    ------
    InputError
        When the window holds more than one trace.

    Notes
    -----
    Orphans, cycles, shared ids, skewed clocks and missing times are drawn as recorded, noted at
    the span and counted in the caveats. For the critical path see
    `workbench.analysis.tree.trees`: walked back from the last-finishing child (Zhang et al.,
    CRISP, USENIX ATC 2022), here keeping a child that ends exactly where the next begins.

    Examples
    --------
    >>> import workbench as wb
    >>> inc = wb.demo()
    >>> slowest = wb.traces(inc, limit=1).table["trace_id"][0]
    >>> wb.waterfall(inc.trace(slowest)).table["depth"][0]
    0
    """
    return _view("waterfall", trace)


def _maybe(baseline: Window | Workbench | None) -> Window | None:
    if baseline is None:
        return None
    return _window(baseline, "A baseline is a window: bad.before('30m')")


def _view(name: str, subject: Window | Workbench, **options: Any) -> View:
    panel = PANELS[name]
    wanted = "inc.trace(id)" if panel.subject == "trace" else "inc.window(start, end)"
    window = _window(subject, f"{name} asks about a window: {wanted}")
    answer = panel.analysis(window, **options)
    return View(panel=name, title=panel.title, answer=answer, figure=panel.chart(answer))


def _window(given: object, advice: str) -> Window:
    """The window that was given; every question is about spans, so a workbench stands for those."""
    if isinstance(given, Workbench):
        return given.all_spans
    if isinstance(given, Window):
        return given
    raise InputError(f"{advice}, not {given!r}.")
