"""OTLP JSON as the OpenTelemetry collector's file exporter writes it, one request a line."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.sources.simulate.scenario import (
    APP_HOST,
    GPUS,
    RETRIEVAL_HOST,
    Host,
    Pod,
    Scenario,
)

Json = dict[str, Any]
Value = str | int | float | bool | Sequence[str]
SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0"
NAMESPACE = "assistants"
RETRIEVAL_VERSIONS = ("2.14.0", "2.14.1")


@dataclass(frozen=True, slots=True)
class Process:
    """Whoever emits: what its resource says, and the host whose clock it reads."""

    service: str
    version: str
    pod: str
    address: str
    host: Host
    scope: str

    def resource(self) -> Json:
        """Return the resource its own SDK reports."""
        return {
            "attributes": attributes(
                {
                    "service.name": self.service,
                    "service.namespace": NAMESPACE,
                    "service.version": self.version,
                    "k8s.namespace.name": NAMESPACE,
                    "k8s.pod.name": self.pod,
                    "k8s.pod.ip": self.address,
                    "k8s.node.name": self.host.name,
                    "host.name": self.host.name,
                    "deployment.environment.name": "production",
                    "telemetry.sdk.name": "opentelemetry",
                    "telemetry.sdk.language": "python",
                    "telemetry.sdk.version": "1.41.0",
                }
            )
        }


GATEWAY = Process(
    "gateway", "5.3.2", "gateway-6f9d8c7b54-x2k8q", "10.42.0.9", APP_HOST, "gateway.server"
)


def retrieval(version: int) -> Process:
    """Return the retrieval service before (0) or after (1) its deployment."""
    pod = ("retrieval-7c5b9f6d48-m4tzp", "retrieval-5d8f7b9c66-q9wlc")[version]
    address = ("10.42.1.14", "10.42.1.15")[version]
    name = RETRIEVAL_VERSIONS[version]
    return Process("retrieval", name, pod, address, RETRIEVAL_HOST, "retrieval.api")


def server(pod: Pod) -> Process:
    """Return a model server."""
    host = GPUS[pod.gpu].host
    return Process("vllm", pod.version, pod.name, pod.address, host, "vllm.llm_engine")


def attributes(values: Mapping[str, Value]) -> list[Json]:
    """Return key-value pairs in OTLP's JSON form."""
    return [{"key": key, "value": any_value(value)} for key, value in values.items()]


def any_value(value: Value) -> Json:
    """Return an AnyValue; 64-bit integers are strings, as protobuf's JSON mapping has it."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"arrayValue": {"values": [any_value(item) for item in value]}}


class Clock:
    """Turns simulated seconds into what a host's clock shows, in whole microseconds."""

    def __init__(self, scenario: Scenario) -> None:
        self.start_us = round(scenario.start.timestamp() * 1e6)

    def ns(self, seconds: float, host: Host) -> str:
        """Return nanoseconds of the epoch on that host's clock, as OTLP JSON writes them."""
        shown = self.start_us + round(seconds * 1e6) + round(host.clock_error_s * 1e6)
        return f"{shown}000"


def span_id(trace_id: str, number: int) -> str:
    """Return the id of the `number`-th span of a trace.

    Six of its bytes come from the trace's own id and two count, which keeps a dump small: random
    span ids would be a fifth of it.
    """
    return f"{trace_id[16:28]}{number:04x}"


def write_lines(path: Path, lines: Iterable[Json]) -> None:
    """Write compact JSON lines, gzipped without a time stamp: same content, same bytes."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as packed,
    ):
        for line in lines:
            packed.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
