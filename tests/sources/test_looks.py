"""What files that no reader recognises are said to look like."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from tests.small import request, span
from workbench.sources.files import look, reader_of

JAEGER = {"data": [{"traceID": "1f", "spans": [{"spanID": "1", "operationName": "GET"}]}]}
ZIPKIN = [{"traceId": "1f", "id": "1", "localEndpoint": {"serviceName": "shop"}, "duration": 5}]
PROMETHEUS = """# HELP vllm:num_requests_waiting Requests waiting.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{model_name="qwen3"} 12.0
"""
OPENMETRICS = 'up{job="x"} 1.0 1600000000.0 # {trace_id="1f"} 0.5\n# EOF\n'


def zipped(folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "x", "w") as archive:
        archive.writestr("a.json", "{}")
    return (folder / "x").read_bytes()


def in_tar(_: Path) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.json"))
    return held.getvalue()


def parquet(folder: Path) -> bytes:
    pl.DataFrame({"a": [1]}).write_parquet(folder / "x")
    return (folder / "x").read_bytes()


def sqlite(folder: Path) -> bytes:
    connection = sqlite3.connect(folder / "x")
    connection.execute("create table a (b)")
    connection.close()
    return (folder / "x").read_bytes()


def duckdb_file(folder: Path) -> bytes:
    duckdb.connect(str(folder / "x")).close()
    return (folder / "x").read_bytes()


def protobuf() -> bytes:
    message = ParseDict(request(span()), TracesData())
    # JSON of protobuf has ids in base64; which bytes they become does not matter here.
    return message.SerializeToString()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (parquet, "Parquet"),
        (zipped, "a zip archive; unpack it first"),
        (in_tar, "a tar archive; unpack it first"),
        (sqlite, "a SQLite database"),
        (duckdb_file, "a DuckDB file; if it is a store, open it instead of loading it"),
    ],
)
def test_files_that_programs_write(
    tmp_path: Path, made: Callable[[Path], bytes], said: str
) -> None:
    assert look(made(tmp_path)).text == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bz2.compress(b"x"), "data compressed by bzip2; unpack it first"),
        (lzma.compress(b"x"), "data compressed by xz; unpack it first"),
        (b"\x28\xb5\x2f\xfd\x04\x00", "data compressed by zstd; unpack it first"),
        (protobuf(), "binary data, perhaps OTLP in protobuf; export it as OTLP JSON"),
        (
            len(protobuf()).to_bytes(4, "big") + protobuf(),
            "binary data, perhaps OTLP in protobuf; export it as OTLP JSON",
        ),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary data"),
        (json.dumps(JAEGER).encode(), "Jaeger JSON; export it as OTLP JSON"),
        (json.dumps(ZIPKIN, indent=2).encode(), "Zipkin JSON; export it as OTLP JSON"),
        (b'{"traceEvents": []}', "a profiler's trace in Chrome's format"),
        (b'{"a": 1}', "JSON without resourceSpans, resourceLogs or resourceMetrics"),
        (PROMETHEUS.encode(), "Prometheus or OpenMetrics text; export it as OTLP JSON"),
        (OPENMETRICS.encode(), "Prometheus or OpenMetrics text; export it as OTLP JSON"),
        (b"\xef\xbb\xbftime,value\n1,2\n", "CSV"),
        (b'name;text\n"a";"b; c"\n', "CSV"),
        (
            b"2026-11-12 14:05:00 started\n2026-11-12 14:05:01 [info] ready\n",
            "lines with times, the first begins with '2026-11-12 14:05:00 started'",
        ),
    ],
)
def test_data_of_other_formats_is_not_prose(content: bytes, said: str) -> None:
    assert reader_of(content) is None
    assert look(content).text == said
    assert not look(content).is_prose


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html></html>", "a page of HTML"),
        (b"# Dumps\n\nOne, two,\nthree.\n", "text that begins with '# Dumps'"),
        (b"version 2\n", "text that begins with 'version 2'"),
        (b"[INFO] ready", "text that begins with '[INFO] ready'"),
        ("Lizenz: für alle".encode("latin-1"), "text that begins with 'Lizenz: f\ufffdr alle'"),
        (b"", "text that begins with nothing"),
    ],
)
def test_what_is_written_for_people_is_prose(content: bytes, said: str) -> None:
    assert look(content).text == said
    assert look(content).is_prose


@given(st.binary(max_size=200))
def test_any_bytes_look_like_something(content: bytes) -> None:
    assert look(content).text


def test_real_files_look_like_what_they_are(real_data: Path) -> None:
    looks = {
        "Jaeger JSON; export it as OTLP JSON": ["jaeger/ui_01.json", "jaeger/domain_01.json"],
        "Parquet": ["otlp2parquet-testdata/parquet/logs.parquet"],
        "CSV": ["nab/data/realKnownCause/nyc_taxi.csv", "petshop/low_traffic/graph.csv"],
        "Prometheus or OpenMetrics text; export it as OTLP JSON": [
            "vllm-metrics/vllm_kops_first.prom",
            "prometheus-exposition/1histogram.om.txt",
            "prometheus-exposition/dump-openmetrics-roundtrip-test.prom",
        ],
        "binary data, perhaps OTLP in protobuf; export it as OTLP JSON": [
            "otlp2records-testdata/metrics_mixed.pb",
            "otlp2parquet-testdata/trace.pb",
        ],
    }
    for said, names in looks.items():
        for name in names:
            assert look((real_data / name).read_bytes()[: 1 << 18]).text == said, name
