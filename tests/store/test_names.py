"""Where attributes live: a name chosen once, never taken twice, never given another meaning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench
from tests.small import load, request, span
from workbench.model.batch import AttributeColumn
from workbench.model.columns import SIGNALS, TABLES, taken_names
from workbench.store import names
from workbench.store.names import DUCKDB_TYPES, Names, Place, quote

TABLE_OF = {table.signal: table.name for table in TABLES.values()}


@pytest.fixture
def empty_store() -> Iterator[workbench.Workbench]:
    incident = workbench.open()
    yield incident
    incident.close()


def places(incident: workbench.Workbench, *columns: AttributeColumn, table: str = "spans"):
    """Where a store puts some columns that come together."""
    with incident.store._connection.writing() as connection:
        naming = Names(connection)
        naming.make_room(connection, table, columns)
        return [naming.of(table, column) for column in columns]


def found(incident: workbench.Workbench, *columns: AttributeColumn) -> list[str]:
    return [place.name for place in places(incident, *columns)]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("http.route", "http.route"),
        ("a b", "a b"),
        ('"', '"'),
        ("'; drop table raw.spans; --", "'; drop table raw.spans; --"),
        ("🔑", "🔑"),
        ("", "attr."),
        ("name", "attr.name"),
        ("Name", "attr.Name"),
        ("TRACE_ID", "attr.TRACE_ID"),
        ("service", "attr.service"),
        ("other_attributes", "attr.other_attributes"),
        ("start_time", "attr.start_time"),
        ("resource.x", "attr.resource.x"),
        ("scope.name", "attr.scope.name"),
        ("attr.x", "attr.attr.x"),
        ("nul\0", "nul␀"),
    ],
)
def test_a_key_is_its_own_name_unless_that_is_taken(
    empty_store: workbench.Workbench, key: str, name: str
) -> None:
    assert found(empty_store, AttributeColumn(key, "string")) == [name]


@pytest.mark.parametrize("signal", SIGNALS)
def test_no_fixed_column_is_ever_taken(empty_store: workbench.Workbench, signal: str) -> None:
    keys = sorted(taken_names(signal)) + [name.upper() for name in sorted(taken_names(signal))]
    columns = [AttributeColumn(key, "string") for key in keys]
    given_names = [place.name for place in places(empty_store, *columns, table=TABLE_OF[signal])]
    lower = [name.lower() for name in given_names]
    assert len(set(lower)) == len(lower)
    assert not set(lower) & taken_names(signal)
    assert all(name.startswith("attr.") for name in given_names)


def test_the_first_type_has_the_key_and_others_say_theirs(
    empty_store: workbench.Workbench,
) -> None:
    kinds = ["double", "string", "int", "bool", "bytes", "array", "kvlist", "anyvalue"]
    assert found(empty_store, *(AttributeColumn("zz", kind) for kind in kinds)) == [
        "zz",
        *("zz:str", "zz:int", "zz:bool", "zz:bytes", "zz:array", "zz:kvlist", "zz:anyvalue"),
    ]
    types = empty_store.sql(
        "select data_type from duckdb_columns() where database_name = 'store'"
        " and table_name = 'spans' and schema_name = 'raw' and starts_with(column_name, 'zz')"
        " order by column_index"
    )["data_type"].to_list()
    assert [kind.lower() for kind in types] == [DUCKDB_TYPES[kind] for kind in kinds]


def test_keys_that_differ_only_in_case_have_different_names(
    empty_store: workbench.Workbench,
) -> None:
    keys = [AttributeColumn(key, "string") for key in ("user", "User", "USER")]
    assert found(empty_store, *keys) == ["user", "User:str", "USER~2"]


def test_a_key_that_looks_like_a_typed_name_takes_nothing_away(
    empty_store: workbench.Workbench,
) -> None:
    columns = [
        AttributeColumn("k:int", "string"),
        AttributeColumn("k", "string"),
        AttributeColumn("k", "int"),
        AttributeColumn("k#2", "string"),
        AttributeColumn("k", "string", 1),
    ]
    assert found(empty_store, *columns) == ["k:int", "k", "k~2", "k#2", "k#2:str"]


def test_each_repetition_of_a_key_has_its_own_name(empty_store: workbench.Workbench) -> None:
    columns = [AttributeColumn("k", "string", occurrence) for occurrence in range(3)]
    assert found(empty_store, *columns) == ["k", "k#2", "k#3"]


def test_long_keys_are_cut_and_stay_apart(empty_store: workbench.Workbench) -> None:
    long = "x" * 100_000
    first, second, exact = found(
        empty_store,
        AttributeColumn(long + "a", "string"),
        AttributeColumn(long + "b", "string"),
        AttributeColumn("y" * 200, "string"),
    )
    assert first[:201] == second[:201] == "x" * 200 + "…"
    assert first != second
    assert len(first) == 213
    assert exact == "y" * 200


ANY_KEY = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["", '"', '""', "'", "\0", "␀", ";", "--", "a", "A", "a:int", "a~2", "a#2"]),
    st.sampled_from(["name", "attr.name", "resource.a", "İ", "i̇", "ß", "SS", "🔑", "K", "K"]),
    st.just("z" * 100_000),
)
ANY_COLUMN = st.builds(
    AttributeColumn, ANY_KEY, st.sampled_from(sorted(DUCKDB_TYPES)), st.integers(0, 2)
)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.lists(ANY_COLUMN, max_size=12, unique=True), st.integers(0, 12))
def test_any_columns_have_names_that_stay(columns: list[AttributeColumn], cut: int) -> None:
    incident = workbench.open()
    early = places(incident, *columns[:cut])
    everywhere = places(incident, *reversed(columns))[::-1]
    assert everywhere[: len(early)] == early
    assert len({place.name.lower() for place in everywhere}) == len(columns)
    with incident.store.reading() as connection:
        for place in everywhere:
            query = f"select {quote(place.name)} from raw.spans"
            assert connection.sql(query).columns == [place.name]
    incident.close()


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.lists(ANY_KEY, min_size=1, max_size=6, unique=True))
def test_the_value_of_any_key_is_found_under_its_name(tmp_path_factory, keys: list[str]) -> None:
    incident = workbench.open()
    pairs = [(key, f"value {number}") for number, key in enumerate(keys)]
    report = load(incident, tmp_path_factory.mktemp("any"), request(span(attributes=pairs)))
    assert (report.spans, report.rejected) == (1, 0)
    listed = incident.sql("select key, \"column\" from keys where signal = 'span'")
    assert sorted(listed["key"]) == sorted(keys)
    row = incident.sql("select * from spans").row(0, named=True)
    assert [row[dict(listed.iter_rows())[key]] for key in keys] == [held for _, held in pairs]
    incident.close()


def test_names_are_kept_across_loads(empty_store: workbench.Workbench, tmp_path: Path) -> None:
    load(empty_store, tmp_path, request(span(1, attributes={"n": "one", "m": 1})))
    before = empty_store.sql("select key, type, \"column\" from keys where signal = 'span'")
    load(empty_store, tmp_path, request(span(2, attributes={"n": 2, "m": "two", "N": 3})))
    after = empty_store.sql("select key, type, \"column\" from keys where signal = 'span'")
    assert set(before.iter_rows()) <= set(after.iter_rows())
    rows = empty_store.sql('select n, m, "n:int", "m:str" from spans order by span_row')
    assert rows.rows() == [("one", 1, None, None), (None, None, 2, "two")]


def test_beyond_the_cap_the_rarest_keys_share_a_map(
    empty_store: workbench.Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MOST_COLUMNS", 2)
    spans = [span(number, attributes={"often": "x", "twice": number}) for number in (1, 2)]
    spans.append(span(3, attributes={"often": "y", "rare": "z", "seldom": 0.5, "list": ["a"]}))
    load(empty_store, tmp_path, request(*spans))
    listed = empty_store.sql("select key, \"column\", element from keys where signal = 'span'")
    assert sorted(listed.iter_rows()) == [
        ("list", None, "list"),
        ("often", "often", None),
        ("rare", None, "rare"),
        ("seldom", None, "seldom"),
        ("twice", "twice", None),
    ]
    query = "select other_attributes['rare'], other_attributes['seldom'], other_attributes['list']"
    assert empty_store.sql(f"{query} from spans order by span_row").rows() == [
        (None, None, None),
        (None, None, None),
        ("z", "0.5", '["a"]'),
    ]
    load(empty_store, tmp_path, request(span(4, attributes={"rare": "later", "new": 1})))
    row = empty_store.sql("select other_attributes from spans where span_id like '%4'").item()
    assert row == {"rare": "later", "new": "1"}
    counted = empty_store.sql(
        'select element, count, cardinality, example from keys where "column" is null'
    )
    assert sorted(counted.iter_rows()) == [
        ("list", 1, 1, '["a"]'),
        ("new", 1, 1, "1"),
        ("rare", 2, 2, "later"),
        ("seldom", 1, 1, "0.5"),
    ]
    assert places(empty_store, AttributeColumn("rare", "string")) == [Place("rare", in_map=True)]


@pytest.mark.parametrize("name", ["a", 'a"b', '"', "", "a.b", "select", "ü"])
def test_a_quoted_name_is_that_name(name: str) -> None:
    row = workbench.open().sql(f"select 1 as {quote('x' + name)}")
    assert row.columns == ["x" + name]
