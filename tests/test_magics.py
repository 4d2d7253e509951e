"""The magics, in a real IPython shell."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import workbench as wb
from workbench.panels import PANELS
from workbench.view import View
from workbench.workbench import Workbench

DUMPS = Path(__file__).parent / "dumps"


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    shell.run_cell("%load_ext workbench").raise_error()
    return shell


@pytest.fixture
def shell_with_the_incident(shell):
    shell.push({"inc": wb.demo()})
    return shell


def run(shell, text):
    with capture_output() as captured:
        done = shell.run_cell(text)
    return done, captured


def test_load_without_open_makes_a_store_in_memory(shell):
    done, _ = run(shell, f"%wb load {DUMPS / 'span_with_everything.jsonl'}")
    assert done.result.total["spans"] > 0
    assert isinstance(shell.user_ns["inc"], Workbench)


def test_open_makes_the_variable_inc(shell, tmp_path):
    run(shell, f"%wb open '{tmp_path}/a b.duckdb' --tz Europe/Berlin")
    inc = shell.user_ns["inc"]
    assert str(inc.store.path) == f"{tmp_path}/a b.duckdb"
    assert str(inc.timezone) == "Europe/Berlin"


def test_a_panel_gives_a_view(shell_with_the_incident):
    done, _ = run(shell_with_the_incident, "%wb latency --by service name")
    assert isinstance(done.result, View)
    assert done.result.table.columns[:2] == ["service", "name"]


def test_windows_can_be_variables(shell_with_the_incident):
    run(
        shell_with_the_incident,
        "bad = inc.window('2026-11-12 14:08', '14:24'); good = bad.before('30m', gap='8m')",
    )
    done, _ = run(shell_with_the_incident, "%wb overview --window bad --baseline good")
    assert done.result.window == shell_with_the_incident.user_ns["bad"].label
    assert done.result.baseline == shell_with_the_incident.user_ns["good"].label


def test_a_cell_of_sql_becomes_a_frame(shell_with_the_incident):
    done, _ = run(
        shell_with_the_incident,
        "%%wb sql busy\nselect service, count(*) as n\nfrom spans\ngroup by 1",
    )
    frame = shell_with_the_incident.user_ns["busy"]
    assert isinstance(frame, pl.DataFrame)
    assert done.result is frame
    assert frame["n"].sum() == wb.demo().sql("select count(*) as n from spans")["n"][0]


def test_sql_on_a_line_keeps_its_quotes(shell_with_the_incident):
    done, _ = run(
        shell_with_the_incident, "%wb sql select 'it''s' as word, \"service\" from spans limit 1"
    )
    assert done.result["word"][0] == "it's"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%wb latncy", "did you mean 'latency'"),
        ("%wb latency --by servce", "did you mean 'service'"),
        ("%wb load", "Give files"),
        ("%wb load nowhere.json", "No such file"),
        ("%wb latency --window 'half past two'", "START/END"),
        ("%wb waterfall", "TRACE_ID"),
        ("%wb traces --limit many", "'many' is no whole number"),
        ("%wb load 'unclosed", "No closing quotation"),
        ("%%wb sql 1x\nselect 1", "cannot name a variable"),
        ("%%wb latency\nselect 1", "A cell magic takes SQL"),
        ("%%wb sql x\nselect nme from spans", "did you mean 'name'"),
    ],
)
def test_a_mistake_prints_one_line(shell_with_the_incident, line, said):
    done, captured = run(shell_with_the_incident, line)
    assert not done.success
    shown = captured.stderr + captured.stdout
    assert said in shown
    assert shown.startswith("UsageError: ")
    assert len(shown.strip().splitlines()) == 1


def test_help_lists_every_question(shell):
    _, captured = run(shell, "%wb help")
    for name in ("open", "load", "sql", *PANELS):
        assert f"wb {name}" in captured.stdout


@pytest.mark.parametrize("name", PANELS)
def test_a_question_explains_its_options(shell, name):
    done, captured = run(shell, f"%wb {name} --help")
    assert done.success
    assert PANELS[name].question in " ".join(captured.stdout.split())
