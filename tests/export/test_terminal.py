"""Tables for a terminal: what is shown, what is left out first, and what is said of it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from workbench.export.table import cells
from workbench.export.terminal import text_table, tree_table
from workbench.model.text import columns_of, flat

ID = "6af5ca6a49d43eb5956ae7b576ba456a"
START = datetime(2026, 11, 12, 14, 5, tzinfo=UTC)


def compared() -> pl.DataFrame:
    """What a question with a baseline answers: keys, measures, the baseline's, changes."""
    measures = {"requests": 3381.5, "rate_per_s": 2.97, "error_share": 0.06}
    measures |= {"p50_ms": 10_649.7, "p95_ms": 37_358.4}
    changes = {"rate_change": -0.12, "error_share_change": 0.046}
    changes |= {"p50_change_ms": 0.0, "p95_change_ms": 15_022.9}
    baseline = {f"baseline_{name}": value for name, value in measures.items()}
    row = {"service": "vllm", **measures, **baseline, **changes}
    quiet = {name: value / 2 for name, value in row.items() if not isinstance(value, str)}
    return pl.DataFrame([row, {"service": "gateway", **quiet}])


def heading(text: str) -> list[str]:
    return text.splitlines()[0].split()


def test_a_table_that_fits_is_shown_as_it_is() -> None:
    table = pl.DataFrame({"service": ["api", "api"], "n": [1, 22]})
    assert text_table(table, whole="--json").splitlines() == [
        "service   n",
        "───────  ──",
        "api       1",
        "api      22",
    ]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (40, "requests error_share"),
        (80, "requests error_share error_share_change p95_ms p95_change_ms"),
        (90, "requests error_share error_share_change p95_ms p95_change_ms rate_per_s"),
    ],
)
def test_the_headline_and_its_change_come_first_and_the_baseline_goes_first(
    width: int, expected: str
) -> None:
    assert heading(text_table(compared(), width=width)) == ["service", *expected.split()]


def test_each_measure_is_followed_by_its_change_and_the_baseline_stands_last() -> None:
    names = heading(text_table(compared(), width=500))
    pairs = list(itertools.pairwise(names))
    assert ("error_share", "error_share_change") in pairs
    assert ("p50_ms", "p50_change_ms") in pairs
    assert ("rate_per_s", "rate_change") in pairs
    at = names.index("baseline_requests")
    assert all(name.startswith("baseline_") for name in names[at:])
    assert len(names) == compared().width


def test_changes_carry_their_sign_and_those_of_shares_and_rates_are_percentages() -> None:
    row = text_table(compared(), width=500).splitlines()[2]
    assert {"+4.60", "-12.0", "+15,022.9", "0.0"} <= set(row.split())
    assert row.count("%") == 4
    assert cells(pl.Series("start_change", [2.5, -1.0])) == ["+2.50", "-1.00"]
    assert cells(pl.Series("exchange_rate", [2.5])) == ["2.50"]


def test_columns_called_changes_stay_where_they_are_without_a_baseline() -> None:
    table = pl.DataFrame({"p95_change_ms": [1.0], "config_change": ["a"], "p95_ms": [2.0]})
    assert heading(text_table(table)) == table.columns


def test_what_is_the_same_in_every_row_gives_way_and_is_said_once() -> None:
    table = pl.DataFrame(
        {
            "name": ["POST /v1/answers", "POST /v1/chat"],
            "status": ["unset", "unset"],
            "note": [None, None],
            "duration_ms": [107_355.2, 97_409.7],
        },
        schema_overrides={"note": pl.String},
    )
    text = text_table(table, width=30)
    assert heading(text) == ["name", "duration_ms"]
    assert "… the same in every row above:" in text
    assert "status unset" in text
    assert "… 1 more column: note" in text


def test_columns_and_rows_left_out_are_named_with_the_way_to_see_them() -> None:
    table = pl.DataFrame({f"a_long_column_{at}": list(range(30)) for at in range(40)})
    text = text_table(table, width=100, whole="--json")
    assert "… 10 more rows" in text
    assert "… 1 more row\n" in text_table(table, rows=29, width=100, whole="--json")
    assert "… 34 more columns: a_long_column_6, a_long_column_7," in text
    assert text.splitlines()[-1] == "… for all of it: --json, or a wider terminal"
    assert max(map(columns_of, text.splitlines())) <= 100
    only_rows = text_table(table.select("a_long_column_0"), whole="--json")
    assert only_rows.splitlines()[-1] == "… for all of it: --json"


