"""OTLP ``AnyValue`` in its JSON encoding, and the text in which nested values are stored.

Arrays and key-value lists are stored as plain JSON, because that is what people query
(``["stop"]``, not ``{"arrayValue":{"values":[{"stringValue":"stop"}]}}``). Where plain JSON would
lose something (bytes, NaN, an empty value inside, a key given twice) the OTLP encoding itself is
stored, under the type ``anyvalue``.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any, cast

import orjson

__all__ = ["canonical_value", "otlp_json", "parse_json", "plain_json", "real", "whole"]

_INT64 = range(-(2**63), 2**63)


class LossyError(ValueError):
    """Plain JSON cannot hold this value."""


def parse_json(text: bytes | str) -> Any:
    """Parse JSON as people write it: NaN, Infinity and integers of any size included."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def canonical_value(value: Any) -> tuple[str, Any]:
    """Type and content of an ``AnyValue`` in any of the forms that writers use.

    Returns
    -------
    tuple
        The type (``string``, ``int``, ``double``, ``bool``, ``bytes``, ``array``, ``kvlist`` or
        ``empty``) and the content: text, a number, bytes, a list of such pairs, or a list of
        ``(key, pair)``.

    Raises
    ------
    ValueError
        When it is none of these; the text says what it is instead.
    """
    if value is None or value == {}:
        return "empty", None
    if not isinstance(value, dict):
        raise ValueError(f"a value must be an object such as {{'stringValue': …}}, not {value!r}")
    fields = {
        name.replace("_value", "Value"): content
        for name, content in cast("dict[str, Any]", value).items()
        if content is not None
    }
    if not fields:
        return "empty", None
    if len(fields) > 1:
        raise ValueError(f"a value holds {len(fields)} alternatives: {', '.join(sorted(fields))}")
    name, content = next(iter(fields.items()))
    reader = _READERS.get(name)
    if reader is None:
        raise ValueError(f"unknown kind of value {name!r}")
    return name.removesuffix("Value"), reader(content)


def _string(content: Any) -> str:
    if not isinstance(content, str):
        raise ValueError(f"stringValue is not text: {content!r}")
    return content


def whole(content: Any) -> int:
    """An integer written as a number or as text; ValueError otherwise."""
    if isinstance(content, bool) or not isinstance(content, (int, str, float)):
        raise ValueError(f"not an integer: {content!r}")
    if isinstance(content, float):
        if not content.is_integer():
            raise ValueError(f"not an integer: {content!r}")
        return int(content)
    try:
        return int(content)
    except ValueError:
        raise ValueError(f"not an integer: {content!r}") from None


def _int64(content: Any) -> int:
    number = whole(content)
    if number not in _INT64:
        raise ValueError(f"intValue does not fit 64 bits: {number}")
    return number


def real(content: Any) -> float:
    """A floating-point number, written as a number or as text such as ``"NaN"``."""
    if isinstance(content, bool) or not isinstance(content, (int, float, str)):
        raise ValueError(f"not a number: {content!r}")
    try:
        return float(content)
    except ValueError:
        raise ValueError(f"not a number: {content!r}") from None


def _boolean(content: Any) -> bool:
    if isinstance(content, bool):
        return content
    if content in ("true", "false"):
        return content == "true"
    raise ValueError(f"boolValue is neither true nor false: {content!r}")


def _bytes(content: Any) -> bytes:
    if not isinstance(content, str):
        raise ValueError(f"bytesValue is not base64 text: {content!r}")
    text = content.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise ValueError(f"bytesValue is not base64: {content!r}") from None


def _values(content: Any) -> list[Any]:
    if isinstance(content, dict):
        content = cast("dict[str, Any]", content).get("values")
    if content is None:
        return []
    if not isinstance(content, list):
        raise ValueError("arrayValue and kvlistValue hold {'values': […]}")
    return cast("list[Any]", content)


def _array(content: Any) -> list[tuple[str, Any]]:
    return [canonical_value(item) for item in _values(content)]


def _kvlist(content: Any) -> list[tuple[str, tuple[str, Any]]]:
    pairs: list[tuple[str, tuple[str, Any]]] = []
    for item in _values(content):
        if not isinstance(item, dict) or not isinstance(item.get("key", ""), str):  # pyright: ignore[reportUnknownMemberType]
            raise ValueError("kvlistValue holds objects with a key")
        entry = cast("dict[str, Any]", item)
        pairs.append((entry.get("key", ""), canonical_value(entry.get("value"))))
    return pairs


_READERS: dict[str, Any] = {
    "stringValue": _string,
    "intValue": _int64,
    "doubleValue": real,
    "boolValue": _boolean,
    "bytesValue": _bytes,
    "arrayValue": _array,
    "kvlistValue": _kvlist,
}


def plain_json(value: Any) -> tuple[str, str]:
    """Type and stored text of a nested ``AnyValue``.

    Examples
    --------
    >>> plain_json({"arrayValue": {"values": [{"stringValue": "stop"}]}})
    ('array', '["stop"]')
    >>> plain_json({"arrayValue": {"values": [{"bytesValue": "AQI="}]}})[0]
    'anyvalue'
    """
    kind, content = canonical_value(value)
    try:
        return kind, _compact(_plain(kind, content))
    except LossyError:
        return "anyvalue", _compact(_encode(kind, content))


def _plain(kind: str, content: Any) -> Any:
    if kind == "array":
        return [_plain(*item) for item in content]
    if kind == "kvlist":
        keys = [key for key, _ in content]
        if len(set(keys)) < len(keys):
            raise LossyError
        return {key: _plain(*item) for key, item in content}
    if kind in ("bytes", "empty") or (kind == "double" and not math.isfinite(content)):
        raise LossyError
    return content


def _encode(kind: str, content: Any) -> dict[str, Any]:
    """The JSON encoding of the OTLP specification, with NaN and Infinity as text."""
    if kind == "empty":
        return {}
    if kind == "array":
        return {"arrayValue": {"values": [_encode(*item) for item in content]}}
    if kind == "kvlist":
        pairs = [{"key": key, "value": _encode(*item)} for key, item in content]
        return {"kvlistValue": {"values": pairs}}
    if kind == "bytes":
        content = base64.b64encode(content).decode()
    elif kind == "int":
        content = str(content)
    elif kind == "double" and not math.isfinite(content):
        content = "NaN" if math.isnan(content) else "Infinity" if content > 0 else "-Infinity"
    return {f"{kind}Value": content}


def otlp_json(kind: str, content: Any) -> dict[str, Any]:
    """``AnyValue`` in OTLP's JSON encoding, from a type and a content as they are stored."""
    if kind == "anyvalue":
        return cast("dict[str, Any]", json.loads(content))
    if kind in ("array", "kvlist"):
        return _encode(*_from_plain(json.loads(content)))
    return _encode(kind, content)


def _from_plain(content: Any) -> tuple[str, Any]:
    if isinstance(content, list):
        return "array", [_from_plain(item) for item in cast("list[Any]", content)]
    if isinstance(content, dict):
        pairs = cast("dict[str, Any]", content).items()
        return "kvlist", [(key, _from_plain(item)) for key, item in pairs]
    kinds = {bool: "bool", int: "int", float: "double", str: "string"}
    return kinds[type(content)], content
