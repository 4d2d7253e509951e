"""Answers of the shapes that the analyses give, small enough to count marks by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from workbench.answer import Answer

WINDOW = "2026-11-12T14:05:00+00:00/2026-11-12T14:24:00+00:00"
BASELINE = "2026-11-12T13:35:00+00:00/2026-11-12T13:55:00+00:00"
REASON = "Nothing in 2026-11-12T14:05:00+00:00; the data spans 2026-11-11/2026-11-12."
START = datetime(2026, 11, 12, 14, 5, tzinfo=UTC)


def answer(table: pl.DataFrame, *, compared: bool = False, **more: Any) -> Answer:
    return Answer(
        table=table,
        sql="select 1",
        window=WINDOW,
        baseline=BASELINE if compared else None,
        **more,
    )


def compare(rows: list[dict[str, Any]], first: str, compared: bool) -> list[dict[str, Any]]:
    """Rows with the measures from column ``first`` on again as ``baseline_…``."""
    if not compared:
        return rows
    names = list(rows[0])[list(rows[0]).index(first) :]
    return [row | {f"baseline_{name}": row[name] for name in names} for row in rows]


def overview(groups: int, *, compared: bool = False, buckets: int = 3) -> Answer:
    rows = [
        {
            "service": None if group == 1 else f"<service> {group}",
            "requests": 100 - group,
            "rate_per_s": 2.5,
            "errors": group,
            "error_share": group / 100,
            "p50_ms": 20.0,
            "p95_ms": 900.0,
            "p99_ms": 4000.0,
        }
        for group in range(groups)
    ]
    series = [
        {
            "service": row["service"],
            "time": START + timedelta(minutes=bucket),
            "covered_s": 60.0,
            "requests": 30,
            "errors": 1,
            "error_share": None if bucket == 0 else 0.03,
            "p50_ms": 20.0,
            "p95_ms": 900.0 + bucket,
            "rate_per_s": 0.5,
        }
        for row in rows
        for bucket in range(buckets)
    ]
    table = pl.DataFrame(compare(rows, "requests", compared))
    return answer(table, compared=compared, extra={"series": pl.DataFrame(series)})


def latency_rows(groups: int) -> list[dict[str, Any]]:
    return [
        {
            "service": None if group == 1 else f"<service> {group}",
            "spans": 100,
            "errors": 4,
            "error_share": 0.04,
            "p50_ms": 10.0 * (group + 1),
            "p90_ms": 90.0,
            "p95_ms": 95.0,
            "p99_ms": 4000.0,
            "self_ms": 50.0,
            "self_share": 1 / groups,
        }
        for group in range(groups)
    ]


def latency(groups: int, *, compared: bool = False) -> Answer:
    rows = compare(latency_rows(groups), "spans", compared)
    return answer(pl.DataFrame(rows), compared=compared)


def latency_over_time(groups: int, *, compared: bool = False, buckets: int = 4) -> Answer:
    total = pl.DataFrame(compare(latency_rows(groups), "spans", compared))
    times = pl.DataFrame({"time": [START + timedelta(minutes=n) for n in range(buckets)]})
    # The third bucket has no spans, so no row.
    table = times.filter(pl.int_range(pl.len()) != 2).join(total, how="cross")
    return answer(table, compared=compared, extra={"total": total, "buckets": times})


def traces(count: int, *, unknown: int = 0) -> Answer:
    rows = [
        {
            "trace_id": f"{number:032x}",
            "start": START + timedelta(seconds=number),
            "service": "gateway",
            "name": "<b>POST</b> /v1/chat",
            "status": "error" if number % 3 == 0 else "unset",
            "duration_ms": None if number < unknown else 1000.0 * (count - number),
            "spans": 7,
            "errors": 2 if number % 3 == 0 else 0,
            "services": "gateway, vllm",
        }
        for number in range(count)
    ]
    overall = {"traces": 400, "with_errors": 9, "asked": 300, "median_ms": 900.0, "p95_ms": 3000.0}
    extra = {"overall": pl.DataFrame([overall | {"sort": "duration"}])}
    return answer(pl.DataFrame(rows), extra=extra)


def waterfall(count: int, *, failed: int = 1, timeless: int = 0) -> Answer:
    rows = [
        {
            "position": number,
            "depth": min(number, 20),
            "service": ("gateway", "vllm", None)[number % 3],
            "name": f"<i>step</i> {number}",
            "kind": "internal",
            "status": "error" if 0 < number <= failed else "unset",
            "offset_ms": None if number > count - timeless - 1 else -5.0 if number == 1 else 1.0,
            "duration_ms": None if number > count - timeless - 1 else 1000.0 / (number + 1),
            "self_ms": 1.0,
            "critical_ms": 1.0,
            "on_critical_path": number < 2,
            "events": 0,
            "children": 1,
            "note": None,
            "status_message": "it broke" if 0 < number <= failed else None,
            "span_id": f"{number:016x}",
            "parent_span_id": None,
        }
        for number in range(count)
    ]
    path = {"position": [0, 1, 0], "start_ms": [0.0, 10.0, 500.0], "end_ms": [10.0, 500.0, 1e3]}
    events = {"position": [0, 1, 1], "event_name": ["first token", None, "exception"]}
    events |= {"event_time_ms": [5.0, None, 7.0], "exception_type": [None, None, "OSError"]}
    events |= {"exception_message": [None, None, "<disk> full"]}
    phases = {
        "position": [0, 0],
        "phase": ["queue", "decode"],
        "start_ms": [0.0, 10.0],
        "duration_ms": [10.0, 90.0],
    }
    trace = {"trace_id": "ab" * 16, "name": "POST", "service": "gateway", "duration_ms": 1000.0}
    trace |= {"start": START, "spans": count, "errors": failed}
    return answer(
        pl.DataFrame(rows, infer_schema_length=None),
        extra={
            "critical_path": pl.DataFrame(path),
            "events": pl.DataFrame(events),
            "phases": pl.DataFrame(phases),
            "trace": pl.DataFrame([trace]),
        },
    )
