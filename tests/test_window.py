"""Windows: which rows belong, against slow Python over all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench
from tests.small import gauge, load, log, request, span
from workbench.errors import QueryError, UnknownNameError
from workbench.statement import TABLES
from workbench.window import Window, without_overlap

COUNT = "with counted as (select count(*) as n from {}) select n from counted"
EVENT = {"timeUnixNano": "1", "name": "e"}
LINK = {"traceId": "f" * 32, "spanId": "e" * 16}
Row = dict[str, Any]


def rows_of(window: Window, table: str, *columns: str, **options: Any) -> list[tuple[Any, ...]]:
    query = f"with found as (select * from {table})\nselect {', '.join(columns)} from found"
    return sorted(window.run(query, **options).frame.rows(), key=repr)


def span_ids(window: Window, table: str = "window_spans", **options: Any) -> list[int]:
    return [int(row[0], 16) for row in rows_of(window, table, "span_id", **options)]


def trace_numbers(window: Window) -> list[int]:
    return [int(row[0], 16) for row in rows_of(window, "window_traces", "trace_id")]


# Traces: 1 with a root at 1000 and a child that starts before it (another clock), 2 with its root
# late, 3 without a root, 4 with two roots, 5 without any time, 6 with a parent id of zeros.
SPANS = [
    span(11, 1000, trace=1, name="root", attributes={"http.route": "/a", "n": 5}),
    span(12, 900, trace=1, parent=11, name="child", events=[EVENT], links=[LINK, LINK]),
    span(13, 1500, trace=1, parent=11, name="it's; -- $window_start_0 {time}"),
    span(21, 2000, trace=2, name="root"),
    span(22, 1999, trace=2, parent=21, name="child", events=[EVENT]),
    span(31, 1200, trace=3, parent=99, name="orphan"),
    span(32, 1100, trace=3, parent=31, name="child", status={"code": 2}),
    span(41, 3000, trace=4, name="root"),
    span(42, 2500, trace=4, name="root"),
    {"traceId": f"{5:032x}", "spanId": f"{51:016x}", "name": "timeless"},
    span(61, 2600, trace=6, parent=0, name="root", attributes={"n": 7}),
]


@pytest.fixture(scope="module")
def six_traces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[workbench.Workbench]:
    incident = workbench.open(
        tmp_path_factory.mktemp("window") / "store.duckdb", tz="Europe/Berlin"
    )
    logs = [log(1000), log(None, observedTimeUnixNano="1500"), log(2000), log(None)]
    logs.append(log(9000, traceId=f"{1:032x}"))
    metrics = [gauge(1000), gauge(1999), gauge(2000)]
    load(incident, tmp_path_factory.mktemp("dump"), request(*SPANS, logs=logs, metrics=metrics))
    yield incident
    incident.close()


def window(incident: workbench.Workbench, *intervals: tuple[int, int]) -> Window:
    return Window(incident.store, incident.timezone, intervals)


# A second opinion.


def all_spans(incident: workbench.Workbench) -> list[Row]:
    return incident.sql("select * from spans").rows(named=True)


def inside(moment: int | None, intervals: tuple[tuple[int, int], ...]) -> bool:
    return moment is not None and any(start <= moment < end for start, end in intervals)


def traces_by_hand(
    incident: workbench.Workbench, intervals: tuple[tuple[int, int], ...]
) -> set[int]:
    found: set[int] = set()
    rows = all_spans(incident)
    for trace in {row["trace_id"] for row in rows}:
        mine = [row for row in rows if row["trace_id"] == trace]
        roots = [row["start_ns"] for row in mine if row["parent_span_id"] is None]
        starts = [row["start_ns"] for row in mine if row["start_ns"] is not None]
        timed_roots = [start for start in roots if start is not None]
        if inside(min(timed_roots or starts, default=None), intervals):
            found.add(int(trace, 16))
    return found


EDGES = (0, 899, 900, 901, 999, 1000, 1001, 1100, 1101, 1999, 2000, 2001, 2500, 2600, 3000, 3001)
INTERVALS = st.lists(
    st.tuples(st.sampled_from(EDGES), st.sampled_from(EDGES)).filter(
        lambda pair: pair[0] < pair[1]
    ),
    min_size=1,
    max_size=3,
).map(tuple)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(intervals=INTERVALS)
def test_spans_and_traces_belong_as_counted_by_hand(
    six_traces: workbench.Workbench, intervals: tuple[tuple[int, int], ...]
) -> None:
    asked = window(six_traces, *intervals)
    expected = [row for row in all_spans(six_traces) if inside(row["start_ns"], intervals)]
    assert span_ids(asked) == sorted(int(row["span_id"], 16) for row in expected)
    assert set(trace_numbers(asked)) == traces_by_hand(six_traces, intervals)


@pytest.mark.parametrize(
    ("interval", "spans", "traces"),
    [
        ((1000, 1001), [11], [1]),
        ((999, 1000), [], []),
        ((900, 1000), [12], []),
        ((1001, 1100), [], []),
        ((1100, 1200), [32], [3]),
        ((2000, 2001), [21], [2]),
        ((1999, 2000), [22], []),
        ((2500, 2501), [42], [4]),
        ((2600, 2601), [61], [6]),
        ((3000, 3001), [41], []),
    ],
)
def test_an_interval_holds_its_start_and_not_its_end(
    six_traces: workbench.Workbench, interval: tuple[int, int], spans: list[int], traces: list[int]
) -> None:
    asked = window(six_traces, interval)
    assert span_ids(asked) == spans
    assert trace_numbers(asked) == traces


def test_a_trace_belongs_whole(six_traces: workbench.Workbench) -> None:
    asked = window(six_traces, (1000, 1001))
    assert span_ids(asked, "window_trace_spans") == [11, 12, 13]
    assert rows_of(asked, "window_trace_events", "name") == [("e",)]
    assert len(rows_of(asked, "window_trace_links", "position")) == 2
    assert rows_of(asked, "window_events", "name") == []


def test_a_trace_says_its_extent(six_traces: workbench.Workbench) -> None:
    asked = window(six_traces, (0, 10_000))
    found = rows_of(asked, "window_traces", "trace_id", "start_ns", "end_ns")
    extents = {int(trace_id, 16): extent for trace_id, *extent in found}
    assert extents[1] == [1000, 1510]
    assert extents[3] == [1100, 1210]
    assert extents[6] == [2600, 2610]


def test_logs_and_points_belong_by_their_own_times(six_traces: workbench.Workbench) -> None:
    asked = window(six_traces, (1000, 1001), (1500, 2000))
    assert rows_of(asked, "window_logs", "time_ns", "observed_time_ns") == [
        (1000, None),
        (None, 1500),
    ]
    assert rows_of(asked, "window_metrics", "time_ns") == [(1000,), (1999,)]


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("side", ["window", "baseline"])
def test_every_table_can_be_named_alone_and_together(
    six_traces: workbench.Workbench, kind: str, side: str
) -> None:
    asked = window(six_traces, (0, 10_000))
    alone = asked.run(COUNT.format(f"{side}_{kind}"), baseline=asked)
    assert alone.frame.item() > 0
    every = " union all ".join(f"select 1 from {side}_{name}" for name in TABLES)
    assert asked.run(COUNT.format(f"({every})"), baseline=asked).frame.item() > 20


@pytest.mark.parametrize("kind", TABLES)
def test_without_a_baseline_its_tables_are_empty(
    six_traces: workbench.Workbench, kind: str
) -> None:
    asked = window(six_traces, (0, 10_000)).where("true")
    result = asked.run(COUNT.format(f"baseline_{kind}"))
    assert result.frame.item() == 0
    assert result.table.num_rows == 1


def test_window_and_baseline_keep_their_own_times_and_conditions(
    six_traces: workbench.Workbench,
) -> None:
    bad = window(six_traces, (1000, 2000)).where("name = 'child'")
    good = window(six_traces, (2000, 4000)).where("name = 'root'")
    query = (
        "with pair as (select 'bad' as side, span_id from window_spans union all"
        " select 'good', span_id from baseline_spans) select side, span_id from pair"
    )
    found = sorted(bad.run(query, baseline=good).frame.rows())
    assert [(side, int(span_id, 16)) for side, span_id in found] == [
        *(("bad", 22), ("bad", 32)),
        *(("good", 21), ("good", 41), ("good", 42), ("good", 61)),
    ]


def test_the_window_of_a_trace_is_that_trace(six_traces: workbench.Workbench) -> None:
    asked = six_traces.trace(f"{1:032x}")
    assert span_ids(asked) == span_ids(asked, "window_trace_spans") == [11, 12, 13]
    assert trace_numbers(asked) == [1]
    assert rows_of(asked, "window_logs", "time_ns") == [(9000,)]
    assert asked.before("1s").trace_id is None


# Conditions

CONDITIONS: list[tuple[str, Callable[[Row], bool]]] = [
    ("name = 'child'", lambda row: row["name"] == "child"),
    ("n > 5", lambda row: row["n"] is not None and row["n"] > 5),
    ("n is null or n = 5", lambda row: row["n"] in (None, 5)),
    ("\"http.route\" = '/a'", lambda row: row["http.route"] == "/a"),
    ("NAME = 'root' and Status <> 'error'", lambda row: row["name"] == "root"),
    ("status = 'error'", lambda row: row["status"] == "error"),
    ("name like '%;%'", lambda row: ";" in row["name"]),
    ("name like '%--%'", lambda row: "--" in row["name"]),
    ("name like 'it''s%'", lambda row: row["name"].startswith("it's")),
    ("name like '%$window_start_0%'", lambda row: "$window" in row["name"]),
    ("name like '%{time}' or name = '{condition}'", lambda row: "{time}" in row["name"]),
    ("name in ('(', ')', 'root')", lambda row: row["name"] == "root"),
    ("(name = 'root') or (name = 'child')", lambda row: row["name"] in ("root", "child")),
    ("name = $$root$$", lambda row: row["name"] == "root"),
    ("span_id in (select span_id from events)", lambda row: int(row["span_id"], 16) in (12, 22)),
    ("false", lambda row: False),
]
TIMES = ((1000, 2000), (2500, 3001))


@pytest.mark.parametrize(("predicate", "holds"), CONDITIONS, ids=[c[0] for c in CONDITIONS])
def test_a_condition_filters_spans_and_keeps_traces_that_contain_one(
    six_traces: workbench.Workbench, predicate: str, holds: Callable[[Row], bool]
) -> None:
    asked = window(six_traces, *TIMES).where(predicate)
    rows = all_spans(six_traces)
    expected = [row for row in rows if inside(row["start_ns"], TIMES) and holds(row)]
    assert span_ids(asked) == sorted(int(row["span_id"], 16) for row in expected)
    containing = {int(row["trace_id"], 16) for row in rows if holds(row)}
    assert set(trace_numbers(asked)) == traces_by_hand(six_traces, TIMES) & containing


def test_conditions_add_up(six_traces: workbench.Workbench) -> None:
    asked = window(six_traces, (0, 10_000)).where("name = 'root' or true").where("n = 7 or false")
    assert asked.predicates == ("name = 'root' or true", "n = 7 or false")
    assert span_ids(asked) == [61]


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        ("nam = 'x'", "No column 'nam' in spans; did you mean 'name'?"),
        ("\"http.rout\" = 'x'", "No column 'http.rout' in spans; did you mean 'http.route'"),
        ("name =", "Cannot read the condition 'name =': syntax error at or near \"=\"."),
        ("count(*) > 1", "DuckDB refuses this SQL: Binder Error: WHERE clause cannot"),
        ("start_ns > $window_start_0", "DuckDB refuses this SQL: "),
        ("foo(name)", "DuckDB refuses this SQL: "),
        ("true; drop view spans", "A condition is one SQL expression"),
        ("true -- and false", "A condition is one SQL expression"),
        ("true /* and */", "A condition is one SQL expression"),
        ("/* open", "A condition is one SQL expression"),
        ("true) or (true", "A condition is one SQL expression"),
        ("true) --", "A condition is one SQL expression"),
        ("(true", "A condition is one SQL expression"),
        ("", "A condition is one SQL expression"),
        ("  ", "A condition is one SQL expression"),
        ("'open", 'Cannot read the condition "\'open": unterminated'),
    ],
)
def test_a_condition_that_is_none_is_refused_in_one_line(
    six_traces: workbench.Workbench, predicate: str, message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        window(six_traces, (0, 10_000)).where(predicate)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


# The statement


@pytest.mark.parametrize("predicate", [condition[0] for condition in CONDITIONS])
@pytest.mark.parametrize("table", ["window_spans", "window_trace_spans", "baseline_traces"])
def test_the_statement_gives_the_same_rows_when_pasted_into_duckdb(
    six_traces: workbench.Workbench, predicate: str, table: str
) -> None:
    asked = window(six_traces, *TIMES).where(predicate)
    query = f"-- it's one row a span\nwith found as (select * from {table} where name_of <> $text)"
    query = query.replace("name_of", "'a'") + "\nselect trace_id from found where $n < $f or $no"
    values = {"text": "it's $n", "n": 1, "f": 1.5, "no": None}
    result = asked.run(query, baseline=asked, parameters=values)
    assert result.sql.startswith("-- it's one row a span\nwith ")
    assert six_traces.store.path is not None
    with duckdb.connect(str(six_traces.store.path), read_only=True) as connection:
        pasted = connection.execute(result.sql).fetchall()
    assert sorted(pasted) == sorted(result.frame.rows())


def test_a_column_is_quoted_and_found_in_any_case(six_traces: workbench.Workbench) -> None:
    asked = window(six_traces, (0, 10_000))
    query = "with found as (select {spans.by}, count(*) as n from window_spans as spans"
    query += " group by {spans.by})"
    query += "\nselect * from found"
    result = asked.run(query, columns={"by": ["HTTP.Route", "name"]})
    assert 'spans."http.route", spans."name"' in result.sql
    assert ("/a", "root", 1) in result.frame.rows()


def test_a_column_that_does_not_exist_names_the_nearest(six_traces: workbench.Workbench) -> None:
    query = "with found as (select {spans.by} from window_spans as spans) select * from found"
    with pytest.raises(UnknownNameError, match="No column 'servise'; did you mean 'service'"):
        window(six_traces, (0, 1)).run(query, columns={"by": ["servise"]})
    for name in ('"', "name; drop view spans", "*"):
        with pytest.raises(UnknownNameError):
            window(six_traces, (0, 1)).run(query, columns={"by": [name]})


def test_the_query_of_an_analysis_begins_with_with(six_traces: workbench.Workbench) -> None:
    with pytest.raises(QueryError, match="begins with 'with'"):
        window(six_traces, (0, 1)).run("select * from window_spans")


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_joined_intervals_hold_the_same_moments_once(starts: list[tuple[int, int]]) -> None:
    intervals = [(start, start + length) for start, length in starts]
    joined = without_overlap(intervals)
    moments = [moment for start, end in joined for moment in range(start, end)]
    assert moments == sorted({moment for start, end in intervals for moment in range(start, end)})
    assert {start for start, _ in joined} <= {start for start, _ in intervals}
