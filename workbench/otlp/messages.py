"""The messages of OTLP as tables: each field, and how its content is checked and rewritten.

A converter takes what stands in the JSON and returns what the fast path expects, or raises
ValueError with a reason. Field names are those of opentelemetry-proto 1.x in camelCase.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, cast

import orjson

from workbench.model.semconv import ENUMS
from workbench.otlp.anyvalue import canonical_value, plain_json, real, whole

__all__ = [
    "LOG_RECORD",
    "METRIC",
    "POINTS",
    "RESOURCE",
    "SCOPE",
    "SPAN",
    "Fields",
    "Ignored",
    "dump",
    "read_fields",
]

Ignored = Counter[str]
Converter = Callable[[Any, Ignored], Any]
Fields = Mapping[str, Converter]

_SNAKE = re.compile(r"_([a-z0-9])")
_UINT64 = 2**64
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_fields(fields: Fields, content: Mapping[str, Any], ignored: Ignored) -> dict[str, Any]:
    """Convert the fields of a message; unknown ones are counted, as the specification wants.

    Raises
    ------
    ValueError
        Naming the field and what is wrong with it.
    """
    read: dict[str, Any] = {}
    for name, value in content.items():
        if value is None:
            continue
        camel = name
        if name not in fields and "_" in name:
            camel = _SNAKE.sub(lambda match: match[1].upper(), name)
        converter = fields.get(camel)
        if converter is None:
            ignored[camel] += 1
            continue
        try:
            read[camel] = converter(value, ignored)
        except ValueError as error:
            raise ValueError(f"{camel}: {error}") from None
    for name in fields:
        if name in _REQUIRED and name not in read and fields[name] is _REQUIRED[name]:
            raise ValueError(f"{name}: missing")
    return read


def _text(value: Any, _: Ignored) -> str:
    if not isinstance(value, str):
        raise ValueError(f"text was expected, found {value!r}")
    return _whole_text(value)


def _whole_text(text: str) -> str:
    """``text``; half a surrogate pair is no character in any encoding."""
    if _LONE_SURROGATE.search(text):
        raise ValueError(f"half a surrogate pair stands in {text!a}")
    return text


def _any_id(value: Any, size: int) -> str:
    """An id of ``size`` bytes in lower-case hexadecimal, from hexadecimal or base64."""
    if isinstance(value, str):
        if len(value) == 2 * size:
            try:
                return bytes.fromhex(value).hex()
            except ValueError:
                pass
        try:
            decoded = base64.b64decode(value, validate=True)
        except binascii.Error:
            decoded = b""
        if len(decoded) == size:
            return decoded.hex()
    raise ValueError(f"an id of {size} bytes (hexadecimal or base64) was expected, found {value!r}")


def _trace_id(value: Any, _: Ignored) -> str:
    return _any_id(value, 16)


def _span_id(value: Any, _: Ignored) -> str:
    return _any_id(value, 8)


def _optional_trace_id(value: Any, _: Ignored) -> str:
    return "" if value == "" else _any_id(value, 16)


def _optional_span_id(value: Any, _: Ignored) -> str:
    return "" if value == "" else _any_id(value, 8)


_REQUIRED: Mapping[str, Converter] = {"traceId": _trace_id, "spanId": _span_id}


def _unsigned(value: Any, _: Ignored) -> str:
    number = whole(value)
    if not 0 <= number < _UINT64:
        raise ValueError(f"does not fit 64 bits without a sign: {number}")
    return str(number)


def _signed(value: Any, _: Ignored) -> str:
    number = whole(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"does not fit 64 bits: {number}")
    return str(number)


def _small(value: Any, _: Ignored) -> int:
    number = whole(value)
    if not -(2**31) <= number < 2**32:
        raise ValueError(f"does not fit 32 bits: {number}")
    return number


def _real(value: Any, _: Ignored) -> Any:
    return real_fragment(real(value))


def _boolean(value: Any, _: Ignored) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false was expected, found {value!r}")
    return value


def _enum(kind: str) -> Converter:
    names = ENUMS[kind]

    def convert(value: Any, ignored: Ignored) -> int:
        if isinstance(value, str) and not value.lstrip("-").isdigit():
            if value not in names:
                raise ValueError(f"{value!r} is no {kind}; known are {', '.join(names)}")
            return names[value]
        return _small(value, ignored)

    return convert


def _list(convert: Converter) -> Converter:
    def of_list(value: Any, ignored: Ignored) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError(f"a list was expected, found {type(value).__name__}")
        return [convert(item, ignored) for item in cast("list[Any]", value)]

    return of_list


def _message(fields: Fields) -> Converter:
    def of_message(value: Any, ignored: Ignored) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"an object was expected, found {type(value).__name__}")
        return read_fields(fields, cast("dict[str, Any]", value), ignored)

    return of_message


def real_fragment(number: float) -> Any:
    """A number for `dump`: JSON has no NaN and no Infinity, the fast path reads both."""
    if math.isnan(number):
        return orjson.Fragment(b"NaN")
    if number in (float("inf"), float("-inf")):
        return orjson.Fragment(b"Infinity" if number > 0 else b"-Infinity")
    return number


def _attribute_text(text: str) -> Any:
    """Text within an attribute: ``}}]`` must not stand there, it marks the end of a list."""
    if "}}]" not in _whole_text(text):
        return text
    return orjson.Fragment(orjson.dumps(text).replace(b"}", b"\\u007d"))


def _attribute_value(value: Any) -> tuple[str, dict[str, Any]]:
    """Type of an attribute, and its value as the fast path reads it."""
    kind, content = canonical_value(value)
    if kind == "empty":
        return kind, {}
    if kind in ("array", "kvlist"):
        kind, text = plain_json(value)
        return kind, {f"wb.{kind}": _attribute_text(text)}
    if kind == "string":
        content = _attribute_text(content)
    elif kind == "int":
        content = str(content)
    elif kind == "double":
        content = real_fragment(content)
    elif kind == "bytes":
        content = base64.b64encode(content).decode()
    return kind, {f"{kind}Value": content}


def _attributes(value: Any, _: Ignored) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ValueError(f"a list of key and value was expected, found {type(value).__name__}")
    seen: Counter[tuple[str, str]] = Counter()
    read: list[dict[str, Any]] = []
    for item in cast("list[Any]", value):
        if not isinstance(item, dict):
            raise ValueError(f"an object with key and value was expected, found {item!r}")
        entry = cast("dict[str, Any]", item)
        key = entry.get("key") or ""
        if not isinstance(key, str):
            raise ValueError(f"a key must be text, not {key!r}")
        try:
            kind, content = _attribute_value(entry.get("value"))
        except ValueError as error:
            raise ValueError(f"{key!r}: {error}") from None
        attribute: dict[str, Any] = {"key": _attribute_text(key)}
        if seen[key, kind]:
            attribute["wb.occurrence"] = seen[key, kind]
        seen[key, kind] += 1
        attribute["value"] = content
        read.append(attribute)
    return read


def _body(value: Any, _: Ignored) -> dict[str, Any]:
    kind, content = canonical_value(value)
    if kind in ("array", "kvlist"):
        kind, text = plain_json(value)
        return {"wb.text": _whole_text(text), "wb.type": kind}
    if kind == "string":
        content = _whole_text(content)
    return {} if kind == "empty" else {f"{kind}Value": _body_content(kind, content)}


def _body_content(kind: str, content: Any) -> Any:
    if kind == "int":
        return str(content)
    if kind == "double":
        return real_fragment(content)
    return base64.b64encode(content).decode() if kind == "bytes" else content


def dump(request: dict[str, Any]) -> bytes:
    """A request as compact JSON in the form of the fast path."""
    return orjson.dumps(request)


_DROPPED: Fields = {"attributes": _attributes, "droppedAttributesCount": _small}
RESOURCE: Fields = {"resource": _message(_DROPPED), "schemaUrl": _text}
SCOPE: Fields = {
    "scope": _message({**_DROPPED, "name": _text, "version": _text}),
    "schemaUrl": _text,
}
_EVENT: Fields = {**_DROPPED, "timeUnixNano": _unsigned, "name": _text}
_LINK: Fields = {
    **_DROPPED,
    "traceId": _trace_id,
    "spanId": _span_id,
    "traceState": _text,
    "flags": _small,
}
SPAN: Fields = {
    **_DROPPED,
    "traceId": _trace_id,
    "spanId": _span_id,
    "traceState": _text,
    "parentSpanId": _optional_span_id,
    "flags": _small,
    "name": _text,
    "kind": _enum("SpanKind"),
    "startTimeUnixNano": _unsigned,
    "endTimeUnixNano": _unsigned,
    "events": _list(_message(_EVENT)),
    "droppedEventsCount": _small,
    "links": _list(_message(_LINK)),
    "droppedLinksCount": _small,
    "status": _message({"code": _enum("StatusCode"), "message": _text}),
}
LOG_RECORD: Fields = {
    **_DROPPED,
    "timeUnixNano": _unsigned,
    "observedTimeUnixNano": _unsigned,
    "severityNumber": _enum("SeverityNumber"),
    "severityText": _text,
    "body": _body,
    "flags": _small,
    "traceId": _optional_trace_id,
    "spanId": _optional_span_id,
    "eventName": _text,
}
METRIC: Fields = {
    "name": _text,
    "description": _text,
    "unit": _text,
    "metadata": _attributes,
}
_NUMBER_VALUE: Fields = {"asDouble": _real, "asInt": _signed}
_EXEMPLAR: Fields = {
    **_NUMBER_VALUE,
    "filteredAttributes": _attributes,
    "timeUnixNano": _unsigned,
    "traceId": _optional_trace_id,
    "spanId": _optional_span_id,
}
_POINT: Fields = {
    "attributes": _attributes,
    "startTimeUnixNano": _unsigned,
    "timeUnixNano": _unsigned,
    "flags": _small,
}
_EXTENT: Fields = {
    **_POINT,
    "exemplars": _list(_message(_EXEMPLAR)),
    "count": _unsigned,
    "sum": _real,
    "min": _real,
    "max": _real,
}
_COUNTS = _list(_unsigned)
_NUMBER: Fields = {**_POINT, **_NUMBER_VALUE, "exemplars": _list(_message(_EXEMPLAR))}
_HISTOGRAM: Fields = {**_EXTENT, "bucketCounts": _COUNTS, "explicitBounds": _list(_real)}
_BUCKETS = _message({"offset": _small, "bucketCounts": _COUNTS})
_EXPONENTIAL: Fields = {
    **_EXTENT,
    "scale": _small,
    "zeroCount": _unsigned,
    "zeroThreshold": _real,
    "positive": _BUCKETS,
    "negative": _BUCKETS,
}
_SUMMARY: Fields = {
    **_POINT,
    "count": _unsigned,
    "sum": _real,
    "quantileValues": _list(_message({"quantile": _real, "value": _real})),
}
_TEMPORALITY: Fields = {"aggregationTemporality": _enum("AggregationTemporality")}
POINTS: Mapping[str, tuple[Fields, Fields]] = {
    "gauge": ({}, _NUMBER),
    "sum": ({**_TEMPORALITY, "isMonotonic": _boolean}, _NUMBER),
    "histogram": (_TEMPORALITY, _HISTOGRAM),
    "exponentialHistogram": (_TEMPORALITY, _EXPONENTIAL),
    "summary": ({}, _SUMMARY),
}
