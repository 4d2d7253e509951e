"""Workbench: a notebook-centric observability workbench for LLM systems.

>>> import workbench as wb
>>> inc = wb.open()
>>> report = inc.load("data/incident/traces.jsonl.gz", progress=False)
>>> report.total["rejected"]
0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.answer import Answer
from workbench.demo import demo
from workbench.model import VERSION
from workbench.panels import latency, overview, traces, waterfall
from workbench.view import View
from workbench.window import Window
from workbench.workbench import Workbench
from workbench.workbench import open_workbench as open

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = VERSION

__all__ = [
    "Answer",
    "View",
    "Window",
    "Workbench",
    "__version__",
    "demo",
    "latency",
    "load_ipython_extension",
    "open",
    "overview",
    "traces",
    "waterfall",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics ``%wb`` and ``%%wb``; IPython calls it for ``%load_ext workbench``."""
    from workbench.magics import load_ipython_extension as load

    load(shell)