def test_ids_are_whole_and_other_text_gives_room() -> None:
    table = pl.DataFrame(
        {"trace_id": [ID, None], "name": ["a name that goes on and on", "b"], "n": [1, 2]}
    )
    text = text_table(table, width=52)
    assert ID in text
    assert "…" in text
    assert heading(text) == ["trace_id", "name", "n"]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "name",
    [
        "billing-and-settlement-{:02}-of-the-eu-central-1-region",
        "/api/v1/{:02}/items",
        "日本語の名前がここに{:02}ある長い名前です",
        "{:02}-at-the-front-of-a-name-that-goes-on-and-on-and-on",
    ],
)
def test_names_that_differ_are_never_cut_into_the_same_text(name: str, width: int) -> None:
    names = [name.format(number) for number in range(20)]
    numbers = {f"measure_{number}": list(range(20)) for number in range(8)}
    lines = text_table(pl.DataFrame({"service": names, **numbers}), width=width).splitlines()[2:22]
    assert len({line.split()[0] for line in lines}) == 20
    assert max(map(columns_of, lines)) <= width


def test_names_take_the_room_that_is_left() -> None:
    name = "hipstershop.CheckoutService/PlaceOrder"
    table = pl.DataFrame({"name": [name, name.lower()], "n": [1, 2]})
    assert name in text_table(table, width=50)
    assert name in text_table(table.with_columns(more=pl.lit("x" * 999)), width=0)


def test_a_date_that_every_row_shares_is_said_once() -> None:
    times = [START, START + timedelta(seconds=1), None]
    table = pl.DataFrame({"time": times, "n": [1, 2, 3]})
    lines = text_table(table).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["14:05:00", "14:05:01", "–"]
    assert lines[5] == "time: 2026-11-12 UTC"


def test_dates_that_differ_stay_and_so_does_the_zone() -> None:
    berlin = pl.Series("time", [START, START + timedelta(days=1)]).dt.convert_time_zone(
        "Europe/Berlin"
    )
    assert "2026-11-13 15:05:00+01:00" in text_table(berlin.to_frame())
    assert "time: 2026-11-12 +01:00" in text_table(berlin.head(1).append(berlin.head(1)).to_frame())
    change = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    across = pl.DataFrame({"time": [change, change.replace(fold=1)]})
    assert "02:30:00+02:00" in text_table(across)
    assert "02:30:00+01:00" in text_table(across)


@pytest.mark.parametrize("width", [16, 24, 40])
def test_columns_are_aligned_also_with_wide_letters(width: int) -> None:
    names = ["日本語の長い名前がここにある", "abc", "é", "e\u0301 with a mark", "⚠\ufe0f warn"]
    lines = text_table(pl.DataFrame({"name": names, "n": range(5)}), width=width).splitlines()
    assert {columns_of(line) for line in lines[1:7]} == {columns_of(lines[0])}
    assert columns_of(lines[0]) <= width


@pytest.mark.parametrize("limit", range(1, 12))
def test_shortened_text_takes_no_more_room_than_it_may(limit: int) -> None:
    for text in ("日本語の名前", "abcdefghijklm", "a日b本c語d"):
        assert columns_of(flat(text, limit)) <= limit


def test_a_single_column_takes_the_whole_line_and_no_more() -> None:
    table = pl.DataFrame({"body": ["x" * 300]})
    assert columns_of(text_table(table, width=77).splitlines()[2]) == 77
    assert text_table(pl.DataFrame()) == "(no columns)"
    assert text_table(table.clear()).splitlines()[-1] == "(no rows)"


def test_a_waterfall_is_indented_and_has_its_times_beside_the_names() -> None:
    spans = pl.DataFrame(
        {
            "position": range(4),
            "depth": [0, 1, 2, 40],
            "service": ["gateway"] * 4,
            "name": ["GET /", "chat", None, "deep"],
            "kind": ["server"] * 4,
            "duration_ms": [9.0, 4.0, 2.0, 1.0],
        }
    )
    lines = text_table(tree_table(spans)).splitlines()
    assert lines[0].split() == ["service", "name", "duration_ms", "kind", "position", "depth"]
    names = [line[len("gateway  ") :] for line in lines[2:]]
    assert names[0].startswith("GET /")
    assert names[1].startswith("  chat")
    assert names[2].startswith("–")
    assert names[3].startswith(" " * 24 + "deep")
