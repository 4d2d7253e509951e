"""One file, one transaction: all of it or nothing, once, and counted as it lies in the tables."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

import workbench
from tests.small import attributes, compact, gauge, load, log, request, span, written
from workbench.errors import SourceError
from workbench.model.batch import Decoded
from workbench.otlp.decode import decode
from workbench.store import FileReport, Incoming
from workbench.store.load import store_file

EVENT = {"timeUnixNano": "1001", "name": "retry", "attributes": attributes({"n": 1})}
LINK = {"traceId": "f" * 32, "spanId": "e" * 16, "attributes": attributes({"why": "batch"})}
BAD = {**span(99), "traceId": "too short"}


@pytest.fixture(scope="module")
def three_signals_in_two_loads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all three signals, a duplicate, a conflict and a rejected record."""
    folder = tmp_path_factory.mktemp("load")
    incident = workbench.open(folder / "incident.duckdb")
    first = span(1, attributes={"a": "x", "n": 1}, events=[EVENT, EVENT], links=[LINK])
    logs = [log(attributes={"a": "x"})]
    load(incident, folder, request(first, first, span(2), logs=logs))
    other = span(2, name="same ids, other content")
    metrics = [gauge(2000, route="/"), gauge(3000, route="/x")]
    load(incident, folder, request(other, BAD, span(3), metrics=metrics))
    incident.close()
    return folder / "incident.duckdb"


@pytest.fixture
def store(three_signals_in_two_loads: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copy(three_signals_in_two_loads, tmp_path / "incident.duckdb"))


