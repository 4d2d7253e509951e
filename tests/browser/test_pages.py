"""Saved pages opened from disk: drawn with scripts, readable without, silent on the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.browser.chrome import HEIGHTS, MARKS, open_file
from tests.browser.notebooks import SETUP, write_notebook
from tests.export import samples
from tests.export.marks import boxes
from workbench.answer import Answer
from workbench.export.html import Section, page
from workbench.export.notebook import execute_notebook
from workbench.export.svg import figure_to_svg
from workbench.view import View

pytestmark = pytest.mark.browser
HOSTILE = '<img src="http://example.com/x" onerror="document.title=1"></script>'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with every sample figure and a hostile table."""
    table = pl.DataFrame({"name": [HOSTILE, "b"], "p95_ms": [1.0, None]})
    sections = [
        Section(name, figure=make(), table=table, sql=HOSTILE, caveats=(HOSTILE,), text=HOSTILE)
        for name, make in samples.SAMPLES.items()
    ]
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(sections, title=HOSTILE), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_drawn_over_its_twins(browser: Any, report: Path, scheme: str) -> None:
    with open_file(browser, report, scheme=scheme) as (opened, kept):
        marks = opened.evaluate(MARKS, ".wb-figure .js-plotly-plot")
        assert len(marks) == len(samples.SAMPLES)
        counted = dict(zip(samples.SAMPLES, marks, strict=True))
        assert counted["grouped_bars"]["points"] == 12
        assert counted["waterfall"]["points"] == 18 + 5
        assert counted["scatter_cloud"]["points"] == 3000
        assert counted["overview"]["lines"] == 3
        assert counted["heat"]["images"] == 1
        assert opened.title() == HOSTILE
        assert opened.locator("img").count() == 0
        assert opened.locator(".wb-twin > svg:visible").count() == 0
        ink = opened.evaluate(
            "getComputedStyle(document.querySelector('.wb-live .gtitle tspan, .gtitle')).fill"
        )
        assert ink == {"light": "rgb(31, 38, 48)", "dark": "rgb(227, 231, 236)"}[scheme]
    assert kept.errors == []
    assert kept.outward == []
    assert kept.blocked == []


def test_a_page_is_readable_without_scripts(browser: Any, report: Path) -> None:
    with open_file(browser, report, scripts=False) as (opened, kept):
        assert opened.locator(".wb-twin > svg:visible").count() == len(samples.SAMPLES)
        assert opened.locator(".wb-twin .wb-marks path").count() > 30
        assert opened.locator("table").count() == len(samples.SAMPLES)
        assert opened.locator("img").count() == 0
    assert kept.requests == [report.resolve().as_uri()]


def test_print_shows_the_twins(browser: Any, report: Path) -> None:
    with open_file(browser, report) as (opened, _):
        opened.emulate_media(media="print")
        assert opened.locator(".wb-twin > svg:visible").count() == len(samples.SAMPLES)
        assert opened.locator(".wb-live:visible").count() == 0


def test_a_change_of_the_ground_redraws(browser: Any, report: Path) -> None:
    with open_file(browser, report, scheme="light") as (opened, _):
        opened.emulate_media(color_scheme="dark")
        opened.wait_for_function(
            "() => getComputedStyle(document.querySelector('.gtitle tspan, .gtitle')).fill"
            " === 'rgb(227, 231, 236)'"
        )


def test_a_chart_keeps_its_height_when_the_window_changes(browser: Any, report: Path) -> None:
    with open_file(browser, report) as (opened, kept):
        opened.set_viewport_size({"width": 800, "height": 700})
        opened.wait_for_function(
            "() => document.querySelector('.js-plotly-plot .main-svg').clientWidth < 760"
        )
        assert opened.evaluate(HEIGHTS)[:2] == [420, 420]
    assert kept.errors == []


def test_a_saved_view_is_drawn(browser: Any, tmp_path: Path) -> None:
    answer = Answer(pl.DataFrame({"a": [1]}), "select 1", "2026-01-01/2026-01-02")
    path = View("latency", "Bars", answer, samples.grouped_bars()).save(tmp_path / "v.html")
    with open_file(browser, path) as (opened, kept):
        assert opened.evaluate(MARKS, ".js-plotly-plot")[0]["points"] == 12
        assert opened.locator("h1").inner_text() == "Bars"
    assert kept.errors == []
    assert kept.outward == []


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook run without a screen and exported."""
    folder = tmp_path_factory.mktemp("exported")
    root = Path(__file__).parents[2]
    source = write_notebook(
        folder / "small.ipynb",
        [
            f"import sys; sys.path.insert(0, {str(root)!r})",
            SETUP,
            "show(samples.grouped_bars())",
            "show(samples.waterfall())",
            "from IPython.display import HTML",
            "HTML('<b id=own>kept</b><script src=https://example.com/x.js></script>')",
        ],
    )
    execute_notebook(source, folder / "out.ipynb", folder / "out.html")
    return folder / "out.html"


@pytest.mark.parametrize("scripts", [True, False])
def test_an_exported_notebook(browser: Any, exported: Path, scripts: bool) -> None:
    with open_file(browser, exported, scripts=scripts) as (opened, kept):
        assert opened.locator("h1").first.inner_text().startswith("A small notebook")
        assert opened.locator("#own").inner_text() == "kept"
        if scripts:
            marks = opened.evaluate(MARKS, ".js-plotly-plot")
            assert [mark["points"] for mark in marks] == [12, 23]
        else:
            assert opened.locator(".wb-twin > svg:visible").count() == 2
    assert kept.outward == []


@pytest.mark.parametrize("name", ["grouped_bars", "two_axes", "waterfall", "ranked_bars"])
def test_the_twin_agrees_with_plotly(browser: Any, tmp_path: Path, name: str) -> None:
    """The bars of both, scaled to the same width and height, lie in the same places."""
    figure = samples.SAMPLES[name]()
    path = tmp_path / "page.html"
    path.write_text(page([Section("a", figure=figure)], title="a"), encoding="utf-8")
    with open_file(browser, path) as (opened, _):
        drawn = opened.evaluate(
            """() => [...document.querySelectorAll('.barlayer .point > path')].map((bar) => {
              const box = bar.getBBox();
              return [box.x, box.y, box.width, box.height];
            })"""
        )
    assert _scaled(boxes(figure_to_svg(figure))) == pytest.approx(_scaled(drawn), abs=0.015)


def _scaled(found: Any) -> list[float]:
    """Boxes as shares of the box around all of them, in order of their places."""
    left, top = min(b[0] for b in found), min(b[1] for b in found)
    wide = max(b[0] + b[2] for b in found) - left
    tall = max(b[1] + b[3] for b in found) - top
    rows = [
        (round((x - left) / wide, 2), (y - top) / tall, w / wide, h / tall) for x, y, w, h in found
    ]
    return [value for row in sorted(rows) for value in row]
