"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real telemetry, which is not part of the project."""
    folder = os.environ.get("WORKBENCH_REAL_DATA")
    if folder is None:
        pytest.skip("set WORKBENCH_REAL_DATA to the folder of real telemetry to run this")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"WORKBENCH_REAL_DATA is {folder!r}, which is no folder")
    return path
