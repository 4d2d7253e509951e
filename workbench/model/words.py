"""Counts as sentences say them."""

from __future__ import annotations

__all__ = ["plural"]


def plural(count: int, one: str, many: str | None = None) -> str:
    """``count`` and its noun, or more of the sentence, in the form that suits it.

    Examples
    --------
    >>> plural(1, "span"), plural(1200, "span")
    ('1 span', '1,200 spans')
    >>> plural(2, "span has no name", "spans have no name")
    '2 spans have no name'
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
