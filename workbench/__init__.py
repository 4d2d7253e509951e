"""Workbench: a notebook-centric observability workbench for LLM systems.

>>> import workbench as wb
>>> inc = wb.open()
>>> report = inc.load("data/incident", progress=False)
>>> report.total["spans"] > 0
True
"""

from __future__ import annotations

from workbench.model import VERSION
from workbench.workbench import Workbench
from workbench.workbench import open_workbench as open

__version__ = VERSION

__all__ = ["Workbench", "__version__", "open"]
