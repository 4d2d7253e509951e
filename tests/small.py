"""Small requests of OTLP, as the collector writes them, for tests that need a few rows."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import workbench
from workbench.store import FileReport

Json = dict[str, Any]


def value(content: object) -> Json:
    """``AnyValue`` of a plain Python value; a dictionary is taken as one already."""
    if isinstance(content, dict):
        return content
    if isinstance(content, bool):
        return {"boolValue": content}
    if isinstance(content, int):
        return {"intValue": str(content)}
    if isinstance(content, float):
        return {"doubleValue": content}
    if isinstance(content, list):
        return {"arrayValue": {"values": [value(item) for item in content]}}
    return {"stringValue": content}


def attributes(pairs: Mapping[str, object] | Iterable[tuple[str, object]]) -> list[Json]:
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return [{"key": key, "value": value(content)} for key, content in items]


def span(number: int = 1, start: int = 1000, end: int | None = None, **fields: Any) -> Json:
    """A span of trace 1 unless ``trace`` says otherwise; ``attributes`` may be plain."""
    trace, parent = fields.pop("trace", 1), fields.pop("parent", None)
    pairs = fields.pop("attributes", None)
    ids: Json = {"traceId": f"{trace:032x}", "spanId": f"{number:016x}"}
    if parent is not None:
        ids["parentSpanId"] = f"{parent:016x}"
    times = {
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 10 if end is None else end),
    }
    content = {**ids, "name": "GET /", "kind": 2, **times, **fields}
    return content if pairs is None else {**content, "attributes": attributes(pairs)}


def log(time: int | None = 1000, **fields: Any) -> Json:
    pairs = fields.pop("attributes", {})
    times = {} if time is None else {"timeUnixNano": str(time)}
    return {**times, "body": value("opened"), "attributes": attributes(pairs), **fields}


def gauge(time: int = 1000, name: str = "queue.length", **pairs: object) -> Json:
    point = {"attributes": attributes(pairs), "timeUnixNano": str(time), "asInt": "5"}
    return {"name": name, "gauge": {"dataPoints": [point]}}


def request(
    *spans: Json,
    logs: Iterable[Json] = (),
    metrics: Iterable[Json] = (),
    resource: Mapping[str, object] | None = None,
) -> Json:
    owner = {"resource": {"attributes": attributes(resource or {"service.name": "shop"})}}
    parts = {
        "resourceSpans": ("scopeSpans", "spans", list(spans)),
        "resourceLogs": ("scopeLogs", "logRecords", list(logs)),
        "resourceMetrics": ("scopeMetrics", "metrics", list(metrics)),
    }
    return {
        name: [{**owner, scopes: [{"scope": {"name": "small"}, records: held}]}]
        for name, (scopes, records, held) in parts.items()
        if held
    }


def compact(document: object) -> bytes:
    """The bytes that the collector writes: no blanks, no escapes that are not needed."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def written(folder: Path, *requests: Json) -> Path:
    """A new file in ``folder`` with one request a line."""
    names = (folder / f"dump-{number}.jsonl" for number in itertools.count(1))
    path = next(name for name in names if not name.exists())
    path.write_bytes(b"".join(compact(item) + b"\n" for item in requests))
    return path


def load(incident: workbench.Workbench, folder: Path, *requests: Json) -> FileReport:
    """What became of a file of ``requests``, written to ``folder`` and loaded."""
    return incident.load(written(folder, *requests), progress=False).files[0]
