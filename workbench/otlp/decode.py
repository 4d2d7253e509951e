"""OTLP JSON into batches: the fast path, and what happens when a piece is written unusually.

The fast path reads the form that the OpenTelemetry collector writes and never refuses a record:
whatever is unusual ends in `Quirk`, for the whole piece. The piece is then written out compactly
and tried again, and at last record by record by `workbench.otlp.canonical`, which understands every
known variation, refuses what is wrong, and writes the rest in the form of the fast path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import orjson
import pyarrow as pa

from workbench.model.batch import LONGEST_RAW, Batch, Decoded, Reject
from workbench.otlp import logs, metrics, traces
from workbench.otlp.canonical import canonical
from workbench.otlp.intern import Interned, Quirk, intern, read_json
from workbench.otlp.schema import REQUEST

__all__ = ["decode"]

_SIGNALS = {
    "resourceSpans": traces.batches,
    "resourceLogs": logs.batches,
    "resourceMetrics": metrics.batches,
}


def decode(text: bytes, first: int = 1, unit: str = "line") -> Decoded:
    """Rows of some export requests in JSON, one document a line.

    Parameters
    ----------
    text
        Whole lines, each an ``ExportTraceServiceRequest``, ``ExportLogsServiceRequest`` or
        ``ExportMetricsServiceRequest`` (or several of them in one object) in JSON encoding.
    first, unit
        Number of the first line in its file, and what is counted there (``line`` or
        ``document``), for the positions of rejected records.

    Returns
    -------
    Decoded
        Batches in the order in which they must be stored; rejected records with their reasons.
    """
    if not text.strip():
        return Decoded()
    for attempt in _attempts(text):
        try:
            return Decoded(tuple(_fast(attempt)))
        except Quirk:
            continue
    clean, refused = canonical(text, first, unit)
    if not clean:
        return refused
    try:
        batches = tuple(_fast(clean))
    except Quirk as quirk:  # more than Arrow holds in one array
        there = {reject.position for reject in refused.rejects}
        more = [r for r in _all_refused(text, first, unit, quirk) if r.position not in there]
        return replace(refused, rejects=(*refused.rejects, *more))
    return replace(refused, batches=batches)


def _all_refused(text: bytes, first: int, unit: str, quirk: Quirk) -> Iterator[Reject]:
    for number, line in enumerate(text.split(b"\n"), first):
        if line.strip():
            raw = line[:LONGEST_RAW].decode(errors="replace")
            yield Reject(f"{unit} {number}", f"too large or too unusual to be read: {quirk}", raw)


def _attempts(text: bytes) -> Iterator[bytes]:
    """``text``, and then without blanks between its tokens, when that changes it at all."""
    yield text
    if b'{"key": ' not in text and b'": ' not in text[:256]:
        return
    try:
        compact = [orjson.dumps(orjson.loads(line)) for line in text.splitlines() if line.strip()]
    except orjson.JSONDecodeError:
        return
    yield b"\n".join(compact)


def _fast(text: bytes) -> list[Batch]:
    if not _is_utf8(text):
        raise Quirk("bytes that are not UTF-8")
    skeleton, interned = intern(text)
    try:
        request = read_json(skeleton, REQUEST["text"])
    except Quirk:
        request = read_json(skeleton, REQUEST["number"])
    return list(_batches(request, interned))


def _batches(request: pa.Table, interned: Interned) -> Iterator[Batch]:
    for name, batches in _SIGNALS.items():
        chunked = request.column(name)
        # combine_chunks copies a single chunk too.
        column = chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()
        if column.null_count < len(column):
            yield from batches(column, interned)


def _is_utf8(text: bytes) -> bool:
    """Whether ``text`` is UTF-8; Arrow's JSON reader does not ask, DuckDB refuses what is not."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