def everything(path: Path) -> dict[str, Any]:
    """Definition of every table and view, and every row, read by plain duckdb."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found: dict[str, Any] = {}
        listed = connection.execute(
            "select schema_name, table_name, sql from duckdb_tables() union all"
            " select schema_name, view_name, sql from duckdb_views() where not internal"
        ).fetchall()
        for schema, name, sql in listed:
            rows = connection.execute(f"select * from {schema}.{name}").fetchall()
            found[f"{schema}.{name}"] = (sql, sorted(map(repr, rows)))
        return found


def breaking(error: BaseException) -> Iterator[Decoded]:
    """A good piece that brings new attributes and a reject, a second, then ``error``."""
    content = request(
        span(7, attributes={"brand.new": 1}, events=[EVENT]),
        BAD,
        logs=[log(attributes={"z": True})],
    )
    yield decode(compact(content))
    yield decode(compact(request(span(8, attributes={"newer": 1.5}))))
    raise error


def incoming(decoded: Iterator[Decoded], closed: list[bool]) -> Incoming:
    return Incoming(
        path="dump.jsonl",
        format="OTLP JSON",
        file_hash="0" * 32,
        file_bytes=10,
        begin=lambda: None,
        decoded=decoded,
        content_hash=lambda: "1" * 32,
        damage=lambda: None,
        after_piece=lambda _: None,
        close=lambda: closed.append(True),
    )


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError])
def test_an_interrupted_load_leaves_everything_as_it_was(
    store: Path, error: type[BaseException]
) -> None:
    before = everything(store)
    closed: list[bool] = []
    incident = workbench.open(store)
    with pytest.raises(error):
        incident.store.load([lambda: incoming(breaking(error()), closed)])
    assert closed == [True]
    assert everything(store) == before
    assert incident.sql("select count(*) as n from spans").item() == 4


def test_ctrl_c_ends_a_load_between_statements_too(store: Path) -> None:
    """Decoding may take longer than storing; there is no statement to interrupt then."""
    before = everything(store)
    taken: list[int] = []

    def slow() -> Iterator[Decoded]:
        os.kill(os.getpid(), signal.SIGINT)
        for number in range(500):
            taken.append(number)
            time.sleep(0.01)
            yield decode(compact(request(span(100 + number))))

    closed: list[bool] = []
    incident = workbench.open(store)
    with pytest.raises(KeyboardInterrupt):
        incident.store.load([lambda: incoming(slow(), closed)])
    assert len(taken) < 500
    assert closed == [True]
    assert everything(store) == before


def test_files_that_were_opened_in_advance_are_closed_when_a_load_ends_early(store: Path) -> None:
    first, second = list[bool](), list[bool]()
    with pytest.raises(ValueError, match="early"):
        workbench.open(store).store.load(
            [
                lambda: incoming(breaking(ValueError("early")), first),
                lambda: replace(incoming(iter([]), second), file_hash="2" * 32),
                lambda: replace(incoming(iter([]), []), file_hash="3" * 32),
            ]
        )
    assert (first, second) == ([True], [True])


def test_a_file_that_cannot_be_read_to_its_end_is_reported_and_the_others_are_stored(
    store: Path,
) -> None:
    error = SourceError("Cannot read dump.jsonl: Input/output error.")
    good = decode(compact(request(span(20))))
    report = workbench.open(store).store.load(
        [
            lambda: incoming(breaking(error), []),
            lambda: replace(incoming(iter([good]), []), file_hash="2" * 32),
        ]
    )
    assert [(file.status, file.spans) for file in report.files] == [
        ("unreadable", 0),
        ("loaded", 1),
    ]
    assert report.files[0].caveats == (str(error),)


def test_reading_begins_in_advance_and_only_of_files_that_are_new(store: Path) -> None:
    begun: list[str] = []

    def opened(name: str) -> Incoming:
        good = decode(compact(request(span(20 + int(name)))))
        return replace(
            incoming(iter([good]), []),
            file_hash=name * 32,
            content_hash=lambda: name * 32,
            begin=lambda: begun.append(name),
        )

    incident = workbench.open(store)
    incident.store.load([lambda: opened("4")])
    report = incident.store.load([lambda: opened("5"), lambda: opened("4"), lambda: opened("6")])
    assert [file.status for file in report.files] == ["loaded", "already loaded", "loaded"]
    assert begun == ["4", "5", "6"]


def test_keys_that_were_never_counted_are_counted_by_the_next_load(
    store: Path, tmp_path: Path
) -> None:
    """As after a kill between the commit and the count."""
    path = written(tmp_path, request(span(20, attributes={"fine": "x"})))
    incident = workbench.open(store)
    incident.load(path, progress=False)
    incident.close()
    with duckdb.connect(str(store)) as connection:
        connection.execute("update raw.keys set count = null, example = null where key = 'fine'")
    incident = workbench.open(store)
    assert incident.load(path, progress=False).files[0].status == "already loaded"
    assert incident.sql("select count, example from keys where key = 'fine'").rows() == [(1, "x")]


def test_an_interrupted_load_does_not_undo_the_file_before_it(store: Path, tmp_path: Path) -> None:
    path = written(tmp_path, request(span(20, attributes={"fine": "x"})))
    incident = workbench.open(store)
    (good,) = [decode(path.read_bytes())]
    files: list[Callable[[], FileReport | Incoming]] = [
        lambda: incoming(iter([good]), []),
        lambda: replace(incoming(breaking(KeyboardInterrupt()), []), file_hash="2" * 32),
    ]
    with pytest.raises(KeyboardInterrupt):
        incident.store.load(files)
    assert incident.sql("select fine from spans where fine is not null").rows() == [("x",)]
    assert incident.sql("select count from keys where key = 'fine'").item() == 1
    assert incident.sql("select count(*) from keys where key = 'brand.new'").item() == 0


def test_an_error_while_views_are_made_leaves_everything_as_it_was(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("at the very end")

    before = everything(store)
    monkeypatch.setattr("workbench.store.load.create_views", broken)
    with pytest.raises(RuntimeError, match="at the very end"):
        load(workbench.open(store), tmp_path, request(span(30, attributes={"last": 1})))
    assert everything(store) == before


def test_an_interrupted_first_load_can_be_repeated(tmp_path: Path) -> None:
    incident = workbench.open(tmp_path / "new.duckdb")
    with pytest.raises(KeyboardInterrupt):
        incident.store.load([lambda: incoming(breaking(KeyboardInterrupt()), [])])
    assert load(incident, tmp_path, request(span(7))).status == "loaded"
    assert incident.sql("select count(*) as n from spans").item() == 1


def test_the_same_content_under_another_name_or_packed_is_already_loaded(
    store: Path, tmp_path: Path
) -> None:
    incident = workbench.open(store)
    path = written(tmp_path, request(span(40), logs=[log()]))
    assert incident.load(path).files[0].status == "loaded"
    copy, packed = tmp_path / "copy.txt", tmp_path / "packed.bin"
    copy.write_bytes(path.read_bytes())
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    before = everything(store)
    for again in (path, copy, packed):
        (report,) = incident.load(again).files
        assert report.status == "already loaded"
        assert report.caveats == (f"the same content was loaded before, from {path} (load 3)",)
        assert (report.spans, report.logs, report.duplicates) == (0, 0, 0)
    assert everything(store) == before


def test_counts_of_a_load_are_those_of_the_tables(store: Path) -> None:
    incident = workbench.open(store)
    loads = incident.loads.rows(named=True)
    assert [row["duplicates"] for row in loads] == [1, 0]
    assert [row["rejected"] for row in loads] == [0, 1]
    tables = ("spans", "span_events", "span_links", "logs", "exemplars")
    for row in loads:
        mine = f"where load_id = {row['load_id']}"
        for table in tables:
            counted = incident.sql(f"select count(*) as n from store.raw.{table} {mine}").item()
            assert row[table] == counted, table
        points = incident.sql(f"select count(*) as n from metrics {mine}").item()
        assert row["metric_points"] == points
        refused = incident.sql(f"select count(*) as n from quarantine {mine}").item()
        assert row["rejected"] == refused


def test_counts_of_keys_are_those_of_their_columns(store: Path, tmp_path: Path) -> None:
    incident = workbench.open(store)
    load(
        incident,
        tmp_path,
        request(span(50, attributes={"a": "y", "n": "text"}), logs=[log(attributes={"q": 1})]),
    )
    view_of = {"span": "spans", "log": "logs", "event": "events", "link": "links"}
    keys = incident.sql("select * from keys where signal not in ('resource', 'scope')")
    assert keys.height >= 7
    for key in keys.iter_rows(named=True):
        view = view_of.get(key["signal"], "metrics")
        column = '"' + key["column"] + '"'
        counted = incident.sql(
            f"select count({column}), count(distinct {column}), cast(min({column}) as varchar)"
            f" from {view}"
        ).row(0)
        assert (key["count"], key["cardinality"], key["example"]) == counted, key["key"]


def test_a_later_load_changes_no_column_that_is_there(store: Path, tmp_path: Path) -> None:
    before = everything(store)["raw.spans"]
    incident = workbench.open(store)
    old = incident.sql("select span_row, a, n from spans order by span_row").rows()
    load(incident, tmp_path, request(span(60, attributes={"n": "text", "A": 1, "b": 2.5})))
    assert incident.sql("select span_row, a, n from spans order by span_row").rows()[:-1] == old
    row = incident.sql('select n, "n:str", "A:int", b from spans').rows()[-1]
    assert row == (None, "text", 1, 2.5)
    kept = everything(store)["raw.spans"][0]
    assert kept.startswith(before[0].rstrip(");"))


def test_views_show_new_attributes_and_resources_at_once(store: Path, tmp_path: Path) -> None:
    incident = workbench.open(store)
    resource = {"service.name": "late", "k8s.pod.name": "pod-1", "name": "odd"}
    load(incident, tmp_path, request(span(70, attributes={"new": 1}), resource=resource))
    row = incident.sql("select * from spans where service = 'late'").row(0, named=True)
    assert row["new"] == 1
    assert row["k8s.pod.name"] == row["resource.k8s.pod.name"] == "pod-1"
    assert (row["name"], row["resource.name"]) == ("GET /", "odd")
    logs = incident.sql('select "k8s.pod.name" from logs')["k8s.pod.name"].to_list()
    assert logs == [None]


def test_a_store_is_plain_duckdb(store: Path) -> None:
    with duckdb.connect(str(store), read_only=True) as connection:
        rows = connection.execute(
            "select service, name, duration_ns, a, n from spans order by span_row"
        ).fetchall()
    assert rows == [
        ("shop", "GET /", 10, "x", 1),
        ("shop", "GET /", 10, None, None),
        ("shop", "same ids, other content", 10, None, None),
        ("shop", "GET /", 10, None, None),
    ]


def test_rejected_records_lie_in_quarantine_with_place_and_text(store: Path) -> None:
    (row,) = workbench.open(store).sql("select * from quarantine").rows(named=True)
    assert row["load_id"] == 2
    assert row["position"] == "line 1, resourceSpans[0].scopeSpans[0].spans[1]"
    assert "traceId" in row["reason"]
    assert '"too short"' in row["raw"]


def test_a_file_of_which_nothing_could_be_stored_says_so(tmp_path: Path) -> None:
    incident = workbench.open()
    report = load(incident, tmp_path, request(BAD))
    assert (report.status, report.rejected) == ("rejected", 1)
    assert incident.loads["rejected"].to_list() == [1]


def test_the_extent_of_a_load_is_that_of_its_rows(tmp_path: Path) -> None:
    incident = workbench.open()
    report = load(incident, tmp_path, request(span(1, 500, 900), logs=[log(700)]))
    assert (report.first_ns, report.last_ns) == (500, 900)
    only_observed = log(None, observedTimeUnixNano="2000")
    report = load(incident, tmp_path, request(logs=[only_observed]))
    assert (report.first_ns, report.last_ns) == (2000, 2000)
    assert incident.store.extent() == (500, 2000)


def test_load_ids_and_rows_go_on_counting(tmp_path: Path) -> None:
    incident = workbench.open()
    for number in range(1, 4):
        load(incident, tmp_path, request(span(number), span(number + 10), logs=[log(number)]))
    rows = incident.sql("select load_id, span_row from spans order by span_row").rows()
    assert rows == [(1, 0), (1, 1), (2, 2), (2, 3), (3, 4), (3, 5)]
    assert incident.sql("select log_row from logs order by 1")["log_row"].to_list() == [0, 1, 2]


def test_store_file_closes_what_it_was_given_when_nothing_is_new(store: Path) -> None:
    incident = workbench.open(store)
    known = incident.loads["file_hash"][0]
    closed: list[bool] = []
    with incident.store._connection.writing() as connection:
        again = replace(incoming(breaking(ValueError()), closed), file_hash=known)
        assert store_file(connection, again).status == "already loaded"
    assert closed == [True]
