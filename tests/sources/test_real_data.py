"""Real telemetry, counted to the last row; nobody in this project wrote these files.

Numbers stand here as they were counted by others or by hand; the second reader counts them again
from the files, and rows are compared field by field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import workbench
from tests.second_reader import COUNTS, read
from tests.sources.stored import difference, expected, stored


def load(*paths: Path) -> tuple[workbench.Workbench, dict[str, Any]]:
    incident = workbench.open()
    return incident, incident.load([str(path) for path in paths], progress=False).to_dict()


def counts(entry: dict[str, Any]) -> list[int]:
    return [entry[name] for name in COUNTS]


def telemetry(folder: Path) -> list[Path]:
    """The OTLP documents of a folder that holds other formats as well."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".jsonl"))
    return [
        path for path in files if re.search(rb'"resource(Spans|Logs|Metrics)"', path.read_bytes())
    ]


def test_otel_tui_row_by_row(real_data: Path) -> None:
    file = real_data / "otel-tui" / "test_data.json"
    incident, report = load(file)
    assert counts(report["total"]) == [547, 139, 53, 23, 4551, 0, 0]
    shapes = incident.sql("select type, count(*) from metrics group by type").rows()
    assert dict(shapes) == {"gauge": 262, "sum": 4180, "histogram": 109}
    assert incident.sql("select count(distinct metric) from metrics").item() > 100
    reading = read(file)
    assert reading.points_by_type() == dict(shapes)
    assert reading.tally["exemplar"] == incident.sql("select count(*) from exemplars").item() == 11
    assert difference(expected(reading), stored(incident)) == []


def test_otel_tui_loaded_twice_is_the_same(real_data: Path) -> None:
    file = real_data / "otel-tui" / "test_data.json"
    incident, _ = load(file)
    before = stored(incident)
    again = incident.load(str(file), progress=False).to_dict()
    assert again["files"][0]["status"] == "already loaded"
    assert difference(before, stored(incident)) == []
    assert incident.sql("select count(*) from loads").item() == 1


@pytest.mark.parametrize(
    ("name", "spans", "logs", "points"),
    [
        ("trace.json", 1, 0, 0),
        ("logs.json", 0, 1, 0),
        ("events.json", 0, 1, 0),
        ("metrics.json", 0, 0, 4),
    ],
)
def test_the_specifications_own_examples(
    real_data: Path, name: str, spans: int, logs: int, points: int
) -> None:
    file = real_data / "otel-proto-examples" / name
    incident, report = load(file)
    assert counts(report["total"]) == [spans, 0, 0, logs, points, 0, 0]
    assert difference(expected(read(file)), stored(incident)) == []


def test_the_folder_of_examples_at_once(real_data: Path) -> None:
    _, report = load(real_data / "otel-proto-examples")
    assert counts(report["total"]) == [1, 0, 0, 2, 4, 0, 0]
    others = [entry for entry in report["files"] if not entry["path"].endswith(".json")]
    assert {entry["status"] for entry in others} == {"not telemetry"}


def test_the_otlp_documents_of_jaeger(real_data: Path) -> None:
    files = telemetry(real_data / "jaeger")
    assert len(files) == 36
    reading = read(*files)
    incident, report = load(*files)
    assert counts(report["total"]) == [43, 72, 14, 0, 0, 5, 0]
    assert counts(report["total"]) == list(reading.counts().values())
    assert difference(expected(reading), stored(incident)) == []


def test_other_documents_of_jaeger_say_what_they_are_not(real_data: Path) -> None:
    otlp = telemetry(real_data / "jaeger")
    others = [path for path in (real_data / "jaeger").glob("*.json") if path not in otlp]
    assert len(others) == 3
    _, report = load(*others)
    assert {entry["status"] for entry in report["files"]} == {"not telemetry"}
    assert all(entry["caveats"] for entry in report["files"])


PARQUET_ROWS = {"logs": 81, "traces": 19, "metrics_gauge": 3, "metrics_sum": 4}
PARQUET_ROWS |= {"metrics_histogram": 3, "metrics_exponential_histogram": 2, "metrics_summary": 2}


@pytest.mark.parametrize("name", PARQUET_ROWS)
def test_lines_hold_as_many_rows_as_the_parquet_beside_them(real_data: Path, name: str) -> None:
    file = real_data / "otlp2parquet-testdata" / f"{name}.jsonl"
    incident, report = load(file)
    total = report["total"]
    assert total["spans"] + total["logs"] + total["metric_points"] == PARQUET_ROWS[name]
    assert total["rejected"] == 0
    assert difference(expected(read(file)), stored(incident)) == []


def test_base64_ids_equal_the_hex_ids_of_the_same_trace(real_data: Path) -> None:
    folder = real_data / "otlp2parquet-testdata"
    incident, _ = load(folder / "traces.jsonl")
    theirs = pl.read_parquet(folder / "parquet" / "traces.parquet")
    query = "select trace_id, span_id, parent_span_id, name, duration_ns from spans"
    assert sorted(incident.sql(query).rows(), key=str) == sorted(
        theirs.select("TraceId", "SpanId", "ParentSpanId", "SpanName", "Duration").rows(), key=str
    )
    document, _ = load(folder / "trace.json")
    query = "select distinct trace_id from spans"
    assert document.sql(query).item() == "9d79b1a37f31801cd11a6706fb40d6bd"


