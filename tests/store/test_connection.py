"""Who may use a store's file when: readers together, one writer alone, strangers never."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

import workbench
from tests.small import load, request, span, written
from workbench.errors import (
    StoreBusyError,
    StoreError,
    StoreMissingError,
    StoreVersionError,
)
from workbench.store import connection as connections

# Another process that attaches a store, says so, and lets go when its input ends.
HOLDER = """
import sys, duckdb
connection = duckdb.connect()
connection.execute(f"attach '{sys.argv[1]}' as store ({sys.argv[2]})")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of one span."""
    path = tmp_path / "incident.duckdb"
    incident = workbench.open(path)
    load(incident, tmp_path, request(span(1, attributes={"a": "x"})))
    incident.close()
    return path


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WAIT_SECONDS", 0.0)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set as soon as someone was refused the file and waits to try again."""
    event = threading.Event()

    def sleep(seconds: float) -> None:
        event.set()
        time.sleep(seconds)

    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    return event


@contextmanager
def held(path: Path, mode: str) -> Iterator[subprocess.Popen[str]]:
    """The store in the hands of another process."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.communicate()


def count(path: Path) -> int:
    incident = workbench.open(path)
    try:
        return incident.sql("select count(*) as n from spans").item()
    finally:
        incident.close()


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


READS: list[Callable[[workbench.Workbench], object]] = [
    lambda incident: incident.sql("select 1 as one"),
    lambda incident: incident.all,
    lambda incident: incident.loads,
    lambda incident: incident.trace("ab"),
    lambda incident: incident.window("2026-11-12", "2026-11-13"),
    lambda incident: incident.store.columns("spans"),
]


@pytest.mark.parametrize("read", READS)
def test_reading_a_store_that_is_not_there_is_an_error_and_makes_no_file(
    tmp_path: Path, read: Callable[[workbench.Workbench], object]
) -> None:
    path = tmp_path / "nowhere.duckdb"
    incident = workbench.open(path)
    with pytest.raises(StoreMissingError, match=r"no store at .*/nowhere\.duckdb"):
        read(incident)
    assert list(tmp_path.iterdir()) == []
    assert "no file yet" in repr(incident)


def test_a_mistyped_path_names_the_nearest_store(store: Path) -> None:
    (store.parent / "incidental.txt").touch()
    incident = workbench.open(store.parent / "incidnet.duckdb")
    with pytest.raises(StoreMissingError, match=r"Did you mean '.*/incident\.duckdb'\?"):
        incident.sql("select 1 as one")


def test_without_a_near_name_the_error_says_to_load(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="Load something into it first"):
        workbench.open(tmp_path / "a.duckdb").sql("select 1 as one")


def test_loading_files_that_are_not_there_makes_no_store(tmp_path: Path) -> None:
    incident = workbench.open(tmp_path / "new.duckdb")
    with pytest.raises(OSError, match="No such file"):
        incident.load(tmp_path / "absent.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_load_that_keeps_nothing_leaves_no_store(tmp_path: Path) -> None:
    dump = tmp_path / "README.md"
    dump.write_text("How to load this")
    incident = workbench.open(tmp_path / "new.duckdb")
    assert incident.load(dump).files[0].status == "not telemetry"
    assert list(tmp_path.iterdir()) == [dump]
    load(incident, tmp_path, request(span()))
    assert incident.sql("select count(*) as n from spans").item() == 1


def test_a_load_of_which_all_was_rejected_keeps_its_store_and_quarantine(tmp_path: Path) -> None:
    incident = workbench.open(tmp_path / "new.duckdb")
    assert load(incident, tmp_path, request(span(traceId="short"))).status == "rejected"
    assert incident.sql("select count(*) as n from quarantine").item() == 1


def test_a_store_that_was_there_stays_whatever_a_load_keeps(store: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("How to load this")
    for path in (store, tmp_path / "empty.duckdb"):
        duckdb.connect(str(path)).close()
        workbench.open(path).load(tmp_path / "README.md")
        assert path.exists()


def test_a_load_that_is_stopped_before_anything_is_kept_leaves_no_store(tmp_path: Path) -> None:
    incident = workbench.open(tmp_path / "new.duckdb")

    def stopped(_: str) -> None:
        raise KeyboardInterrupt

    dump = written(tmp_path, request(span()))
    with pytest.raises(KeyboardInterrupt):
        incident.load(dump, progress=stopped)
    assert list(tmp_path.iterdir()) == [dump]


def test_a_load_that_is_stopped_before_the_tables_are_made_leaves_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(connections, "migrate", stopped)
    incident = workbench.open(tmp_path / "new.duckdb")
    dump = written(tmp_path, request(span()))
    with pytest.raises(KeyboardInterrupt):
        incident.load(dump)
    assert list(tmp_path.iterdir()) == [dump]


def test_a_read_changes_no_byte(store: Path) -> None:
    before = fingerprint(store)
    assert count(store) == 1
    assert fingerprint(store) == before
    with (
        workbench.open(store).store.reading() as connection,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        connection.execute("delete from raw.spans")
    assert fingerprint(store) == before


def test_a_newer_schema_is_refused_for_reading_and_writing(store: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(store)) as connection:
        connection.execute("insert into raw.migrations values (999, 'future', null)")
    before = fingerprint(store)
    incident = workbench.open(store)
    with pytest.raises(StoreVersionError, match="schema 999, written by a newer Workbench"):
        incident.sql("select 1 as one")
    with pytest.raises(StoreVersionError, match="schema 999"):
        load(incident, tmp_path, request(span(2)))
    assert fingerprint(store) == before


def test_a_duckdb_file_of_others_is_refused_and_unharmed(tmp_path: Path) -> None:
    path = tmp_path / "theirs.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table precious as select 42 as answer")
    before = fingerprint(path)
    incident = workbench.open(path)
    for use in (
        lambda: incident.sql("select * from precious"),
        lambda: load(incident, tmp_path, request(span())),
    ):
        with pytest.raises(StoreVersionError, match="tables or views that Workbench did not make"):
            use()
    assert fingerprint(path) == before
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("select answer from precious").fetchall() == [(42,)]


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0" * 100])
# DuckDB's messages hold the path: its words must not be taken for a reason.
@pytest.mark.parametrize("name", ["incident.duckdb", "clock.duckdb"])
def test_a_file_that_is_no_database_is_refused_at_once_and_unharmed(
    tmp_path: Path, content: bytes, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StoreError, match=f"Cannot open .*{name} as a store") as caught:
        workbench.open(path).sql("select 1 as one")
    assert type(caught.value) is StoreError
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_an_empty_database_is_no_store_until_something_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "fresh.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(StoreMissingError, match="Load something into it first"):
        count(path)
    incident = workbench.open(path)
    assert load(incident, tmp_path, request(span())).spans == 1
    assert incident.sql("select count(*) as n from spans").item() == 1


def test_two_processes_read_at_once(store: Path) -> None:
    with held(store, "read_only"):
        assert count(store) == 1


def test_a_load_waits_for_a_reader_to_let_go(
    store: Path, tmp_path: Path, refused: threading.Event
) -> None:
    path = written(tmp_path, request(span(2)))
    with held(store, "read_only") as holder, ThreadPoolExecutor(1) as pool:
        loading = pool.submit(workbench.open(store).load, path, progress=False)
        assert refused.wait(30)
        assert not loading.done()
        holder.communicate()
        assert loading.result(30).total["spans"] == 1
    assert count(store) == 2


def test_a_reader_waits_for_a_load_of_another_process(
    store: Path, refused: threading.Event
) -> None:
    with held(store, "read_write") as holder, ThreadPoolExecutor(1) as pool:
        reading = pool.submit(count, store)
        assert refused.wait(30)
        assert not reading.done()
        holder.communicate()
        assert reading.result(30) == 1


@pytest.mark.usefixtures("no_patience")
def test_whoever_waits_too_long_is_told_who_holds_the_file(store: Path, tmp_path: Path) -> None:
    with held(store, "read_write") as holder:
        incident = workbench.open(store)
        with pytest.raises(StoreBusyError, match=rf"held by process {holder.pid} \("):
            incident.sql("select 1 as one")
    busy = pytest.raises(StoreBusyError)
    with held(store, "read_only") as holder, busy as caught:
        load(incident, tmp_path, request(span(2)))
    assert f"held by process {holder.pid} (" in str(caught.value)
    assert count(store) == 1


@pytest.mark.usefixtures("no_patience")
def test_a_load_waits_for_a_question_of_the_same_process(store: Path, tmp_path: Path) -> None:
    one, other = workbench.open(store), workbench.open(store)
    with one.store.reading(), pytest.raises(StoreBusyError, match="held by another connection"):
        load(other, tmp_path, request(span(2)))
    with one.store.reading(), pytest.raises(StoreError, match="while a question"):
        load(one, tmp_path, request(span(3)))
    assert load(other, tmp_path, request(span(4))).spans == 1
    assert one.sql("select count(*) as n from spans").item() == 2


def test_questions_nest_and_let_go_at_the_end(store: Path) -> None:
    incident = workbench.open(store)
    with incident.store.reading():
        assert incident.sql("select count(*) as n from spans").item() == 1
        assert incident.store.columns("spans")[0] == "span_row"
    with duckdb.connect(str(store)) as connection:  # would fail while it is attached
        assert connection.execute("select count(*) from spans").fetchall() == [(1,)]


def test_a_load_elsewhere_is_seen_with_its_new_columns(store: Path, tmp_path: Path) -> None:
    watching, loading = workbench.open(store), workbench.open(store)
    assert "b" not in watching.store.columns("spans")
    load(loading, tmp_path, request(span(2, attributes={"b": "y"})))
    assert "b" in watching.store.columns("spans")
    assert watching.sql("select b from spans order by span_row")["b"].to_list() == [None, "y"]


def test_a_path_with_quotes_is_only_a_path(tmp_path: Path) -> None:
    path = tmp_path / 'it\'s "one"; drop.duckdb'
    incident = workbench.open(path)
    assert load(incident, tmp_path, request(span())).spans == 1
    assert count(path) == 1


INTERRUPTED = """
import workbench
incident = workbench.open()
incident.sql("select 1 as warm")
try:
    print("asking", flush=True)
    incident.sql("select count(*) from range(1000000000000) as t(i) where i % 7 = 3")
except KeyboardInterrupt:
    print("stopped", incident.sql("select 1 as one").item(), flush=True)
"""


def test_ctrl_c_stops_a_running_statement_and_the_store_goes_on() -> None:
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"asking\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == b"stopped 1\n"
    finally:
        process.kill()


def test_a_question_from_within_a_load_is_refused_and_the_load_with_it(
    tmp_path: Path, store: Path
) -> None:
    incident = workbench.open(store)
    path = written(tmp_path, request(span(2)))
    with pytest.raises(StoreError, match="ask it when the load has ended"):
        incident.load(path, progress=lambda _: incident.sql("select 1 as one"))
    assert count(store) == 1
    assert incident.load(path, progress=False).files[0].spans == 1


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_transaction_begun_by_a_question_ends_with_it(
    store: Path, tmp_path: Path, in_memory: bool
) -> None:
    incident = workbench.open(None if in_memory else store)
    with incident.store.reading() as connection:
        connection.execute("begin")
    assert load(incident, tmp_path, request(span(2))).spans == 1
    assert incident.sql("select count(*) as n from spans").item() == (1 if in_memory else 2)
