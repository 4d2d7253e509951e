"""Saved pages: whole, safe, small, and the same every time."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import polars as pl
import pytest

from tests.export import samples
from workbench.charts.theme import GROUNDS
from workbench.export.embed import figure_block, static_text
from workbench.export.html import TABLE_ROWS, Section, page

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


class _Tags(HTMLParser):
    """Every tag with its attributes, and the text of every script."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
        else:
            self.words.append(data)


def _read(text: str) -> _Tags:
    tags = _Tags()
    tags.feed(text)
    return tags


def _hostile_page() -> str:
    table = pl.DataFrame({HOSTILE: [HOSTILE, None], "p95_ms": [1234.5, float("nan")]})
    section = Section(
        HOSTILE,
        figure=samples.hostile(),
        table=table,
        sql=HOSTILE,
        caveats=(HOSTILE,),
        window=HOSTILE,
        baseline=HOSTILE,
        text=HOSTILE,
    )
    return page([section], title=HOSTILE, text=HOSTILE)


def test_hostile_text_stays_text() -> None:
    tags = _read(_hostile_page())
    assert not [tag for tag, _ in tags.tags if tag == "img"]
    assert not [name for _, attrs in tags.tags for name in attrs if name.startswith("on")]
    kinds = [kind.get("type") for kind, _ in tags.scripts]
    assert kinds == ["application/json", "application/json", "text/plain", None]
    assert "".join(tags.words).count(HOSTILE) >= 7


def test_only_our_two_scripts_may_run() -> None:
    text = _hostile_page()
    tags = _read(text)
    policy = next(a["content"] for t, a in tags.tags if t == "meta" and "http-equiv" in a) or ""
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    packed = next(text for kind, text in tags.scripts if kind.get("id") == "wb-plotly")
    plotly = gzip.decompress(base64.b64decode(packed))
    assert b"plotly.js" in plotly[:100]
    for script in (plotly, tags.scripts[-1][1].encode()):
        digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_nothing_points_outward() -> None:
    tags = _read(page([Section("a", figure=samples.heat())], title="a"))
    for _, attributes in tags.tags:
        assert not {"src", "href", "srcset", "action"} & set(attributes)


def test_plotly_is_there_once_and_only_where_there_are_charts() -> None:
    many = [Section(str(at), figure=samples.grouped_bars()) for at in range(10)]
    one, ten = page(many[:1], title="a"), page(many, title="a")
    assert ten.count('id="wb-plotly"') == 1
    assert len(ten) - len(one) < 9 * 12_000
    assert len(ten) < 2_200_000  # measured 2.05 MB with plotly 7.1
    bare = page([Section("a", table=pl.DataFrame({"n": [1]}))], title="a")
    assert "wb-plotly" not in bare
    assert len(bare) < 10_000


def test_the_chart_s_numbers_are_those_of_the_figure() -> None:
    tags = _read(figure_block(samples.grouped_bars()))
    spec = json.loads(tags.scripts[0][1])
    assert spec["data"][0]["y"] == [120.0, 190.0, 260.0, 330.0, 400.0, 470.0]
    assert spec["config"]["displaylogo"] is False


def test_a_figure_that_cannot_be_drawn_says_so() -> None:
    go = pytest.importorskip("plotly.graph_objects")
    block = figure_block(go.Figure(go.Pie(values=[1, 2])))
    assert "A trace of type 'pie' cannot be drawn as SVG" in block


def test_the_table_is_cut_and_says_so() -> None:
    table = pl.DataFrame({"n": list(range(TABLE_ROWS + 234))})
    text = page([Section("a", table=table)], title="a")
    assert text.count("<tr>") == TABLE_ROWS + 1
    assert "… 234 more rows not shown here." in text
    assert "Table, 1,234 rows" in text


def test_an_empty_table() -> None:
    text = page([Section("a", table=pl.DataFrame({"n": []}))], title="a")
    assert "Table, 0 rows" in text


def test_the_same_page_every_time() -> None:
    assert _hostile_page() == _hostile_page()


def test_the_drawing_in_the_dark_knows_the_inks_of_the_twin() -> None:
    twin = figure_block(samples.grouped_bars()) + figure_block(samples.turned_labels())
    dark = static_text("page.css").partition("@media (prefers-color-scheme: dark)")[2]
    rules = re.findall(r'\[fill="(#\w+)"\] { fill: (#\w+); }', dark.partition("@media")[0])
    assert all(f'fill="{ink}"' in twin for ink, _ in rules)
    light = GROUNDS["light"]
    assert dict(rules) == {light.get(ink, ink): dark for ink, dark in GROUNDS["dark"].items()}


def test_a_narrow_window_scrolls_over_the_picture() -> None:
    assert ".wb-twin, .wb-live { min-width: 700px; }" in static_text("figure.css")
