"""One browser and one JupyterLab for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chrome import chromium
from tests.browser.lab import Lab, running_lab


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A running Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running JupyterLab over an empty folder."""
    root: Path = tmp_path_factory.mktemp("notebooks")
    with running_lab(root, tmp_path_factory.mktemp("lab")) as running:
        yield running