@pytest.mark.parametrize(
    "shape", ["gauge", "sum", "histogram", "exponential_histogram", "summary", "mixed"]
)
def test_a_document_and_its_lines_hold_equal_rows(real_data: Path, shape: str) -> None:
    folder = real_data / "otlp2parquet-testdata"
    document, _ = load(folder / f"metrics_{shape}.json")
    lines, _ = load(folder / f"metrics_{shape}.jsonl")
    rows = stored(lines)
    assert rows["metrics"]
    assert difference(stored(document), rows) == []


def test_invalid_documents_are_rejected(real_data: Path) -> None:
    files = sorted((real_data / "otlp2parquet-testdata" / "invalid").glob("*.json"))
    assert len(files) == 6
    for file in files:
        incident, report = load(file)
        (entry,) = report["files"]
        assert counts(entry) == [0, 0, 0, 0, 0, 0, 1], file.name
        assert entry["status"] == "rejected", file.name
        assert incident.sql("select count(*) from quarantine where raw <> ''").item() == 1
        assert list(read(file).counts().values()) == counts(entry)


def test_hyperdx_documents_hold_as_many_records_as_their_snapshots(real_data: Path) -> None:
    files = sorted((real_data / "hyperdx-smoke").rglob("input.json"))
    incident, report = load(*files)
    assert counts(report["total"]) == [2, 0, 0, 76, 2, 0, 0]
    for entry in report["files"]:
        snapshot = Path(entry["path"]).with_name("expected.snap").read_text()
        records = entry["spans"] + entry["logs"] + entry["metric_points"]
        assert records == len(snapshot.splitlines()), entry["path"]
    assert difference(expected(read(*files)), stored(incident)) == []


def test_a_whole_incident_of_trainticket(real_data: Path) -> None:
    files = sorted((real_data / "nezha-otlp" / "trainticket-0129").rglob("*.jsonl.gz"))
    incident, report = load(*files)
    total = report["total"]
    assert counts(total) == [325_859, 0, 0, 175_166, 807_801, 7_879, 0]
    assert total["spans"] + total["duplicates"] == 333_738
    assert counts(total) == list(read(*files, keep=False).counts().values())
    assert incident.sql("select count(*) from spans").item() == 325_859
    assert incident.sql("select count(*) from logs").item() == 175_166
    assert incident.sql("select count(*) from metrics where type = 'gauge'").item() == 807_801
    assert incident.sql("select count(*) from metrics where isnan(value)").item() > 0
    again = incident.load([str(path) for path in files], progress=False).to_dict()
    assert {entry["status"] for entry in again["files"]} == {"already loaded"}
    assert incident.sql("select count(*) from spans").item() == 325_859


# Mutated copies ---------------------------------------------------------------------------------


def spans_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    return request["resourceSpans"][0]["scopeSpans"][0]["spans"]


def without_a_span(line: str) -> str:
    request = json.loads(line)
    spans_of(request).pop()
    return json.dumps(request)


def with_another_id(line: str) -> str:
    request = json.loads(line)
    spans_of(request)[0]["spanId"] = "00000000deadbeef"
    return json.dumps(request)


def with_another_attribute(line: str) -> str:
    request = json.loads(line)
    spans_of(request)[0]["attributes"][0]["value"] = {"stringValue": "something else"}
    return json.dumps(request)


def with_a_wrong_id(line: str) -> str:
    request = json.loads(line)
    spans_of(request)[0]["traceId"] = "deadbeef"
    return json.dumps(request)


def broken(line: str) -> str:
    return line.replace('"spanId":', '"spanId"', 1)


@pytest.mark.parametrize(
    ("mutate", "spans", "rejected"),
    [
        (without_a_span, 546, 0),
        (with_another_id, 547, 0),
        (with_another_attribute, 547, 0),
        (with_a_wrong_id, 546, 1),
        (broken, None, 1),
    ],
)
def test_a_mutated_copy_is_seen_by_both_readers(
    real_data: Path,
    tmp_path: Path,
    mutate: Callable[[str], str],
    spans: int | None,
    rejected: int,
) -> None:
    original = real_data / "otel-tui" / "test_data.json"
    lines = original.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if '"resourceSpans"' in line[:20])
    lines[place] = mutate(lines[place])
    copy = tmp_path / "mutated.json"
    copy.write_text("\n".join(lines) + "\n")
    reading = read(copy)
    incident, report = load(copy)
    assert counts(report["total"]) == list(reading.counts().values())
    assert report["total"]["rejected"] == rejected
    assert report["total"]["spans"] == spans or (spans is None and report["total"]["spans"] < 547)
    rows = stored(incident)
    assert difference(expected(reading), rows) == []
    assert difference(expected(read(original)), rows)
