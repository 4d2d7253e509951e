"""The SQL files of the store: none is forgotten, none is missing, each is applied once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

import duckdb
import pytest

import workbench
from tests.small import load, request, span
from workbench.errors import StoreVersionError
from workbench.model.semconv import SPAN_KINDS, STATUS_CODES, TEMPORALITIES
from workbench.store.migrate import latest, migrate, version_of
from workbench.store.views import _VIEWS, create_views

STORE = resources.files("workbench.store")
MIGRATIONS = sorted(file.name for file in (STORE / "migrations").iterdir())
VIEW_FILES = sorted(file.name for file in (STORE / "views").iterdir() if file.name.endswith(".sql"))


@pytest.fixture
def empty_file() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as store")
    connection.execute("use store")
    yield connection
    connection.close()


def described(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = 'store' order by all"
    ).fetchall()


def test_migrations_are_numbered_without_gaps_and_named() -> None:
    assert MIGRATIONS
    for number, name in enumerate(MIGRATIONS, 1):
        assert re.fullmatch(rf"{number:03}_[a-z_]+\.sql", name)
    assert latest() == len(MIGRATIONS)


def test_every_migration_is_recorded_once(empty_file: duckdb.DuckDBPyConnection) -> None:
    assert version_of(empty_file) == 0
    assert migrate(empty_file) is True
    assert version_of(empty_file) == latest()
    recorded = empty_file.execute("select number, name from raw.migrations order by number")
    assert recorded.fetchall() == [
        (number, name.removesuffix(".sql")[4:]) for number, name in enumerate(MIGRATIONS, 1)
    ]


def test_a_migration_applied_again_changes_nothing(empty_file: duckdb.DuckDBPyConnection) -> None:
    migrate(empty_file)
    before = described(empty_file)
    assert migrate(empty_file) is False
    assert described(empty_file) == before
    assert empty_file.execute("select count(*) from raw.migrations").fetchall() == [(latest(),)]


def test_a_migration_that_fails_leaves_nothing(
    empty_file: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {1: ("broken", "create schema raw; create table raw.migrations (n integer); boom")}
    monkeypatch.setattr("workbench.store.migrate._files", lambda: broken)
    with pytest.raises(duckdb.ParserException):
        migrate(empty_file)
    assert described(empty_file) == []


def test_a_schema_of_the_future_is_refused(empty_file: duckdb.DuckDBPyConnection) -> None:
    migrate(empty_file)
    empty_file.execute("insert into raw.migrations values (999, 'future', null)")
    for read in (version_of, migrate):
        with pytest.raises(StoreVersionError, match=r"schema 999.*Upgrade otel-workbench"):
            read(empty_file)


def test_every_view_has_a_file_and_every_file_a_view() -> None:
    assert sorted(f"{view[0]}.sql" for view in _VIEWS) == VIEW_FILES


@pytest.mark.parametrize("name", VIEW_FILES)
def test_a_view_says_what_one_row_is_and_leaves_no_placeholder(
    empty_file: duckdb.DuckDBPyConnection, name: str
) -> None:
    text = (STORE / "views" / name).read_text(encoding="utf-8")
    assert text.startswith("-- one row per ")
    migrate(empty_file)
    (made,) = empty_file.execute(
        "select sql from duckdb_views() where database_name = 'store' and view_name = $name",
        {"name": name.removesuffix(".sql")},
    ).fetchall()
    assert not re.search(r"\{\w+\}", made[0])


def test_views_can_be_made_again(empty_file: duckdb.DuckDBPyConnection) -> None:
    migrate(empty_file)
    before = described(empty_file)
    create_views(empty_file)
    assert described(empty_file) == before


def test_numbers_of_the_protocol_are_shown_as_words_and_unknown_ones_as_digits(tmp_path) -> None:
    incident = workbench.open()
    kinds = [*range(len(SPAN_KINDS)), 77]
    codes = [*range(len(STATUS_CODES)), 7]
    spans = [span(10 + kind, kind=kind) for kind in kinds]
    spans += [span(200 + code, status={"code": code}) for code in codes]
    logs = [{"timeUnixNano": "5", "severityNumber": number} for number in (0, 1, 4, 5, 9, 24, 25)]
    sums = [
        {
            "name": f"m{code}",
            "sum": {
                "aggregationTemporality": code,
                "dataPoints": [{"timeUnixNano": "5", "asInt": "1"}],
            },
        }
        for code in (*range(len(TEMPORALITIES)), 9)
    ]
    load(incident, tmp_path, request(*spans, logs=logs, metrics=sums))
    shown = incident.sql(
        "select kind from spans where span_id < '00000000000000c8' order by span_row"
    )
    assert shown["kind"].to_list() == [*SPAN_KINDS, "77"]
    shown = incident.sql(
        "select status from spans where span_id >= '00000000000000c8' order by span_row"
    )
    assert shown["status"].to_list() == [*STATUS_CODES, "7"]
    words = incident.sql("select severity from logs order by severity_number")["severity"].to_list()
    assert words == [None, "trace", "trace", "debug", "info", "fatal", None]
    shown = incident.sql("select temporality from metrics order by point_row")
    assert shown["temporality"].to_list() == [*TEMPORALITIES, "9"]
