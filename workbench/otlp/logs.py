"""Log records from a decoded skeleton."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.model.batch import Batch
from workbench.otlp.columns import field, filled, hex_ids, signed, text, times
from workbench.otlp.intern import Interned
from workbench.otlp.owners import records_of
from workbench.otlp.shred import shred

__all__ = ["batches"]


def batches(requests: pa.ListArray, interned: Interned) -> Iterator[Batch]:
    """Batches of ``resourceLogs`` in storing order: owners, then records."""
    found = records_of(requests, interned, "scopeLogs", "logRecords")
    yield from found.owners
    logs = found.records
    if not len(logs):
        return
    time_ns, time_unsigned = times(field(logs, "timeUnixNano"))
    observed_ns, observed_unsigned = times(field(logs, "observedTimeUnixNano"))
    body, body_type = _body(field(logs, "body"))
    shredded = shred(field(logs, "attributes"), interned)
    rows = pa.table(
        {
            "log_row": pa.array(np.arange(len(logs))),
            "time_ns": time_ns,
            "time_unsigned": time_unsigned,
            "observed_time_ns": observed_ns,
            "observed_time_unsigned": observed_unsigned,
            "severity_number": filled(field(logs, "severityNumber")),
            "severity_text": text(field(logs, "severityText")),
            "body": body,
            "body_type": body_type,
            "event_name": text(field(logs, "eventName")),
            "trace_id": hex_ids(field(logs, "traceId"), 16, optional=True),
            "span_id": hex_ids(field(logs, "spanId"), 8, optional=True),
            "flags": filled(field(logs, "flags")),
            "dropped_attributes_count": filled(field(logs, "droppedAttributesCount")),
            "resource_id": found.resource_ids,
            "scope_id": found.scope_ids,
            "shape_id": shredded.shape_ids,
        }
    )
    yield Batch("logs", rows, shredded.columns, shredded.shapes)


def _body(body: pa.StructArray) -> tuple[pa.Array, pa.Array]:
    """Text and type of every body; both null where there is none."""
    texts = field(body, "stringValue")
    kinds = pc.if_else(texts.is_valid(), "string", pa.scalar(None, pa.string()))
    if texts.null_count:
        for kind in ("int", "double", "bool", "bytes"):
            value = field(body, f"{kind}Value")
            if value.null_count == len(value):
                continue
            checked = signed(value) if kind == "int" else value
            texts = pc.coalesce(texts, checked.cast(pa.string()))
            kinds = pc.coalesce(
                kinds, pc.if_else(value.is_valid(), kind, pa.scalar(None, pa.string()))
            )
        texts = pc.coalesce(texts, field(body, "wb.text"))
        kinds = pc.coalesce(kinds, field(body, "wb.type"))
        kinds = pc.coalesce(
            kinds, pc.if_else(body.is_valid(), "empty", pa.scalar(None, pa.string()))
        )
    return texts, kinds
