"""Second opinions on the questions: plain Python over rows, quantiles by polars."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import polars as pl

from tests.analysis import slow
from tests.analysis.made import BASE, SECOND
from workbench.answer import Answer
from workbench.workbench import Workbench

Row = dict[str, Any]
Seconds = Sequence[tuple[float, float]]

PERCENTILES = {"p50_ms": 0.5, "p90_ms": 0.9, "p95_ms": 0.95, "p99_ms": 0.99}


def every_span(inc: Workbench) -> list[Row]:
    return [dict(row) for row in _spans(inc)]


@functools.cache
def _spans(inc: Workbench) -> tuple[Row, ...]:
    return tuple(inc.sql("select * from spans").to_dicts())


def within(ns: int | None, seconds: Seconds) -> bool:
    return ns is not None and any(a <= (ns - BASE) / SECOND < b for a, b in seconds)


def grouped(rows: Iterable[Row], by: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in by)].append(row)
    return groups


def quantile(rows: Iterable[Row], share: float) -> float | None:
    """The exact quantile in ms of the durations that are usable."""
    values = [row["duration_ns"] for row in rows if slow.valid(row)]
    found = pl.Series(values, dtype=pl.Float64).quantile(share, interpolation="linear")
    return None if found is None else found / 1e6


def entries(rows: list[Row], considered: list[Row]) -> list[Row]:
    """The spans among ``considered`` by which services answer."""
    serving = {row["service"] for row in considered if row["kind"] in slow.SERVING}
    services: dict[tuple[str, str], set[tuple[int, Any]]] = defaultdict(set)
    for row in rows:
        services[row["trace_id"], row["span_id"]].add((row["span_row"], row["service"]))
    found: list[Row] = []
    for row in considered:
        parents = services.get((row["trace_id"], row["parent_span_id"]), set())
        inside = any(
            service == row["service"] and number != row["span_row"] for number, service in parents
        )
        if row["kind"] in slow.SERVING or (row["service"] not in serving and not inside):
            found.append(row)
    return found


def red(rows: list[Row], seconds: float) -> Row:
    failed = sum(row["status"] == "error" for row in rows)
    found: Row = {"requests": len(rows), "rate_per_s": len(rows) / seconds, "errors": failed}
    found["error_share"] = failed / len(rows) if rows else None
    return found | {
        name: quantile(rows, PERCENTILES[name]) for name in ("p50_ms", "p95_ms", "p99_ms")
    }


@functools.cache
def self_times(inc: Workbench) -> dict[int, int | None]:
    return {row["span_row"]: row["self_ns"] for row in slow.trees(every_span(inc))}


def durations(rows: list[Row], own: dict[int, int | None], whole: float) -> Row:
    failed = sum(row["status"] == "error" for row in rows)
    self_ms = sum(own[row["span_row"]] or 0 for row in rows) / 1e6
    known = [row for row in rows if slow.valid(row)]
    found: Row = {"spans": len(rows), "errors": failed}
    found["error_share"] = failed / len(rows) if rows else None
    found |= {name: quantile(rows, share) for name, share in PERCENTILES.items()}
    found["self_ms"] = self_ms if known else None
    found["self_share"] = self_ms / whole if known and whole else None
    return found


def assert_same(found: Row, expected: Row) -> None:
    """Every expected value is there, to the last digits of a double."""
    for name, value in expected.items():
        if isinstance(value, float) and found[name] is not None:
            assert math.isclose(found[name], value, rel_tol=1e-9, abs_tol=1e-12), (name, found)
        else:
            assert found[name] == value, (name, found[name], value)


def by_group(answer: Answer, names: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    rows = answer.table.to_dicts()
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def check_overview(analysis: Callable[..., Answer], inc: Workbench, window_of: Any) -> None:
    """Every number of an overview with and without a baseline, by one column and by two."""
    rows = every_span(inc)
    for mine, other in (([(0, 60)], [(60, 110)]), ([(10, 30), (70, 75)], None)):
        by = ["service"] if other else ["service", "http.route"]
        inside = [row for row in rows if within(row["start_ns"], mine)]
        outside = [row for row in rows if within(row["start_ns"], other or [])]
        taken = {row["span_row"] for row in entries(rows, inside + outside)}
        window = window_of(inc, *mine)
        answer = analysis(window, baseline=window_of(inc, *other) if other else None, by=by)
        now = grouped((row for row in inside if row["span_row"] in taken), by)
        then = grouped((row for row in outside if row["span_row"] in taken), by)
        found = by_group(answer, by)
        assert set(found) == set(now) | set(then)
        length = sum(b - a for a, b in mine)
        for group, row in found.items():
            expected = red(now.get(group, []), length)
            if other:
                before = red(then.get(group, []), sum(b - a for a, b in other))
                expected |= changes(expected, before)
            assert_same(row, expected)
        check_series(answer, by, now, length)


def changes(now: Row, before: Row) -> Row:
    found = {f"baseline_{name}": value for name, value in before.items()}
    rate = before["rate_per_s"]
    found["rate_change"] = now["rate_per_s"] / rate - 1 if rate else None
    found["error_share_change"] = minus(now["error_share"], before["error_share"])
    for name in ("p50", "p95", "p99"):
        found[f"{name}_change_ms"] = minus(now[f"{name}_ms"], before[f"{name}_ms"])
    return found


def minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def check_series(answer: Answer, by: list[str], now: Any, length: float) -> None:
    """Buckets hold all requests of their group, and their covered time adds up."""
    series = answer.extra["series"].to_dicts()
    for group, rows in grouped(series, by).items():
        assert sum(row["requests"] for row in rows) == len(now.get(group, []))
        assert math.isclose(sum(row["covered_s"] for row in rows), length)
        for row in rows:
            assert math.isclose(row["rate_per_s"], row["requests"] / row["covered_s"])


def check_latency(analysis: Callable[..., Answer], inc: Workbench, window_of: Any) -> None:
    """Every number of a latency table; self time from sets of nanoseconds."""
    rows = every_span(inc)
    own = self_times(inc)
    for mine, other in (([(0, 60)], [(60, 120)]), ([(10, 30), (50, 75)], None)):
        by = ["service"] if other else ["name", "tokens"]
        inside = [row for row in rows if within(row["start_ns"], mine)]
        outside = [row for row in rows if within(row["start_ns"], other or [])]
        baseline = window_of(inc, *other) if other else None
        answer = analysis(window_of(inc, *mine), baseline=baseline, by=by)
        now, then = grouped(inside, by), grouped(outside, by)
        found = by_group(answer, by)
        assert set(found) == set(now) | set(then)
        totals = [sum(own[row["span_row"]] or 0 for row in s) / 1e6 for s in (inside, outside)]
        for group, row in found.items():
            expected = durations(now.get(group, []), own, totals[0])
            if other:
                before = durations(then.get(group, []), own, totals[1])
                expected |= {f"baseline_{name}": value for name, value in before.items()}
                expected["p95_change_ms"] = minus(expected["p95_ms"], before["p95_ms"])
                expected["self_share_change"] = minus(expected["self_share"], before["self_share"])
            assert_same(row, expected)
    check_buckets(analysis, inc, window_of, own)


def check_buckets(
    analysis: Callable[..., Answer], inc: Workbench, window_of: Any, own: dict[int, int | None]
) -> None:
    rows = [row for row in every_span(inc) if within(row["start_ns"], [(5, 65)])]
    for row in rows:
        row["time"] = row["start_ns"] // (20 * SECOND) * 20 * SECOND
    answer = analysis(window_of(inc, (5, 65)), by="name", bucket="20s")
    table = answer.table.with_columns(time=pl.col("time").dt.epoch("ns"))
    groups, buckets = grouped(rows, ["time", "name"]), grouped(rows, ["time"])
    assert table.height == len(groups)
    for row in table.to_dicts():
        whole = sum(own[other["span_row"]] or 0 for other in buckets[row["time"],]) / 1e6
        assert_same(row, durations(groups[row["time"], row["name"]], own, whole))


def whole_traces(rows: list[Row], seconds: Seconds) -> list[Row]:
    """One row per trace that belongs, as `traces` should describe it."""
    found: list[Row] = []
    for (trace_id,), spans in grouped(rows, ["trace_id"]).items():
        timed = sorted((row for row in spans if row["start_ns"] is not None), key=slow.age)
        roots = [row for row in timed if row["parent_span_id"] is None]
        first = (roots or timed or spans)[0]
        if not within(first["start_ns"], seconds):
            continue
        ends = [row["start_ns"] + max(row["duration_ns"] or 0, 0) for row in timed]
        length = max(ends) - timed[0]["start_ns"]
        if roots:
            length = first["duration_ns"] if slow.valid(first) else None
        found.append(
            {
                "trace_id": trace_id,
                "service": first["service"],
                "name": first["name"],
                "status": first["status"],
                "duration_ms": None if length is None else length / 1e6,
                "spans": len(spans),
                "errors": sum(row["status"] == "error" for row in spans),
                "services": ", ".join(sorted({s["service"] for s in spans if s["service"]}))
                or None,
                "start_ns": first["start_ns"],
                "rootless": not roots,
            }
        )
    return found


def check_traces(analysis: Callable[..., Answer], inc: Workbench, window_of: Any) -> None:
    """Order, values and limits of every sort, with and without errors."""
    rows, mine = every_span(inc), [(0.0, 40.0), (55.0, 60.0)]
    everything = whole_traces(rows, mine)
    for errors in (None, True, False):
        asked = [row for row in everything if errors is None or (row["errors"] > 0) == errors]
        known = [row["duration_ms"] for row in asked if row["duration_ms"] is not None]
        median = pl.Series(known, dtype=pl.Float64).quantile(0.5, interpolation="linear") or 0.0
        keys: dict[str, Callable[[Row], Any]] = {
            "duration": lambda row: (row["duration_ms"] is None, -(row["duration_ms"] or 0)),
            "typical": lambda row: (
                row["duration_ms"] is None,
                # In ns, as the query has it: halves of an ns must tie alike.
                abs(round((row["duration_ms"] or 0) * 1e6) - round(median * 2e6) / 2),  # noqa: B023
            ),
            "errors": lambda row: -row["errors"],
            "start": lambda _: 0,
        }
        for sort, key in keys.items():
            ordered = sorted(asked, key=lambda row: (key(row), row["start_ns"], row["trace_id"]))
            answer = analysis(window_of(inc, *mine), sort=sort, errors=errors, limit=13)
            found = answer.table.with_columns(start_ns=pl.col("start").dt.epoch("ns")).to_dicts()
            assert len(found) == min(13, len(asked))
            for row, expected in zip(found, ordered[:13], strict=True):
                assert_same(row, {k: v for k, v in expected.items() if k != "rootless"})
            overall = answer.extra["overall"].to_dicts()[0]
            assert overall["traces"] == len(everything)
            assert overall["with_errors"] == sum(row["errors"] > 0 for row in everything)
            assert overall["asked"] == len(asked)
            rootless = sum("no root span" in caveat for caveat in answer.caveats)
            assert rootless == any(row["rootless"] for row in everything)
            assert_same(overall, {"median_ms": median})


def check_waterfall(analysis: Callable[..., Answer], inc: Workbench, trace_id: str) -> None:
    """Every column of one waterfall, and the stretches of its critical path."""
    rows = [row for row in every_span(inc) if row["trace_id"] == trace_id]
    by_row = {row["span_row"]: row for row in rows}
    expected = slow.trees(rows)
    answer = analysis(inc.trace(trace_id))
    root = next(by_row[row["span_row"]] for row in expected if row["is_root"])
    origin = root["start_ns"]
    happened = inc.sql(f"select * from events where trace_id = '{trace_id}'").to_dicts()
    for found, placed in zip(answer.table.to_dicts(), expected, strict=True):
        row = by_row[placed["span_row"]]
        own, start, length = placed["self_ns"], row["start_ns"], row["duration_ns"]
        events = sum(event["span_row"] == row["span_row"] for event in happened)
        assert_same(
            found,
            {name: row[name] for name in ("service", "name", "kind", "status", "span_id")}
            | {name: placed[name] for name in ("position", "depth", "children")}
            | {"on_critical_path": placed["on_critical_path"], "events": events}
            | {
                "offset_ms": None if start is None else (start - origin) / 1e6,
                "duration_ms": None if length is None else length / 1e6,
                "self_ms": None if own is None else own / 1e6,
                "critical_ms": placed["critical_ns"] / 1e6,
            },
        )
        flags = ("missing_parent", "cut_cycle", "shared_id", "no_interval")
        outside = ("starts_before_parent", "ends_after_parent")
        wrong = sum(placed[flag] for flag in (*flags, *outside))
        assert (found["note"] or "").count(";") + bool(found["note"]) == wrong
    path = answer.extra["critical_path"]
    length = root["duration_ns"] if slow.valid(root) else 0
    assert math.isclose((path["end_ms"] - path["start_ms"]).sum(), length / 1e6, abs_tol=1e-9)
    times = sorted(event["time_ns"] - origin for event in happened)
    assert [round(t * 1e6) for t in sorted(answer.extra["events"]["event_time_ms"])] == times
