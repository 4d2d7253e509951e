"""A real Chromium for tests: started quietly, with every request and complaint recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from workbench.export.image import browser_path

__all__ = ["HEIGHTS", "MARKS", "Record", "chromium", "open_file", "record"]

# Nothing of the browser's own may reach for the network either.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-quic",
    "--disable-sync",
)
_NEAR = {"127.0.0.1", "localhost", "::1", ""}

# What plotly drew in each figure below a selector: points (markers, bars), lines, heatmaps.
MARKS = """(selector) => [...document.querySelectorAll(selector)].map((figure) => ({
  title: figure.querySelector('.gtitle')?.textContent ?? '',
  points: figure.querySelectorAll('.cartesianlayer .trace .point').length,
  lines: figure.querySelectorAll('.cartesianlayer .trace .js-line').length,
  fills: figure.querySelectorAll('.cartesianlayer .trace .js-fill').length,
  images: figure.querySelectorAll('.cartesianlayer .heatmaplayer image').length,
}))"""

HEIGHTS = """() => [...document.querySelectorAll('.js-plotly-plot .main-svg:first-child')].map(
  (drawing) => Number(drawing.getAttribute('height')))"""


@dataclass
class Record:
    """What a page asked for and complained about."""

    requests: list[str] = field(default_factory=list[str])
    blocked: list[str] = field(default_factory=list[str])
    errors: list[str] = field(default_factory=list[str])

    @property
    def outward(self) -> list[str]:
        """Requests that left this machine."""
        asked = [url for url in self.requests if url not in self.blocked]
        return [url for url in asked if not _stays(url)]


def _stays(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob", "file", "about"} or parts.hostname in _NEAR


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; the test fails, and says what to do, where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("playwright is not installed; run `make setup`.")
    path = browser_path()
    if path is None:
        pytest.fail("No Chromium was found on the path or in BROWSER_PATH; run `make setup`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def record(page: Any) -> Record:
    """Note every request (web sockets too), what was refused, and every error of a page."""
    kept = Record()
    page.on("request", lambda request: kept.requests.append(request.url))
    page.on("websocket", lambda socket: kept.requests.append(socket.url))
    page.on("pageerror", lambda error: kept.errors.append(str(error)))

    def complained(message: Any) -> None:
        if message.type == "error":
            kept.errors.append(message.text)

    def failed(request: Any) -> None:
        if request.failure == "csp":
            kept.blocked.append(request.url)

    page.on("console", complained)
    page.on("requestfailed", failed)
    return kept


@contextmanager
def open_file(
    browser: Any, path: Path, *, scripts: bool = True, scheme: str = "light"
) -> Iterator[tuple[Any, Record]]:
    """Open a file from disk, as a reader does, scrolled through once so that all is drawn."""
    context = browser.new_context(
        java_script_enabled=scripts,
        color_scheme=scheme,
        viewport={"width": 1100, "height": 900},
    )
    page = context.new_page()
    kept = record(page)
    page.goto(path.resolve().as_uri())
    if scripts:
        figures = page.locator(".wb-figure")
        for number in range(figures.count()):
            figures.nth(number).scroll_into_view_if_needed()
            page.wait_for_function(
                "at => document.querySelectorAll('.wb-figure')[at].dataset.drawn", arg=number
            )
    try:
        yield page, kept
    finally:
        context.close()
