"""The shape of whole traces: tree order, depth, self time and critical path of every span.

One pure function from an Arrow table of whole traces to an Arrow table. It works on each trace
by itself and breaks every tie by ``span_row``, so traces may be cut into batches at will.
Telemetry is not trusted: parents may be missing, name each other or name themselves, two spans
may share an id, times may be absent, reversed or outside the parent. Nothing recurses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from workbench.analysis.forest import COLUMNS, ArrowStream, Flags, Forest, Ints, group_first

__all__ = ["COLUMNS", "critical_path", "trees"]

_LATEST = np.iinfo(np.int64).max
_EARLIEST = np.iinfo(np.int64).min


def trees(spans: ArrowStream) -> pl.DataFrame:
    """Place every span in the tree of its trace and say what part of the time is its own.

    Parameters
    ----------
    spans
        Whole traces, one row per span, with the columns of ``COLUMNS``; in any order.

    Returns
    -------
    polars.DataFrame
        One row per span, by trace and tree order (parents first, siblings by start; the trace's
        root first, then spans whose parent is missing):

        - ``trace_id``, ``span_row`` as given; ``parent_row``: its parent, null on top;
        - ``position`` in tree order, ``depth`` below the top, both from 0; ``children``: how many;
        - ``is_root``: true once per trace, for the span that the critical path explains;
        - ``self_ns``: the duration minus the union of the children clipped to it; null where a
          time is missing or the end lies before the start;
        - ``on_critical_path``, and ``critical_ns``: the time on it that no child on it covers;
          over a trace it sums to the root's duration exactly;
        - ``missing_parent``, ``cut_cycle`` (its own ancestor; cut above the earliest of them),
          ``shared_id`` (with another span of the trace), ``no_interval`` (a time is missing or
          the end lies before the start), ``starts_before_parent``, ``ends_after_parent``.

    Notes
    -----
    The root is the earliest span without a parent, else the earliest top of a tree. Children of
    an id that several spans share hang below the first of them; if one is a server or consumer
    span, below that one, and it hangs below its client or producer (Zipkin shares ids so).
    The critical path walks back from the end of the root to the last-finishing child, from its
    start to the child that finished last before that, and so on (Zhang et al., CRISP, USENIX ATC
    2022). A child that ends exactly where the next begins is kept, children are clipped to their
    parents, and a span of length zero is never on the path.

    Examples
    --------
    >>> one = {"trace_id": "t", "span_row": 1, "span_id": "a", "parent_span_id": None}
    >>> two = {"trace_id": "t", "span_row": 2, "span_id": "b", "parent_span_id": "a"}
    >>> rows = [
    ...     one | {"kind": "server", "start_ns": 0, "duration_ns": 10},
    ...     two | {"kind": "client", "start_ns": 2, "duration_ns": 5},
    ... ]
    >>> trees(pl.DataFrame(rows))["self_ns"].to_list()
    [5, 5]
    """
    forest = Forest.of(spans)
    path = _CriticalPath.of(forest)
    result = forest.spans.select("trace_id", "span_row").with_columns(
        parent_row=_parent_rows(forest),
        position=pl.Series(_positions(forest), dtype=pl.Int64),
        depth=pl.Series(forest.depth, dtype=pl.Int64),
        children=pl.Series(forest.child_count, dtype=pl.Int64),
        is_root=pl.Series(forest.is_root),
        self_ns=_null_where(_self_times(forest), ~forest.has_interval),
        critical_ns=pl.Series(path.own_ns, dtype=pl.Int64),
        on_critical_path=pl.Series(path.holds),
        **_flags(forest),
    )
    return result.sort("trace_id", "position")


def critical_path(spans: ArrowStream) -> pl.DataFrame:
    """The critical path of each trace as stretches of time, each owned by one span.

    Parameters
    ----------
    spans
        Whole traces, one row per span, with the columns of ``COLUMNS``; in any order.

    Returns
    -------
    polars.DataFrame
        One row per stretch, by trace and time: ``trace_id``, ``span_row``, ``start_ns`` and
        ``end_ns``. Stretches touch and do not overlap; together they are the root's interval.

    Notes
    -----
    The method is that of `trees`.
    """
    forest = Forest.of(spans)
    path = _CriticalPath.of(forest)
    owner, begin, end = path.stretches(forest)
    kept = end > begin
    frame = forest.spans[owner[kept]].select("trace_id", "span_row")
    return frame.with_columns(
        start_ns=pl.Series(begin[kept], dtype=pl.Int64),
        end_ns=pl.Series(end[kept], dtype=pl.Int64),
    ).sort("trace_id", "start_ns")


def _positions(forest: Forest) -> Ints:
    """Place of each span in its trace: below its parent, after earlier siblings' subtrees."""
    parent, kids = forest.parent, forest.kids
    size = np.ones(len(forest), dtype=np.int64)
    for level in reversed(forest.levels[1:]):
        np.add.at(size, parent[level], size[level])
    tops = kids[parent[kids] < 0]
    tops = tops[np.lexsort((tops, ~forest.is_root[tops], forest.trace[tops]))]
    ordered = np.concatenate([tops, kids[len(tops) :]])
    family = np.concatenate([forest.trace[tops], len(forest) + parent[kids[len(tops) :]]])
    total = np.cumsum(size[ordered]) - size[ordered]
    before = np.empty(len(forest), dtype=np.int64)
    before[ordered] = total - total[group_first(family)]
    for level in forest.levels[1:]:
        before[level] += before[parent[level]] + 1
    return before


