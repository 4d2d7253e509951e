"""A question is one statement, and reads."""

from __future__ import annotations

from pathlib import Path

import pytest

import workbench
from workbench.errors import QueryError


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "select 1;  -- and no more",
        "-- first\nwith a as (select 1) select * from a",
        "from range(3)",
        "values (1)",
        "(select 1)",
        "table loads",
        "select count(*) filter (where 'insert' <> '; (copy') as n from loads",
        "select count(copy), sum(insert) from (select 1 as copy, 2 as insert)",
        "describe spans",
        "show tables",
        "summarize loads",
        "pragma table_info('spans')",
        "pragma database_size",
        "explain select 1",
        "explain analyze select 1",
        "-- explain\nexplain (analyze, format json) select 1",
        "pivot (select 1 as n, 'x' as k) on k using sum(n)",
        "unpivot (select 1 as n) on n",
    ],
)
def test_one_statement_that_reads_is_answered(incident: workbench.Workbench, query: str) -> None:
    assert incident.sql(query).height > 0 or "loads" in query


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to '{folder}/x.csv'",
        "export database '{folder}/x'",
        "attach '{folder}/x.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "pragma threads = 1",
        "pragma enable_profiling",
        "pragma import_database('x')",
        "import database 'x'",
        "use memory",
        "begin",
        "call pragma_version()",
        "checkpoint",
        "create table x as select 1",
        "insert into raw.loads (load_id) values (1) returning 1",
        "with x as (insert into raw.loads (load_id) values (1) returning 1) select * from x",
        "with x as materialized (delete from raw.loads returning *) select * from x",
        "with x(a) as not materialized (delete from raw.loads returning 1) select * from x",
        "explain analyze insert into raw.loads (load_id) values (1)",
        "explain (analyze) insert into raw.loads (load_id) values (1)",
        "-- explain\nexplain analyze copy (select 1) to '{folder}/x.csv'",
        "delete from raw.spans",
    ],
)
def test_what_does_more_than_read_is_refused(
    incident: workbench.Workbench, tmp_path: Path, query: str
) -> None:
    with pytest.raises(QueryError, match=r"A question only reads.* begin with 'select'") as caught:
        incident.sql(query.format(folder=tmp_path))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert incident.loads.is_empty()


def test_two_statements_are_refused(incident: workbench.Workbench) -> None:
    with pytest.raises(QueryError, match="holds 2 statements, and one is expected"):
        incident.sql("select 1; select 2")


def test_a_pivot_is_answered_by_a_file_too(tmp_path: Path) -> None:
    workbench.open(tmp_path / "a.duckdb").load(
        Path(__file__).parents[1] / "dumps" / "span_with_everything.jsonl", progress=False
    )
    query = "pivot (select service, 1 as n from spans) on service using sum(n)"
    assert workbench.open(tmp_path / "a.duckdb").sql(query).height == 1
