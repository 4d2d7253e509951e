"""Metric points of every shape, and exemplars, from a decoded skeleton."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.model.batch import Batch
from workbench.model.columns import TABLES
from workbench.otlp.anyvalue import otlp_json
from workbench.otlp.columns import (
    field,
    filled,
    hex_ids,
    positions,
    real_list,
    signed,
    text,
    times,
    unnest,
    unsigned,
    unsigned_list,
)
from workbench.otlp.intern import Interned
from workbench.otlp.owners import Records, records_of
from workbench.otlp.shred import as_json, shred

__all__ = ["batches"]

_SHAPES = {
    "gauge": ("gauge", "number_points"),
    "sum": ("sum", "number_points"),
    "histogram": ("histogram", "histogram_points"),
    "exponentialHistogram": ("exponential_histogram", "histogram_points"),
    "summary": ("summary", "summary_points"),
}


@dataclass(frozen=True)
class _Metrics:
    """The metrics of a request, before their points are taken out."""

    found: Records
    interned: Interned
    metadata: pa.Array


def batches(requests: pa.ListArray, interned: Interned) -> Iterator[Batch]:
    """Batches of ``resourceMetrics`` in storing order: owners, then points and exemplars."""
    found = records_of(requests, interned, "scopeMetrics", "metrics")
    yield from found.owners
    if not len(found.records):
        return
    metrics = _Metrics(found, interned, _metadata(field(found.records, "metadata"), interned))
    first_row = 0
    for shape in _SHAPES:
        owners, points = unnest(field(found.records, shape, "dataPoints"))
        if len(points):
            yield from _points(metrics, shape, pa.array(owners), points, first_row)
            first_row += len(points)


def _points(
    metrics: _Metrics, shape: str, owners: pa.Array, points: pa.Array, first_row: int
) -> Iterator[Batch]:
    kind, table = _SHAPES[shape]

    def of_metric(*path: str) -> pa.Array:
        return field(metrics.found.records, *path).take(owners)

    start_ns, start_unsigned = times(field(points, "startTimeUnixNano"))
    time_ns, time_unsigned = times(field(points, "timeUnixNano"))
    shredded = shred(field(points, "attributes"), metrics.interned)
    row = pa.array(np.arange(first_row, first_row + len(points)))
    count = len(points)
    columns = {
        "point_row": row,
        "metric": text(of_metric("name")),
        "description": text(of_metric("description")),
        "unit": text(of_metric("unit")),
        "metadata": metrics.metadata.take(owners),
        "type": pa.repeat(pa.scalar(kind), count),
        "temporality": pa.nulls(count, pa.int64()),
        "is_monotonic": pa.nulls(count, pa.bool_()),
        "start_ns": start_ns,
        "start_unsigned": start_unsigned,
        "time_ns": time_ns,
        "time_unsigned": time_unsigned,
        "flags": filled(field(points, "flags")),
        "resource_id": metrics.found.resource_ids.take(owners),
        "scope_id": metrics.found.scope_ids.take(owners),
        **_VALUES[shape](points),
    }
    if shape in ("sum", "histogram", "exponentialHistogram"):
        columns["temporality"] = filled(of_metric(shape, "aggregationTemporality"))
    if shape == "sum":
        columns["is_monotonic"] = filled(of_metric(shape, "isMonotonic"), False)
    rows = pa.table(
        {name: columns.get(name, pa.nulls(count, of)) for name, of in TABLES[table].columns.items()}
    ).append_column("shape_id", shredded.shape_ids)
    yield Batch(table, rows, shredded.columns, shredded.shapes)
    if shape != "summary":
        yield from _exemplars(row, field(points, "exemplars"), metrics.interned)


def _exemplars(point_rows: pa.Array, lists: pa.ListArray, interned: Interned) -> Iterator[Batch]:
    owners, exemplars = unnest(lists)
    if not len(exemplars):
        return
    time_ns, time_unsigned = times(field(exemplars, "timeUnixNano"))
    shredded = shred(field(exemplars, "filteredAttributes"), interned)
    rows = pa.table(
        {
            "point_row": point_rows.take(pa.array(owners)),
            "position": positions(owners),
            "time_ns": time_ns,
            "time_unsigned": time_unsigned,
            "value": field(exemplars, "asDouble"),
            "value_int": signed(field(exemplars, "asInt")),
            "trace_id": hex_ids(field(exemplars, "traceId"), 16, optional=True),
            "span_id": hex_ids(field(exemplars, "spanId"), 8, optional=True),
            "shape_id": shredded.shape_ids,
        }
    )
    yield Batch("exemplars", rows, shredded.columns, shredded.shapes)


def _number(points: pa.Array) -> dict[str, pa.Array]:
    return {"value": field(points, "asDouble"), "value_int": signed(field(points, "asInt"))}


def _extent(points: pa.Array) -> dict[str, pa.Array]:
    return {
        "count": unsigned(field(points, "count")),
        "sum": field(points, "sum"),
        "min": field(points, "min"),
        "max": field(points, "max"),
    }


def _classic(points: pa.Array) -> dict[str, pa.Array]:
    return {
        **_extent(points),
        "explicit_bounds": real_list(field(points, "explicitBounds")),
        "bucket_counts": unsigned_list(field(points, "bucketCounts")),
    }


def _exponential(points: pa.Array) -> dict[str, pa.Array]:
    return {
        **_extent(points),
        "scale": filled(field(points, "scale")),
        "zero_count": unsigned(field(points, "zeroCount")),
        "zero_threshold": pc.fill_null(field(points, "zeroThreshold"), 0.0),
        "positive_offset": filled(field(points, "positive", "offset")),
        "positive_bucket_counts": unsigned_list(field(points, "positive", "bucketCounts")),
        "negative_offset": filled(field(points, "negative", "offset")),
        "negative_bucket_counts": unsigned_list(field(points, "negative", "bucketCounts")),
    }


def _summary(points: pa.Array) -> dict[str, pa.Array]:
    pairs = field(points, "quantileValues")
    counts = pc.fill_null(pc.list_value_length(pairs), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    items = pairs.flatten()

    def listed(name: str) -> pa.ListArray:
        return pa.ListArray.from_arrays(offsets, pc.fill_null(field(items, name), 0.0))

    return {
        "count": unsigned(field(points, "count")),
        "sum": pc.fill_null(field(points, "sum"), 0.0),
        "quantiles": listed("quantile"),
        "quantile_values": listed("value"),
    }


_VALUES = {
    "gauge": _number,
    "sum": _number,
    "histogram": _classic,
    "exponentialHistogram": _exponential,
    "summary": _summary,
}


def _metadata(lists: pa.ListArray, interned: Interned) -> pa.Array:
    """``Metric.metadata`` as the JSON text of its attribute list, null where it is empty."""
    if lists.null_count == len(lists):
        return pa.nulls(len(lists), pa.string())
    shredded = shred(lists, interned)
    texts: list[str | None] = []
    for row in range(len(lists)):
        pairs = [
            {"key": key, "value": otlp_json(kind, value)}
            for key, kind, value in as_json(shredded, row)
        ]
        texts.append(json.dumps(pairs, ensure_ascii=False) if pairs else None)
    return pa.array(texts, pa.string())