def _self_times(forest: Forest) -> Ints:
    """Duration minus the union of the children, each clipped to its parent."""
    child = forest.kids[forest.parent[forest.kids] >= 0]
    child = child[forest.has_interval[child] & forest.has_interval[forest.parent[child]]]
    parent = forest.parent[child]
    begin = np.maximum(forest.start[child], forest.start[parent])
    end = np.minimum(forest.end[child], forest.end[parent])
    inside = end > begin
    parent, begin, end = parent[inside], begin[inside], end[inside]
    first = group_first(parent)
    reached = np.roll(_running_maximum(end, first), 1)
    fresh = np.where(np.arange(len(end)) == first, begin, np.maximum(begin, reached))
    covered = np.zeros(len(forest), dtype=np.int64)
    np.add.at(covered, parent, np.maximum(end - fresh, 0))
    return forest.end - forest.start - covered


@dataclass(frozen=True)
class _CriticalPath:
    """Which spans are on the path, and the interval of each clipped to all its ancestors."""

    begin: Ints
    end: Ints
    holds: Flags
    own_ns: Ints

    @classmethod
    def of(cls, forest: Forest) -> _CriticalPath:
        begin = np.where(forest.has_interval, forest.start, _LATEST)
        end = np.where(forest.has_interval, forest.end, _EARLIEST)
        for level in forest.levels[1:]:
            above = forest.parent[level]
            begin[level] = np.maximum(begin[level], begin[above])
            end[level] = np.minimum(end[level], end[above])
        holds = _last_finishing(forest, begin, end) | (forest.is_root & (end > begin))
        for level in forest.levels[1:]:
            holds[level] &= holds[forest.parent[level]]
        own_ns = np.where(holds, end, 0) - np.where(holds, begin, 0)
        below = np.flatnonzero(holds & (forest.parent >= 0))
        np.subtract.at(own_ns, forest.parent[below], end[below] - begin[below])
        return cls(begin=begin, end=end, holds=holds, own_ns=own_ns)

    def stretches(self, forest: Forest) -> tuple[Ints, Ints, Ints]:
        """Owner, begin and end of the time on the path that is a span's own, empty ones too."""
        held = np.flatnonzero(self.holds)
        below = held[forest.parent[held] >= 0]
        # A span's own time begins at its start and again at the end of each child on the path;
        # it ends where the next such child begins, and last at the span's end.
        owner = np.concatenate([held, forest.parent[below]])
        begin = np.concatenate([self.begin[held], self.end[below]])
        enters = np.concatenate([np.full(len(held), _EARLIEST), self.begin[below]])
        order = np.lexsort((enters, begin, owner))
        owner, begin, enters = owner[order], begin[order], enters[order]
        last = np.diff(owner, append=-1) != 0
        return owner, begin, np.where(last, self.end[owner], np.roll(enters, -1))


def _last_finishing(forest: Forest, begin: Ints, end: Ints) -> Flags:
    """For each parent: the child that ends last, the last to end by that one's start, and on."""
    child = forest.kids[(forest.parent[forest.kids] >= 0) & (end > begin)[forest.kids]]
    parent = forest.parent[child]
    # Of children that end together, the one that began first comes last: it explains the most.
    order = np.lexsort((-child, -begin[child], end[child], parent))
    child, parent = child[order], parent[order]
    instants = np.unique(np.concatenate([begin[child], end[child]]))
    base = parent * (len(instants) + 1)
    ends = base + np.searchsorted(instants, end[child])
    begins = base + np.searchsorted(instants, begin[child])
    # side="right" counts a child that ends exactly where this one begins.
    previous = np.searchsorted(ends, begins, side="right") - 1
    previous = np.where(previous >= group_first(parent), previous, -1)
    chosen = np.zeros(len(forest), dtype=np.bool_)
    at = np.flatnonzero(np.diff(parent, append=-1) != 0)
    while len(at):
        chosen[child[at]] = True
        at = previous[at]
        at = at[at >= 0]
    return chosen


def _running_maximum(values: Ints, first: Ints) -> Ints:
    """The largest value so far within each group, by doubling steps; exact at any magnitude."""
    reached, place = values.copy(), np.arange(len(values))
    longest = int((place - first).max(initial=0))
    step = 1
    while step <= longest:
        far = np.flatnonzero(place - first >= step)
        reached[far] = np.maximum(reached[far], reached[far - step])
        step *= 2
    return reached


def _parent_rows(forest: Forest) -> pl.Series:
    rows = forest.spans["span_row"].to_numpy()
    return _null_where(rows[np.maximum(forest.parent, 0)], forest.parent < 0)


def _flags(forest: Forest) -> dict[str, pl.Series]:
    """What is wrong with the place or the times of each span."""
    parent = np.maximum(forest.parent, 0)
    known = (forest.parent >= 0) & forest.has_interval & forest.has_interval[parent]
    early = known & (forest.start < forest.start[parent])
    late = known & (forest.end > forest.end[parent])
    return {
        "missing_parent": pl.Series(forest.missing_parent),
        "cut_cycle": pl.Series(forest.cut_cycle),
        "shared_id": forest.spans["shared_id"],
        "no_interval": pl.Series(~forest.has_interval),
        "starts_before_parent": pl.Series(early),
        "ends_after_parent": pl.Series(late),
    }


def _null_where(values: Ints, absent: Flags) -> pl.Series:
    return pl.select(pl.when(pl.lit(pl.Series(~absent))).then(pl.Series(values))).to_series()
