"""Rows of a store and rows of the second reader in one form, so that they can be compared.

A row is a dictionary of its fixed columns plus ``attributes`` (and ``resource``): a sorted list of
key and value, where a value keeps its type. An attribute without a value has no column; the order
of a list and its empty values are compared apart, see `shapes`.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import workbench
from tests.second_reader import Reading
from tests.second_reader_fields import MAX_INT64, any_value

Row = dict[str, Any]
Rows = dict[str, list[Row]]

IDS = ("trace_id", "span_id")
SPAN = (
    *IDS,
    *("parent_span_id", "trace_state", "flags", "name", "kind", "status", "status_message"),
    *("start_ns", "end_ns", "duration_ns"),
    *("dropped_attributes_count", "dropped_events_count", "dropped_links_count"),
    *("service", "scope.name", "scope.version"),
)
EVENT = (*IDS, "position", "time_ns", "name", "dropped_attributes_count")
LINK = (*IDS, "position", "linked_trace_id", "linked_span_id", "trace_state", "flags")
LOG = (
    *("time_ns", "observed_time_ns", "severity_number", "severity_text", "body", "event_name"),
    *(*IDS, "flags", "service"),
)
EXEMPLAR = ("metric", "time_ns", "value", "value_int", *IDS)
LISTS = (
    *("explicit_bounds", "bucket_counts", "positive_bucket_counts", "negative_bucket_counts"),
    *("quantiles", "quantile_values"),
)
POINT = (
    *("metric", "type", "unit", "description", "temporality", "is_monotonic"),
    *("start_ns", "time_ns", "flags", "value", "value_int", "count", "sum", "min", "max"),
    *("scale", "zero_count", "zero_threshold", "positive_offset", "negative_offset"),
    *(*LISTS, "service"),
)
# Protobuf cannot tell an absent one of these from its default, so neither do comparisons.
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("flags", "severity_number"), 0),
    **dict.fromkeys(("trace_state", "status_message", "severity_text", "event_name"), ""),
    **dict.fromkeys(("unit", "description", "scope.name", "scope.version"), ""),
    **{f"dropped_{what}_count": 0 for what in ("attributes", "events", "links")},
    **{name: [] for name in LISTS},
}
# On the points that have them.
EXPONENTIAL = ("scale", "zero_count", "zero_threshold", "positive_offset", "negative_offset")
OWNED = ("resource", "attributes")


def plain(row: Mapping[str, Any], names: Iterable[str]) -> Row:
    """The named fields; doubles as text, so that NaN equals NaN and -0.0 differs from 0.0."""
    out: Row = {}
    for name in names:
        value = row.get(name)
        if value is None:
            value = DEFAULTS.get(name)
        if name in EXPONENTIAL and not value:
            value = None
        out[name] = exact(list(value) if isinstance(value, tuple) else value)
    return out


def exact(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value)
    return [exact(one) for one in value] if isinstance(value, list) else value


# The second reader's rows -----------------------------------------------------------------------


def listed(attributes: Iterable[tuple[str, tuple[str, Any]]]) -> list[str]:
    return sorted(repr(pair) for pair in attributes if pair[1][0] != "empty")


def fitting(value: int | None) -> int | None:
    """A time as a BIGINT column can hold it; OTLP says that 0 is an unknown one."""
    return None if not value or value > MAX_INT64 else value


def service(row: Row) -> str | None:
    """The first text under `service.name`."""
    values = [value for key, value in row["resource"] if key == "service.name"]
    return next((content for kind, content in values if kind == "string"), None)


def duration(row: Row) -> int | None:
    start, end = fitting(row["start_ns"]), fitting(row["end_ns"])
    return None if start is None or end is None else end - start


def as_expected(row: Row, names: tuple[str, ...], **more: Any) -> Row:
    times = {name: fitting(row[name]) for name in row if name.endswith("_ns")}
    out = plain(row | times | more, names)
    if "resource" in row:
        out["resource"] = listed(row["resource"])
    return out | {"attributes": listed(row["attributes"])}


def expected(reading: Reading) -> Rows:
    """What a store must hold after the files of ``reading`` were loaded."""
    rows: Rows = {name: [] for name in ("spans", "events", "links", "logs", "metrics", "exemplars")}
    for span in reading.spans:
        more = {"service": service(span), "duration_ns": duration(span)}
        rows["spans"].append(as_expected(span, SPAN, **more))
        ids = {name: span[name] for name in IDS}
        for kind, names in (("events", EVENT), ("links", LINK)):
            for position, one in enumerate(span[kind]):
                rows[kind].append(as_expected(one | ids, names, position=position))
    for log in reading.logs:
        body = repr(log["body"])
        rows["logs"].append(as_expected(log, LOG, service=service(log), body=body))
    for point in reading.points:
        more = {"service": service(point)}
        if point["type"] not in ("gauge", "sum"):
            more["count"] = point["count"] or 0
        if point["type"] == "summary":
            more["sum"] = 0.0 if point["sum"] is None else point["sum"]
        rows["metrics"].append(as_expected(point, POINT, **more))
        for one in point["exemplars"]:
            rows["exemplars"].append(as_expected(one, EXEMPLAR, metric=point["metric"]))
    return rows


# The store's rows -------------------------------------------------------------------------------


def from_plain(value: Any) -> tuple[str, Any]:
    """The typed value that plain JSON stands for."""
    if isinstance(value, list):
        return "array", [from_plain(one) for one in value]
    if isinstance(value, dict):
        return "kvlist", [(key, from_plain(one)) for key, one in value.items()]
    return {bool: "bool", int: "int", float: "double", str: "string"}[type(value)], value


FROM_COLUMN: dict[str, Callable[[Any], tuple[str, Any]]] = {
    "array": lambda value: from_plain(json.loads(value)),
    "kvlist": lambda value: from_plain(json.loads(value)),
    "anyvalue": lambda value: any_value(json.loads(value)),
}
FROM_TEXT: dict[str | None, Callable[[Any], tuple[str, Any]]] = {
    **FROM_COLUMN,
    None: lambda _: ("empty", None),
    "empty": lambda _: ("empty", None),
    "string": lambda value: ("string", value),
    "int": lambda value: ("int", int(value)),
    "double": lambda value: ("double", float(value)),
    "bool": lambda value: ("bool", {"true": True, "false": False}[value]),
    "bytes": lambda value: ("bytes", base64.b64decode(value)),
}


def typed_value(kind: str, value: Any) -> tuple[str, Any]:
    return FROM_COLUMN[kind](value) if kind in FROM_COLUMN else (kind, value)


def columns_of(incident: workbench.Workbench, signal: str) -> dict[str, tuple[str, str]]:
    """Name of each attribute column of a signal, with the key and the type that it holds."""
    keys = incident.sql(f"select key, type, \"column\" from keys where signal = '{signal}'")
    return {column: (key, kind) for key, kind, column in keys.iter_rows() if column is not None}


def stored(incident: workbench.Workbench) -> Rows:
    """Every telemetry row of a store."""
    views = {
        "spans": ("span", SPAN),
        "events": ("event", EVENT),
        "links": ("link", LINK),
        "logs": ("log", LOG),
        "metrics": ("metric", POINT),
        "exemplars": ("exemplar", EXEMPLAR),
    }
    resource = {f"resource.{name}": pair for name, pair in columns_of(incident, "resource").items()}
    rows: Rows = {}
    for view, (signal, names) in views.items():
        columns = {"attributes": columns_of(incident, signal)}
        if view in ("spans", "logs", "metrics"):
            columns["resource"] = resource
        rows[view] = [
            as_stored(row, names, columns)
            for row in incident.sql(f"select * from {view}").iter_rows(named=True)
        ]
    return rows


def as_stored(
    row: Row, names: tuple[str, ...], columns: Mapping[str, Mapping[str, tuple[str, str]]]
) -> Row:
    more = {"body": repr(FROM_TEXT[row["body_type"]](row["body"]))} if "body" in names else {}
    out = plain(row | more, names)
    for owner, named in columns.items():
        out[owner] = listed(
            (key, typed_value(kind, row[column]))
            for column, (key, kind) in named.items()
            if row[column] is not None
        )
    return out


# Comparing --------------------------------------------------------------------------------------


def difference(one: Rows, other: Rows) -> list[str]:
    """Rows that only one side has, in words; empty when both hold the same, in any order."""
    found: list[str] = []
    for view in one:
        left, right = (
            Counter(repr(sorted(row.items())) for row in side[view]) for side in (one, other)
        )
        found += [f"{view}: only the first has {row}" for row in (left - right).elements()]
        found += [f"{view}: only the second has {row}" for row in (right - left).elements()]
    return found
