"""A View: what it shows, what it says, what it saves."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import plotly.graph_objects as go
import polars as pl
import pytest

from tests.export import samples
from workbench.answer import Answer
from workbench.errors import InputError, MissingPartError
from workbench.export import image
from workbench.export.table import cells
from workbench.model.text import flat
from workbench.view import View

WINDOW = "2026-11-12T14:05:00Z/2026-11-12T14:40:00Z"
BASELINE = "2026-11-12T13:00:00Z/2026-11-12T13:50:00Z"


def view_of(table: pl.DataFrame, *, figure: go.Figure | None = None) -> View:
    """A view of a table made by hand."""
    answer = Answer(
        table, "select 1 -- ```", WINDOW, BASELINE, caveats=("12 % lack a root.", "A | B")
    )
    return View("latency", "Latency by service", answer, figure or samples.grouped_bars())


@pytest.fixture
def view() -> View:
    """A small view with a value of every kind."""
    table = pl.DataFrame(
        {
            "service": ["gateway", "a | b"],
            "count": [12_034, 2**53 + 1],
            "p95_ms": [1234.5678, float("nan")],
            "share": [0.0731, float("inf")],
            "span_id": [b"\x4b\xf9", None],
            "start": [datetime(2026, 11, 12, 14, 5, 0, 120_000, tzinfo=UTC), None],
            "exact": pl.Series([1_700_000_000_123_456_789, None]).cast(pl.Datetime("ns")),
            "day": [date(2026, 11, 12), None],
            "took": [timedelta(seconds=1.5), None],
            "tags": [["x", "y"], None],
            "parts": [{"self_ms": float("nan"), "n": 1}, {"self_ms": 2.0, "n": None}],
        }
    )
    return view_of(table)


def test_it_is_frozen_and_hands_on_the_answer(view: View) -> None:
    with pytest.raises(AttributeError):
        view.title = "x"  # type: ignore[misc]
    assert view.table is view.answer.table
    assert (view.sql, view.window, view.baseline) == ("select 1 -- ```", WINDOW, BASELINE)
    assert view.caveats == ("12 % lack a root.", "A | B")


def test_to_dict_is_one_shape_that_json_can_hold(view: View) -> None:
    found = json.loads(view.to_json())
    assert list(found) == ["panel", "window", "baseline", "rows", "caveats", "sql"]
    first, second = found["rows"]
    assert first == {
        "service": "gateway",
        "count": 12_034,
        "p95_ms": 1234.5678,
        "share": 0.0731,
        "span_id": "4bf9",
        "start": "2026-11-12T14:05:00.120000+00:00",
        "exact": "2023-11-14T22:13:20.123456789",
        "day": "2026-11-12",
        "took": 1.5,
        "tags": ["x", "y"],
        "parts": {"self_ms": None, "n": 1},
    }
    assert second["count"] == "9007199254740993"
    assert second["p95_ms"] is None
    assert second["share"] is None
    assert second["tags"] is None


def test_without_rows(tmp_path: Path) -> None:
    empty = view_of(pl.DataFrame({"service": [], "p95_ms": []}), figure=samples.empty())
    assert empty.to_dict()["rows"] == []
    assert "(no rows)" in str(empty)
    for suffix in ("html", "csv", "parquet", "svg", "json", "md"):
        assert empty.save(tmp_path / f"v.{suffix}").stat().st_size


def test_the_bundle_has_the_chart_its_drawing_and_the_table(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", _no_terminal)
    bundle = view._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.plotly.v1+json", "image/svg+xml", "text/plain"}
    json.dumps(bundle, allow_nan=False)
    assert str(bundle["image/svg+xml"]).startswith("<svg")
    assert bundle["text/plain"] == view.to_text(width=120)


def test_a_figure_beyond_the_twin_is_still_shown() -> None:
    changed = view_of(pl.DataFrame({"n": [1]}), figure=go.Figure(go.Pie(values=[1])))
    bundle = changed._repr_mimebundle_()
    assert "image/svg+xml" not in bundle
    assert "cannot be drawn as SVG" in str(bundle["text/plain"])


def test_in_a_terminal_it_is_a_table(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = str(view).splitlines()
    assert lines[0] == "Latency by service"
    assert lines[1].endswith(WINDOW)
    assert lines[2].endswith(BASELINE)
    assert lines[4].split()[:3] == ["service", "count", "p95_ms"]
    assert "7.31 %" in lines[6]
    assert lines[-2:] == ["! 12 % lack a root.", "! A | B"]
    assert max(map(len, lines)) <= 120


def test_long_tables_are_cut_and_say_so() -> None:
    long = view_of(pl.DataFrame({"n": list(range(54)), "name": ["x" * 300] * 54}))
    text = long.to_text(width=120)
    assert "… 34 more rows" in text
    assert "xxx…xxx" in text
    assert max(map(len, text.splitlines())) <= 120


def test_without_a_terminal_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", _no_terminal)
    columns = {f"column_{number}": ["x" * 300] for number in range(9)}
    assert str(view_of(pl.DataFrame(columns))).count("x" * 300) == 9


def _no_terminal(_: int) -> None:
    raise OSError


def test_a_name_cannot_steer_the_terminal() -> None:
    text = str(view_of(pl.DataFrame({"name": ["\x1b[2J\x1b]0;owned\x07", "a\nb\u202ec"]})))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert flat("a\nb") == "a b"


def test_numbers_of_a_column_share_their_decimals() -> None:
    assert cells(pl.Series([0.001234, 0.1])) == ["0.001", "0.100"]
    assert cells(pl.Series([1.0, 2.0])) == ["1.0", "2.0"]
    assert cells(pl.Series([1e-9, 5.0, -1e-9, 0.0])) == ["< 0.01", "5.00", "> -0.01", "0.00"]
    assert cells(pl.Series([2e-12, 1e-13])) == ["0.00000000000200", "0.00000000000010"]
    assert cells(pl.Series("rate_change", [1e-9, 0.5])) == ["< +0.01 %", "+50.00 %"]
    assert cells(pl.Series("x", [Decimal("1.50"), None])) == ["1.50", "–"]
    assert cells(pl.Series([math.nan, math.inf, -math.inf])) == ["–", "∞", "-∞"]
    assert cells(pl.Series("error_share", [0.5, 0.001])) == ["50.00 %", "0.10 %"]


def test_csv_holds_nested_columns_as_json(view: View, tmp_path: Path) -> None:
    path = view.save(tmp_path / "v.csv")
    back = pl.read_csv(path)
    assert back.columns == view.table.columns
    assert json.loads(back["tags"][0]) == ["x", "y"]
    assert json.loads(back["parts"][0]) == {"self_ms": None, "n": 1}
    assert back["span_id"][0] == "4bf9"
    assert back["p95_ms"][0] == 1234.5678


def test_parquet_keeps_the_table_and_where_it_came_from(view: View, tmp_path: Path) -> None:
    path = view.save(tmp_path / "v.parquet")
    assert pl.read_parquet(path).equals(view.table, null_equal=True)
    said = pl.read_parquet_metadata(path)
    assert said["workbench.sql"] == view.sql
    assert said["workbench.window"] == WINDOW


def test_markdown_cannot_be_broken_by_a_name(view: View, tmp_path: Path) -> None:
    text = view.save(tmp_path / "v.md").read_text()
    assert "a \\| b" in text
    assert "> A | B" in text
    assert "````sql\nselect 1 -- ```\n````" in text


def test_json_and_svg_and_html(view: View, tmp_path: Path) -> None:
    assert json.loads(view.save(tmp_path / "v.JSON").read_text()) == view.to_dict()
    assert view.save(tmp_path / "v.svg").read_text() == view.to_svg()
    text = view.save(str(tmp_path / "v.html")).read_text()
    assert "12 % lack a root." in text
    assert text.count('id="wb-plotly"') == 1


def test_a_wrong_name_says_what_is_right(view: View, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in '.xlsx'; use one of .csv, .html, .json, .md"):
        view.save(tmp_path / "v.xlsx")
    with pytest.raises(InputError, match="has no suffix"):
        view.save(tmp_path / "v")
    with pytest.raises(InputError, match="does not exist"):
        view.save(tmp_path / "none" / "v.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        view.save(tmp_path / "folder.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


def test_a_file_is_whole_or_as_it_was(
    view: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v.svg"
    path.write_text("before")

    def fails(_: object) -> str:
        raise InputError("no")

    monkeypatch.setattr("workbench.export.svg.figure_to_svg", fails)
    with pytest.raises(InputError, match="no"):
        view.save(path)
    assert path.read_text() == "before"
    assert [found.name for found in tmp_path.iterdir()] == ["v.svg"]


def test_a_missing_browser_or_library_says_what_brings_it(
    view: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/none")
    with pytest.raises(MissingPartError, match=r"otel-workbench\[images\]|BROWSER_PATH"):
        view.save(tmp_path / "v.png")

    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(image.importlib, "import_module", missing)
    with pytest.raises(MissingPartError, match=r"pip install 'otel-workbench\[images\]'"):
        view.save(tmp_path / "v.pdf")
    assert list(tmp_path.iterdir()) == []
