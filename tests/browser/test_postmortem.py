"""The post-mortem notebook, in a real JupyterLab and as the page that the demo makes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chrome import MARKS, open_file
from tests.browser.lab import Lab, run_notebook_in_lab
from workbench.demo import run_demo

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5 if os.environ.get("WORKBENCH_SOAK") else 1


@pytest.mark.parametrize("run", range(RUNS))
def test_every_cell_runs_and_every_chart_is_drawn(
    browser: Any, lab: Lab, tmp_path: Path, run: int
) -> None:
    notebook = lab.root / f"postmortem_{run}.ipynb"
    shutil.copy(ROOT / "notebooks" / "01_postmortem.ipynb", notebook)
    result = run_notebook_in_lab(browser, lab, notebook, screenshot=tmp_path / "lab.png")
    assert result.errors == []
    assert result.outward == []
    assert result.console_errors == []
    assert len(result.figures) >= 9
    for figure in result.figures:
        assert figure["points"] + figure["lines"] + figure["fills"] > 0


def test_the_demo_page_is_drawn_offline(browser: Any, tmp_path: Path) -> None:
    result = run_demo(tmp_path / "build", say=lambda _: None)
    with open_file(browser, result.report) as (page, kept):
        figures = page.evaluate(MARKS, ".wb-figure")
        assert kept.outward == []
        assert kept.errors == []
    assert len(figures) >= 9
    for figure in figures:
        assert figure["points"] + figure["lines"] + figure["fills"] > 0


def test_without_scripts_the_demo_page_shows_every_drawing(browser: Any, tmp_path: Path) -> None:
    result = run_demo(tmp_path / "build", say=lambda _: None)
    with open_file(browser, result.report, scripts=False) as (page, kept):
        assert page.locator(".wb-figure svg").count() >= 9
        assert kept.outward == []
