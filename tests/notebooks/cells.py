"""Runs the cells of a notebook in this process, without a kernel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@dataclass(frozen=True)
class Ran:
    """What a notebook printed by tag, the values its cells returned, and its variables."""

    printed: dict[str, str]
    values: list[Any]
    variables: dict[str, Any]


def run_notebook(name: str, **parameters: object) -> Ran:
    """Run every code cell in order; a cell that fails raises its own error."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    printed: dict[str, str] = {}
    values: list[Any] = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.get("tags", [])
        with capture_output() as captured:
            done = shell.run_cell(cell.source)
            done.raise_error()
            if "parameters" in tags:
                shell.push(parameters)
        values.append(done.result)
        printed.update(dict.fromkeys(tags, captured.stdout))
    return Ran(printed, values, dict(shell.user_ns))
