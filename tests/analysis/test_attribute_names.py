"""Attributes of any name: no query takes an attribute for a column of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

import workbench as wb
from tests.analysis.made import rough_rows, window_of, workbench_of
from workbench import statement
from workbench.analysis.compare import _OF_QUERY
from workbench.answer import Answer
from workbench.errors import InputError, UnknownNameError
from workbench.store import names
from workbench.workbench import Workbench

SOURCES = Path(wb.__file__).parent
QUERIES = [
    *(path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*/*.sql"))),
    *(path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("store/views/*.sql"))),
    *statement.TABLES.values(),
]
WORDS = sorted({word for text in QUERIES for word in re.findall(r"[a-z]\w*", text)})


def named(words: Sequence[str], values: Sequence[object]) -> Workbench:
    """The rough rows, every span with an attribute for each of the words."""
    rows = rough_rows(5, traces=40)
    for number, row in enumerate(rows):
        pairs = {word: values[(number + place) % len(values)] for place, word in enumerate(words)}
        row["attributes"], row["events"] = pairs, [(number, "noted", pairs), (5, "again")]
    return workbench_of(rows)


@pytest.fixture(scope="module")
def plain() -> Workbench:
    return named([], [])


@pytest.fixture(scope="module", params=[[7, -3], ["self_ns", "x"]], ids=["integers", "texts"])
def crowded(request: pytest.FixtureRequest) -> Workbench:
    return named(WORDS, request.param)


def answers(inc: Workbench) -> list[Answer]:
    """Every question, with and without what it can be told."""
    early, late = window_of(inc, (0, 30)), window_of(inc, (30, 61))
    early = early.where("kind <> 'client'")
    by = ["http.route", "name"]
    views = [wb.overview(early, baseline=late), wb.overview(late, by=by)]
    views += [wb.latency(early, baseline=late), wb.latency(late, by=by, bucket="10s")]
    views += [wb.traces(late, sort="typical", errors=True), wb.traces(early)]
    views += [wb.waterfall(inc.trace(trace_id)) for trace_id in views[-1].table["trace_id"][:2]]
    return [view.answer for view in views]


def test_the_words_are_those_of_the_queries() -> None:
    assert {"place", "self_ns", "of_baseline", "usable_ns", "rootless", "whole"} <= set(WORDS)
    assert 200 < len(WORDS) < 480


def test_answers_do_not_change_with_the_names_of_attributes(
    plain: Workbench, crowded: Workbench
) -> None:
    for expected, found in zip(answers(plain), answers(crowded), strict=True):
        assert_frame_equal(found.table, expected.table)
        assert found.caveats == expected.caveats
        assert found.extra.keys() == expected.extra.keys()
        for name, frame in expected.extra.items():
            assert_frame_equal(found.extra[name], frame)


def test_an_attribute_of_any_name_is_a_group_unless_the_answer_has_that_name(
    crowded: Workbench,
) -> None:
    asked = window_of(crowded, (0, 5))
    own = {*wb.overview(asked, baseline=asked).table.columns[1:], *_OF_QUERY}
    columns = crowded.store.columns("spans")
    refused = [name for name in columns if name in own or name.startswith("baseline_")]
    assert {"requests", "of_baseline", "p50_ms"} <= set(refused)
    for name in refused:
        with pytest.raises(InputError, match="Group by another column"):
            wb.overview(asked, by=name)
    rest = [name for name in columns if name not in refused]
    assert wb.overview(asked, by=rest).table.columns[: len(rest)] == rest


def test_a_group_is_found_in_any_case(plain: Workbench) -> None:
    view = wb.latency(window_of(plain, (0, 60)), by=["SERVICE", "HTTP.Route"])
    assert view.table.columns[:3] == ["service", "http.route", "spans"]


def test_a_key_beyond_the_cap_answers_as_one_with_a_column(
    plain: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MOST_COLUMNS", 1)
    shared = named(["on every span"], ["x"])
    assert "http.route" in shared.store.shared_keys("spans")
    assert "http.route" not in shared.store.columns("spans")
    route = plain.sql('select min("http.route") from spans').item()
    condition = f"\"http.route\" = '{route}'"
    for ask in (wb.overview, wb.latency):
        expected = ask(plain.all.where(condition), by="http.route", baseline=plain.all)
        found = ask(shared.all.where(condition), by="HTTP.route", baseline=shared.all)
        assert_frame_equal(found.table, expected.table)
        assert shared.sql(found.sql).height == plain.sql(expected.sql).height
    found = wb.traces(shared.all.where(condition))
    assert_frame_equal(found.table, wb.traces(plain.all.where(condition)).table)
    with pytest.raises(UnknownNameError, match=r"http\.route"):
        wb.latency(shared, by="http.rout")
