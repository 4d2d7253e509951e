"""Notebooks run without a screen and exported to one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import v4

from tests.export import samples
from workbench.errors import InputError
from workbench.export.notebook import execute_notebook, notebook_to_html
from workbench.export.spec import figure_spec
from workbench.export.svg import figure_to_svg

new = cast("Any", v4)


def _notebook(*cells: Any) -> Any:
    return new.new_notebook(cells=list(cells))


def _shown(data: dict[str, Any]) -> Any:
    output = new.new_output("display_data", data=data)
    return new.new_code_cell("show()", outputs=[output], execution_count=1)


def _chart(twin: bool = True) -> dict[str, Any]:
    figure = samples.grouped_bars()
    data: dict[str, Any] = {"application/vnd.plotly.v1+json": figure_spec(figure)}
    if twin:
        data["image/svg+xml"] = figure_to_svg(figure)
    return {**data, "text/plain": "a table"}


def test_charts_have_twins_and_plotly_is_there_once() -> None:
    html = notebook_to_html(
        _notebook(_shown(_chart()), _shown(_chart()), _shown(_chart(twin=False))),
        name="three",
        folder=Path(),
    )
    assert html.count('id="wb-plotly"') == 1
    assert html.count('<div class="wb-twin"><svg') == 3
    assert html.count('class="wb-spec"') == 3
    assert "cdn" not in html.split("<main>")[0].lower()


def test_no_library_is_asked_from_the_network() -> None:
    notebook = _notebook(
        new.new_markdown_cell("# Title\n\n$x^2$\n\n```mermaid\ngraph TD; A-->B\n```"),
        _shown({"text/plain": "kept"}),
    )
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    html = notebook_to_html(notebook, name="n", folder=Path())
    for name in ("require.js", "require.min.js", "MathJax.js", "cdnjs", "unpkg", "jsdelivr"):
        assert name not in html
    assert "widget-state" not in html
    assert "$x^2$" in html
    assert "A--&gt;B" in html
    assert "kept" in html
    assert "<title>Title</title>" in html
    assert "wb-plotly" not in html
    assert "default-src 'none'" in html


def test_a_widget_s_other_forms_are_shown() -> None:
    data = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "text/html": "<p>twin</p>",
        "text/plain": "plain",
    }
    html = notebook_to_html(_notebook(_shown(data)), name="n", folder=Path())
    assert "<p>twin</p>" in html
    assert "model_id" not in html


def test_the_notebook_itself_is_not_changed() -> None:
    notebook = _notebook(_shown(_chart()))
    before = json.dumps(notebook)
    notebook_to_html(notebook, name="n", folder=Path())
    assert json.dumps(notebook) == before


def test_a_picture_beside_the_notebook_is_embedded(tmp_path: Path) -> None:
    (tmp_path / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    cell = new.new_markdown_cell("![dot](dot.svg)")
    html = notebook_to_html(_notebook(cell), name="n", folder=tmp_path)
    assert 'src="dot.svg"' not in html
    assert "data:image/svg+xml;base64" in html


def _write(path: Path, *cells: Any) -> Path:
    cast("Any", nbformat).write(_notebook(*cells), path)
    return path


def test_a_notebook_runs_with_parameters(tmp_path: Path) -> None:
    source = _write(
        tmp_path / "a.ipynb",
        new.new_code_cell("who = 'nobody'", metadata={"tags": ["parameters"]}),
        new.new_code_cell("import pathlib\nprint('hello', who, pathlib.Path().resolve().name)"),
    )
    execute_notebook(
        source, tmp_path / "o.ipynb", tmp_path / "o.html", {"who": "you", "n": [1, None]}
    )
    ran = cast("Any", nbformat).read(tmp_path / "o.ipynb", as_version=4)
    assert ran.cells[1].source == "who = 'you'\nn = [1, None]"
    assert ran.cells[2].outputs[0].text == f"hello you {tmp_path.name}\n"
    assert "hello you" in (tmp_path / "o.html").read_text()


def test_a_failing_cell_is_an_error_and_is_written(tmp_path: Path) -> None:
    source = _write(tmp_path / "a.ipynb", new.new_code_cell("1 / 0"), new.new_code_cell("2"))
    with pytest.raises(CellExecutionError):
        execute_notebook(source, tmp_path / "o.ipynb", tmp_path / "o.html")
    assert "ZeroDivisionError" in (tmp_path / "o.html").read_text()


def test_a_wrong_notebook_or_parameter_says_so(tmp_path: Path) -> None:
    out = (tmp_path / "o.ipynb", tmp_path / "o.html")
    with pytest.raises(InputError, match="There is no notebook"):
        execute_notebook(tmp_path / "none.ipynb", *out)
    (tmp_path / "bad.ipynb").write_text("no json")
    with pytest.raises(InputError, match="is not a notebook"):
        execute_notebook(tmp_path / "bad.ipynb", *out)
    source = _write(tmp_path / "a.ipynb", new.new_code_cell("1"))
    with pytest.raises(InputError, match="use a Python name"):
        execute_notebook(source, *out, {"not a name": 1})
    assert not out[0].exists()
