"""Arbitrary OTLP requests as protobuf objects, and a small writer of the JSON they become.

The objects are those of opentelemetry-proto, so their fields are the specification's own; the
writer follows its JSON encoding (hexadecimal ids, integers of 64 bits as text, enums as numbers,
field names in camelCase), and the other spellings that are found in files.
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

IDS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
# Fields of profiles, which no file of traces, logs or metrics has.
FOREIGN = {"entity_refs", "key_strindex", "string_value_strindex"}
WIDE = {
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}
NARROW = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
}

# Few different texts and ids, so that keys repeat, spans share ids and equal spans come twice.
TEXTS = st.one_of(
    st.sampled_from(["", "a", "b", "A", "name", "service.name", 'x"}}]', '{"key":"', "ключ", "🔑"]),
    st.text(max_size=8),
)
ID_BYTES = st.integers(1, 3)


def message(kind: type[Message], depth: int = 3) -> st.SearchStrategy[Message]:
    """Messages of a type with some of their fields, down to ``depth`` values in values."""

    @st.composite
    def build(draw: st.DrawFn) -> Message:
        built = kind()
        fill(draw, built, depth)
        return built

    return build()


def fill(draw: st.DrawFn, built: Message, depth: int) -> None:
    descriptor = built.DESCRIPTOR
    # one of a oneof at most, each other field or not
    groups = [[field] for field in descriptor.fields if field.containing_oneof is None]
    groups += [list(group.fields) for group in descriptor.oneofs]
    for group in groups:
        known = [field for field in group if field.name not in FOREIGN]
        if descriptor.name == "AnyValue" and depth <= 0:
            known = [field for field in known if field.message_type is None]
        if known and (needed(descriptor, known[0]) or draw(st.integers(0, 2))):
            fill_field(draw, built, draw(st.sampled_from(known)), depth)


def needed(owner: Descriptor, field: FieldDescriptor) -> bool:
    """Ids that a record must have, and whatever leads to records."""
    if field.name in ("trace_id", "span_id"):
        return owner.name in ("Span", "Link")
    return field.is_repeated and leads_to_records(owner)


def leads_to_records(owner: Descriptor) -> bool:
    starts = (
        "TracesData",
        "LogsData",
        "MetricsData",
        "ResourceS",
        "ResourceL",
        "ResourceM",
        "Scope",
    )
    return owner.name.startswith(starts)


def fill_field(draw: st.DrawFn, built: Message, field: FieldDescriptor, depth: int) -> None:
    if field.message_type is not None:
        deeper = depth - (built.DESCRIPTOR.name == "AnyValue")
        if field.is_repeated:
            for _ in range(draw(st.integers(int(leads_to_records(built.DESCRIPTOR)), 2))):
                fill(draw, getattr(built, field.name).add(), deeper)
        else:
            part = getattr(built, field.name)
            part.SetInParent()
            fill(draw, part, deeper)
    elif field.is_repeated:
        getattr(built, field.name).extend(draw(st.lists(scalar(field), max_size=3)))
    else:
        setattr(built, field.name, draw(scalar(field)))


def scalar(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.name in IDS:
        return ID_BYTES.map(lambda number: bytes([number]) * IDS[field.name])
    if field.enum_type is not None:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.type in WIDE or field.type in NARROW:
        low, high = {**WIDE, **NARROW}[field.type]
        return st.one_of(st.integers(max(low, -3), 3), st.integers(low, high))
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return st.one_of(st.sampled_from([0.0, -0.0, 1.0, 1e21, math.nan, math.inf]), st.floats())
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    return st.binary(max_size=6) if field.type == FieldDescriptor.TYPE_BYTES else TEXTS


REQUESTS = st.one_of(message(TracesData), message(LogsData), message(MetricsData))


@dataclass(frozen=True)
class Style:
    """How a writer spells what the specification says."""

    snake_case: bool = False
    numbers: bool = False
    enum_names: bool = False
    base64_ids: bool = False
    upper_case_ids: bool = False
    bare_nan: bool = False
    value_first: bool = False
    indent: int | None = None
    ascii_only: bool = False

    def write(self, request: Message) -> str:
        separators = (",", ":") if self.indent is None else None
        tree = self.tree(request)
        return json.dumps(
            tree, indent=self.indent, separators=separators, ensure_ascii=self.ascii_only
        )

    def tree(self, built: Message) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for field, value in built.ListFields():
            name = field.name if self.snake_case else field.json_name
            one = self.one
            out[name] = (
                [one(field, item) for item in value] if field.is_repeated else one(field, value)
            )
        if self.value_first and built.DESCRIPTOR.name == "KeyValue":
            out = dict(reversed(out.items()))
        return out

    def one(self, field: FieldDescriptor, value: Any) -> Any:
        if field.message_type is not None:
            return self.tree(value)
        if field.type == FieldDescriptor.TYPE_BYTES:
            if field.name not in IDS or self.base64_ids:
                return base64.b64encode(value).decode()
            return value.hex().upper() if self.upper_case_ids else value.hex()
        if field.enum_type is not None and self.enum_names:
            return field.enum_type.values_by_number[value].name
        if field.type in WIDE and not self.numbers:
            return str(value)
        if field.type == FieldDescriptor.TYPE_DOUBLE and not math.isfinite(value):
            if self.bare_nan:
                return value
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return value


SPECIFICATION = Style()
STYLES = st.one_of(
    st.just(SPECIFICATION),
    st.builds(
        Style,
        snake_case=st.booleans(),
        numbers=st.booleans(),
        enum_names=st.booleans(),
        base64_ids=st.booleans(),
        upper_case_ids=st.booleans(),
        bare_nan=st.booleans(),
        value_first=st.booleans(),
        indent=st.sampled_from([None, None, 1]),
        ascii_only=st.booleans(),
    ),
)
