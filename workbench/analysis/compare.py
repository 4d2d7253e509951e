"""A window's rows beside its baseline's, and the names they are grouped by."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from workbench.errors import InputError, check_type
from workbench.model.text import plural
from workbench.window import Window

__all__ = ["beside", "empty_sides", "group_names", "overlapping", "untimed"]


_OF_QUERY = ("of_baseline", "over_all_time", "bucket_start_ns", "covered_s", "timed", "time")


def group_names(window: Window, by: str | Sequence[str], measures: Sequence[str]) -> list[str]:
    """The columns that ``by`` names, refused where the answer could not hold them.

    Parameters
    ----------
    window
        The window that is asked about.
    by
        One name or several.
    measures
        Columns of the answer, which a group may not be called.
    """
    expected = "by is a column such as 'service', or a list of columns"
    check_type(by, (str, Sequence), expected)
    given = [by] if isinstance(by, str) else list(by)
    for name in given:
        check_type(name, (str,), expected)
    if not given:
        raise InputError("by is empty; expected at least one column, for example by='service'.")
    names = [window.column(name) for name in given]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError(f"by names {name!r} twice; name each column once.")
        if name.lower() in (*measures, *_OF_QUERY) or name.lower().startswith("baseline_"):
            raise InputError(
                f"Cannot group by {name!r}: the answer has a column of that name itself. "
                "Group by another column, or ask about this one with inc.sql()."
            )
    return names


def beside(
    rows: pl.DataFrame, baseline: pl.DataFrame, by: Sequence[str], measures: Sequence[str]
) -> pl.DataFrame:
    """Join two tables of groups, so that a group of only one side has nulls on the other.

    Returns
    -------
    polars.DataFrame
        ``by``, the measures, and each measure again as ``baseline_NAME``.
    """
    named = baseline.select(
        *by, *(pl.col(measure).alias(f"baseline_{measure}") for measure in measures)
    )
    return rows.select(*by, *measures).join(
        named, on=list(by), how="full", coalesce=True, nulls_equal=True
    )


def untimed(totals: pl.DataFrame, count: str) -> tuple[str, ...]:
    """A caveat where rows of ``count`` have no usable duration, so that n says too much."""
    without = int(totals.select((pl.col(count) - pl.col("timed")).sum()).item() or 0)
    if not without:
        return ()
    said = plural(without, "span has no usable duration", "spans have no usable duration")
    why = "(a time is missing or the end lies before the start)"
    return (f"{said} {why}: counted, but absent from the percentiles.",)


def empty_sides(
    window: Window, baseline: Window | None, mine: pl.DataFrame, other: pl.DataFrame
) -> tuple[str, ...]:
    """Why a side has no rows, the window's reason last: an empty picture shows that one."""
    said: list[str] = []
    if baseline is not None and other.is_empty():
        said.append(f"Baseline: {baseline.outside}")
    if mine.is_empty():
        said.append(window.outside)
    return tuple(said)


def overlapping(window: Window, baseline: Window | None) -> tuple[str, ...]:
    """A caveat where a baseline holds part of its window; two conditions part them on purpose."""
    if baseline is None or window.predicates != baseline.predicates:
        return ()
    shared_ns = sum(
        max(0, min(end, other_end) - max(start, other_start))
        for start, end in window.intervals
        for other_start, other_end in baseline.intervals
    )
    if not shared_ns:
        return ()
    share = 100 * shared_ns / 1e9 / window.seconds
    return (
        f"The baseline holds {share:.3g} % of the window itself, so that changes come out small.",
    )
