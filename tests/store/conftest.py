"""What tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import workbench


@pytest.fixture(scope="module")
def incident() -> Iterator[workbench.Workbench]:
    opened = workbench.open()
    yield opened
    opened.close()
