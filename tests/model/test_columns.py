"""One description of the tables in Python, one in SQL: they are the same."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

import workbench
from workbench.model.columns import SIGNALS, TABLES, taken_names

SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.uint64(): "UBIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.list_(pa.float64()): "DOUBLE[]",
    pa.list_(pa.uint64()): "UBIGINT[]",
}
# The view of every table that has one, and what the view shows beside columns and attributes.
VIEWS = {
    "spans": "spans",
    "events": "span_events",
    "links": "span_links",
    "logs": "logs",
    "metrics": "number_points",
    "exemplars": "exemplars",
}
DOCUMENTED = {
    "spans": "trace_id span_id parent_span_id name service kind status start_ns end_ns duration_ns"
    " start_time scope.name scope.version other_attributes load_id",
    "events": "trace_id span_id position time_ns time name span_name service load_id",
    "links": "trace_id span_id position linked_trace_id linked_span_id span_name service load_id",
    "logs": "time_ns observed_time_ns time severity severity_number severity_text body body_type"
    " event_name service trace_id span_id scope.name scope.version load_id",
    "metrics": "metric type unit temporality is_monotonic time_ns time value value_int count sum"
    " min max explicit_bounds bucket_counts quantiles quantile_values service scope.name load_id",
    "exemplars": "metric type unit time_ns time value trace_id span_id service load_id",
    "keys": "signal key type occurrence column element count cardinality example",
    "loads": "load_id path format file_hash content_hash loaded_at seconds spans span_events"
    " span_links logs metric_points duplicates rejected first_ns last_ns services caveats",
    "quarantine": "load_id path position reason raw",
}


@pytest.fixture
def empty_store() -> Iterator[workbench.Workbench]:
    incident = workbench.open()
    yield incident
    incident.close()


def columns(incident: workbench.Workbench, schema: str, table: str) -> list[tuple[str, str]]:
    rows = incident.store.sql(
        "select column_name, data_type from duckdb_columns() where database_name = 'store'"
        " and schema_name = $schema and table_name = $table order by column_index",
        {"schema": schema, "table": table},
    )
    return list(rows.iter_rows())


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_columns_that_the_model_lists(
    empty_store: workbench.Workbench, name: str
) -> None:
    expected = [
        ("load_id", "INTEGER"),
        *((column, SQL_TYPES[kind]) for column, kind in TABLES[name].columns.items()),
        ("shape_id", "BIGINT"),
        ("other_attributes", "MAP(VARCHAR, VARCHAR)"),
    ]
    assert columns(empty_store, "raw", name) == expected


@pytest.mark.parametrize("name", TABLES)
def test_a_table_numbers_or_places_its_rows_by_a_column_of_its_own(name: str) -> None:
    table = TABLES[name]
    assert {table.row, table.parent} - {None} <= set(table.columns)
    if table.parent is not None:
        owners = [other for other in TABLES.values() if other.row == table.parent]
        assert owners, f"no table is numbered by {table.parent}"


@pytest.mark.parametrize("view", DOCUMENTED)
def test_a_view_exists_before_the_first_load_and_names_its_columns(
    empty_store: workbench.Workbench, view: str
) -> None:
    shown = [name for name, _ in columns(empty_store, "main", view)]
    assert set(DOCUMENTED[view].split()) <= set(shown)
    assert len(shown) == len({name.lower() for name in shown})
    assert empty_store.sql(f"select * from {view}").height == 0
    assert empty_store.store.columns(view) == tuple(shown)


def test_there_is_no_view_beside_the_documented_ones(empty_store: workbench.Workbench) -> None:
    views = empty_store.sql(
        "select view_name from duckdb_views() where database_name = 'store' and not internal"
    )
    assert sorted(views["view_name"]) == sorted(DOCUMENTED)


@pytest.mark.parametrize("view", VIEWS)
def test_no_attribute_may_take_a_name_that_its_view_shows(
    empty_store: workbench.Workbench, view: str
) -> None:
    shown = {name.lower() for name, _ in columns(empty_store, "main", view)}
    allowed = {"scope.name", "scope.version"}  # keys that begin with `scope.` are renamed
    assert shown - allowed <= taken_names(TABLES[VIEWS[view]].signal)


def test_signals_are_those_of_the_tables_and_share_taken_names() -> None:
    assert len(set(SIGNALS)) == len(SIGNALS)
    assert {table.signal for table in TABLES.values()} == set(SIGNALS)
    every_shape = taken_names("metric")
    for name in ("number_points", "histogram_points", "summary_points"):
        assert set(TABLES[name].columns) <= every_shape
