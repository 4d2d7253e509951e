"""Whatever may be in a file: nothing crashes, nothing is lost, nothing comes twice.

The suite tries the same few examples every time; with WORKBENCH_SOAK=1 there are many, and others
each time.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import workbench
from tests.second_reader import read
from tests.sources.otlp_messages import REQUESTS, SPECIFICATION, STYLES, Style
from tests.sources.stored import difference, expected, stored

DUMPS = Path(__file__).parent.parent / "dumps"
WHOLE = (DUMPS / "three_signals_in_one_file.jsonl").read_bytes()
KNOWN = {"loaded", "already loaded", "empty", "rejected", "not telemetry"}
STORED = ("spans", "span_events", "span_links", "logs", "metric_points")
SOAK = os.environ.get("WORKBENCH_SOAK") == "1"
EXAMPLES = 600 if SOAK else 20
PROPERTY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

pytestmark = [pytest.mark.soak] if SOAK else []


@contextmanager
def files(*contents: bytes) -> Iterator[list[Path]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.jsonl" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        yield paths


def written(requests: list[Message], style: Style) -> bytes:
    return "".join(f"{style.write(request)}\n" for request in requests).encode()


def load(*paths: Path) -> tuple[workbench.Workbench, dict[str, Any]]:
    incident = workbench.open()
    return incident, incident.load([str(path) for path in paths], progress=False).to_dict()


@PROPERTY
@given(requests=st.lists(REQUESTS, min_size=1, max_size=3), style=STYLES)
def test_any_request_in_any_spelling_is_stored_whole_and_once(
    requests: list[Message], style: Style
) -> None:
    with files(written(requests, SPECIFICATION), written(requests, style)) as (plain, path):
        reading = read(path)
        incident, report = load(path)
        again = incident.load(str(path), progress=False).to_dict()
        whole = expected(reading)
        assert difference(expected(read(plain)), whole) == []
    assert reading.rejected == []
    assert {name: report["total"][name] for name in reading.counts()} == reading.counts()
    assert [again["total"][name] for name in STORED] == [0] * len(STORED)
    assert difference(whole, stored(incident)) == []


@settings(PROPERTY, max_examples=EXAMPLES // 2)
@given(
    requests=st.lists(st.lists(REQUESTS, max_size=2), min_size=2, max_size=3), order=st.randoms()
)
def test_the_order_of_files_does_not_matter(requests: list[list[Message]], order: Any) -> None:
    contents = [written(some, SPECIFICATION) for some in requests]
    with files(*contents) as paths:
        reading = read(*paths)
        shuffled = list(paths)
        order.shuffle(shuffled)
        incident = workbench.open()
        for path in shuffled:
            incident.load(str(path), progress=False)
    assert difference(expected(reading), stored(incident)) == []


@PROPERTY
@given(content=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)))
@example(b'{"resourceSpans":')
@example(b'{"resourceSpans":[{"scopeSpans":[{"spans":[5]}]}]}')
@example(b'{"resourceSpans":{"scopeSpans":1}}')
@example(b'[{"resourceSpans":[]}]')
@example(b'{"resourceLogs":' + b"[" * 100_000)
@example(b"\x1f\x8b\x08\x00")
@example(b"\x1f\x8b" + bytes(30))
@example(b"\xff\xfe{\x00}\x00")
@example(b"\x00" * 300)
def test_arbitrary_bytes_get_an_answer(content: bytes) -> None:
    with files(content) as (path,):
        check_answer(path)


@PROPERTY
@given(
    place=st.integers(0, len(WHOLE) - 1), length=st.integers(0, 3), instead=st.binary(max_size=3)
)
@example(place=602, length=1, instead=b"")  # an unknown kind of value within a list
def test_a_damaged_file_gets_an_answer(place: int, length: int, instead: bytes) -> None:
    with files(WHOLE[:place] + instead + WHOLE[place + length :]) as (path,):
        check_answer(path)


def check_answer(path: Path) -> None:
    """No exception, a known status, and never no rows in silence."""
    incident, report = load(path)
    (entry,) = report["files"]
    assert entry["status"] in KNOWN
    rows = stored(incident)
    assert len(rows["spans"]) == entry["spans"]
    assert len(rows["logs"]) == entry["logs"]
    assert len(rows["metrics"]) == entry["metric_points"]
    if not any(entry[name] for name in STORED):
        assert entry["status"] in ("empty", "rejected", "not telemetry")
        assert entry["caveats"] or entry["rejected"]
    assert entry["rejected"] == incident.sql("select count(*) from quarantine").item()


@PROPERTY
@given(length=st.integers(0, len(WHOLE)))
def test_a_file_cut_anywhere_keeps_what_came_before(length: int) -> None:
    with files(WHOLE[:length]) as (path,):
        reading = read(path)
        incident, report = load(path)
    assert reading.rejected == []
    assert report["total"]["rejected"] == 0
    assert difference(expected(reading), stored(incident)) == []
