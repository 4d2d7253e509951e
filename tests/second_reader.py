"""A second opinion on OTLP JSON: slow and obvious, and it shares no code with what it judges.

It is written from the OTLP specification (JSON encoding), reads one document at a time with the
standard library, and yields plain dictionaries.

A *record* is a span, a log record or a metric point. A record is rejected when an id is not 16
or 8 bytes, an enum is unknown, or a field has the wrong shape. A document that is not JSON is
one rejected record; a last document that was cut short is a caveat instead.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.second_reader_documents import content, documents
from tests.second_reader_fields import (
    KIND_CODES,
    KINDS,
    MAX_INT64,
    MAX_UINT64,
    SEVERITY_CODES,
    STATUS_CODES,
    STATUSES,
    TEMPORALITIES,
    TEMPORALITY_CODES,
    RejectedError,
    Row,
    any_value,
    attributes,
    big,
    count,
    double,
    enum,
    get,
    identifier,
    integer,
    items,
    part,
    small,
    snake,
    text,
    typed,
    word,
)

SHAPES = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "summary": "summary",
}

# Records ----------------------------------------------------------------------------------------


def event(thing: Row) -> Row:
    return {
        "time_ns": big(thing, "timeUnixNano"),
        "name": text(thing, "name"),
        "dropped_attributes_count": count(thing, "droppedAttributesCount"),
        "attributes": attributes(thing),
    }


def link(thing: Row) -> Row:
    return {
        "linked_trace_id": identifier(thing, "traceId", 16, needed=True),
        "linked_span_id": identifier(thing, "spanId", 8, needed=True),
        "trace_state": text(thing, "traceState"),
        "flags": count(thing, "flags"),
        "dropped_attributes_count": count(thing, "droppedAttributesCount"),
        "attributes": attributes(thing),
    }


def span(thing: Row) -> Row:
    status = part(thing, "status")
    return {
        "trace_id": identifier(thing, "traceId", 16, needed=True),
        "span_id": identifier(thing, "spanId", 8, needed=True),
        "parent_span_id": identifier(thing, "parentSpanId", 8, needed=False),
        "trace_state": text(thing, "traceState"),
        "flags": count(thing, "flags"),
        "name": text(thing, "name"),
        "kind": word(enum(get(thing, "kind"), KIND_CODES, "kind"), KINDS),
        "status": word(enum(get(status, "code"), STATUS_CODES, "code"), STATUSES),
        "status_message": text(status, "message"),
        "start_ns": big(thing, "startTimeUnixNano"),
        "end_ns": big(thing, "endTimeUnixNano"),
        "attributes": attributes(thing),
        "dropped_attributes_count": count(thing, "droppedAttributesCount"),
        "events": [event(one) for one in items(thing, "events")],
        "dropped_events_count": count(thing, "droppedEventsCount"),
        "links": [link(one) for one in items(thing, "links")],
        "dropped_links_count": count(thing, "droppedLinksCount"),
    }


def log(thing: Row) -> Row:
    return {
        "time_ns": big(thing, "timeUnixNano"),
        "observed_time_ns": big(thing, "observedTimeUnixNano"),
        "severity_number": enum(get(thing, "severityNumber"), SEVERITY_CODES, "severityNumber"),
        "severity_text": text(thing, "severityText"),
        "body": any_value(get(thing, "body")),
        "event_name": text(thing, "eventName"),
        "trace_id": identifier(thing, "traceId", 16, needed=False),
        "span_id": identifier(thing, "spanId", 8, needed=False),
        "flags": count(thing, "flags"),
        "attributes": attributes(thing),
        "dropped_attributes_count": count(thing, "droppedAttributesCount"),
    }


def number(thing: Row) -> Row:
    whole = integer(get(thing, "asInt"), -(2**63), MAX_INT64, "asInt")
    value = double(get(thing, "asDouble"), "asDouble")
    return {"value": value if whole is None else float(whole), "value_int": whole}


def exemplar(thing: Row) -> Row:
    return {
        "time_ns": big(thing, "timeUnixNano"),
        **number(thing),
        "trace_id": identifier(thing, "traceId", 16, needed=False),
        "span_id": identifier(thing, "spanId", 8, needed=False),
        "attributes": attributes(thing, "filteredAttributes"),
    }


def counts_of(thing: Row, name: str) -> list[int | None]:
    values = typed(list, get(thing, name) or [], name)
    return [integer(value, 0, MAX_UINT64, name) for value in values]


def doubles_of(thing: Row, name: str) -> list[float | None]:
    return [double(value, name) for value in typed(list, get(thing, name) or [], name)]


def double_or_zero(thing: Row, name: str) -> float:
    value = double(get(thing, name), name)
    return 0.0 if value is None else value


def point(thing: Row, shape: str) -> Row:
    row: Row = {
        "start_ns": big(thing, "startTimeUnixNano"),
        "time_ns": big(thing, "timeUnixNano"),
        "flags": count(thing, "flags"),
        "attributes": attributes(thing),
        "exemplars": [exemplar(one) for one in items(thing, "exemplars")],
    }
    if shape in ("gauge", "sum"):
        return row | number(thing)
    row |= {"count": big(thing, "count"), "sum": double(get(thing, "sum"), "sum")}
    if shape == "summary":
        pairs = items(thing, "quantileValues")
        return row | {
            "quantiles": [double_or_zero(pair, "quantile") for pair in pairs],
            "quantile_values": [double_or_zero(pair, "value") for pair in pairs],
        }
    row |= {name: double(get(thing, name), name) for name in ("min", "max")}
    if shape == "histogram":
        return row | {
            "explicit_bounds": doubles_of(thing, "explicitBounds"),
            "bucket_counts": counts_of(thing, "bucketCounts"),
        }
    row |= {
        "scale": small(thing, "scale"),
        "zero_count": big(thing, "zeroCount"),
        "zero_threshold": double(get(thing, "zeroThreshold"), "zeroThreshold"),
    }
    for side in ("positive", "negative"):
        buckets = part(thing, side)
        row[f"{side}_offset"] = small(buckets, "offset")
        row[f"{side}_bucket_counts"] = counts_of(buckets, "bucketCounts")
    return row


def points(metric: Row, reject: Callable[[str, Row], None]) -> Iterator[Row]:
    """Each point of a metric together with what the metric says of all of them."""
    shared: Row = {key: text(metric, key) for key in ("name", "unit", "description")}
    shared = {"metric": shared.pop("name"), **shared, "metadata": attributes(metric, "metadata")}
    for key, shape in SHAPES.items():
        data = part(metric, key)
        code = enum(get(data, "aggregationTemporality"), TEMPORALITY_CODES, "temporality")
        monotonic = get(data, "isMonotonic")
        shared |= {
            "type": shape,
            "temporality": None if shape in ("gauge", "summary") else word(code, TEMPORALITIES),
            "is_monotonic": bool(monotonic) if shape == "sum" else None,
        }
        for one in items(data, "dataPoints"):
            try:
                yield shared | point(one, shape)
            except RejectedError as error:
                reject(str(error), one)


# Documents to rows ------------------------------------------------------------------------------

PLACES = (
    ("span", ("resourceSpans",), ("scopeSpans", "instrumentationLibrarySpans"), ("spans",)),
    (
        "log",
        ("resourceLogs",),
        ("scopeLogs", "instrumentationLibraryLogs"),
        ("logRecords", "logs"),
    ),
    (
        "point",
        ("resourceMetrics",),
        ("scopeMetrics", "instrumentationLibraryMetrics"),
        ("metrics",),
    ),
)


SPELLINGS = [f'"{name(place[1][0])}"' for place in PLACES for name in (str, snake)]


def envelope(group: Row, scope_group: Row) -> Row:
    resource, scope = part(group, "resource"), part(scope_group, "scope", "instrumentationLibrary")
    return {
        "resource": attributes(resource),
        "resource_dropped": count(resource, "droppedAttributesCount"),
        "resource_schema_url": text(group, "schemaUrl"),
        "scope.name": text(scope, "name"),
        "scope.version": text(scope, "version"),
        "scope": attributes(scope),
        "scope_dropped": count(scope, "droppedAttributesCount"),
        "scope_schema_url": text(scope_group, "schemaUrl"),
    }


def rows_of(document: Any) -> Iterator[tuple[str, Any]]:
    """The records of one document as (signal, row), and ('rejected', reason and raw)."""
    if not isinstance(document, dict) or not any(get(document, *place[1]) for place in PLACES):
        empty = isinstance(document, dict) and any(
            name in document for place in PLACES for name in (place[1][0], snake(place[1][0]))
        )
        if not empty:
            yield "rejected", ("not telemetry", document)
        return
    refused: list[tuple[str, Any]] = []
    try:
        for signal, groups, scopes, records in PLACES:
            for group in items(document, *groups):
                for scope_group in items(group, *scopes):
                    around = envelope(group, scope_group)
                    for record in items(scope_group, *records):
                        yield from rows_of_record(signal, record, around, refused)
    except RejectedError as error:
        refused.append((str(error), document))
    for refusal in refused:
        yield "rejected", refusal


def rows_of_record(
    signal: str, record: Row, around: Row, refused: list[tuple[str, Any]]
) -> Iterator[tuple[str, Row]]:
    try:
        if signal == "span":
            yield signal, span(record) | around
        elif signal == "log":
            yield signal, log(record) | around
        else:
            for row in points(record, lambda why, raw: refused.append((why, raw))):
                yield signal, row | around
    except RejectedError as error:
        refused.append((str(error), record))


def digest_of(whole: str) -> bytes:
    return hashlib.blake2b(whole.encode("utf-8", "surrogatepass")).digest()


def records(whole: str, cut: bool) -> Iterator[tuple[str, Any]]:
    """Everything in one file: ('span' | 'log' | 'point', row), ('rejected', …), ('cut', None)."""
    for state, document, raw in documents(whole):
        if state == "good":
            yield from rows_of(document)
        elif state == "cut":
            cut = True
        else:
            yield "rejected", ("not JSON", raw)
    if cut:
        yield "cut", None


@dataclass
class Reading:
    """What the files hold: rows that a store must have, and how many of everything."""

    spans: list[Row] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    points: list[Row] = field(default_factory=list)
    rejected: list[tuple[str, Any]] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    seen: dict[tuple[str, str], set[bytes]] = field(default_factory=dict)

    def add(self, signal: str, row: Any, keep: bool) -> None:
        """Count a row, and keep it if it is to be compared."""
        if signal == "span" and self.is_duplicate(row):
            self.tally["duplicate"] += 1
            return
        self.tally[signal] += 1
        if signal == "span":
            self.tally["event"] += len(row["events"])
            self.tally["link"] += len(row["links"])
        elif signal == "point":
            self.tally[row["type"]] += 1
            self.tally["exemplar"] += len(row["exemplars"])
        if keep and signal != "cut":
            lists = {"span": self.spans, "log": self.logs, "point": self.points}
            lists.get(signal, self.rejected).append(row)

    def is_duplicate(self, row: Row) -> bool:
        """Whether a span with these ids and equal content came before."""
        digests = self.seen.setdefault((row["trace_id"], row["span_id"]), set())
        digest = digest_of(repr(row))
        known = digest in digests
        self.tally["conflict"] += bool(digests) and not known
        digests.add(digest)
        return known

    def counts(self) -> dict[str, int]:
        names = ("span", "event", "link", "log", "point", "duplicate", "rejected")
        return dict(zip(COUNTS, (self.tally[name] for name in names), strict=True))

    def points_by_type(self) -> dict[str, int]:
        return {shape: self.tally[shape] for shape in SHAPES.values() if self.tally[shape]}


COUNTS = ("spans", "span_events", "span_links", "logs", "metric_points", "duplicates", "rejected")


def read(*paths: Path, keep: bool = True) -> Reading:
    """Read files in the order given; without ``keep``, only count.

    A span seen before with equal content counts once, and so does a file. A file that names none
    of the three signals is not telemetry; it has no records, so none is rejected.
    """
    reading, files = Reading(), set[bytes]()
    for path in paths:
        whole, cut = content(path)
        name = digest_of(whole)
        if name not in files and any(spelling in whole for spelling in SPELLINGS):
            for signal, row in records(whole, cut):
                reading.add(signal, row, keep)
        files.add(name)
    return reading
