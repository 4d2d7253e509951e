"""Rows of any SQL become a frame: whatever their names and types."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

import workbench
from tests.small import load, request, span


@pytest.mark.parametrize(
    "query",
    [
        "select 1 as a, 2 as a",
        "select 1 as a, 2 as a, 3 as A, 4 as a_1",
        "select 1 as a_1, 2 as a, 3 as a, 4 as a",
        'select 1 as """", 2 as """"',
    ],
)
def test_columns_of_one_name_are_told_apart_as_duckdb_does(
    incident: workbench.Workbench, query: str
) -> None:
    with incident.store.reading() as connection:
        expected = connection.sql(query).pl()
    assert incident.sql(query).equals(expected)
    assert incident.sql(query).columns == expected.columns


def test_a_table_can_be_joined_with_itself(tmp_path: Path) -> None:
    incident = workbench.open()
    load(incident, tmp_path, request(span(1), span(2, parent=1)))
    joined = incident.sql(
        "select * from spans as s join spans as p on p.span_id = s.parent_span_id"
    )
    assert joined.select("span_id", "span_id_1").rows() == [(f"{2:016x}", f"{1:016x}")]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("timestamp '2026-11-12 14:00' - timestamp '2026-11-10 13:59:59.5'", 48 * 3600 + 0.5),
        ("interval '-3 seconds'", -3),
        ("null::interval", None),
    ],
)
def test_an_interval_is_a_duration(
    incident: workbench.Workbench, interval: str, expected: float | None
) -> None:
    column = incident.sql(f"select {interval} as i union all select null")["i"]
    assert column.dtype == pl.Duration("us")
    assert column.to_list() == [None if expected is None else timedelta(seconds=expected), None]


def test_many_intervals_keep_their_places(incident: workbench.Workbench) -> None:
    query = "select case when n % 7 > 0 then to_seconds(n) end as i from range(300000) as t(n)"
    column = incident.sql(query)["i"].dt.total_seconds()
    assert column.to_list() == [n if n % 7 else None for n in range(300_000)]


def test_an_interval_of_months_is_text(incident: workbench.Workbench) -> None:
    query = "select unnest([interval '1 month 2 days', interval '1.5 seconds', null]) as i"
    assert incident.sql(query)["i"].to_list() == ["1 month 2 days", "1.5 s", None]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1::union(number int, word varchar)", "1"),
        ("'101'::bit", "101"),
        ("'123456789012345678901234567890'::bignum", "123456789012345678901234567890"),
        ("{'a': 1}::variant", "{'a': 1}"),
        ("'12:00:00+02'::timetz", "12:00:00+02"),
        ("[interval '3 seconds']", "['00:00:03']"),
        ("{'wait': [interval '3 seconds']}", "{'wait': ['00:00:03']}"),
        ("[[interval '3 seconds']]::interval[1][1]", "[['00:00:03']]"),
    ],
)
def test_what_no_frame_holds_is_text(
    incident: workbench.Workbench, value: str, expected: str
) -> None:
    assert incident.sql(f'select 7 as n, {value} as "the value"').rows() == [(7, expected)]


def test_what_a_frame_holds_stays_as_it_is(incident: workbench.Workbench) -> None:
    query = "select [[1]]::int[1][1] as a, map {'k': 1} as m, {'x': [1.5]} as s, sum(2) as n"
    frame = incident.sql(query)
    assert frame["a"].dtype == pl.Array(pl.Int32, (1, 1))
    assert frame["s"].to_list() == [{"x": [1.5]}]
    assert frame["n"].dtype == pl.Int64
