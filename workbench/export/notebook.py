"""A notebook as one HTML file that works offline, and a notebook run without a screen.

Import this module only where it is needed: nbconvert takes seconds to import.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from nbconvert.exporters.html import HTMLExporter
from nbconvert.preprocessors.base import Preprocessor

from workbench.errors import InputError
from workbench.export import files
from workbench.export.embed import figure_block, offline_policy, script_block, static_text

__all__ = ["WorkbenchHTMLExporter", "execute_notebook", "notebook_to_html"]

_PLOTLY = "application/vnd.plotly.v1+json"
_WIDGET = "application/vnd.jupyter.widget-view+json"
# The blocks of nbconvert's template that would ask other machines for require.js, MathJax,
# Mermaid and the widget manager. What they would have drawn stays as its source, in plain sight.
_TEMPLATE = """{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{{ resources.workbench_head }}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block input_group -%}
{%- if cell.metadata.get("jupyter", {}).get("source_hidden") -%}
<details class="wb-code"><summary>code</summary>{{ super() }}</details>
{%- else -%}{{ super() }}{%- endif -%}
{%- endblock input_group -%}
{%- block body_footer -%}</main>{{ resources.workbench_tail }}</body>{%- endblock -%}
"""


class _Twins(Preprocessor):
    """Puts each chart's twin and its JSON where its output was; drops the state of widgets."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Return a changed copy of the notebook, and what its page needs besides."""
        nb = copy.deepcopy(nb)
        nb.metadata.pop("widgets", None)
        charts = 0
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                data: dict[str, Any] = output.get("data") or {}
                data.pop(_WIDGET, None)
                spec = data.pop(_PLOTLY, None)
                if spec is not None:
                    data["text/html"] = figure_block(spec, data.pop("image/svg+xml", None))
                    charts += 1
        style = f"<style>{static_text('figure.css')}</style>"
        resources["workbench_head"] = offline_policy() + style
        resources["workbench_tail"] = script_block() if charts else ""
        return nb, resources


class WorkbenchHTMLExporter(HTMLExporter):
    """Exports a notebook to one HTML file: charts with their twins, plotly.js once, no network.

    Nothing of the notebook is hidden; code that JupyterLab folds away is folded here too. Formulas
    and Mermaid diagrams stay as their source, since what draws them would come from another
    machine; pictures that lie beside the notebook are embedded, those on the web are not loaded.
    """

    export_from_notebook = "Workbench HTML"
    raw_template = _TEMPLATE

    def __init__(self, **options: Any) -> None:
        bare = cast("Any", super())
        bare.__init__(**options)
        self.embed_images = True
        bare.register_preprocessor(_Twins, enabled=True)


def notebook_to_html(notebook: Any, *, name: str, folder: Path) -> str:
    """The page of a notebook; ``folder`` is where its pictures are looked for."""
    shown = copy.deepcopy(notebook)
    shown.metadata.setdefault("title", _heading(shown) or name)
    resources = {"metadata": {"name": name, "path": str(folder)}}
    html, _ = WorkbenchHTMLExporter().from_notebook_node(shown, resources)
    return html


def execute_notebook(
    path: str | os.PathLike[str],
    out_ipynb: str | os.PathLike[str],
    out_html: str | os.PathLike[str],
    parameters: Mapping[str, object] | None = None,
    *,
    timeout: int = 600,
) -> None:
    """Run a notebook without a screen and write it, with its outputs, as .ipynb and as .html.

    Parameters
    ----------
    path
        The notebook; its cells run in its folder.
    out_ipynb, out_html
        Where the results go. Both are written also when a cell fails, up to that cell.
    parameters
        Values set by a cell put after the one tagged ``parameters`` (before the first code cell
        where there is none).
    timeout
        Seconds that one cell may take.

    Raises
    ------
    InputError
        The notebook does not exist or is not one, or a parameter is not a name.
    nbclient.exceptions.CellExecutionError
        A cell failed.
    """
    import nbformat
    from nbclient import NotebookClient

    source = Path(path).expanduser()
    notebook = _read(source)
    if parameters:
        _set_parameters(notebook, parameters)
    client: Any = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        # A kernel on the loopback interface warns that it does not encrypt; nothing leaves here.
        extra_arguments=["--log-level=ERROR"],
        store_widget_state=False,
        resources={"metadata": {"path": str(source.resolve().parent)}},
    )
    try:
        client.execute()
    finally:
        files.write_text(out_ipynb, cast("Any", nbformat).writes(notebook) + "\n")
        html = notebook_to_html(notebook, name=source.stem, folder=source.resolve().parent)
        files.write_text(out_html, html)


def _read(path: Path) -> Any:
    import nbformat

    if not path.is_file():
        raise InputError(f"There is no notebook {str(path)!r}; check the path.")
    try:
        return cast("Any", nbformat).read(path, as_version=4)
    except Exception as error:
        raise InputError(f"{str(path)!r} is not a notebook: {error}") from error


def _set_parameters(notebook: Any, parameters: Mapping[str, object]) -> None:
    from nbformat import v4

    wrong = [name for name in parameters if not name.isidentifier()]
    if wrong:
        raise InputError(f"A parameter is named {wrong[0]!r}; use a Python name.")
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    make = cast("Any", v4).new_code_cell
    cell = make("\n".join(lines), metadata={"tags": ["injected-parameters"]})
    cell["id"] = "injected-parameters"
    cells: list[Any] = notebook.cells
    tagged = [at + 1 for at, c in enumerate(cells) if "parameters" in c.metadata.get("tags", [])]
    first = [at for at, c in enumerate(cells) if c.cell_type == "code"]
    cells.insert((tagged or first or [0])[0], cell)


def _heading(notebook: Any) -> str:
    """The notebook's first heading, as the name of its page."""
    for cell in notebook.cells:
        found = re.search(r"^#\s+(.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and found:
            return found.group(1).replace("`", "").replace("*", "").strip()
    return ""
