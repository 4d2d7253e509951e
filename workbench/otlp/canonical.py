"""Any known way of writing OTLP JSON into the one that the fast path reads, record by record.

What is understood: ids in hexadecimal of either case or in base64; integers as text or numbers;
enumerations as numbers or names; camelCase and snake_case; the ``instrumentationLibrary`` names of
OTLP before 0.19; NaN and Infinity; nested values; a key given twice; explicit nulls. A record with
an error is refused with its reason and its text, and the others are kept.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from workbench.model.batch import LONGEST_RAW, Decoded, Reject
from workbench.otlp.anyvalue import parse_json
from workbench.otlp.messages import (
    LOG_RECORD,
    METRIC,
    POINTS,
    RESOURCE,
    SCOPE,
    SPAN,
    Fields,
    Ignored,
    dump,
    read_fields,
)

__all__ = ["canonical"]

_LONGEST_REASON = 400
_SNAKE = re.compile(r"_([a-z0-9])")
_OLD_NAMES = {
    "instrumentationLibrarySpans": "scopeSpans",
    "instrumentationLibraryLogs": "scopeLogs",
    "instrumentationLibraryMetrics": "scopeMetrics",
    "instrumentationLibrary": "scope",
    "logs": "logRecords",
}


@dataclass(frozen=True)
class _Signal:
    request: str
    scopes: str
    records: str
    read: Callable[[dict[str, Any], Ignored], Any]


@dataclass
class _Outcome:
    lines: list[bytes] = field(default_factory=list[bytes])
    rejects: list[Reject] = field(default_factory=list[Reject])
    ignored: Ignored = field(default_factory=Counter[str])

    def refuse(self, where: str, error: Exception | str, raw: Any) -> None:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        text = raw if isinstance(raw, str) else _shown(raw)
        self.rejects.append(Reject(where, reason[:_LONGEST_REASON], text[:LONGEST_RAW]))


def canonical(text: bytes, first: int, unit: str) -> tuple[bytes, Decoded]:
    """Requests in the form of the fast path, and what had to be refused.

    Parameters
    ----------
    text
        Lines of JSON, one document each.
    first, unit
        Number of the first line, and what is counted.

    Returns
    -------
    tuple
        JSON lines (empty when nothing is left), and a `Decoded` without batches.
    """
    outcome = _Outcome()
    for number, raw in enumerate(text.split(b"\n"), first):
        place = f"{unit} {number}"
        try:
            line = raw.decode().strip("\ufeff \t\r")
            if not line:
                continue
            document = parse_json(line)
        except UnicodeDecodeError as error:
            reason = f"not UTF-8: byte {error.start + 1} is {error.object[error.start]:#04x}"
            outcome.refuse(place, reason, raw.decode(errors="backslashreplace"))
            continue
        except (ValueError, RecursionError) as error:
            outcome.refuse(place, f"not JSON: {_first_line(error)}", raw.decode())
            continue
        documents = cast("list[Any]", document) if isinstance(document, list) else [document]
        for item in documents:
            _document(item, place, outcome)
    decoded = Decoded((), tuple(outcome.rejects), outcome.ignored)
    return b"\n".join(outcome.lines), decoded


def _document(document: Any, where: str, outcome: _Outcome) -> None:
    if not isinstance(document, dict):
        kind = type(document).__name__
        outcome.refuse(where, f"not an OTLP request but JSON {kind}", document)
        return
    fields = _camel(cast("dict[str, Any]", document))
    known = [signal for signal in _SIGNALS if signal.request in fields]
    if not known and fields:
        names = ", ".join(list(fields)[:5])
        reason = (
            "not an OTLP request: expected resourceSpans, resourceLogs or resourceMetrics,"
            f" found {names}"
        )
        outcome.refuse(where, reason, document)
        return
    request: dict[str, Any] = {}
    for signal in known:
        owners = [
            owner
            for index, item in enumerate(_items(fields.pop(signal.request), where, outcome))
            if (owner := _owner(item, signal, f"{where}, {signal.request}[{index}]", outcome))
        ]
        if owners:
            request[signal.request] = owners
    outcome.ignored.update(fields.keys())
    if request:
        outcome.lines.append(dump(request))


def _owner(item: Any, signal: _Signal, where: str, outcome: _Outcome) -> dict[str, Any] | None:
    """One ``ResourceSpans`` and the like; its records are refused when its resource is wrong."""
    if not isinstance(item, dict):
        outcome.refuse(where, "not an object", item)
        return None
    fields = _camel(cast("dict[str, Any]", item))
    scopes = _items(fields.pop(signal.scopes, None), where, outcome)
    wrong: Exception | None = None
    owner: dict[str, Any] = {}
    try:
        owner = read_fields(RESOURCE, fields, outcome.ignored)
    except (ValueError, RecursionError) as error:
        wrong = error
    kept: list[dict[str, Any]] = []
    for index, scope in enumerate(scopes):
        place = f"{where}.{signal.scopes}[{index}]"
        read = _scope(scope, signal, place, outcome, wrong)
        if read is not None:
            kept.append(read)
    owner[signal.scopes] = kept
    return None if wrong else owner


def _scope(
    item: Any, signal: _Signal, where: str, outcome: _Outcome, wrong: Exception | None
) -> dict[str, Any] | None:
    if not isinstance(item, dict):
        outcome.refuse(where, "not an object", item)
        return None
    fields = _camel(cast("dict[str, Any]", item))
    records = _items(fields.pop(signal.records, None), where, outcome)
    scope: dict[str, Any] = {}
    try:
        scope = read_fields(SCOPE, fields, outcome.ignored)
    except (ValueError, RecursionError) as error:
        wrong = wrong or error
    kept: list[Any] = []
    for index, record in enumerate(records):
        place = f"{where}.{signal.records}[{index}]"
        if wrong is not None:
            outcome.refuse(place, f"its resource or scope is wrong: {wrong}", record)
            continue
        if not isinstance(record, dict):
            outcome.refuse(place, "not an object", record)
            continue
        try:
            content = _camel(cast("dict[str, Any]", record))
            if signal.request == "resourceMetrics":
                kept.extend(_metric(content, place, outcome))
            else:
                kept.append(signal.read(content, outcome.ignored))
        except (ValueError, RecursionError) as error:
            outcome.refuse(place, error, record)
    scope[signal.records] = kept
    return None if wrong else scope


def _metric(content: dict[str, Any], where: str, outcome: _Outcome) -> Iterator[dict[str, Any]]:
    """One metric; a point with an error is refused alone."""
    shapes = [name for name in POINTS if content.get(name) is not None]
    if not shapes:
        if not set(content) <= METRIC.keys():
            raise ValueError(f"a metric without a known kind of data: {', '.join(content)}")
        return
    if len(shapes) > 1:
        raise ValueError(f"a metric with several kinds of data: {', '.join(shapes)}")
    shape = shapes[0]
    data = content.pop(shape)
    if not isinstance(data, dict):
        raise ValueError(f"{shape} is not an object: {data!r}")
    metric = read_fields(METRIC, content, outcome.ignored)
    fields = _camel(cast("dict[str, Any]", data))
    points = _items(fields.pop("dataPoints", None), where, outcome)
    described, of_point = POINTS[shape]
    metric[shape] = read_fields(described, fields, outcome.ignored)
    kept: list[dict[str, Any]] = []
    for index, point in enumerate(points):
        place = f"{where}.{shape}.dataPoints[{index}]"
        try:
            if not isinstance(point, dict):
                raise ValueError("not an object")
            kept.append(
                read_fields(of_point, _camel(cast("dict[str, Any]", point)), outcome.ignored)
            )
        except (ValueError, RecursionError) as error:
            outcome.refuse(place, error, point)
    metric[shape]["dataPoints"] = kept
    yield metric


def _reader(fields: Fields) -> Callable[[dict[str, Any], Ignored], Any]:
    return lambda content, ignored: read_fields(fields, content, ignored)


_SIGNALS = (
    _Signal("resourceSpans", "scopeSpans", "spans", _reader(SPAN)),
    _Signal("resourceLogs", "scopeLogs", "logRecords", _reader(LOG_RECORD)),
    _Signal("resourceMetrics", "scopeMetrics", "metrics", _reader(METRIC)),
)


def _camel(fields: dict[str, Any]) -> dict[str, Any]:
    """``fields`` under their present camelCase names, without nulls."""
    renamed: dict[str, Any] = {}
    for name, content in fields.items():
        if content is None:
            continue
        camel = _SNAKE.sub(lambda match: match[1].upper(), name) if "_" in name else name
        renamed[_OLD_NAMES.get(camel, camel)] = content
    return renamed


def _items(content: Any, where: str, outcome: _Outcome) -> list[Any]:
    if content is None:
        return []
    if isinstance(content, list):
        return cast("list[Any]", content)
    outcome.refuse(where, f"a list was expected, found {type(content).__name__}", content)
    return []


def _shown(raw: Any) -> str:
    try:
        return json.dumps(raw, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to be shown)"


def _first_line(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).split("\n")[0]
