"""The documentation tells the truth: commands run and print what it shows."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from workbench.panels import PANELS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def console_blocks() -> list[tuple[str, str]]:
    """Every ``$ command`` of the README with the output that it shows."""
    shown: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            shown.append((command, output.strip("\n")))
    return shown


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory) -> Path:
    """A folder from which the project's data can be named as the README names it."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "data").symlink_to(ROOT / "data")
    return folder


def test_every_command_of_the_readme_prints_what_it_shows(newcomer):
    environment = {**os.environ, "COLUMNS": "100"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    blocks = console_blocks()
    assert len(blocks) >= 4
    for command, output in blocks:
        done = subprocess.run(
            command,
            shell=True,
            cwd=newcomer,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        pattern = re.escape(output).replace("…\\ s", r"[\d.]+ s")
        assert re.fullmatch(pattern, done.stdout.strip("\n")), f"{command}\n{done.stdout}"


@pytest.fixture(scope="module")
def notebook(newcomer) -> InteractiveShell:
    """A shell in which every block of Python of the README has run, one after the other."""
    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert blocks
    with contextlib.chdir(newcomer):
        for block in blocks:
            done = shell.run_cell(block)
            done.raise_error()
            assert done.result.table.height > 0, block
    return shell


@pytest.mark.parametrize(
    "code",
    [code for code in re.findall(r"`((?:wb\.|inc\.|%wb )[^`]+)`", README) if "…" not in code],
)
def test_what_the_readme_says_to_type_runs_on_the_demo(notebook, newcomer, code):
    with contextlib.chdir(newcomer):
        done = notebook.run_cell(code)
    done.raise_error()
    assert done.result.table.height > 0


def test_every_question_stands_in_the_readme():
    for name in PANELS:
        assert f"wb.{name}(" in README
        assert f"workbench {name}" in README


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_target_of_the_makefile_is_listed_by_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("setup", "demo", "test", "check", "soak", "benchmark"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
        assert f"make {target} " in shown.stdout
