"""The command line, as a process: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import workbench as wb
from workbench.panels import PANELS

DATA = Path(__file__).resolve().parents[1] / "data" / "incident"
DUMPS = Path(__file__).parent / "dumps"
COUNTS = {
    "spans",
    "span_events",
    "span_links",
    "logs",
    "metric_points",
    "duplicates",
    "rejected",
}


def workbench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workbench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def loaded_incident(tmp_path_factory) -> Path:
    store = tmp_path_factory.mktemp("cli") / "inc.duckdb"
    wb.open(store).load(sorted(DATA.glob("*.gz")), progress=False)
    return store


def test_load_prints_one_json_document(tmp_path):
    done = workbench("load", tmp_path / "a.duckdb", DUMPS / "span_with_everything.jsonl", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert done.stderr == ""
    assert set(report) == {"files", "total"}
    (file,) = report["files"]
    assert set(file) == COUNTS | {"path", "format", "status", "seconds", "caveats"}
    assert set(report["total"]) == COUNTS
    assert file["status"] == "loaded"
    assert report["total"]["spans"] == file["spans"] > 0


def test_a_rejected_record_is_exit_code_1(tmp_path):
    done = workbench("load", tmp_path / "a.duckdb", DUMPS / "unknown_enums.jsonl", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["total"]["rejected"] > 0


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("LICENSE", b"Apache License\n\nVersion 2.0\n", 0),
        ("README.html", b"<!doctype html><html></html>", 0),
        ("logs.jsonl", b"", 0),
        ("faults.json", b'{"faults": []}', 1),
        ("vllm.log", b"2026-11-12 14:05:00 started\n2026-11-12 14:05:01 ready\n", 1),
        ("spans.parquet", b"PAR1", 1),
        ("traces.pb", b"\x00\x01", 1),
    ],
)
def test_prose_in_a_folder_is_reported_and_is_no_rejected_input(tmp_path, name, content, code):
    dumps = tmp_path / "dumps"
    dumps.mkdir()
    (dumps / "spans.jsonl").write_bytes((DUMPS / "span_with_everything.jsonl").read_bytes())
    (dumps / name).write_bytes(content)
    walked = workbench("load", tmp_path / "a.duckdb", dumps)
    assert walked.returncode == code
    assert f"! {dumps / name}: " in walked.stdout


@pytest.mark.parametrize("name", ["not_json.jsonl", "empty.jsonl", "not_telemetry.json"])
def test_nothing_loaded_is_exit_code_2_and_says_why(tmp_path, name):
    done = workbench("load", tmp_path / "a.duckdb", DUMPS / name)
    assert done.returncode == 2
    assert "nothing was loaded" in done.stderr
    assert "empty" in done.stdout or "not telemetry" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["latncy", "x"], "did you mean 'latency'"),
        (["overview", "missing.duckdb"], "There is no store at"),
        (["load", "a.duckdb", "missing.json"], "No such file or folder"),
        (["overview", "{store}", "--by", "servce"], "did you mean 'service'"),
        (["overview", "{store}", "--window", "yesterday"], "START/END"),
        (["overview", "{store}", "--window", "2026-11-12T14:30/14:05"], "not after its start"),
        (["overview", "{store}", "--where", "servce = 1"], "did you mean 'service'"),
        (["overview", "{store}", "--where", 'service = "vllm"'], "single quotes: 'vllm'"),
        (["overview", "{store}", "--where", "service ="], 'at or near "="'),
        (["overview", "{store}", "--tz", "Mars/Base"], "No time zone"),
        (["overview", "{store}", "--baseline", "soon"], "length of time"),
        (["waterfall", "{store}", "zz"], "no trace id"),
        (["sql", "{store}", "selec 1"], "DuckDB refuses this SQL"),
        (["traces", "{store}", "--sort", "durtion"], "did you mean 'duration'"),
        (["traces", "{store}", "--limt", "3"], "No option '--limt'; did you mean '--limit'"),
        (["traces", "{store}", "--limit", "x"], "'x' is no whole number"),
        (["latency", "{store}", "service"], "Nothing is known to do with 'service'"),
        (["overview", "{store}", "--gap", "5m"], "give --baseline too"),
        (["overview", "{store}", "--save", "x.xlsx", "--json"], "ends in '.xlsx'"),
        (["overview", "{store}", "--save", "/nowhere/x.html", "--json"], "does not exist"),
        (["overview", "{store}", "--save", "/proc/x.html"], "choose another"),
        (["latency", __file__], "Give a file that a load made"),
        (["latency", str(DATA)], "is a folder"),
        ([], "workbench --help says more"),
        (["traces", "{store}", "--limit", "0"], "limit"),
        (["overview"], "STORE"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_one_line_and_exit_code_2(loaded_incident, arguments, said):
    done = workbench(*(str(word).format(store=loaded_incident) for word in arguments))
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_read_never_makes_a_store(tmp_path):
    for command in (["sql", "select 1"], ["overview"], ["traces"]):
        workbench(command[0], tmp_path / "nix.duckdb", *command[1:])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("panel", [name for name in PANELS if PANELS[name].subject == "window"])
def test_every_panel_has_one_json_shape(loaded_incident, panel):
    window = "2026-11-12T14:08/14:24"
    done = workbench(panel, loaded_incident, "--window", window, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(document) == {"panel", "window", "baseline", "rows", "caveats", "sql"}
    assert document["panel"] == panel
    assert document["window"] == "2026-11-12T14:08:00+00:00/2026-11-12T14:24:00+00:00"
    assert document["baseline"] is None
    assert document["rows"]


def test_the_statement_of_an_answer_runs_and_gives_it_again(loaded_incident):
    done = workbench("traces", loaded_incident, "--limit", "3", "--json")
    document = json.loads(done.stdout)
    again = workbench("sql", loaded_incident, document["sql"], "--json")
    assert again.returncode == 0
    assert document["rows"][0]["trace_id"] in again.stdout


def test_a_trace_is_shown_by_the_beginning_of_its_id(loaded_incident):
    slowest = json.loads(workbench("traces", loaded_incident, "--json").stdout)["rows"][0]
    done = workbench("waterfall", loaded_incident, slowest["trace_id"][:24], "--json")
    rows = json.loads(done.stdout)["rows"]
    assert len(rows) == slowest["spans"]
    assert rows[0]["duration_ms"] == pytest.approx(slowest["duration_ms"])


def test_a_baseline_can_be_a_length(loaded_incident):
    options = ["--window", "2026-11-12T14:08/14:24", "--baseline", "30m", "--gap", "8m", "--json"]
    document = json.loads(workbench("overview", loaded_incident, *options).stdout)
    assert document["baseline"] == "2026-11-12T13:30:00+00:00/2026-11-12T14:00:00+00:00"


def test_a_window_without_data_is_exit_code_2_and_says_where_the_data_is(loaded_incident):
    window = ["--window", "2025-01-01T10:00/11:00"]
    shown = workbench("overview", loaded_incident, *window)
    assert shown.returncode == 2
    assert shown.stdout.count("Nothing in 2025-01-01T10:00:00") == 1
    assert shown.stderr == ""
    done = workbench("overview", loaded_incident, *window, "--json")
    assert (done.returncode, done.stderr) == (2, "")
    document = json.loads(done.stdout)
    assert document["rows"] == []
    (caveat,) = document["caveats"]
    assert "2026-11-12T13:20:00" in caveat


def test_sql_prints_an_array_of_rows_that_json_can_hold(loaded_incident):
    query = "select 9007199254740993 as big, 'NaN'::double as nan, sum(1) as n, null as nothing"
    done = workbench("sql", loaded_incident, query, "--json")
    assert json.loads(done.stdout) == [
        {"big": "9007199254740993", "nan": None, "n": 1, "nothing": None}
    ]


def test_save_writes_the_chart(loaded_incident, tmp_path):
    page = tmp_path / "overview.html"
    done = workbench("overview", loaded_incident, "--save", page)
    assert done.returncode == 0
    assert page.stat().st_size > 100_000


def test_help_is_a_command_too():
    assert workbench("help").stdout == workbench("--help").stdout
    shown = workbench("help", "latency")
    assert shown.returncode == 0
    assert "--bucket" in shown.stdout


def test_a_reader_who_goes_away_is_no_error(loaded_incident):
    code = (
        "import os, sys\n"
        "read, write = os.pipe(); os.close(read); os.dup2(write, 1)\n"
        "from workbench.cli import main\n"
        f"sys.exit(main(['sql', {str(loaded_incident)!r}, 'select 1']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_has_help_with_its_options(loaded_incident):
    shown = workbench("--help")
    assert shown.returncode == 0
    for name in ("load", "sql", "demo", *PANELS):
        assert name in shown.stdout
        help_text = workbench(name, "--help").stdout
        assert "usage: workbench" in help_text
        for parameter in PANELS[name].parameters if name in PANELS else ():
            assert f"--{parameter.name}" in help_text


def test_ctrl_c_leaves_the_store_as_it_was(tmp_path):
    """A load that is interrupted in the middle ends with one line; no store was there before."""
    import signal

    store = tmp_path / "inc.duckdb"
    code = (
        "import os, signal, sys, time\n"
        "from workbench.store import writer\n"
        "flush = writer.Writer.flush\n"
        "def interrupted(self):\n"
        "    flush(self)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(0.5)\n"
        "writer.Writer.flush = interrupted\n"
        "from workbench.cli import main\n"
        f"sys.exit(main(['load', {str(store)!r}, {str(DATA / 'logs.jsonl.gz')!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr.strip() == "workbench: stopped; what was not finished was left out"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("redirected", [">/dev/full", ">&-"])
@pytest.mark.parametrize("words", ["sql {store} 'select 1'", "overview {store} --json"])
def test_output_that_cannot_be_written_is_one_line(loaded_incident, words, redirected):
    command = f"{sys.executable} -m workbench {words.format(store=loaded_incident)} {redirected}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("workbench: cannot write the output: ")
    assert done.stderr.count("\n") == 1
