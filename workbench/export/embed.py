"""What an exported page carries so that its charts work without a network.

One copy of plotly.js (from the installed plotly package, compressed), the script that draws each
chart over its static twin, and a content security policy by which the browser itself refuses
every request, whatever a label or an attribute of the telemetry may try.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from workbench.charts.theme import GROUNDS
from workbench.errors import InputError
from workbench.export.spec import CONFIG, Spec, figure_spec
from workbench.export.svg import figure_to_svg

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["figure_block", "offline_policy", "script_block", "static_text", "strict_policy"]


@functools.cache
def static_text(name: str) -> str:
    """A file of ``static/``."""
    return (resources.files("workbench.export") / "static" / name).read_text("utf-8")


def figure_block(figure: go.Figure | Spec, twin: str | None = None) -> str:
    """A chart for a page: its twin, room for the interactive one, and its JSON.

    Parameters
    ----------
    figure
        A plotly figure or its JSON.
    twin
        Its SVG where that exists already; made here where not.
    """
    spec = figure_spec(figure)
    if twin is None:
        try:
            twin = figure_to_svg(spec)
        except InputError as error:
            twin = f'<p class="wb-untwinned">{_text(str(error))}</p>'
    data = _json({**spec, "config": dict(CONFIG)})
    return (
        f'<figure class="wb-figure"><div class="wb-twin">{twin}</div>'
        f'<div class="wb-live" hidden></div>'
        f'<script type="application/json" class="wb-spec">{data}</script></figure>'
    )


def script_block() -> str:
    """Plotly, the inks of both grounds and the script that draws; once, at the page's end."""
    packed = _packed_plotly()[0]
    return (
        f'<script type="application/json" id="wb-inks">{_json(GROUNDS)}</script>'
        f'<script type="text/plain" id="wb-plotly">{packed}</script>'
        f"<script>{static_text('boot.js')}</script>"
    )


def strict_policy() -> str:
    """A ``<meta>`` by which nothing runs but our two scripts, and no request leaves."""
    hashes = f"'sha256-{_hash(static_text('boot.js'))}' 'sha256-{_packed_plotly()[1]}'"
    return _policy(f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'")


def offline_policy() -> str:
    """A ``<meta>`` for pages with scripts of their own: they run, and no request leaves."""
    inline = "'unsafe-inline' 'unsafe-eval' data: blob:"
    return _policy(f"default-src 'none'; script-src {inline}; style-src 'unsafe-inline' data:")


def _policy(rules: str) -> str:
    more = "img-src data: blob:; font-src data:; media-src data: blob:; form-action 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}; {more}">'


@functools.cache
def _packed_plotly() -> tuple[str, str]:
    """plotly.js compressed as text, and the hash of its source."""
    # plotly.offline is a package of functions; only the path to the script is wanted here.
    source = (resources.files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")
    packed = base64.b64encode(gzip.compress(source.encode(), 9, mtime=0)).decode()
    return packed, _hash(source)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(value: Any) -> str:
    """JSON that cannot end the ``<script>`` it stands in."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=dict)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
