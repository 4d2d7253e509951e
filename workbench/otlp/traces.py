"""Spans, span events and span links from a decoded skeleton."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from workbench.model.batch import Batch
from workbench.otlp.columns import (
    Integers,
    field,
    filled,
    hex_ids,
    positions,
    text,
    times,
    unnest,
)
from workbench.otlp.intern import Interned
from workbench.otlp.owners import records_of
from workbench.otlp.shred import shred

__all__ = ["batches"]


def batches(requests: pa.ListArray, interned: Interned) -> Iterator[Batch]:
    """Batches of ``resourceSpans`` in storing order: owners, spans, events, links."""
    found = records_of(requests, interned, "scopeSpans", "spans")
    yield from found.owners
    spans = found.records
    if not len(spans):
        return
    start_ns, start_unsigned = times(field(spans, "startTimeUnixNano"))
    end_ns, end_unsigned = times(field(spans, "endTimeUnixNano"))
    shredded = shred(field(spans, "attributes"), interned)
    rows = pa.table(
        {
            "span_row": pa.array(np.arange(len(spans))),
            "trace_id": hex_ids(field(spans, "traceId"), 16, optional=False),
            "span_id": hex_ids(field(spans, "spanId"), 8, optional=False),
            "parent_span_id": hex_ids(field(spans, "parentSpanId"), 8, optional=True),
            "trace_state": text(field(spans, "traceState")),
            "flags": filled(field(spans, "flags")),
            "name": text(field(spans, "name")),
            "kind": filled(field(spans, "kind")),
            "start_ns": start_ns,
            "start_unsigned": start_unsigned,
            "end_ns": end_ns,
            "end_unsigned": end_unsigned,
            "status_code": filled(field(spans, "status", "code")),
            "status_message": text(field(spans, "status", "message")),
            "dropped_attributes_count": filled(field(spans, "droppedAttributesCount")),
            "dropped_events_count": filled(field(spans, "droppedEventsCount")),
            "dropped_links_count": filled(field(spans, "droppedLinksCount")),
            "resource_id": found.resource_ids,
            "scope_id": found.scope_ids,
            "shape_id": shredded.shape_ids,
        }
    )
    yield Batch("spans", rows, shredded.columns, shredded.shapes)
    yield from _events(*unnest(field(spans, "events")), interned)
    yield from _links(*unnest(field(spans, "links")), interned)


def _events(owners: Integers, events: pa.Array, interned: Interned) -> Iterator[Batch]:
    if not len(events):
        return
    time_ns, time_unsigned = times(field(events, "timeUnixNano"))
    shredded = shred(field(events, "attributes"), interned)
    rows = pa.table(
        {
            "span_row": pa.array(owners),
            "position": positions(owners),
            "time_ns": time_ns,
            "time_unsigned": time_unsigned,
            "name": text(field(events, "name")),
            "dropped_attributes_count": filled(field(events, "droppedAttributesCount")),
            "shape_id": shredded.shape_ids,
        }
    )
    yield Batch("span_events", rows, shredded.columns, shredded.shapes)


def _links(owners: Integers, links: pa.Array, interned: Interned) -> Iterator[Batch]:
    if not len(links):
        return
    shredded = shred(field(links, "attributes"), interned)
    rows = pa.table(
        {
            "span_row": pa.array(owners),
            "position": positions(owners),
            "linked_trace_id": hex_ids(field(links, "traceId"), 16, optional=False),
            "linked_span_id": hex_ids(field(links, "spanId"), 8, optional=False),
            "trace_state": text(field(links, "traceState")),
            "flags": filled(field(links, "flags")),
            "dropped_attributes_count": filled(field(links, "droppedAttributesCount")),
            "shape_id": shredded.shape_ids,
        }
    )
    yield Batch("span_links", rows, shredded.columns, shredded.shapes)
