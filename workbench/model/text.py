"""Text as people read it: counts with their nouns, and lines that fit a terminal."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence

__all__ = ["apart", "columns_of", "flat", "plural"]

# Marks that a terminal draws over the letter before: accents, vowels, variation selectors.
_ON_TOP = frozenset(("Mn", "Me"))


def columns_of(text: str) -> int:
    """How many cells of a terminal ``text`` takes.

    Examples
    --------
    >>> columns_of("日本"), columns_of("abc")
    (4, 3)
    """
    if text.isascii():
        return len(text)
    apart = [c for c in text if unicodedata.category(c) not in _ON_TOP]
    return len(apart) + sum(unicodedata.east_asian_width(c) in "WF" for c in apart)


def flat(text: str, limit: int = 0) -> str:
    r"""One line that cannot steer a terminal: control characters become ``·``; shortened.

    Examples
    --------
    >>> flat("GET /\x1b[2J\nx"), flat("abcdefghij", 6)
    ('GET /·[2J x', 'abc…ij')
    """
    joined = " ".join(text.split()) if not text.isprintable() else text
    safe = "".join(c if c.isprintable() else "·" for c in joined)
    if not limit or columns_of(safe) <= limit:
        return safe
    tail = _cut(safe[::-1], limit - limit // 2 - 1)[::-1]
    return _cut(safe, limit // 2) + "…" + tail


def apart(texts: Sequence[str], limit: int) -> list[str]:
    """The texts shortened as by `flat`; those that differ only in the middle lose what they share.

    Examples
    --------
    >>> apart(["billing-service-01.eu-central", "billing-service-02.eu-central"], 16)
    ['…ice-01.eu-cent…', '…ice-02.eu-cent…']
    """
    short = [flat(text, limit) for text in texts]
    alike: dict[str, set[str]] = {}
    for text, cut in zip(texts, short, strict=True):
        alike.setdefault(cut, set()).add(flat(text))
    for place, (text, cut) in enumerate(zip(texts, short, strict=True)):
        if len(alike[cut]) > 1:
            pairs = zip(min(alike[cut]), max(alike[cut]), strict=False)
            shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            rest = flat(text)[max(0, shared - limit // 3) :]
            kept = _cut(rest, limit - 2)
            short[place] = f"…{rest}" if columns_of(rest) < limit else f"…{kept}…"
    return short


def _cut(text: str, limit: int) -> str:
    """As much of the beginning of ``text`` as ``limit`` cells of a terminal hold."""
    width = 0
    for at, letter in enumerate(text):
        width += columns_of(letter)
        if width > limit:
            return text[:at]
    return text


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
