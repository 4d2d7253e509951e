"""Whole traces as arrays: every span by index, with the tree that the ids spell.

The ground on which `workbench.analysis.tree` computes. Nothing here recurses, and no tie is left
to chance: a trace gives the same tree in whatever batch it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["COLUMNS", "ArrowStream", "Flags", "Forest", "Ints", "group_first"]

COLUMNS = (
    "trace_id",
    "span_row",
    "span_id",
    "parent_span_id",
    "kind",
    "start_ns",
    "duration_ns",
)
"""The columns that both functions need; others are ignored."""

Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


class ArrowStream(Protocol):
    """A table that speaks Arrow's C interface: of pyarrow, polars, DuckDB or Spark."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


@dataclass(frozen=True)
class Forest:
    """Spans sorted by trace, start and row, with the tree that their ids spell.

    A span is named by its index here, so index order is sibling order. ``parent`` is -1 on top.
    ``kids`` lists spans by parent; those of span i are ``kids[first[i] : first[i] + count[i]]``.
    """

    spans: pl.DataFrame
    trace: Ints
    start: Ints
    end: Ints
    has_interval: Flags
    parent: Ints
    missing_parent: Flags
    cut_cycle: Flags
    is_root: Flags
    kids: Ints
    first_child: Ints
    child_count: Ints
    levels: tuple[Ints, ...] = field(repr=False)
    depth: Ints

    @classmethod
    def of(cls, table: ArrowStream) -> Forest:
        """The forest of the spans in a table of whole traces."""
        spans = _sorted_spans(table)
        parent = spans["parent"].to_numpy().astype(np.int64)
        given = spans["parent_span_id"].is_not_null().to_numpy()
        missing_parent = given & (parent < 0)
        cut_cycle = np.zeros(len(parent), dtype=np.bool_)
        kids, first, count = _children(parent)
        levels = tuple(_levels(kids, first, count, int((parent < 0).sum())))
        if sum(len(level) for level in levels) < len(parent):
            cut_cycle[_cycle_tops(parent, levels)] = True
            parent = np.where(cut_cycle, -1, parent)
            kids, first, count = _children(parent)
            levels = tuple(_levels(kids, first, count, int((parent < 0).sum())))
        depth = np.zeros(len(parent), dtype=np.int64)
        for number, level in enumerate(levels):
            depth[level] = number
        trace = spans["trace"].to_numpy().astype(np.int64)
        has_interval = (spans["duration_ns"] >= 0).fill_null(False).to_numpy()
        start = spans["start_ns"].fill_null(0).to_numpy().astype(np.int64)
        length = spans["duration_ns"].fill_null(0).to_numpy().astype(np.int64)
        return cls(
            spans=spans,
            trace=trace,
            start=start,
            end=start + length,
            has_interval=has_interval & spans["start_ns"].is_not_null().to_numpy(),
            parent=parent,
            missing_parent=missing_parent,
            cut_cycle=cut_cycle,
            is_root=_roots(trace, parent, given),
            kids=kids,
            first_child=first,
            child_count=count,
            levels=levels,
            depth=depth,
        )

    def __len__(self) -> int:
        return len(self.parent)


def _sorted_spans(table: ArrowStream) -> pl.DataFrame:
    """The spans by trace, start and row, with ``trace`` numbered and ``parent`` as an index."""
    spans = pl.DataFrame(table).select(
        pl.col("trace_id", "span_id", "parent_span_id", "kind").cast(pl.String),
        pl.col("span_row", "start_ns", "duration_ns").cast(pl.Int64),
    )
    spans = spans.sort("trace_id", "start_ns", "span_row", nulls_last=True).with_row_index("index")
    spans = spans.with_columns(
        pl.col("index").cast(pl.Int64),
        trace=pl.col("trace_id").rle_id().cast(pl.Int64),
        serves=pl.col("kind").is_in(["server", "consumer"]).fill_null(False),
        calls=pl.col("kind").is_in(["client", "producer"]).fill_null(False),
        shared_id=pl.struct("trace_id", "span_id").is_duplicated(),
    )
    shared = spans.filter("shared_id").sort("serves", "index", descending=[True, False])
    once = spans.filter(~pl.col("shared_id"))
    owners = pl.concat([once, shared.unique(["trace", "span_id"], keep="first")]).select(
        "trace", pl.col("span_id").alias("parent_span_id"), pl.col("index").alias("parent")
    )
    callers = shared.filter("calls").group_by("trace", "span_id").agg(caller=pl.col("index").min())
    spans = spans.join(owners, on=["trace", "parent_span_id"], how="left", maintain_order="left")
    spans = spans.join(callers, on=["trace", "span_id"], how="left", maintain_order="left")
    called = pl.when("serves").then("caller")
    return spans.with_columns(parent=pl.coalesce(called, "parent", pl.lit(-1)))


def _children(parent: Ints) -> tuple[Ints, Ints, Ints]:
    """All spans ordered by parent (tops first), and where each one's children begin and end."""
    kids = np.argsort(parent, kind="stable").astype(np.int64)
    tops = int((parent < 0).sum())
    count = np.bincount(parent[kids[tops:]], minlength=len(parent)).astype(np.int64)
    return kids, tops + np.cumsum(count) - count, count


def _levels(kids: Ints, first: Ints, count: Ints, tops: int) -> Iterator[Ints]:
    """Spans that can be reached from the top, one generation after another."""
    level = kids[:tops]
    while len(level):
        yield level
        size = count[level]
        skipped = np.cumsum(size) - size
        level = kids[np.repeat(first[level] - skipped, size) + np.arange(size.sum())]


def _cycle_tops(parent: Ints, levels: tuple[Ints, ...]) -> list[int]:
    """The earliest span of each cycle of parents; every unreached span leads into one."""
    seen = np.zeros(len(parent), dtype=np.int64)
    for level in levels:
        seen[level] = -1
    tops: list[int] = []
    for origin in np.flatnonzero(seen == 0).tolist():
        at = origin
        walk: list[int] = []
        while not seen[at]:
            seen[at] = origin + 1
            walk.append(at)
            at = int(parent[at])
        if seen[at] == origin + 1:
            tops.append(min(walk[walk.index(at) :]))
    return tops


def _roots(trace: Ints, parent: Ints, given: Flags) -> Flags:
    """True for one span a trace: the earliest without a parent, else the earliest top."""
    tops = np.flatnonzero(parent < 0)
    best = tops[np.lexsort((tops, given[tops], trace[tops]))]
    chosen = best[np.diff(trace[best], prepend=-1) != 0]
    is_root = np.zeros(len(parent), dtype=np.bool_)
    is_root[chosen] = True
    return is_root


def group_first(group: Ints) -> Ints:
    """For each place in a sorted list of groups, the place where its group begins."""
    starts = np.flatnonzero(np.diff(group, prepend=-1) != 0)
    return np.repeat(starts, np.diff(starts, append=len(group)))
