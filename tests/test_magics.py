"""The magics, in a real IPython shell."""

from __future__ import annotations

from pathlib import Path

import nbformat
import polars as pl
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient.exceptions import CellExecutionError
from nbformat import v4

import workbench as wb
from workbench.errors import WindowError
from workbench.export.notebook import execute_notebook
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
    inc = wb.demo()
    shell.push({"inc": inc, "bad": inc.window("2026-11-12 14:08", "14:24"), "bed": 3})
    return shell


def run(shell, text):
    with capture_output() as captured:
        done = shell.run_cell(text)
    return done, captured


def completed(shell, line):
    """What the tab key offers at the end of a line, as JupyterLab asks for it."""
    with provisionalcompleter():
        return {found.text for found in shell.Completer.completions(line, len(line))}


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
        ("%wb overview inc --window bad", "give a window with --window: %wb overview"),
        ("%wb latency bad", "takes no 'bad'"),
        ("%wb load", "Give files"),
        ("%wb load nowhere.json", "No such file"),
        ("%wb load nowhere*.json", "No file matches 'nowhere*.json'"),
        ("%wb latency --sevice x", "No option '--sevice'"),
        ("%wb latency --windw bad", "did you mean '--window'"),
        ("%wb latency --window bda", "No window 'bda'; did you mean 'bad'?"),
        ("%wb latency --baseline bda", "No window 'bda'; did you mean 'bad'?"),
        ("%wb latency --save x.xlsx", "ends in '.xlsx'"),
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


def test_a_mistake_in_python_prints_one_line_too(shell_with_the_incident):
    done, captured = run(shell_with_the_incident, "inc.window('14:30', '14:05')")
    assert isinstance(done.error_in_exec, WindowError)
    shown = (captured.stderr + captured.stdout).strip()
    assert shown.startswith("WindowError: The window ends at ")
    assert len(shown.splitlines()) == 1
    _, captured = run(shell_with_the_incident, "%tb")
    assert "Traceback (most recent call last)" in captured.stdout


def test_other_errors_keep_their_traceback(shell_with_the_incident):
    done, captured = run(shell_with_the_incident, "def divide():\n    return 1 / 0\ndivide()")
    assert isinstance(done.error_in_exec, ZeroDivisionError)
    assert "Traceback (most recent call last)" in captured.stdout


def test_a_notebook_that_runs_by_itself_stops_at_the_mistake(tmp_path):
    source = (
        "%load_ext workbench\nimport workbench as wb",
        "wb.open().window('2026-11-12 14:30', '14:05')",
        "print('not reached')",
    )
    notebook = v4.new_notebook(cells=[v4.new_code_cell(text) for text in source])
    (tmp_path / "in.ipynb").write_text(nbformat.writes(notebook))
    with pytest.raises(CellExecutionError, match="WindowError"):
        execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", tmp_path / "out.html")
    ran = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    (output,) = ran.cells[1].outputs
    assert (output.output_type, output.ename) == ("error", "WindowError")
    (line,) = output.traceback
    assert line.startswith("WindowError: The window ends at 2026-11-12T14:05:00+00:00")
    assert ran.cells[2].outputs == []


def test_a_question_saves_its_answer_as_on_the_command_line(shell_with_the_incident, tmp_path):
    page = tmp_path / "overview.md"
    done, captured = run(shell_with_the_incident, f"%wb overview --window bad --save '{page}'")
    assert page.read_text().startswith("# Rate, errors and duration")
    assert f"wrote {page}" in captured.stdout
    assert isinstance(done.result, View)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%wb ", {"open", "load", "sql", "help", *PANELS}),
        ("%wb la", {"latency"}),
        ("%wb latency --b", {"--by", "--bucket", "--baseline"}),
        ("%wb traces --window bad --s", {"--sort", "--save"}),
        ("%wb latency --window ", {"bad"}),
        ("%wb latency --window bad --baseline b", {"bad"}),
    ],
)
def test_tab_completes_commands_options_and_windows(shell_with_the_incident, line, expected):
    assert completed(shell_with_the_incident, line) == expected


def test_tab_still_completes_files_of_a_load(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dump.jsonl").touch()
    assert "dump.jsonl" in completed(shell, "%wb load dum")


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_lists_every_question(shell, word):
    _, captured = run(shell, f"%wb {word}")
    for name in ("open", "load", "sql", *PANELS):
        assert f"wb {name}" in captured.stdout


@pytest.mark.parametrize("name", PANELS)
def test_a_question_explains_its_options(shell, name):
    done, captured = run(shell, f"%wb {name} --help")
    assert done.success
    assert PANELS[name].question in " ".join(captured.stdout.split())
