"""Reads an incident's files as plain JSON; shares nothing with what wrote them."""

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

SECOND = 1_000_000_000
LATENCY = "gen_ai.latency."
INCIDENT = Path(__file__).parents[3] / "data" / "incident"


def _plain(value):
    kind, inner = next(iter(value.items()))
    if kind == "intValue":
        return int(inner)
    if kind == "arrayValue":
        return [_plain(item) for item in inner["values"]]
    return inner


def _plain_all(pairs):
    return {pair["key"]: _plain(pair["value"]) for pair in pairs}


@dataclass(slots=True)
class Span:
    """One span with times in whole nanoseconds."""

    trace: str
    id: str
    parent: str
    name: str
    kind: int
    start: int
    end: int
    attributes: dict
    resource: dict
    events: list
    links: list
    status: dict

    @property
    def service(self):
        return self.resource["service.name"]

    @property
    def pod(self):
        return self.resource["k8s.pod.name"]

    @property
    def seconds(self):
        return (self.end - self.start) / 1e9


@dataclass(slots=True)
class Point:
    """One metric point; `body` is the point as it stood in the file."""

    metric: str
    time: int
    attributes: dict
    resource: dict
    body: dict

    @property
    def value(self):
        return self.body["asDouble"]


@dataclass(slots=True)
class Record:
    """One log record."""

    time: int
    severity: int
    body: str
    trace: str
    span: str
    resource: dict


@dataclass
class Dump:
    """A folder of telemetry and the truth beside it."""

    folder: Path
    spans: list[Span] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    truth: dict = field(default_factory=dict)

    def __post_init__(self):
        self.truth = json.loads((self.folder / "truth.json").read_text())
        for line in lines(self.folder, "traces"):
            for resource, items in _items(line, "resourceSpans", "scopeSpans", "spans"):
                self.spans.extend(_span(item, resource) for item in items)
        for line in lines(self.folder, "metrics"):
            for resource, items in _items(line, "resourceMetrics", "scopeMetrics", "metrics"):
                for metric in items:
                    self.points.extend(_points(metric, resource))
        for line in lines(self.folder, "logs"):
            for resource, items in _items(line, "resourceLogs", "scopeLogs", "logRecords"):
                self.records.extend(_record(item, resource) for item in items)

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def series(self, metric, **attributes):
        """Return the points of one metric with these attributes, in order of time."""
        found = [
            point
            for point in self.points
            if point.metric == metric
            and all(point.attributes.get(key) == value for key, value in attributes.items())
        ]
        return sorted(found, key=lambda point: point.time)

    def window(self, name):
        """Return the start and end of one of the truth's windows in nanoseconds."""
        return tuple(nanoseconds(text) for text in self.truth["windows"][name])

    def phase(self, name):
        return nanoseconds(self.truth["phases"][name])


def nanoseconds(text):
    return round(datetime.fromisoformat(text).timestamp() * 1e6) * 1000


@cache
def lines(folder, signal):
    with gzip.open(folder / f"{signal}.jsonl.gz", "rt") as file:
        return [json.loads(line) for line in file]


def _items(line, outer, scopes, items):
    for block in line[outer]:
        resource = _plain_all(block["resource"]["attributes"])
        for scope in block[scopes]:
            yield resource, scope[items]


def _span(item, resource):
    return Span(
        item["traceId"],
        item["spanId"],
        item["parentSpanId"],
        item["name"],
        item["kind"],
        int(item["startTimeUnixNano"]),
        int(item["endTimeUnixNano"]),
        _plain_all(item["attributes"]),
        resource,
        item.get("events", []),
        item.get("links", []),
        item["status"],
    )


def _points(metric, resource):
    shape = next(metric[kind] for kind in ("gauge", "sum", "histogram") if kind in metric)
    for body in shape["dataPoints"]:
        time = int(body["timeUnixNano"])
        yield Point(metric["name"], time, _plain_all(body["attributes"]), resource, body)


def _record(item, resource):
    return Record(
        int(item["timeUnixNano"]),
        item["severityNumber"],
        item["body"]["stringValue"],
        item["traceId"],
        item["spanId"],
        resource,
    )


def quantile(values, share):
    """Return the quantile with linear interpolation."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def served(dump, window, pod=None):
    start, end = dump.window(window)
    return [
        span
        for span in dump.named("llm_request")
        if start <= span.start < end and pod in (None, span.pod)
    ]


def latency(span, part):
    return span.attributes[LATENCY + part]


def attempts(dump):
    """Chat spans sent to replicas, by the replica's address."""
    return [span for span in dump.spans if span.name == "chat qwen3-32b"]


def per_output_token(spans):
    decode = sum(latency(span, "time_in_model_decode") for span in spans)
    return decode / sum(span.attributes["gen_ai.usage.completion_tokens"] - 1 for span in spans)


def gauge(dump, metric, window, **attributes):
    start, end = dump.window(window)
    return [p.value for p in dump.series(metric, **attributes) if start <= p.time < end]
