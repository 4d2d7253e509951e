"""What is said to who asks a store that was closed."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

import duckdb

from workbench.errors import StoreError

__all__ = ["closed", "said_if_closed"]

_CLOSED = re.compile("already (been )?closed")


def closed() -> StoreError:
    """The error of whoever uses a workbench after closing it."""
    return StoreError("This workbench was closed; open it again: inc = wb.open('inc.duckdb').")


@contextmanager
def said_if_closed() -> Generator[None]:
    """Whatever DuckDB says of a closed connection, as one sentence.

    Raises
    ------
    StoreError
        When the work inside met a closed connection.
    """
    try:
        yield
    except (duckdb.ConnectionException, StoreError) as error:
        if not _CLOSED.search(str(error)):
            raise
        raise closed() from None
