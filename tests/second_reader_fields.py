"""The fields of OTLP JSON, one function a kind of field, for the second reader.

An absent field is ``None``. A value is a pair of its type and its content, so that ``1``,
``1.0``, ``"1"`` and ``true`` stay four things. Anything else is refused with a reason.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import cache
from typing import Any

Row = dict[str, Any]

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES = ("unset", "ok", "error")
TEMPORALITIES = ("unspecified", "delta", "cumulative")
SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
KIND_CODES = {f"SPAN_KIND_{name.upper()}": code for code, name in enumerate(KINDS)}
STATUS_CODES = {f"STATUS_CODE_{name.upper()}": code for code, name in enumerate(STATUSES)}
TEMPORALITY_CODES = {
    f"AGGREGATION_TEMPORALITY_{name.upper()}": code for code, name in enumerate(TEMPORALITIES)
}
SEVERITY_CODES = {"SEVERITY_NUMBER_UNSPECIFIED": 0} | {
    f"SEVERITY_NUMBER_{name}{step or ''}": 4 * level + (step or 1)
    for level, name in enumerate(SEVERITIES)
    for step in (None, 2, 3, 4)
}
MAX_INT64 = 2**63 - 1
MAX_UINT64 = 2**64 - 1
MAX_UINT32 = 2**32 - 1


class RejectedError(Exception):
    """This record is not OTLP; the text says why."""


@cache
def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def get(thing: Row, *names: str) -> Any:
    """The first field present under one of its names, each in camelCase or snake_case."""
    for name in names:
        value = thing.get(name)
        if value is None:
            value = thing.get(snake(name))
        if value is not None:
            return value
    return None


def typed(kind: type, value: Any, what: str) -> Any:
    if not isinstance(value, kind):
        raise RejectedError(f"{what} is not a {kind.__name__}: {value!r}")
    return value


def items(thing: Row, *names: str) -> list[Row]:
    """The objects of a list, which may be absent."""
    values = typed(list, get(thing, *names) or [], names[0])
    return [typed(dict, value, names[0]) for value in values]


def part(thing: Row, *names: str) -> Row:
    """An object that may be absent."""
    value = get(thing, *names)
    return {} if value is None else typed(dict, value, names[0])


def text(thing: Row, name: str) -> str | None:
    value = get(thing, name)
    return None if value is None else whole_text(value, name)


def whole_text(value: Any, what: str) -> str:
    """A text that some encoding could hold: no half of a surrogate pair."""
    if re.search("[\ud800-\udfff]", typed(str, value, what)):
        raise RejectedError(f"{what} holds half a surrogate pair: {value!r}")
    return value


def integer(value: Any, low: int, high: int, what: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RejectedError(f"{what} is not an integer from {low} to {high}: {value!r}")
    return value


def count(thing: Row, name: str) -> int | None:
    return integer(get(thing, name), 0, MAX_UINT32, name)


def big(thing: Row, name: str) -> int | None:
    return integer(get(thing, name), 0, MAX_UINT64, name)


def small(thing: Row, name: str) -> int | None:
    return integer(get(thing, name), -(2**31), 2**31 - 1, name)


def double(value: Any, what: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RejectedError(f"{what} is not a number: {value!r}")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise RejectedError(f"{what} is not a number: {value!r}") from None


def enum(value: Any, codes: dict[str, int], what: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value in codes:
        return codes[value]
    return integer(value, -(2**31), 2**31 - 1, what)


def word(code: int | None, words: tuple[str, ...]) -> str:
    """The word for a number; a number of the future stays as its digits."""
    code = code or 0
    return words[code] if 0 <= code < len(words) else str(code)


def identifier(thing: Row, name: str, size: int, needed: bool) -> str | None:
    """Lower-case hex of an id in hex or base64; which one it is, its length says."""
    value = typed(str, get(thing, name) or "", name)
    if not value and not needed:
        return None
    if re.fullmatch(f"[0-9a-fA-F]{{{2 * size}}}", value):
        return value.lower()
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise RejectedError(f"{name} is not {size} bytes: {value!r}")
    return raw.hex()


def any_value(value: Any) -> tuple[str, Any]:
    """An AnyValue as (type, content)."""
    value = {} if value is None else typed(dict, value, "value")
    given = {name: one for name, one in value.items() if one is not None}
    if len(given) > 1:
        raise RejectedError(f"value is several things at once: {value!r}")
    for name, found in given.items():
        for kind, read in VALUES.items():
            if name in (f"{kind}Value", f"{kind}_value"):
                return kind, read(found)
        raise RejectedError(f"value is of an unknown kind: {value!r}")
    return "empty", None


def bytes_of(value: Any) -> bytes:
    try:
        return base64.b64decode(typed(str, value, "bytesValue"), validate=True)
    except ValueError:
        raise RejectedError(f"bytesValue is not base64: {value!r}") from None


def elements(value: Any) -> list[tuple[str, Any]]:
    inner = get(typed(dict, value, "arrayValue"), "values") or []
    return [any_value(element) for element in typed(list, inner, "values")]


VALUES: dict[str, Callable[[Any], Any]] = {
    "string": lambda value: whole_text(value, "stringValue"),
    "bool": lambda value: typed(bool, value, "boolValue"),
    "int": lambda value: integer(value, -(2**63), MAX_INT64, "intValue"),
    "double": lambda value: double(value, "doubleValue"),
    "bytes": bytes_of,
    "array": elements,
    "kvlist": lambda value: attributes(typed(dict, value, "kvlistValue"), "values"),
}


def attributes(thing: Row, name: str = "attributes") -> list[tuple[str, tuple[str, Any]]]:
    return [(text(pair, "key") or "", any_value(get(pair, "value"))) for pair in items(thing, name)]
