"""A View in a real JupyterLab: drawn by plotly, without an error, without a request outward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.lab import Lab, run_notebook_in_lab
from tests.browser.notebooks import SETUP, write_notebook

pytestmark = pytest.mark.browser


def test_views_are_drawn_and_nothing_leaves_the_machine(
    browser: Any, lab: Lab, tmp_path: Path
) -> None:
    notebook = write_notebook(
        lab.root / "views.ipynb",
        [
            SETUP,
            "show(samples.grouped_bars())",
            "show(samples.time_lines())",
            "show(samples.heat())",
            "show(samples.scatter_cloud(400))",
            "show(samples.hostile())",
            "show(samples.empty())",
        ],
    )
    result = run_notebook_in_lab(browser, lab, notebook, screenshot=tmp_path / "lab.png")
    assert result.errors == []
    assert [cell.charts for cell in result.cells] == [0, 1, 1, 1, 1, 1, 1]
    assert result.outward == []
    assert result.console_errors == []
    bars, lines, heat, cloud, hostile, empty = result.figures
    assert bars["points"] == 12
    assert lines["lines"] >= 3
    assert heat["images"] == 1
    assert cloud["points"] == 400
    assert hostile["points"] == 6
    assert "<img src=x" in hostile["title"]
    assert empty["points"] == 0
    assert result.heights == [420, 420, 420, 420, 420, 220]
    assert result.screenshot.stat().st_size > 20_000


def test_a_cell_that_fails_is_reported(browser: Any, lab: Lab, tmp_path: Path) -> None:
    notebook = write_notebook(lab.root / "fails.ipynb", ["1 / 0", "2"])
    result = run_notebook_in_lab(browser, lab, notebook, screenshot=tmp_path / "lab.png")
    assert result.errors[0] == "cell 1: ZeroDivisionError: division by zero"
    assert len(result.errors) == 2
