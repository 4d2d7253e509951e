"""Arrow schema of OTLP JSON after its attribute lists were replaced by numbers.

Field names are those of opentelemetry-proto 1.x in camelCase (the JSON encoding that the OTLP
specification prescribes). An attribute list is ``list<int64>``: the number of its run in
`workbench.otlp.intern`. 64-bit integers come as text, as the specification wants them, or as
numbers, as some writers do; hence two schemas. Fields that begin with ``wb.`` are written by
`workbench.otlp.canonical` alone.
"""

from __future__ import annotations

import pyarrow as pa

__all__ = ["KEY_VALUE", "REQUEST"]

_TEXT = pa.string()
_WHOLE = pa.int64()
_REAL = pa.float64()
_YES_NO = pa.bool_()
_RUNS = pa.list_(_WHOLE)


def _key_value(wide: pa.DataType) -> pa.Schema:
    value = pa.struct(
        {
            "stringValue": _TEXT,
            "intValue": wide,
            "doubleValue": _REAL,
            "boolValue": _YES_NO,
            "bytesValue": _TEXT,
            "wb.array": _TEXT,
            "wb.kvlist": _TEXT,
            "wb.anyvalue": _TEXT,
        }
    )
    return pa.schema({"key": _TEXT, "wb.occurrence": _WHOLE, "value": value})


def _traces(wide: pa.DataType) -> pa.StructType:
    event = {
        "timeUnixNano": wide,
        "name": _TEXT,
        "attributes": _RUNS,
        "droppedAttributesCount": _WHOLE,
    }
    link = {
        "traceId": _TEXT,
        "spanId": _TEXT,
        "traceState": _TEXT,
        "attributes": _RUNS,
        "droppedAttributesCount": _WHOLE,
        "flags": _WHOLE,
    }
    return pa.struct(
        {
            "traceId": _TEXT,
            "spanId": _TEXT,
            "traceState": _TEXT,
            "parentSpanId": _TEXT,
            "flags": _WHOLE,
            "name": _TEXT,
            "kind": _WHOLE,
            "startTimeUnixNano": wide,
            "endTimeUnixNano": wide,
            "attributes": _RUNS,
            "droppedAttributesCount": _WHOLE,
            "events": pa.list_(pa.struct(event)),
            "droppedEventsCount": _WHOLE,
            "links": pa.list_(pa.struct(link)),
            "droppedLinksCount": _WHOLE,
            "status": pa.struct({"message": _TEXT, "code": _WHOLE}),
        }
    )


def _logs(wide: pa.DataType) -> pa.StructType:
    body = {
        "stringValue": _TEXT,
        "intValue": wide,
        "doubleValue": _REAL,
        "boolValue": _YES_NO,
        "bytesValue": _TEXT,
        "wb.text": _TEXT,
        "wb.type": _TEXT,
    }
    return pa.struct(
        {
            "timeUnixNano": wide,
            "observedTimeUnixNano": wide,
            "severityNumber": _WHOLE,
            "severityText": _TEXT,
            "body": pa.struct(body),
            "attributes": _RUNS,
            "droppedAttributesCount": _WHOLE,
            "flags": _WHOLE,
            "traceId": _TEXT,
            "spanId": _TEXT,
            "eventName": _TEXT,
        }
    )


def _metrics(wide: pa.DataType) -> pa.StructType:
    exemplar = {
        "filteredAttributes": _RUNS,
        "timeUnixNano": wide,
        "asDouble": _REAL,
        "asInt": wide,
        "spanId": _TEXT,
        "traceId": _TEXT,
    }
    point = {
        "attributes": _RUNS,
        "startTimeUnixNano": wide,
        "timeUnixNano": wide,
        "flags": _WHOLE,
    }
    exemplars = {"exemplars": pa.list_(pa.struct(exemplar))}
    extent = {"count": wide, "sum": _REAL}
    buckets = pa.struct({"offset": _WHOLE, "bucketCounts": pa.list_(wide)})
    number = {**point, **exemplars, "asDouble": _REAL, "asInt": wide}
    histogram = {
        **point,
        **exemplars,
        **extent,
        "bucketCounts": pa.list_(wide),
        "explicitBounds": pa.list_(_REAL),
        "min": _REAL,
        "max": _REAL,
    }
    exponential = {
        **point,
        **exemplars,
        **extent,
        "scale": _WHOLE,
        "zeroCount": wide,
        "positive": buckets,
        "negative": buckets,
        "min": _REAL,
        "max": _REAL,
        "zeroThreshold": _REAL,
    }
    quantile = pa.struct({"quantile": _REAL, "value": _REAL})
    summary = {**point, **extent, "quantileValues": pa.list_(quantile)}
    temporality = {"aggregationTemporality": _WHOLE}

    def shape(fields: dict[str, pa.DataType], **more: pa.DataType) -> pa.StructType:
        return pa.struct({"dataPoints": pa.list_(pa.struct(fields)), **more})

    return pa.struct(
        {
            "name": _TEXT,
            "description": _TEXT,
            "unit": _TEXT,
            "metadata": _RUNS,
            "gauge": shape(number),
            "sum": shape(number, **temporality, isMonotonic=_YES_NO),
            "histogram": shape(histogram, **temporality),
            "exponentialHistogram": shape(exponential, **temporality),
            "summary": shape(summary),
        }
    )


def _request(wide: pa.DataType) -> pa.Schema:
    resource = pa.struct({"attributes": _RUNS, "droppedAttributesCount": _WHOLE})
    scope = pa.struct(
        {
            "name": _TEXT,
            "version": _TEXT,
            "attributes": _RUNS,
            "droppedAttributesCount": _WHOLE,
        }
    )

    def signal(scopes: str, records: str, record: pa.StructType) -> pa.ListType:
        in_scope = pa.struct({"scope": scope, records: pa.list_(record), "schemaUrl": _TEXT})
        return pa.list_(
            pa.struct({"resource": resource, scopes: pa.list_(in_scope), "schemaUrl": _TEXT})
        )

    return pa.schema(
        {
            "resourceSpans": signal("scopeSpans", "spans", _traces(wide)),
            "resourceLogs": signal("scopeLogs", "logRecords", _logs(wide)),
            "resourceMetrics": signal("scopeMetrics", "metrics", _metrics(wide)),
        }
    )


REQUEST = {"text": _request(_TEXT), "number": _request(_WHOLE)}
"""Schema of a whole export request, by how 64-bit integers are written."""

KEY_VALUE = {"text": _key_value(_TEXT), "number": _key_value(_WHOLE)}
"""Schema of one attribute, by how 64-bit integers are written."""
