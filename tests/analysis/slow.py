"""Slow, obvious versions of what the analyses compute; they share no code with them.

Trees are dictionaries, intervals are sets of whole nanoseconds, paths are walked span by span.
Meant for small traces with small times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

SERVING = ("server", "consumer")
CALLING = ("client", "producer")


@dataclass
class Placed:
    """One span as `workbench.analysis.tree.trees` should describe it."""

    row: Row
    parent: Row | None = None
    kids: list[Row] = field(default_factory=list["Row"])
    out: Row = field(default_factory=dict["str", "Any"])


def valid(row: Row) -> bool:
    return (
        row["start_ns"] is not None and row["duration_ns"] is not None and row["duration_ns"] >= 0
    )


def nanoseconds(row: Row) -> set[int]:
    """The span's time as a set of whole nanoseconds; empty where it has none."""
    if not valid(row):
        return set()
    return set(range(row["start_ns"], row["start_ns"] + row["duration_ns"]))


def age(row: Row) -> tuple[bool, int, int]:
    """Earliest first, spans without a start last."""
    return (row["start_ns"] is None, row["start_ns"] or 0, row["span_row"])


def parent_of(row: Row, trace: list[Row]) -> Row | None:
    same = sorted((other for other in trace if other["span_id"] == row["span_id"]), key=age)
    callers = [other for other in same if other["kind"] in CALLING]
    if row["kind"] in SERVING and callers:
        return callers[0]
    named = sorted((o for o in trace if o["span_id"] == row["parent_span_id"]), key=age)
    serving = [other for other in named if other["kind"] in SERVING]
    return (serving or named or [None])[0]


def place(trace: list[Row]) -> dict[int, Placed]:
    """Each span of one trace by its ``span_row``, with parent and children, cycles cut."""
    placed = {row["span_row"]: Placed(row, parent_of(row, trace)) for row in trace}
    for item in placed.values():
        item.out["missing_parent"] = item.row["parent_span_id"] is not None and item.parent is None
        item.out["cut_cycle"] = False
    for number in sorted(placed):
        cycle = cycle_through(number, placed)
        if cycle:
            top = min((placed[member].row for member in cycle), key=age)
            placed[top["span_row"]].parent = None
            placed[top["span_row"]].out["cut_cycle"] = True
    for row in sorted(trace, key=age):
        parent = placed[row["span_row"]].parent
        if parent is not None:
            placed[parent["span_row"]].kids.append(row)
    return placed


def cycle_through(number: int, placed: dict[int, Placed]) -> list[int]:
    """The members of the cycle of parents that leads from a span back to it."""
    members = [number]
    for _ in placed:
        parent = placed[members[-1]].parent
        if parent is None:
            return []
        if parent["span_row"] == number:
            return members
        members.append(parent["span_row"])
    return []


def trees(rows: list[Row]) -> list[Row]:
    """What `workbench.analysis.tree.trees` should return, one dictionary per span."""
    found: list[Row] = []
    for trace_id in sorted({row["trace_id"] for row in rows}):
        found += describe([row for row in rows if row["trace_id"] == trace_id])
    return found


def describe(trace: list[Row]) -> list[Row]:
    placed = place(trace)
    tops = [placed[row["span_row"]] for row in sorted(trace, key=age)]
    tops = [top for top in tops if top.parent is None]
    orphans = [top for top in tops if top.row["parent_span_id"] is not None]
    root = next((top for top in tops if top not in orphans), tops[0])
    owners: dict[int, int] = {}
    on_path: set[int] = set()
    if valid(root.row):
        walk(root, nanoseconds(root.row), placed, owners, on_path)
    ordered: list[Row] = []
    visit(root, 0, placed, ordered)
    for top in tops:
        if top is not root:
            visit(top, 0, placed, ordered)
    for position, row in enumerate(ordered):
        item = placed[row["span_row"]]
        row["position"] = position
        row["is_root"] = item is root
        row["on_critical_path"] = row["span_row"] in on_path
        row["critical_ns"] = sum(owner == row["span_row"] for owner in owners.values())
    return ordered


def visit(item: Placed, depth: int, placed: dict[int, Placed], ordered: list[Row]) -> None:
    """Write down one span and then, below it, its children."""
    row, parent = item.row, item.parent
    covered = {ns for kid in item.kids for ns in nanoseconds(kid)}
    outside = parent is not None and valid(parent) and valid(row)
    end = (row["start_ns"] or 0) + (row["duration_ns"] or 0)
    parent_end = (parent["start_ns"] or 0) + (parent["duration_ns"] or 0) if parent else 0
    same = [other for other in placed.values() if other.row["span_id"] == row["span_id"]]
    ordered.append(
        {
            "trace_id": row["trace_id"],
            "span_row": row["span_row"],
            "parent_row": parent["span_row"] if parent else None,
            "depth": depth,
            "children": len(item.kids),
            "self_ns": len(nanoseconds(row) - covered) if valid(row) else None,
            "shared_id": len(same) > 1,
            "no_interval": not valid(row),
            "starts_before_parent": outside and row["start_ns"] < (parent or row)["start_ns"],
            "ends_after_parent": outside and end > parent_end,
            **item.out,
        }
    )
    for kid in item.kids:
        visit(placed[kid["span_row"]], depth + 1, placed, ordered)


def walk(
    item: Placed,
    own: set[int],
    placed: dict[int, Placed],
    owners: dict[int, int],
    on_path: set[int],
) -> None:
    """Give each nanosecond of ``own`` to the span that the critical path is in at that time."""
    if not own:
        return
    on_path.add(item.row["span_row"])
    cursor = max(own) + 1
    kids = [(kid, nanoseconds(kid) & own) for kid in item.kids]
    while True:
        ended = [(kid, time) for kid, time in kids if time and max(time) + 1 <= cursor]
        if not ended:
            break
        last = max(max(time) for _, time in ended)
        kid, time = min(
            ((kid, time) for kid, time in ended if max(time) == last),
            key=lambda pair: (min(pair[1]), age(pair[0])),
        )
        walk(placed[kid["span_row"]], time, placed, owners, on_path)
        cursor = min(time)
    for ns in own:
        owners.setdefault(ns, item.row["span_row"])
