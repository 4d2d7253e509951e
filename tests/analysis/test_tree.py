"""The tree of a trace against a slow, obvious version, on traces as bad as they come."""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import slow
from workbench.analysis.tree import critical_path, trees

KINDS = ("internal", "client", "server", "producer", "consumer", "unspecified")
SCHEMA = {
    "trace_id": pl.String,
    "span_row": pl.Int64,
    "span_id": pl.String,
    "parent_span_id": pl.String,
    "kind": pl.String,
    "start_ns": pl.Int64,
    "duration_ns": pl.Int64,
}
Row = dict[str, Any]


@st.composite
def spans(draw: st.DrawFn, most: int = 14) -> list[Row]:
    """Traces in which anything may be wrong: few ids, so parents clash, loop and go missing."""
    count = draw(st.integers(1, most))
    ids = st.sampled_from("abcdefgh"[: draw(st.integers(1, 8))])
    times = st.integers(0, 20)
    rows = [
        {
            "trace_id": draw(st.sampled_from(["t1", "t2", "t3"])),
            "span_id": draw(ids),
            "parent_span_id": draw(st.none() | ids),
            "kind": draw(st.sampled_from(KINDS)),
            "start_ns": draw(times | times | times | st.none()),
            "duration_ns": draw(times | times | st.integers(-3, 2) | st.none()),
        }
        for _ in range(count)
    ]
    numbers = draw(st.permutations(range(count)))
    return [row | {"span_row": number} for row, number in zip(rows, numbers, strict=True)]


@st.composite
def good_spans(draw: st.DrawFn, most: int = 16) -> list[Row]:
    """One trace that is a tree: each parent comes before, times may still be outside it."""
    count = draw(st.integers(1, most))
    rows: list[Row] = []
    for number in range(count):
        parent = None if number == 0 else str(draw(st.integers(0, number - 1)))
        start, length = draw(st.integers(0, 24)), draw(st.integers(0, 24))
        rows.append(span(number, parent, start, length if number else 40))
    return rows


def span(
    number: int, parent: str | None, start: int | None, duration: int | None, **more: Any
) -> Row:
    """One span whose id is its number."""
    row: Row = {"trace_id": "t", "span_row": number, "span_id": str(number)}
    row |= {"parent_span_id": parent, "kind": "internal"}
    return row | {"start_ns": start, "duration_ns": duration} | more


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


def placed(rows: list[Row]) -> dict[int, Row]:
    return {row["span_row"]: row for row in trees(frame(rows)).to_dicts()}


@settings(deadline=None)
@given(spans())
def test_every_column_equals_the_slow_version(rows: list[Row]) -> None:
    found = trees(frame(rows)).to_dicts()
    expected = slow.trees(rows)
    assert [dict(sorted(row.items())) for row in found] == [
        dict(sorted(row.items())) for row in expected
    ]


@settings(deadline=None)
@given(good_spans())
def test_a_proper_tree_equals_the_slow_version(rows: list[Row]) -> None:
    found, expected = trees(frame(rows)).to_dicts(), slow.trees(rows)
    assert [dict(sorted(row.items())) for row in found] == [
        dict(sorted(row.items())) for row in expected
    ]


