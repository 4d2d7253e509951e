"""The budgets of CONTRIBUTING: a file or a function that grows past them holds two subjects."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
FILES = sorted(
    path
    for folder in ("workbench", "tests")
    for ending in ("py", "sql", "js", "css")
    for path in (ROOT / folder).rglob(f"*.{ending}")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_holds_one_subject(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    if path.suffix == ".py" and path.is_relative_to(ROOT / "workbench"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= LONGEST_FUNCTION, node.name


def test_the_budgets_are_those_that_are_written_down() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"than {LONGEST_FILE} lines, no function longer than {LONGEST_FUNCTION}" in text
