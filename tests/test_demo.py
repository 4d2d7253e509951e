"""``workbench demo``, as a newcomer runs it."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "build"
    command = [sys.executable, "-m", "workbench", "demo", "--folder", str(folder), "--no-open"]
    runs = [subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(2)]
    return folder, runs


def test_it_prints_five_lines_and_makes_the_report(demo_run):
    folder, runs = demo_run
    assert runs[0].returncode == 0, runs[0].stderr
    lines = runs[0].stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["what", "where", "since", "because", "besides"]
    assert (folder / "postmortem.ipynb").exists()
    assert (folder / "postmortem.html").stat().st_size > 500_000


def test_a_second_run_says_the_same(demo_run):
    _, runs = demo_run
    assert runs[1].returncode == 0, runs[1].stderr
    assert runs[1].stdout == runs[0].stdout


def test_the_report_asks_no_one(demo_run):
    folder, _ = demo_run
    page = (folder / "postmortem.html").read_text(encoding="utf-8")
    for address in ("cdn.", "https://unpkg", "cdnjs", "<script src", "requirejs"):
        assert address not in page