@settings(deadline=None)
@given(st.lists(spans(6), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_batches_may_be_cut_anywhere_between_traces(
    several: list[list[Row]], chance: random.Random
) -> None:
    rows: list[Row] = []
    for number, some in enumerate(several):
        for row in some:
            rows.append(
                row
                | {"trace_id": f"{number}{row['trace_id']}", "span_row": len(rows)}
                | {"was": row["span_row"]}
            )
    whole = trees(frame(rows))
    bins = {row["trace_id"]: chance.randrange(3) for row in rows}
    parts: list[pl.DataFrame] = []
    for number in range(3):
        part = [row for row in rows if bins[row["trace_id"]] == number]
        chance.shuffle(part)
        parts.append(trees(frame(part)))
    assert pl.concat(parts).sort("trace_id", "position").equals(whole)


@settings(deadline=None)
@given(spans())
def test_critical_path_is_the_roots_interval_without_gap_or_overlap(rows: list[Row]) -> None:
    table, stretches = trees(frame(rows)), critical_path(frame(rows))
    by_row = {row["span_row"]: row for row in rows}
    for trace_id in {row["trace_id"] for row in rows}:
        mine = table.filter(pl.col("trace_id") == trace_id)
        root = by_row[mine.filter("is_root")["span_row"].item()]
        parts = stretches.filter(pl.col("trace_id") == trace_id)
        length = root["duration_ns"] if slow.valid(root) else 0
        assert mine["critical_ns"].sum() == length
        assert (parts["end_ns"] - parts["start_ns"]).sum() == length
        if length:
            assert parts["start_ns"][0] == root["start_ns"]
            assert parts["end_ns"][-1] == root["start_ns"] + length
            assert parts["start_ns"][1:].to_list() == parts["end_ns"][:-1].to_list()
        owned = parts.group_by("span_row").agg(
            own=(pl.col("end_ns") - pl.col("start_ns")).sum().cast(pl.Int64)
        )
        path = mine.filter(pl.col("critical_ns") > 0).select("span_row", own="critical_ns")
        assert owned.sort("span_row").equals(path.sort("span_row"))


def test_children_that_touch_are_both_on_the_path() -> None:
    found = placed([span(0, None, 0, 10), span(1, "0", 1, 4), span(2, "0", 5, 4)])
    assert [found[n]["critical_ns"] for n in range(3)] == [2, 4, 4]
    assert [found[n]["self_ns"] for n in range(3)] == [2, 4, 4]


def test_parallel_children_count_once_in_self_time() -> None:
    rows = [span(0, None, 0, 10), span(1, "0", 1, 6), span(2, "0", 2, 3), span(3, "0", 4, 4)]
    assert placed(rows)[0]["self_ns"] == 3


def test_a_child_that_outlives_its_parent_is_clipped_and_said() -> None:
    found = placed([span(0, None, 0, 10), span(1, "0", 6, 50), span(2, "1", 20, 5)])
    assert found[0]["self_ns"] == 6
    assert found[1]["ends_after_parent"]
    assert not found[1]["starts_before_parent"]
    assert [found[n]["critical_ns"] for n in range(3)] == [6, 4, 0]


def test_zipkins_shared_id_hangs_the_server_below_its_client() -> None:
    rows = [
        span(0, None, 0, 100),
        span(1, "0", 10, 50, kind="client", span_id="x"),
        span(2, "0", 20, 30, kind="server", span_id="x"),
        span(3, "x", 25, 5),
    ]
    found = placed(rows)
    assert [found[n]["parent_row"] for n in range(4)] == [None, 0, 1, 2]
    assert [found[n]["self_ns"] for n in range(4)] == [50, 20, 25, 5]


@pytest.mark.parametrize("depth", [10_000])
def test_a_chain_of_ten_thousand(depth: int) -> None:
    rows = [
        span(number, str(number - 1) if number else None, number, 2 * (depth - number))
        for number in range(depth)
    ]
    found = trees(frame(rows))
    assert found["depth"].to_list() == list(range(depth))
    assert found["critical_ns"].sum() == 2 * depth


def test_a_cycle_of_ten_thousand() -> None:
    count = 10_000
    rows = [span(number, str((number + 1) % count), number, 5) for number in range(count)]
    found = trees(frame(rows))
    assert found.filter("cut_cycle")["span_row"].to_list() == [0]
    assert found["depth"].max() == count - 1


def test_ten_thousand_children() -> None:
    rows = [span(0, None, 0, 100_000)]
    rows += [span(number, "0", number * 10, 10) for number in range(1, 9_999)]
    found = trees(frame(rows))
    assert found["on_critical_path"].all()
    assert found["self_ns"][0] == 100_000 - 9_998 * 10


def test_no_rows() -> None:
    assert trees(frame([])).shape == (0, 16)
    assert critical_path(frame([])).shape == (0, 4)


def test_times_near_the_end_of_int64() -> None:
    late = 2**63 - 1000
    found = placed([span(0, None, late, 900), span(1, "0", late + 10, 5)])
    assert found[0]["self_ns"] == 895
    assert found[1]["critical_ns"] == 5
