"""A reader that works in a thread of its own, a little ahead of whoever takes its pieces."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator

from workbench.model.batch import Decoded

__all__ = ["Ahead"]

# Pieces that wait between reading and storing: while the end of one file is stored, the next has
# time for about so many. More only cost memory.
_MOST = 6


class Ahead(Iterator[Decoded]):
    """The pieces of a reader in their order, read in advance once it is started.

    Reading, decompressing and cutting a file run beside storing it, and the next file is begun
    while the present one is committed.

    Parameters
    ----------
    pieces
        What a reader yields; an error in it comes out of `next`.
    """

    def __init__(self, pieces: Generator[Decoded]) -> None:
        self._pieces = pieces
        self._read: queue.SimpleQueue[Decoded | BaseException | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(_MOST)
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="read", daemon=True)

    def start(self) -> None:
        """Begin to read, if that has not begun."""
        if self._thread.ident is None:
            self._thread.start()

    def _work(self) -> None:
        try:
            for piece in self._pieces:
                self._read.put(piece)
                self._room.acquire()
                if self._stopped:
                    break
        except BaseException as error:
            self._read.put(error)
        else:
            self._read.put(None)
        finally:
            self._pieces.close()

    def __next__(self) -> Decoded:
        self.start()
        piece = self._read.get()
        self._room.release()
        if isinstance(piece, Decoded):
            return piece
        self._read.put(None)  # whoever asks again is at the end
        if piece is None:
            raise StopIteration
        raise piece

    def close(self) -> None:
        """Stop reading; whatever is being decoded is waited for."""
        self._stopped = True
        self._room.release()
        if self._thread.ident is not None:
            self._thread.join()
