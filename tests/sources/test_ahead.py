"""Reading ahead: the same pieces in the same order, a few of them early, and an end when asked."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from workbench.model.batch import Decoded
from workbench.sources.files import Ahead, ahead


def numbered(
    count: int, read: list[int], closed: list[str], error: BaseException | None = None
) -> Generator[Decoded]:
    try:
        for number in range(count):
            read.append(number)
            yield Decoded(caveats=(str(number),))
        if error is not None:
            raise error
    finally:
        closed.append(threading.current_thread().name)


def test_pieces_come_in_their_order_and_the_reader_is_closed() -> None:
    read, closed = list[int](), list[str]()
    pieces = Ahead(numbered(50, read, closed))
    assert [piece.caveats[0] for piece in pieces] == [str(number) for number in range(50)]
    assert list(pieces) == []
    pieces.close()
    assert read == list(range(50))
    assert closed == ["read"]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_error_of_the_reader_comes_after_the_pieces_before_it(error: BaseException) -> None:
    pieces = Ahead(numbered(3, [], [], error))
    assert [next(pieces).caveats[0] for _ in range(3)] == ["0", "1", "2"]
    with pytest.raises(type(error)):
        next(pieces)
    assert list(pieces) == []
    pieces.close()


def test_closed_early_it_has_read_no_further_than_it_may() -> None:
    read, closed = list[int](), list[str]()
    pieces = Ahead(numbered(1000, read, closed))
    assert next(pieces).caveats == ("0",)
    pieces.close()
    assert 1 <= len(read) <= ahead._MOST + 2
    assert closed == ["read"]


def test_nothing_is_read_before_it_is_started_or_asked() -> None:
    read, closed = list[int](), list[str]()
    pieces = Ahead(numbered(3, read, closed))
    pieces.close()
    assert (read, closed) == ([], [])
    pieces = Ahead(numbered(3, read, closed))
    pieces.start()
    pieces.start()
    assert len(list(pieces)) == 3
