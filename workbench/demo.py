"""The demo: an incident of an LLM service, from its telemetry to a post-mortem."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from workbench.errors import SourceError
from workbench.workbench import Workbench, open_workbench

__all__ = ["Demo", "demo", "open_in_jupyterlab", "run_demo"]

_ROOT = Path(__file__).resolve().parent.parent
_TELEMETRY = _ROOT / "data" / "incident"
_NOTEBOOK = _ROOT / "notebooks" / "01_postmortem.ipynb"


@dataclass(frozen=True)
class Demo:
    """Where the demo put its results, and the five lines in which its notebook sums up."""

    store: Path
    notebook: Path
    report: Path
    summary: tuple[str, ...]


@functools.cache
def demo() -> Workbench:
    """The demo incident, loaded into memory; the same workbench at every call.

    Returns
    -------
    Workbench
        Spans, log records and metric points of a simulated LLM service on 2026-11-12, 13:20 to
        14:37 UTC. One of its four replicas becomes slow.

    Raises
    ------
    SourceError
        When the project's folder ``data/incident`` is not beside the package.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.demo().sql("select count(distinct trace_id) > 1000 as many from spans")["many"][0]
    True
    """
    inc = open_workbench()
    inc.load(_telemetry(), progress=False)
    return inc


def run_demo(folder: Path, say: Callable[[str], None]) -> Demo:
    """Load the incident into ``folder`` and run the post-mortem notebook there.

    Parameters
    ----------
    folder
        Where ``demo.duckdb``, ``postmortem.ipynb`` and ``postmortem.html`` go.
    say
        Takes one line before each step that lasts.
    """
    from workbench.export.notebook import execute_notebook

    folder.mkdir(parents=True, exist_ok=True)
    result = Demo(
        store=folder / "demo.duckdb",
        notebook=folder / "postmortem.ipynb",
        report=folder / "postmortem.html",
        summary=(),
    )
    say(f"loading {_TELEMETRY.name} into {result.store} …")
    inc = open_workbench(result.store)
    inc.load(_telemetry())
    inc.close()
    say(f"running {_NOTEBOOK.name} …")
    execute_notebook(
        _NOTEBOOK, result.notebook, result.report, {"store": str(result.store.resolve())}
    )
    return Demo(result.store, result.notebook, result.report, _summary(result.notebook))


def open_in_jupyterlab(notebook: Path) -> None:
    """Start JupyterLab on a notebook and wait until it is stopped."""
    jupyter = [sys.executable, "-m", "jupyterlab", str(notebook)]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        jupyter.append("--allow-root")
    subprocess.run(jupyter, check=False)  # noqa: S603  (our own words)


def _telemetry() -> list[Path]:
    files = sorted(_TELEMETRY.glob("*.jsonl.gz"))
    if not files:
        raise SourceError(
            f"The demo's telemetry is not at {_TELEMETRY}; run it from a clone of the project."
        )
    return files


def _summary(notebook: Path) -> tuple[str, ...]:
    """What the cell tagged ``summary`` printed."""
    import nbformat

    read = cast("Any", nbformat).read(notebook, as_version=4)
    for cell in read.cells:
        if "summary" in cell.metadata.get("tags", ()):
            printed = "".join(output.get("text", "") for output in cell.outputs)
            return tuple(printed.splitlines())
    return ()
