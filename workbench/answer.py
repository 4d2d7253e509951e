"""What an analysis returns: numbers, what they rest on, and the statement that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """The result of one question, before anything is drawn.

    Attributes
    ----------
    table
        The answer itself; columns carry their unit in the name (``p95_ms``, ``rate_per_s``).
    sql
        The statement that made it, values filled in, ready to paste into ``%%wb sql``.
    window, baseline
        The intervals asked about as ``START/END`` in ISO 8601, several joined by commas.
        ``baseline`` is None where there was none.
    extra
        Further tables that the chart needs, by name.
    caveats
        One sentence each: what a reader must know before believing the numbers.
    """

    table: pl.DataFrame
    sql: str
    window: str
    baseline: str | None = None
    extra: Mapping[str, pl.DataFrame] = field(default_factory=lambda: MappingProxyType({}))
    caveats: tuple[str, ...] = ()
