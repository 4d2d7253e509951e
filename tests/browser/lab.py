"""A real JupyterLab, driven as a person would: open a notebook, run all cells, look at it.

The order matters. A notebook opened before its kernel answers loses its first run, and the idle
light is no sign of it: so the kernel is started over REST first, asked for its ``info`` and given
one silent statement, and only then are the cells run.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chrome import HEIGHTS, MARKS, record

__all__ = ["Cell", "Lab", "LabResult", "run_notebook_in_lab", "running_lab"]

_ROOT = Path(__file__).parents[2]
_READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session.kernel;
  await kernel.info;
  await kernel.requestExecute({ code: 'None', silent: true, store_history: false }).done;
}"""
# Not awaited: the command's promise hangs where a cell fails.
_RUN = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .map((widget, index) => ({ index, model: widget.model }))
  .filter(({ model }) => model.type === 'code' && model.sharedModel.getSource().trim())
  .map(({ index, model }) => {
    const outputs = model.outputs.toJSON();
    const failed = outputs.find((output) => output.output_type === 'error');
    return {
      index,
      count: model.executionCount ?? 0,
      running: model.executionState === 'running',
      error: failed ? `${failed.ename}: ${failed.evalue}` : null,
      charts: outputs.filter((o) => o.data && 'application/vnd.plotly.v1+json' in o.data).length,
    };
  })"""
_DONE = f"""() => {{
  const cells = ({_CELLS})();
  const failed = cells.some((cell) => cell.error);
  return failed || cells.every((cell) => cell.count > 0 && !cell.running);
}}"""
_PANELS = "[...document.querySelectorAll('.jp-Notebook, .jp-WindowedPanel-outer')]"
_HEIGHT = f"() => Math.max(...{_PANELS}.map((panel) => panel.scrollHeight))"
_TO_TOP = f"() => {_PANELS}.forEach((panel) => {{ panel.scrollTop = 0; }})"
_SETTINGS = {
    # Every cell is drawn, also those out of sight.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


@dataclass(frozen=True)
class Cell:
    """A code cell after the run: ``status`` is ``ok``, ``error`` or ``not run``."""

    index: int
    status: str
    error: str | None
    charts: int


@dataclass
class LabResult:
    """What a notebook did and what it looked like."""

    cells: list[Cell]
    figures: list[dict[str, Any]]
    outward: list[str]
    console_errors: list[str]
    screenshot: Path
    seconds: float
    heights: list[float]  # of the figures, after the window was made taller

    @property
    def errors(self) -> list[str]:
        """The errors of cells, and cells that did not run."""
        bad = [cell for cell in self.cells if cell.status != "ok"]
        return [f"cell {cell.index}: {cell.error or cell.status}" for cell in bad]


@dataclass
class Lab:
    """A JupyterLab on the loopback address, whose settings lie in a folder of its own."""

    root: Path
    home: Path
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    address: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 90.0) -> None:
        """Start the server and wait until it answers."""
        folders = {
            name: self.home / name.lower()
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "JUPYTERLAB_SETTINGS_DIR",
                "JUPYTERLAB_WORKSPACES_DIR",
                "IPYTHONDIR",
            )
        }
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        for name, settings in _SETTINGS.items():
            file = folders["JUPYTERLAB_SETTINGS_DIR"] / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings))
        environment = {**os.environ, **{name: str(path) for name, path in folders.items()}}
        environment["PYTHONPATH"] = os.pathsep.join(
            part for part in (str(_ROOT), os.environ.get("PYTHONPATH")) if part
        )
        environment.pop("JPY_SESSION_NAME", None)
        with (self.home / "lab.log").open("wb") as log:
            self.process = subprocess.Popen(
                self._command(), env=environment, stdout=log, stderr=log, cwd=self.root
            )
        self._wait(folders["JUPYTER_RUNTIME_DIR"], time.monotonic() + timeout)

    def _command(self) -> list[str]:
        return [
            sys.executable,
            *("-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0"),
            *(("--allow-root",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()),
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self.token}",
            "--ServerApp.terminals_enabled=False",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
        ]

    def _wait(self, runtime: Path, until: float) -> None:
        assert self.process is not None
        while time.monotonic() < until:
            for file in runtime.glob("jpserver-*.json"):
                try:
                    self.address = json.loads(file.read_text())["url"].rstrip("/")
                    self.call("GET", "/api/status")
                except (OSError, ValueError, KeyError):
                    continue
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        log = (self.home / "lab.log").read_text(errors="replace")[-2000:]
        self.stop()
        pytest.fail(f"JupyterLab did not start; run `make setup`. It said:\n{log}")

    def stop(self) -> None:
        """Stop the server and its kernels."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.process = None

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request to the server's REST interface."""
        request = urllib.request.Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"token {self.token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def running_lab(root: Path, home: Path) -> Iterator[Lab]:
    """A JupyterLab over ``root`` for as long as the block lasts."""
    lab = Lab(root, home)
    lab.start()
    try:
        yield lab
    finally:
        lab.stop()


def run_notebook_in_lab(
    browser: Any, lab: Lab, notebook: Path, *, screenshot: Path, timeout: float = 120.0
) -> LabResult:
    """Open a notebook that lies below the lab's root, run all of its cells, and report."""
    started = time.monotonic()
    name = notebook.resolve().relative_to(lab.root.resolve()).as_posix()
    body = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    session = lab.call("POST", "/api/sessions", body)
    context = browser.new_context(viewport={"width": 1280, "height": 3200})
    page = context.new_page()
    page.set_default_timeout(timeout * 1000)
    kept = record(page)
    try:
        page.goto(f"{lab.address}/lab/tree/{name}?reset&token={lab.token}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.evaluate(_READY)
        page.evaluate(_RUN)
        page.wait_for_function(_DONE)
        found = page.evaluate(_CELLS)
        charts = sum(cell["charts"] for cell in found)
        page.wait_for_function(
            "count => document.querySelectorAll('.js-plotly-plot .infolayer').length >= count",
            arg=charts,
        )
        figures = _settled(page)
        tall = page.evaluate(_HEIGHT)
        page.set_viewport_size({"width": 1280, "height": min(16_000, int(tall) + 140)})
        page.evaluate(_TO_TOP)
        page.wait_for_timeout(500)
        heights = page.evaluate(HEIGHTS)
        page.screenshot(path=str(screenshot))
    finally:
        context.close()
        lab.call("DELETE", f"/api/sessions/{session['id']}")
    return LabResult(
        cells=[_cell(cell) for cell in found],
        figures=figures,
        outward=kept.outward,
        console_errors=kept.errors,
        screenshot=screenshot,
        seconds=time.monotonic() - started,
        heights=heights,
    )


def _settled(page: Any) -> list[dict[str, Any]]:
    """The marks of every figure once two looks in a row agree."""
    before: object = None
    for _ in range(40):
        figures = page.evaluate(MARKS, ".jp-Notebook .js-plotly-plot")
        if figures == before:
            break
        before = figures
        page.wait_for_timeout(250)
    return before if isinstance(before, list) else []


def _cell(found: dict[str, Any]) -> Cell:
    status = "error" if found["error"] else "ok" if found["count"] else "not run"
    return Cell(found["index"], status, found["error"], found["charts"])
