"""Text that is made to fit: never longer than it may be, and nothing in it that steers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.model.text import apart, columns_of, flat


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(2, 30))
def test_shortened_text_fits_and_is_printable(text: str, limit: int) -> None:
    short = flat(text, limit)
    assert columns_of(short) <= limit
    assert short.isprintable()


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6), st.integers(4, 30))
def test_texts_told_apart_fit_too(texts: list[str], limit: int) -> None:
    short = apart(texts, limit)
    assert len(short) == len(texts)
    assert all(columns_of(text) <= limit for text in short)


def test_names_that_differ_in_the_middle_alone_stay_apart() -> None:
    names = [f"recommendation-service-{number:02}.eu-central-1.internal" for number in range(3)]
    assert len(set(apart(names, 20))) == 3
    assert len({flat(name, 20) for name in names}) == 1
