"""Made-up telemetry: rows of spans, written as OTLP JSON and loaded like any dump."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workbench.window import Window
from workbench.workbench import Workbench, open_workbench

Row = dict[str, Any]

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES = ("unset", "ok", "error")
SECOND = 10**9
BASE = 1_794_000_000 * SECOND  # a time in November 2026, on a whole minute
_FIXED = {
    *("trace_id", "span_id", "parent_span_id", "service", "name", "kind", "status"),
    *("status_message", "start_ns", "duration_ns", "events", "attributes"),
}


def identifier(number: int, digits: int) -> str:
    """An id of so many hex digits, never zero."""
    return f"{number + 1:0{digits}x}"


def span(trace: int, number: int, parent: int | None, start: int | None, **more: Any) -> Row:
    """One span that starts ``start`` ns after BASE; ``more`` overrides and adds attributes.

    Attributes that are called like a field of the span stand in ``attributes``; an event is its
    time in ns after BASE, its name and perhaps its attributes.
    """
    row: Row = {
        "trace_id": identifier(trace, 32),
        "span_id": identifier(number, 16),
        "parent_span_id": None if parent is None else identifier(parent, 16),
        "service": "shop",
        "name": "work",
        "kind": "internal",
        "status": "unset",
        "status_message": None,
        "start_ns": None if start is None else BASE + start,
        "duration_ns": 100,
        "events": [],
        "attributes": {},
    }
    return row | more


def workbench_of(rows: Iterable[Row], tz: str = "UTC") -> Workbench:
    """A workbench in memory that has loaded the rows."""
    by_service: dict[str | None, list[Row]] = {}
    for row in rows:
        by_service.setdefault(row["service"], []).append(_otlp(row))
    document = {
        "resourceSpans": [
            {
                "resource": {"attributes": [_pair("service.name", name)] if name else []},
                "scopeSpans": [{"scope": {"name": "made"}, "spans": spans}],
            }
            for name, spans in by_service.items()
        ]
    }
    inc = open_workbench(tz=tz)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "made.json")
        path.write_text(json.dumps(document), encoding="utf-8")
        inc.load(path, progress=False)
    return inc


def window_of(inc: Workbench, *seconds: tuple[float, float]) -> Window:
    """The window of the intervals, given in seconds after BASE."""
    intervals = tuple((BASE + int(a * SECOND), BASE + int(b * SECOND)) for a, b in seconds)
    return Window(inc.store, inc.timezone, intervals)


def _otlp(row: Row) -> Row:
    span: Row = {
        "traceId": row["trace_id"],
        "spanId": row["span_id"],
        "name": row["name"],
        "kind": KINDS.index(row["kind"]),
        "status": {"code": STATUSES.index(row["status"])},
        "attributes": [
            _pair(key, value) for key, value in _attributes(row).items() if value is not None
        ],
        "events": [
            {
                "timeUnixNano": str(BASE + time),
                "name": name,
                "attributes": [_pair(key, value) for pairs in more for key, value in pairs.items()],
            }
            for time, name, *more in row["events"]
        ],
    }
    if row["parent_span_id"]:
        span["parentSpanId"] = row["parent_span_id"]
    if row["status_message"]:
        span["status"]["message"] = row["status_message"]
    if row["start_ns"] is not None:
        span["startTimeUnixNano"] = str(row["start_ns"])
        if row["duration_ns"] is not None:
            span["endTimeUnixNano"] = str(row["start_ns"] + row["duration_ns"])
    return span


def _attributes(row: Row) -> Row:
    return {key: row[key] for key in row if key not in _FIXED} | row["attributes"]


def _pair(key: str, value: Any) -> Row:
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value)}}
    if isinstance(value, float):
        return {"key": key, "value": {"doubleValue": value}}
    return {"key": key, "value": {"stringValue": value}}


def rough_rows(seed: int, traces: int = 120) -> list[Row]:
    """Traces of a few hundred ns each over two minutes, with everything that goes wrong.

    Gateway and store answer by server spans, the worker by consumer spans only, cron and the
    nameless service by neither.
    There are orphans, spans that are their own parent, shared ids, spans outside their parents,
    reversed ones, and traces that straddle the full minute.
    """
    chance = random.Random(seed)
    rows: list[Row] = []
    number = 0
    for trace in range(traces):
        start = trace * SECOND if trace % 7 else (60 * SECOND - chance.randrange(1, 200))
        first = number
        for place in range(chance.randrange(1, 12)):
            parent = None if place == 0 else chance.randrange(first, number)
            service = chance.choice(["gateway", "store", "worker", "cron", None])
            kinds = ("internal", "client", "server", "consumer", "producer")
            weights = {"worker": (3, 1, 0, 2, 0), "cron": (1, 1, 0, 0, 0), None: (1, 1, 0, 0, 0)}
            rows.append(
                span(
                    trace,
                    number,
                    parent,
                    start + chance.randrange(0, 250),
                    service=service,
                    name=chance.choice(["get", "put", "<b>list</b>"]),
                    kind=chance.choices(kinds, weights.get(service, (2, 2, 2, 1, 1)))[0],
                    status=chance.choices(STATUSES, (6, 2, 2))[0],
                    duration_ns=chance.choice([0, *[chance.randrange(400)] * 9]),
                    tokens=chance.choice([1, 20, None]),
                    **{"http.route": chance.choice(["/a", "/b", None])},
                )
            )
            _spoil(rows[-1], chance, first)
            number += 1
    return rows


def _spoil(row: Row, chance: random.Random, first: int) -> None:
    """Now and then make a span as real ones are."""
    luck = chance.random()
    if luck < 0.04:
        row["parent_span_id"] = identifier(10**9, 16)
    elif luck < 0.10:
        row["parent_span_id"] = row["span_id"]
    elif luck < 0.14 and row["parent_span_id"] and row["service"] in {"gateway", "store"}:
        row["span_id"], row["kind"] = row["parent_span_id"], "server"
        row["parent_span_id"] = identifier(first, 16)
    elif luck < 0.18:
        row["duration_ns"] = -chance.randrange(1, 50)
