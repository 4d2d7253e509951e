"""Killed at any instant, a load has happened or it has not.

Real processes, real SIGKILL. A first, undisturbed load shows how long one takes and how the
store's files grow; then loads are killed at instants spread over that time, and at the very
moments of the commit: while the log of the transaction is being written, while the checkpoint
carries it into the store, and when it is gone.

Twenty kills belong to the suite; with WORKBENCH_SOAK=1 there are two hundred.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

import workbench

SOAK = os.environ.get("WORKBENCH_SOAK") == "1"
KILLS = 200 if SOAK else 20
RECORDS, POINTS = 2_000, 140_000
BASE_RECORDS = 50
VIEWS = ("spans", "events", "links", "logs", "metrics", "exemplars", "loads", "quarantine")
# Shares of the log of the transaction, then of the growth of the store behind it.
COMMIT = (0.0, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
CHECKPOINT = (0.2, 0.6)
LOG_WAS_GONE = "when the log was gone"

pytestmark = [pytest.mark.soak] if SOAK else []

Counts = dict[str, int]


@dataclass(frozen=True)
class Scene:
    """A store that holds something, a file to load into it, and what a load looks like."""

    folder: Path
    file: Path
    before: Counts
    after: Counts
    duration: float
    """Seconds from the first look into the file to the end of the process."""
    largest_log: int
    store_bytes: tuple[int, int]

    def fresh(self, name: str) -> Path:
        store = self.folder / name / "store.duckdb"
        store.parent.mkdir()
        shutil.copy(self.folder / "base.duckdb", store)
        return store


def record(number: int) -> str:
    """Lines of all three signals; their ids and numbers say where they belong."""
    start = 1_700_000_000_000_000_000 + number * 1_000_003
    ids = {"traceId": f"{number // 10 + 1:032x}", "spanId": f"{number + 1:016x}"}
    route = {"key": "http.route", "value": {"stringValue": f"/cart/{number % 97}"}}
    size = {"key": f"size.{number % 5}", "value": {"intValue": str(number)}}
    span = {
        **ids,
        "name": f"GET {number % 13}",
        "kind": 2,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + number),
        "attributes": [route, size],
        "events": [{"timeUnixNano": str(start), "name": "retry", "attributes": [size]}],
        "links": [{"traceId": "f" * 32, "spanId": "e" * 16}],
    }
    log = {"timeUnixNano": str(start), "body": {"stringValue": f"{number} opened"}, **ids}
    point = {"timeUnixNano": str(start), "asInt": str(number), "attributes": [route]}
    point["exemplars"] = [{"timeUnixNano": str(start), "asInt": str(number), **ids}]
    gauge = {"name": "queue.length", "gauge": {"dataPoints": [point]}}
    service = {"key": "service.name", "value": {"stringValue": f"service-{number % 7}"}}
    resource = {"resource": {"attributes": [service]}}
    request = {
        "resourceSpans": [{**resource, "scopeSpans": [{"spans": [span]}]}],
        "resourceLogs": [{**resource, "scopeLogs": [{"logRecords": [log]}]}],
        "resourceMetrics": [{**resource, "scopeMetrics": [{"metrics": [gauge]}]}],
    }
    return json.dumps(request, separators=(",", ":")) + "\n"


def many_points() -> Iterator[str]:
    """Lines of a thousand small points: more than a row group, which DuckDB writes early."""
    for first in range(0, POINTS, 1000):
        points = [
            {"timeUnixNano": str(number), "asInt": str(number)}
            for number in range(first + 1, first + 1001)
        ]
        metric = {"name": "temperature", "gauge": {"dataPoints": points}}
        request = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
        yield json.dumps(request, separators=(",", ":")) + "\n"


def start_load(store: Path, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "workbench", "load", str(store), str(file), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def counts(store: Path) -> Counts:
    incident = workbench.open(store)
    try:
        found = {view: incident.sql(f"select count(*) from {view}").item() for view in VIEWS}
        ids = "select count(distinct load_id) from (from {} union by name from loads)"
        found["ids"] = incident.sql(ids.format("spans")).item()
        return found
    finally:
        incident.close()


def written(store: Path) -> tuple[int, int]:
    """Bytes of the store and of its log, -1 where there is none."""
    sizes = [-1, -1]
    for place, path in enumerate((store, store.with_name(store.name + ".wal"))):
        try:
            sizes[place] = path.stat().st_size
        except FileNotFoundError:
            continue
    return sizes[0], sizes[1]


def is_reading(process: subprocess.Popen[bytes], file: Path) -> bool:
    """Whether a process has a file open: the start-up is over, the load has begun."""
    try:
        opened = [entry.readlink() for entry in Path(f"/proc/{process.pid}/fd").iterdir()]
    except OSError:
        return False
    return file in opened


def wait_until(
    process: subprocess.Popen[bytes], happened: Callable[[], bool], every: float = 0.0005
) -> bool:
    """Watch a process until something happened (true) or it ended by itself (false)."""
    while process.poll() is None:
        if happened():
            return True
        if every:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=every)
    return False


def start_reading(store: Path, file: Path) -> subprocess.Popen[bytes]:
    """A load that has begun to look into its file."""
    process = start_load(store, file)
    assert wait_until(process, lambda: is_reading(process, file), every=0.01)
    return process


def seconds_from_now(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("kill")
    first, file = folder / "first.jsonl", folder / "dump.jsonl"
    first.write_text("".join(map(record, range(BASE_RECORDS))))
    records = [record(number) for number in range(BASE_RECORDS, RECORDS)]
    file.write_text("".join([*many_points(), *records[:-1], "{broken\n", records[-1]]))
    base = folder / "base.duckdb"
    incident = workbench.open(base)
    incident.load(str(first), progress=False)
    incident.close()
    before = counts(base)
    store = folder / "calibrate.duckdb"
    shutil.copy(base, store)
    logs = [0]
    process = start_reading(store, file)
    begin = time.monotonic()
    wait_until(process, lambda: logs.append(written(store)[1]) is not None)
    process.communicate()
    duration = time.monotonic() - begin
    assert process.returncode == 1, "the file holds one broken line"
    after = counts(store)
    assert after["spans"] == RECORDS
    assert after["metrics"] == RECORDS + POINTS
    assert after["loads"] == before["loads"] + 1
    sizes = (written(base)[0], written(store)[0])
    return Scene(folder, file, before, after, duration, max(logs), sizes)


def moments(scene: Scene, store: Path, number: int) -> tuple[str, list[Callable[[], bool]]]:
    """The instant of kill ``number``, in words and as what must have happened, in order."""
    place = number % 20

    def log_has(share: float) -> Callable[[], bool]:
        return lambda: written(store)[1] > share * scene.largest_log

    def store_has(share: float) -> Callable[[], bool]:
        first, last = scene.store_bytes
        return lambda: written(store)[0] > first + share * (last - first)

    def log_is_gone() -> bool:
        return written(store)[1] < 0

    if place < len(COMMIT):
        share = COMMIT[place]
        return f"with {share:.0%} of the log written", [log_has(0), log_has(share)]
    place -= len(COMMIT)
    if place < len(CHECKPOINT):
        share = CHECKPOINT[place]
        grown = [log_has(0), log_has(COMMIT[-1]), store_has(share)]
        return f"with the log written and {share:.0%} of the checkpoint", grown
    if place == len(CHECKPOINT):
        return LOG_WAS_GONE, [log_has(0), log_is_gone]
    if place == len(CHECKPOINT) + 1:
        return "at the first growth of the store", [store_has(0)]
    later = random.Random(number).uniform(0, 1) * scene.duration
    return f"after {later:.3f} s of {scene.duration:.3f} s", [seconds_from_now(later)]


def kill(scene: Scene, number: int, store: Path) -> str:
    """Start a load and kill it at instant ``number``; says which instant that was."""
    process = start_reading(store, scene.file)
    name, happenings = moments(scene, store, number)
    for place, happened in enumerate(happenings):
        wait_until(process, happened, every=0 if place else 0.0005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    log = written(store)[1]
    return f"{name}, leaving a log of {log:,} of {scene.largest_log:,} bytes"


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_load_has_happened_or_not(scene: Scene, number: int) -> None:
    store = scene.fresh(f"kill-{number}")
    instant = kill(scene, number, store)
    found = counts(store)
    assert found in (scene.before, scene.after), f"killed {instant}"
    if instant.startswith(LOG_WAS_GONE):
        assert found == scene.after, f"killed {instant}"
    incident = workbench.open(store)
    report = incident.load(str(scene.file), progress=False).to_dict()
    incident.close()
    done = found == scene.after
    assert report["files"][0]["status"] == ("already loaded" if done else "loaded"), instant
    assert counts(store) == scene.after, f"killed {instant}, then loaded again"
    shutil.rmtree(store.parent)


def test_a_load_killed_as_its_store_appears_leaves_none_or_a_good_one(scene: Scene) -> None:
    store = scene.folder / "new" / "store.duckdb"
    store.parent.mkdir()
    process = start_load(store, scene.file)
    assert wait_until(process, store.exists)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    incident = workbench.open(store)
    report = incident.load(str(scene.file), progress=False).to_dict()
    assert report["files"][0]["status"] == "loaded"
    assert incident.sql("select count(*) from spans").item() == RECORDS - BASE_RECORDS
    incident.close()


def test_a_load_killed_as_it_begins_has_not_happened(scene: Scene) -> None:
    store = scene.fresh("begun")
    process = start_reading(store, scene.file)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert counts(store) == scene.before


def test_a_load_that_is_interrupted_leaves_the_store_as_it_was(scene: Scene) -> None:
    store = scene.fresh("interrupted")
    process = start_reading(store, scene.file)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    assert process.returncode == 130
    assert output == b""
    assert len(errors.decode().strip().splitlines()) == 1
    assert counts(store) == scene.before
