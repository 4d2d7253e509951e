"""The table of panels, its functions, and every panel on windows with nothing, little and much."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests import small
from tests.analysis.made import identifier, span, window_of, workbench_of
from workbench import panels
from workbench.errors import InputError, NoDataError
from workbench.panels import PANELS, Panel
from workbench.view import View
from workbench.workbench import Workbench, open_workbench

FUNCTIONS: Mapping[str, Callable[..., View]] = {name: getattr(panels, name) for name in PANELS}


@pytest.mark.parametrize("name", PANELS)
def test_signature_and_row_agree(name: str) -> None:
    panel = PANELS[name]
    given = inspect.signature(FUNCTIONS[name]).parameters
    first, *options = given.values()
    assert first.name == panel.subject
    assert all(option.kind is inspect.Parameter.KEYWORD_ONLY for option in options)
    expected = [("baseline", None)] if panel.has_baseline else []
    expected += [(parameter.name, parameter.default) for parameter in panel.parameters]
    assert [(option.name, option.default) for option in options] == expected


@pytest.mark.parametrize("name", PANELS)
def test_analysis_and_function_take_the_same_options(name: str) -> None:
    analysis = inspect.signature(PANELS[name].analysis).parameters
    function = inspect.signature(FUNCTIONS[name]).parameters
    assert list(analysis) == list(function)
    assert [option.default for option in analysis.values()] == [
        option.default for option in function.values()
    ]


@pytest.mark.parametrize("name", PANELS)
def test_every_row_is_whole(name: str) -> None:
    panel = PANELS[name]
    assert panel.question.endswith("?")
    assert panel.analysis.__name__ == panel.chart.__name__ == name
    for parameter in panel.parameters:
        assert parameter.help
        assert (parameter.kind == "choice") == bool(parameter.choices)
    doc = inspect.getdoc(FUNCTIONS[name]) or ""
    assert all(f"\n{part}\n---" in doc for part in ("Parameters", "Returns", "Notes", "Examples"))


@pytest.mark.parametrize("name", PANELS)
def test_the_docstring_names_every_column(name: str, two_spans: Workbench) -> None:
    doc = inspect.getdoc(FUNCTIONS[name]) or ""
    view = ask(PANELS[name], name, two_spans)
    columns = [column for column in view.table.columns if column != "service"]
    assert [column for column in columns if f"``{column}``" not in doc] == []


def ask(panel: Panel, name: str, inc: Workbench, **options: Any) -> View:
    if panel.subject == "trace":
        return FUNCTIONS[name](inc.trace(identifier(1, 32)), **options)
    return FUNCTIONS[name](inc, **options)


@pytest.fixture(scope="module")
def two_spans() -> Workbench:
    return workbench_of(
        [
            span(1, 1, None, 0, kind="server", duration_ns=10**9),
            span(1, 2, 1, 10, service="model", kind="server", status="error", duration_ns=10**8),
        ]
    )


@pytest.mark.parametrize("name", PANELS)
def test_an_empty_window_gives_columns_and_says_the_reason_once(
    name: str, two_spans: Workbench, tmp_path: Path
) -> None:
    empty = window_of(two_spans, (500, 600))
    view = FUNCTIONS[name](empty, **({"baseline": empty} if PANELS[name].has_baseline else {}))
    assert view.table.is_empty()
    assert view.table.columns
    assert "the store's spans start in" in view.caveats[-1]
    assert not view.figure.to_dict()["data"]
    page = re.sub(r"<script.*?</script>", "", view.save(tmp_path / "empty.html").read_text())
    shown = re.sub(r"<[^>]+>", " ", page)
    for told in (view.to_text(), view.to_json(), shown):
        assert len(re.findall(r"(?<!Baseline: )Nothing in", told)) == 1
    check_shows(view)


@pytest.mark.parametrize("name", PANELS)
def test_a_window_of_one_row(name: str) -> None:
    view = ask(PANELS[name], name, workbench_of([span(1, 1, None, 0)]))
    assert view.table.height == 1
    assert view.figure.to_dict()["data"]
    check_shows(view)


@pytest.mark.parametrize("name", PANELS)
def test_a_window_of_one_span_without_duration(name: str) -> None:
    view = ask(PANELS[name], name, workbench_of([span(1, 1, None, 0, duration_ns=None)]))
    assert view.table.height == 1
    check_shows(view)


def test_a_waterfall_shows_sixty_spans_and_counts_the_rest() -> None:
    inc = workbench_of([span(1, number, number - 1 or None, number) for number in range(1, 71)])
    text = ask(PANELS["waterfall"], "waterfall", inc).to_text(width=100)
    rows = text.partition("─\n")[2].partition("\n…")[0].splitlines()
    assert sum("work" in row for row in rows) == 60
    assert "\n… 10 more rows\n" in text


def check_shows(view: View) -> None:
    """It can be shown everywhere: JSON, text, a drawing without scripts, SQL to paste."""
    document = json.loads(view.to_json())
    assert len(document["rows"]) == view.table.height
    assert view.to_text()
    assert view.to_svg().startswith("<svg")
    assert view.sql.startswith("-- one row per")


@pytest.mark.parametrize("name", [name for name in PANELS if PANELS[name].has_baseline])
def test_a_workbench_stands_for_the_time_of_its_spans(name: str, tmp_path: Path) -> None:
    hours = 3600 * 10**9
    inc = open_workbench()
    spans = [small.span(number, hours + number * 10**9, trace=number + 1) for number in range(60)]
    points = [small.gauge(0), small.gauge(9 * hours)]
    small.load(inc, tmp_path, small.request(*spans, metrics=points))
    whole = FUNCTIONS[name](inc, baseline=inc)
    (interval,) = inc.all_spans.intervals
    assert interval == (hours, hours + 60 * 10**9)
    assert whole.window == whole.baseline == inc.all_spans.label
    assert whole.table.equals(FUNCTIONS[name](inc.all_spans, baseline=inc.all_spans).table)


def test_metrics_that_go_on_do_not_dilute_a_rate(tmp_path: Path) -> None:
    inc = open_workbench()
    spans = [small.span(number, (1 + number) * 10**9, trace=number + 1) for number in range(60)]
    small.load(inc, tmp_path, small.request(*spans, metrics=[small.gauge(9 * 3600 * 10**9)]))
    assert panels.overview(inc).table["rate_per_s"].to_list() == [1.0]


def test_an_empty_store_says_so() -> None:
    with pytest.raises(NoDataError, match="empty"):
        panels.overview(open_workbench())


def test_a_store_without_spans_says_so(tmp_path: Path) -> None:
    inc = open_workbench()
    small.load(inc, tmp_path, small.request(metrics=[small.gauge(1000)]))
    with pytest.raises(NoDataError, match="no span with a start; load traces into it first"):
        panels.latency(inc)


def test_the_demo_incident(demo: Workbench) -> None:
    bad = demo.window("2026-11-12 14:05", "14:24")
    good = demo.window("2026-11-12 13:40", "14:00")
    seen = panels.overview(bad, baseline=good)
    assert set(seen.table["service"]) >= {"gateway", "vllm", "retrieval"}
    assert seen.table.rows_by_key("service", named=True, unique=True)["vllm"]["p95_change_ms"] > 0
    slow = panels.latency(bad, baseline=good, by=["service", "k8s.pod.name"], bucket="1m")
    assert slow.table.height > 20
    listed = panels.traces(bad, limit=5)
    for trace_id in listed.table["trace_id"].to_list():
        one = panels.waterfall(demo.trace(trace_id))
        root = one.answer.extra["trace"]["duration_ms"].item()
        assert one.table["critical_ms"].sum() == pytest.approx(root)
        check_shows(one)
    for view in (seen, slow, listed):
        check_shows(view)


@pytest.fixture(scope="module")
def demo() -> Workbench:
    inc = open_workbench()
    inc.load("data/incident/*.jsonl.gz", progress=False)
    return inc


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda inc: panels.waterfall("4bf92f35"), "inc.trace(id), not '4bf92f35'"),
        (lambda inc: panels.latency("bad"), "inc.window(start, end), not 'bad'"),
        (lambda inc: panels.latency(inc, baseline="10m"), "bad.before('30m'), not '10m'"),
    ],
)
def test_what_is_no_window_gets_advice(ask, said) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        ask(wb.demo())
