"""The fixed columns of every telemetry table, with their types and units.

One entry a table of schema ``raw``. Attribute columns are data and are not listed here; every
table with ``attributes`` also has ``shape_id``, which says in which order they came. The SQL that
makes the tables is in ``store/migrations``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

__all__ = ["SIGNALS", "TABLES", "Table", "taken_names"]

TEXT = pa.string()
WHOLE = pa.int64()
UNSIGNED = pa.uint64()
REAL = pa.float64()
YES_NO = pa.bool_()


@dataclass(frozen=True)
class Table:
    """A table of schema ``raw``.

    Attributes
    ----------
    name
        Its name in schema ``raw``.
    signal
        The name under which its attribute keys are listed in ``keys``; tables with the same
        signal share one naming of attribute columns (the three shapes of metric points).
    columns
        Fixed columns and their Arrow types, in order, without ``load_id`` and ``shape_id``.
    row
        The column that numbers its rows within a store, if it has one.
    parent
        The column that holds the row number of the owner (a span's event, a point's exemplar).
    reserved
        Names beside ``columns`` that no attribute column may have, because views show them.
    """

    name: str
    signal: str
    columns: Mapping[str, pa.DataType]
    row: str | None = None
    parent: str | None = None
    reserved: frozenset[str] = field(default_factory=frozenset[str])


# Times are nanoseconds since 1970 UTC. `*_unsigned` holds a time beyond int64, else it is null.
_SPAN = {
    "span_row": WHOLE,
    "trace_id": TEXT,
    "span_id": TEXT,
    "parent_span_id": TEXT,
    "trace_state": TEXT,
    "flags": WHOLE,
    "name": TEXT,
    "kind": WHOLE,
    "start_ns": WHOLE,
    "start_unsigned": UNSIGNED,
    "end_ns": WHOLE,
    "end_unsigned": UNSIGNED,
    "status_code": WHOLE,
    "status_message": TEXT,
    "dropped_attributes_count": WHOLE,
    "dropped_events_count": WHOLE,
    "dropped_links_count": WHOLE,
    "resource_id": WHOLE,
    "scope_id": WHOLE,
}
_EVENT = {
    "span_row": WHOLE,
    "position": WHOLE,
    "time_ns": WHOLE,
    "time_unsigned": UNSIGNED,
    "name": TEXT,
    "dropped_attributes_count": WHOLE,
}
_LINK = {
    "span_row": WHOLE,
    "position": WHOLE,
    "linked_trace_id": TEXT,
    "linked_span_id": TEXT,
    "trace_state": TEXT,
    "flags": WHOLE,
    "dropped_attributes_count": WHOLE,
}
_LOG = {
    "log_row": WHOLE,
    "time_ns": WHOLE,
    "time_unsigned": UNSIGNED,
    "observed_time_ns": WHOLE,
    "observed_time_unsigned": UNSIGNED,
    "severity_number": WHOLE,
    "severity_text": TEXT,
    "body": TEXT,
    "body_type": TEXT,
    "event_name": TEXT,
    "trace_id": TEXT,
    "span_id": TEXT,
    "flags": WHOLE,
    "dropped_attributes_count": WHOLE,
    "resource_id": WHOLE,
    "scope_id": WHOLE,
}
_POINT = {
    "point_row": WHOLE,
    "metric": TEXT,
    "description": TEXT,
    "unit": TEXT,
    "metadata": TEXT,
    "type": TEXT,
    "temporality": WHOLE,
    "is_monotonic": YES_NO,
    "start_ns": WHOLE,
    "start_unsigned": UNSIGNED,
    "time_ns": WHOLE,
    "time_unsigned": UNSIGNED,
    "flags": WHOLE,
    "resource_id": WHOLE,
    "scope_id": WHOLE,
}
_NUMBER = {**_POINT, "value": REAL, "value_int": WHOLE}
_HISTOGRAM = {
    **_POINT,
    "count": UNSIGNED,
    "sum": REAL,
    "min": REAL,
    "max": REAL,
    "explicit_bounds": pa.list_(REAL),
    "bucket_counts": pa.list_(UNSIGNED),
    "scale": WHOLE,
    "zero_count": UNSIGNED,
    "zero_threshold": REAL,
    "positive_offset": WHOLE,
    "positive_bucket_counts": pa.list_(UNSIGNED),
    "negative_offset": WHOLE,
    "negative_bucket_counts": pa.list_(UNSIGNED),
}
_SUMMARY = {
    **_POINT,
    "count": UNSIGNED,
    "sum": REAL,
    "quantiles": pa.list_(REAL),
    "quantile_values": pa.list_(REAL),
}
_EXEMPLAR = {
    "point_row": WHOLE,
    "position": WHOLE,
    "time_ns": WHOLE,
    "time_unsigned": UNSIGNED,
    "value": REAL,
    "value_int": WHOLE,
    "trace_id": TEXT,
    "span_id": TEXT,
}
_RESOURCE = {"resource_id": WHOLE, "schema_url": TEXT, "dropped_attributes_count": WHOLE}
_SCOPE = {
    "scope_id": WHOLE,
    "name": TEXT,
    "version": TEXT,
    "schema_url": TEXT,
    "dropped_attributes_count": WHOLE,
}

# Names that the views add; an attribute of that name is shown as `attr.<key>`.
_IN_VIEWS = frozenset({"service", "status", "duration_ns", "start_time", "end_time", "time"})
_IDS = frozenset({"load_id", "shape_id", "trace_id", "span_id", "other_attributes"})
_RESERVED = _IN_VIEWS | _IDS
_OF_SPAN = _RESERVED | {"span_name"}
_OF_POINT = _RESERVED | {"metric", "type", "unit"}

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table("resources", "resource", _RESOURCE, reserved=_IDS),
        Table("scopes", "scope", _SCOPE, reserved=_IDS),
        Table("spans", "span", _SPAN, row="span_row", reserved=_RESERVED),
        Table("span_events", "event", _EVENT, parent="span_row", reserved=_OF_SPAN),
        Table("span_links", "link", _LINK, parent="span_row", reserved=_OF_SPAN),
        Table("logs", "log", _LOG, row="log_row", reserved=_RESERVED | {"severity"}),
        Table("number_points", "metric", _NUMBER, row="point_row", reserved=_RESERVED),
        Table("histogram_points", "metric", _HISTOGRAM, row="point_row", reserved=_RESERVED),
        Table("summary_points", "metric", _SUMMARY, row="point_row", reserved=_RESERVED),
        Table("exemplars", "exemplar", _EXEMPLAR, parent="point_row", reserved=_OF_POINT),
    )
}

SIGNALS: tuple[str, ...] = tuple(dict.fromkeys(table.signal for table in TABLES.values()))


def taken_names(signal: str) -> frozenset[str]:
    """Lower-case names that no attribute column of ``signal`` may have."""
    names: set[str] = set()
    for table in TABLES.values():
        if table.signal == signal:
            names.update(table.columns)
            names.update(table.reserved)
    return frozenset(name.lower() for name in names)
