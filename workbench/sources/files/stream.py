"""The bytes of a file, decompressed by content, hashed and counted on the way."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from workbench.errors import SourceError

__all__ = ["ByteStream", "hash_of_file"]

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_HEAD = 1 << 18


class ByteStream:
    """Decompressed content of a file, read once from front to back.

    Attributes
    ----------
    path
        The file.
    size
        Its size on disk in bytes.
    bytes_read
        How many of them have been read: progress.
    damage
        A sentence about a compressed stream that ends early or is broken, else None; known once
        the stream is at its end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes_read = 0
        self.damage: str | None = None
        self._hash = hashlib.blake2b(digest_size=16)
        self._file = _opened(path)
        self.size = os.fstat(self._file.fileno()).st_size
        self._blocks = self._decompressed()
        self._pending = b""
        self.head = self._read_head()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def content_hash(self) -> str:
        """Hash of the decompressed bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """All content, in blocks of some size; can be called once."""
        if self._pending:
            block, self._pending = self._pending, b""
            yield block
        yield from self._blocks

    def _read_head(self) -> bytes:
        while len(self._pending) < _HEAD:
            block = next(self._blocks, None)
            if block is None:
                break
            self._pending += block
        return self._pending[:_HEAD]

    def _decompressed(self) -> Iterator[bytes]:
        for block in self._inflated() if self._is_gzip() else self._raw():
            self._hash.update(block)
            yield block

    def _is_gzip(self) -> bool:
        start = self._file.read(2)
        self._file.seek(0)
        return start == _GZIP

    def _raw(self) -> Iterator[bytes]:
        while block := self._read():
            self.bytes_read += len(block)
            yield block

    def _read(self) -> bytes:
        try:
            return self._file.read(_BLOCK)
        except OSError as error:
            raise SourceError(f"Cannot read {self.path}: {error.strerror}.") from None

    def _inflated(self) -> Iterator[bytes]:
        """All members of a gzip file, as far as they are whole."""
        inflate = zlib.decompressobj(wbits=31)
        started = False
        for block in self._raw():
            rest = block
            while rest:
                if inflate.eof:
                    if not rest.strip(b"\0"):
                        break
                    inflate = zlib.decompressobj(wbits=31)
                try:
                    output = inflate.decompress(rest, _BLOCK)
                except zlib.error as error:
                    self.damage = f"the gzip data is broken ({error}); what came before was read"
                    return
                started = True
                rest = inflate.unused_data or inflate.unconsumed_tail
                if output:
                    yield output
        if started and not inflate.eof:
            self.damage = "the gzip data ends early; what is there was read"


def hash_of_file(path: Path) -> str:
    """Hash of a file's bytes as they lie on disk, in hexadecimal."""
    hashed = hashlib.blake2b(digest_size=16)
    with _opened(path) as file:
        try:
            while block := file.read(_BLOCK):
                hashed.update(block)
        except OSError as error:
            raise SourceError(f"Cannot read {path}: {error.strerror}.") from None
    return hashed.hexdigest()


def _opened(path: Path) -> BinaryIO:
    """A file open for reading; a pipe is refused, since opening one waits for its other end."""
    if path.exists() and not path.is_file():
        raise SourceError(f"{path} is a pipe or a device; write its content to a file first.")
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"Cannot read {path}: {error.strerror}.") from None
