"""Small notebooks for the browser tests, made in the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import v4

__all__ = ["SETUP", "write_notebook"]

SETUP = """import polars as pl
from tests.export import samples
from workbench.answer import Answer
from workbench.view import View

def show(figure):
    table = pl.DataFrame({"service": ["gateway", "vllm-2"], "p95_ms": [12.5, 1300.0]})
    answer = Answer(table, "select 1", "2026-11-12T14:05:00Z/2026-11-12T14:40:00Z")
    return View("latency", "Latency by service", answer, figure)"""


def write_notebook(path: Path, sources: list[str]) -> Path:
    """A notebook with a heading and these code cells."""
    new = cast("Any", v4)
    cells = [new.new_markdown_cell("# A small notebook")]
    cells += [new.new_code_cell(source) for source in sources]
    cast("Any", nbformat).write(new.new_notebook(cells=cells), path)
    return path
