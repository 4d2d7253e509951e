"""The object in the reader's hand: opening, loading, windows, traces, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import workbench
from tests.small import load, log, request, span, written
from workbench.errors import InputError, NoDataError, QueryError, StoreError, WindowError

SECOND = 10**9
# 2026-11-12 13:00:00 UTC, two in the afternoon in Berlin.
START = int(datetime(2026, 11, 12, 13, tzinfo=UTC).timestamp()) * SECOND
MINUTE = 60 * SECOND


@pytest.fixture
def empty() -> Iterator[workbench.Workbench]:
    incident = workbench.open()
    yield incident
    incident.close()


@pytest.fixture
def afternoon_in_berlin(tmp_path: Path) -> Iterator[workbench.Workbench]:
    """Two traces, at 14:00 and at 14:10 by the clock of Berlin."""
    incident = workbench.open(tz="Europe/Berlin")
    first = span(1, START, START + SECOND, trace=0xAB << 120)
    second = span(2, START + 10 * MINUTE, trace=0xAC << 120)
    load(incident, tmp_path, request(first, second))
    yield incident
    incident.close()


# Opening


@pytest.mark.parametrize("as_text", [True, False])
def test_a_store_is_opened_by_a_path_of_either_kind(tmp_path: Path, as_text: bool) -> None:
    path = tmp_path / "incident.duckdb"
    incident = workbench.open(str(path) if as_text else path)
    assert not path.exists()
    load(incident, tmp_path, request(span()))
    assert incident.store.path == path
    assert workbench.open(path).sql("select count(*) as n from spans").item() == 1


def test_a_path_is_meant_from_where_one_stands_and_from_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("a.duckdb", "~/a.duckdb", "./a.duckdb"):
        assert workbench.open(name).store.path == tmp_path / "a.duckdb"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("", "is a folder"), (".", "is a folder"), ("no/such/a.duckdb", "does not exist")],
)
def test_a_path_that_cannot_be_a_store_is_an_input_error(path: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        workbench.open(path)


def test_a_zone_that_does_not_exist_is_an_input_error() -> None:
    with pytest.raises(InputError, match="No time zone 'Berlin'"):
        workbench.open(tz="Berlin")


def test_an_empty_workbench_can_be_asked(empty: workbench.Workbench) -> None:
    assert repr(empty) == "Workbench (in memory): empty. Load something: inc.load('dump/')"
    assert empty.loads.height == 0
    assert empty.caveats == ()
    for view in ("spans", "logs", "metrics", "events", "links", "exemplars", "keys", "quarantine"):
        assert empty.sql(f"select * from {view}").height == 0
    with pytest.raises(NoDataError, match="The store is empty"):
        _ = empty.all
    with pytest.raises(InputError, match="No trace has"):
        empty.trace("ab")
    assert empty.window("2026-11-12", "2026-11-13").seconds == 86_400


def test_workbenches_in_memory_share_nothing(empty: workbench.Workbench, tmp_path: Path) -> None:
    load(empty, tmp_path, request(span()))
    assert workbench.open().loads.height == 0


# Windows


def test_a_window_is_read_in_the_zone_of_the_workbench(
    afternoon_in_berlin: workbench.Workbench,
) -> None:
    window = afternoon_in_berlin.window("2026-11-12 14:00", "2026-11-12 14:10")
    assert window.intervals == ((START, START + 10 * MINUTE),)
    assert window.label == "2026-11-12T14:00:00+01:00/2026-11-12T14:10:00+01:00"
    assert window == afternoon_in_berlin.window("2026-11-12T13:00Z", "14:10")
    assert window == afternoon_in_berlin.window("14:00", "14:10")
    aware = datetime(2026, 11, 12, 13, tzinfo=UTC)
    assert window == afternoon_in_berlin.window(aware, aware + timedelta(minutes=10))


def test_a_time_of_day_lies_on_the_day_of_the_data_or_of_the_start(
    afternoon_in_berlin: workbench.Workbench,
) -> None:
    later = afternoon_in_berlin.window("2026-12-24 14:00", "15:00")
    assert later.label == "2026-12-24T14:00:00+01:00/2026-12-24T15:00:00+01:00"
    with pytest.raises(WindowError, match="'14:00' has no date"):
        workbench.open().window("14:00", "15:00")


@pytest.mark.parametrize(
    ("start", "end"), [("14:10", "14:00"), ("14:00", "14:00"), ("23:00", "01:00")]
)
def test_a_window_ends_after_it_starts(
    afternoon_in_berlin: workbench.Workbench, start: str, end: str
) -> None:
    with pytest.raises(WindowError, match="not after its start"):
        afternoon_in_berlin.window(start, end)


def test_windows_are_written_with_slashes_and_commas(
    afternoon_in_berlin: workbench.Workbench,
) -> None:
    incident = afternoon_in_berlin
    text = "2026-11-12 14:05/14:10, 2026-11-12T13:00Z / 14:02"
    window = incident.parse_window(text)
    assert window.intervals == (
        (START, START + 2 * MINUTE),
        (START + 5 * MINUTE, START + 10 * MINUTE),
    )
    assert window.seconds == 7 * 60
    assert incident.parse_window(window.label) == window
    assert incident.parse_window(incident.all.label) == incident.all


def test_windows_that_overlap_count_no_moment_twice(
    afternoon_in_berlin: workbench.Workbench,
) -> None:
    window = afternoon_in_berlin.parse_window("14:00/14:10,14:05/14:20,14:00/14:01,14:20/14:30")
    assert window.intervals == (
        (START, START + 20 * MINUTE),
        (START + 20 * MINUTE, START + 30 * MINUTE),
    )
    assert window.seconds == 30 * 60


@pytest.mark.parametrize("text", ["", "14:00", "14:00/", "/14:10", "14:00/noon", "14:00/14:10,"])
def test_a_window_that_cannot_be_read_is_a_window_error(
    afternoon_in_berlin: workbench.Workbench, text: str
) -> None:
    with pytest.raises(WindowError):
        afternoon_in_berlin.parse_window(text)


def test_all_holds_every_span_log_and_point(
    afternoon_in_berlin: workbench.Workbench, tmp_path: Path
) -> None:
    incident = afternoon_in_berlin
    before = log(None, observedTimeUnixNano=str(START - 90 * SECOND))
    load(incident, tmp_path, request(logs=[before, log(START + 30 * MINUTE + 1)]))
    ((first, last),) = incident.all.intervals
    assert first <= START - 90 * SECOND
    assert last > START + 30 * MINUTE + 1
    query = "with found as (select * from window_logs) select count(*) as n from found"
    assert incident.all.run(query).frame.item() == 2


# Traces


@pytest.mark.parametrize("wanted", ["ab" + "0" * 30, "ab", " AB ", "ab000000-0000-0000-0000-0"])
def test_a_trace_is_found_by_its_id_or_its_beginning(
    afternoon_in_berlin: workbench.Workbench, wanted: str
) -> None:
    window = afternoon_in_berlin.trace(wanted)
    assert window.trace_id == "ab" + "0" * 30
    assert window.intervals == ((START, START + SECOND + 1),)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("a", "More than one trace has an id that begins with 'a'"),
        ("ff", "No trace has an id that begins with 'ff'"),
        ("", "is no trace id"),
        ("xyz", "'xyz' is no trace id; give 32 hexadecimal digits"),
        ("ab' or true", "is no trace id"),
        ("a%", "is no trace id"),
    ],
)
def test_a_trace_that_is_not_one_is_an_input_error(
    afternoon_in_berlin: workbench.Workbench, wanted: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        afternoon_in_berlin.trace(wanted)


def test_a_trace_without_times_or_that_ends_early_is_a_window(
    empty: workbench.Workbench, tmp_path: Path
) -> None:
    timeless = {"traceId": "1" * 32, "spanId": "1" * 16}
    backwards = {**span(2, 5000, 4000), "traceId": "2" * 32}
    load(empty, tmp_path, request(timeless, backwards))
    query = "with found as (select * from window_spans) select count(*) as n from found"
    for letter in "12":
        window = empty.trace(letter)
        assert window.seconds > 0
        assert window.run(query).frame.item() == 1


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_closed_workbench_says_that_it_was_closed(tmp_path: Path, in_memory: bool) -> None:
    incident = workbench.open(None if in_memory else tmp_path / "a.duckdb")
    load(incident, tmp_path, request(span()))
    everything = incident.all
    incident.close()
    for use in (
        lambda: incident.sql("select 1"),
        lambda: incident.load(tmp_path),
        lambda: repr(incident),
        lambda: everything.where("true"),
        lambda: workbench.overview(everything),
    ):
        with pytest.raises(StoreError, match=r"^This workbench was closed; open it again"):
            use()
    incident.close()


# What it says


def test_it_says_what_it_holds(afternoon_in_berlin: workbench.Workbench, tmp_path: Path) -> None:
    incident = afternoon_in_berlin
    odd = request(span(9, START, START - 1), resource={"service.name": "cart"})
    load(incident, tmp_path, odd)
    assert repr(incident).splitlines() == [
        "Workbench (in memory)",
        "  3 spans, 0 log records, 0 metric points from 2 loads",
        "  2026-11-12T13:59:59.999999999+01:00 to 2026-11-12T14:10:00.000000010+01:00",
        "  services: cart, shop",
        "  ! 1 span ends before it starts",
    ]
    assert incident.caveats == ("1 span ends before it starts",)
    assert incident.all.caveats == incident.caveats
    assert incident.window("14:00", "14:10").caveats == incident.caveats


def test_one_of_a_kind_is_said_in_the_singular(empty: workbench.Workbench, tmp_path: Path) -> None:
    event, link = {"timeUnixNano": "1", "name": "e"}, {"traceId": "f" * 32, "spanId": "e" * 16}
    one = request(span(1, events=[event], links=[link]), logs=[log()])
    report = empty.load(written(tmp_path, one), progress=False)
    assert str(report).splitlines()[0].endswith(": 1 span, 1 span event, 1 span link, 1 log")
    assert "  1 span, 1 log record, 0 metric points from 1 load" in repr(empty).splitlines()


def test_it_says_when_nothing_has_a_time(empty: workbench.Workbench, tmp_path: Path) -> None:
    load(empty, tmp_path, request({"traceId": "1" * 32, "spanId": "1" * 16}))
    assert "  without times" in repr(empty).splitlines()


def test_loads_are_a_frame_of_one_row_a_file(afternoon_in_berlin: workbench.Workbench) -> None:
    loads = afternoon_in_berlin.loads
    assert isinstance(loads, pl.DataFrame)
    row = loads.row(0, named=True)
    assert (row["load_id"], row["format"], row["spans"]) == (1, "OTLP JSON", 2)
    assert row["services"] == ["shop"]
    assert row["workbench_version"] == workbench.__version__


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select nam from spans", "No column 'nam' in spans; did you mean 'name'?"),
        ("select s.nam from spans s", "No column 'nam' in spans; did you mean 'name'?"),
        ("select * from span", "No table 'span'; did you mean 'spans'?"),
        ("select kind from metrics", "No column 'kind' in metrics; 'describe metrics' lists them."),
        (
            'select 1 from spans where service = "frontend"',
            "No column 'frontend' in spans; 'describe spans' lists them. If it is text",
        ),
        ("selec 1", 'DuckDB refuses this SQL: Parser Error: syntax error at or near "selec"'),
        ("", "The SQL holds no query; write one that begins with 'select'."),
        ("-- nothing", "The SQL holds no query; write one that begins with 'select'."),
    ],
)
def test_sql_that_is_refused_is_an_error_of_one_line(
    empty: workbench.Workbench, query: str, message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        empty.sql(query)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert caught.value.sql == query
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
