"""Figures as PNG and PDF, through kaleido and a Chromium, both optional."""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.charts.theme import recolour
from workbench.errors import MissingPartError
from workbench.export.frame import size_of
from workbench.export.spec import Spec, figure_spec

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["browser_path", "figure_to_image"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def browser_path() -> str | None:
    """The Chromium to use: ``BROWSER_PATH``, else the first one found on the path."""
    told = os.environ.get("BROWSER_PATH")
    if told:
        return told if Path(told).exists() else None
    return next((path for path in map(shutil.which, _NAMES) if path), None)


def figure_to_image(figure: go.Figure | Spec, kind: str, *, scale: float = 2.0) -> bytes:
    """The figure as ``png`` or ``pdf`` on a light ground; takes seconds, since a browser starts.

    Raises
    ------
    MissingPartError
        kaleido or a Chromium is missing; the message says what brings it.
    """
    try:
        kaleido: Any = importlib.import_module("kaleido")
    except ImportError as error:
        raise MissingPartError(
            f"Saving .{kind} needs kaleido, which is not installed; "
            "install the extra: pip install 'otel-workbench[images]'. .svg needs nothing."
        ) from error
    browser = browser_path()
    if browser is None or not hasattr(kaleido, "calc_fig_sync"):
        what = "a Chromium, and none was found" if browser is None else "kaleido 1 or newer"
        raise MissingPartError(
            f"Saving .{kind} needs {what}; install one (Debian: apt install chromium; "
            "pip install 'otel-workbench[images]') or set BROWSER_PATH. .svg needs nothing."
        )
    spec: Spec = recolour(figure_spec(figure), "light")
    layout: Spec = {**spec["layout"], "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff"}
    width, height = size_of(layout, None)
    options = {"format": kind, "width": width, "height": height, "scale": scale}
    # Without mathjax=False, kaleido's page asks the network for it.
    made: bytes = kaleido.calc_fig_sync(
        {"data": spec["data"], "layout": layout},
        opts=options,
        kopts={"path": browser, "mathjax": False},
    )
    return made
