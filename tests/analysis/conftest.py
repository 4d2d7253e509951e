"""Workbenches that several tests ask questions of."""

from __future__ import annotations

import pytest

from tests.analysis.made import rough_rows, span, workbench_of
from workbench.workbench import Workbench


@pytest.fixture(scope="session")
def rough() -> Workbench:
    """Everything that goes wrong, and two spans without times."""
    rows = rough_rows(7)
    rows += [span(900, 90_000, None, 30, duration_ns=None), span(901, 90_001, None, None)]
    rows[3]["events"] = [(5, "first"), (90, "second")]
    return workbench_of(rows)
