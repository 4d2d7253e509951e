"""The incident's files are OTLP JSON lines as the collector's file exporter writes them."""

import base64
import json
from collections import Counter

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.sources.simulate.dump import INCIDENT, lines

SIGNALS = {
    "traces": ("resourceSpans", ExportTraceServiceRequest),
    "logs": ("resourceLogs", ExportLogsServiceRequest),
    "metrics": ("resourceMetrics", ExportMetricsServiceRequest),
}
IDS = {"traceId", "spanId", "parentSpanId"}


def base64_ids(value):
    """Turn hex ids into the base64 that protobuf's own JSON mapping asks for."""
    if isinstance(value, list):
        return [base64_ids(item) for item in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode() if key in IDS else base64_ids(item)
            for key, item in value.items()
        }
    return value


def service(line):
    block = next(iter(line.values()))[0]
    pairs = block["resource"]["attributes"]
    return next(pair["value"]["stringValue"] for pair in pairs if pair["key"] == "service.name")


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_line_is_one_request_of_one_signal_from_one_resource(signal):
    key, _ = SIGNALS[signal]
    for line in lines(INCIDENT, signal):
        assert list(line) == [key]
        assert len(line[key]) == 1


@pytest.mark.parametrize("signal", SIGNALS)
def test_protobuf_knows_every_field(signal):
    _, message = SIGNALS[signal]
    by_service = {service(line): line for line in lines(INCIDENT, signal)}
    assert by_service
    for line in by_service.values():
        json_format.ParseDict(base64_ids(line), message())


def test_numbers_of_64_bits_are_strings():
    point = next(
        metric["histogram"]["dataPoints"][0]
        for line in lines(INCIDENT, "metrics")
        for metric in line["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
        if "histogram" in metric
    )
    assert isinstance(point["count"], str)
    assert all(isinstance(count, str) for count in point["bucketCounts"])
    assert '"intValue":"' in json.dumps(lines(INCIDENT, "traces")[0], separators=(",", ":"))


def test_ids_have_16_and_8_bytes_and_are_unique(incident):
    ids = Counter((span.trace, span.id) for span in incident.spans)
    assert max(ids.values()) == 1
    for span in incident.spans:
        assert len(bytes.fromhex(span.trace)) == 16
        assert len(bytes.fromhex(span.id)) == 8
        assert span.parent == "" or len(bytes.fromhex(span.parent)) == 8
        assert span.start <= span.end
    assert len({span.id for span in incident.spans}) == len(incident.spans)


def test_parents_exist_or_belong_to_a_request_that_never_ended(incident):
    known = {(span.trace, span.id) for span in incident.spans}
    rooted = {span.trace for span in incident.spans if not span.parent}
    orphaned = {
        span.trace
        for span in incident.spans
        if span.parent and (span.trace, span.parent) not in known
    }
    rootless = {span.trace for span in incident.spans} - rooted
    assert orphaned == rootless
    assert sorted(rootless) == incident.truth["data_quality"]["traces_without_root_span"]
    assert rootless


def test_logs_and_exemplars_point_at_traces_of_the_dump(incident):
    ids = {span.trace for span in incident.spans}
    roots = {span.trace: span for span in incident.spans if not span.parent}
    without = set(incident.truth["data_quality"]["traces_without_root_span"])
    for record in incident.records:
        assert not record.trace or record.trace in ids | without
    exemplars = [
        exemplar
        for point in incident.series("http.server.request.duration")
        for exemplar in point.body.get("exemplars", [])
    ]
    assert len(exemplars) > 500
    for exemplar in exemplars:
        root = roots[exemplar["traceId"]]
        assert exemplar["spanId"] == root.id
        assert exemplar["asDouble"] == pytest.approx(root.seconds, abs=2e-6)


def test_size_is_fit_for_a_repository():
    assert sum(path.stat().st_size for path in INCIDENT.iterdir()) < 4_000_000
