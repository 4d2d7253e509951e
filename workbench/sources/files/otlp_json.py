"""Reader of OTLP in JSON: lines, one document, or several documents in a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from workbench.model.batch import Decoded
from workbench.otlp.decode import decode
from workbench.sources.files.pieces import Piece, documents, is_one_a_line, lines
from workbench.sources.files.stream import ByteStream

__all__ = ["looks_like_otlp_json", "read_otlp_json"]

_REQUESTS = ("resourceSpans", "resourceLogs", "resourceMetrics")
_NAMES = frozenset((*_REQUESTS, "resource_spans", "resource_logs", "resource_metrics"))
_QUOTED = tuple(f'"{name}"'.encode() for name in _NAMES)
# Decoding runs beside storing; more than two pieces in advance only cost memory.
_AHEAD = 2


def looks_like_otlp_json(head: bytes) -> bool:
    """Whether text that begins with ``head`` names a request of OTLP."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start in (b"{", b"[") and any(name in head for name in _QUOTED)


def read_otlp_json(stream: ByteStream) -> Generator[Decoded]:
    """Everything in ``stream``, decoded in threads, in the order of the file."""
    cut = lines if is_one_a_line(stream.head, _is_request) else documents
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="decode") as pool:
        waiting: deque[Future[Decoded]] = deque()
        try:
            for piece in cut(stream.blocks()):
                waiting.append(pool.submit(_decode, piece))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _is_request(document: object) -> bool:
    return isinstance(document, dict) and not _NAMES.isdisjoint(document)  # pyright: ignore[reportUnknownArgumentType]


def _decode(piece: Piece) -> Decoded:
    decoded = decode(piece.text, piece.first, piece.unit)
    return replace(
        decoded,
        rejects=piece.rejects + decoded.rejects,
        caveats=piece.caveats + decoded.caveats,
    )
