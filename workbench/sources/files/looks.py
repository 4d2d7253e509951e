"""What a file that no reader recognises looks like, so that a load report can say it.

Judged by content, never by name, and worded as a guess where it is one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Look", "look"]

_UNPACK = "unpack it first"
_EXPORT = "export it as OTLP JSON"
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PAR1", "Parquet"),
    (0, b"ARROW1", "an Arrow file"),
    (0, b"PK\x03\x04", f"a zip archive; {_UNPACK}"),
    (257, b"ustar", f"a tar archive; {_UNPACK}"),
    (0, b"\x28\xb5\x2f\xfd", f"data compressed by zstd; {_UNPACK}"),
    (0, b"\xfd7zXZ\0", f"data compressed by xz; {_UNPACK}"),
    (0, b"BZh", f"data compressed by bzip2; {_UNPACK}"),
    (0, b"SQLite format 3\0", "a SQLite database"),
    (8, b"DUCK", "a DuckDB file; if it is a store, open it instead of loading it"),
)
_VARINT = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
# A request's first resource, its first attribute, and that one's key; the collector's file exporter
# puts a length of four bytes before each request.
_PROTOBUF = re.compile(rb"(\x00[\x00-\xff]{3})?(\x0a%b){4}[ -~]{2}" % _VARINT)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_JSON = re.compile(rb'[\[{]\s*["{\[\]}]')
_KNOWN_JSON: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    (f"Jaeger JSON; {_EXPORT}", re.compile(rb'"operationName"\s*:')),
    (f"Zipkin JSON; {_EXPORT}", re.compile(rb'"(localEndpoint|binaryAnnotations)"\s*:')),
    ("a profiler's trace in Chrome's format", re.compile(rb'"traceEvents"\s*:')),
)
_TYPES = rb"(counter|gauge|histogram|summary|untyped|unknown|info|stateset|gaugehistogram)"
_PROMETHEUS = re.compile(
    rb"(#[^\n]*\n\s*)*(# TYPE \S+ %b\s*\n|[A-Za-z_:][\w:]*\{[^\n]*\} [-+\dNI])" % _TYPES
)
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d\d[:.]\d\d\b|^\d{6} \d{6} ")
_HTML = re.compile(rb"<!doctype html|<html\b", re.IGNORECASE)


@dataclass(frozen=True)
class Look:
    """What content looks like.

    Attributes
    ----------
    text
        In a few words, with what to do about it where something can be done.
    is_prose
        Whether it was written for people to read, as a README is: nobody misses it in a store.
    """

    text: str
    is_prose: bool = False


def look(head: bytes) -> Look:
    """What content that begins with ``head`` (decompressed) looks like.

    Examples
    --------
    >>> look(b"PAR1...").text
    'Parquet'
    >>> look(b"# How to load this")
    Look(text="text that begins with '# How to load this'", is_prose=True)
    """
    for at, magic, said in _MAGIC:
        if head.startswith(magic, at):
            return Look(said)
    if _CONTROL.search(head[:4096]):
        guess = f", perhaps OTLP in protobuf; {_EXPORT}" if _PROTOBUF.match(head) else ""
        return Look(f"binary data{guess}")
    return _text(head.removeprefix(b"\xef\xbb\xbf").lstrip())


def _text(text: bytes) -> Look:
    if _JSON.match(text):
        names = (said for said, field in _KNOWN_JSON if field.search(text))
        return Look(next(names, "JSON without resourceSpans, resourceLogs or resourceMetrics"))
    if _HTML.match(text):
        return Look("a page of HTML", is_prose=True)
    if _PROMETHEUS.match(text):
        return Look(f"Prometheus or OpenMetrics text; {_EXPORT}")
    lines = text.decode(errors="replace").splitlines()[:5]
    if _is_csv(lines):
        return Look("CSV")
    first = repr(lines[0][:60].rstrip()) if lines else "nothing"
    if lines and all(_CLOCK.search(line) for line in lines):
        return Look(f"lines with times, the first begins with {first}")
    return Look(f"text that begins with {first}", is_prose=True)


def _is_csv(lines: Sequence[str]) -> bool:
    """Whether the first lines have the same number of fields, and at least two."""
    for delimiter in ",;\t":
        fields = {len(row) for row in csv.reader(lines, delimiter=delimiter) if row}
        if len(lines) > 1 and len(fields) == 1 and fields.pop() > 1:
            return True
    return False
