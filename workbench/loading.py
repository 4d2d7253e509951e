"""Files into a store: found, opened by their readers, stored, and reported as they were named."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from workbench.errors import SourceError
from workbench.model.text import columns_of, flat, plural
from workbench.sources.files import (
    Ahead,
    ByteStream,
    Found,
    Paths,
    find,
    hash_of_file,
    look,
    reader_of,
)
from workbench.store import FileReport, Incoming, LoadReport, Store

__all__ = ["load_files"]

Progress = Callable[[str], None]
_QUIET_SECONDS = 1.0


def load_files(store: Store, paths: Paths, progress: bool | Progress) -> LoadReport:
    """Load files into ``store``; see `workbench.workbench.Workbench.load`."""
    show = _Progress(progress)
    files = [file for file in find(paths) if not store.owns(file.path)]
    if not files:
        raise SourceError("Only the store's own file was named; give files of telemetry.")

    def opener(number: int, file: Found) -> Callable[[], FileReport | Incoming]:
        label = f"[{number}/{len(files)}] {file.path}" if len(files) > 1 else str(file.path)
        return lambda: _open(file, label, show)

    # The largest first: DuckDB joins the end of a table with what follows, and writes a large
    # file that comes behind a small one twice (a seventh of the time of a real incident).
    order = sorted(range(len(files)), key=lambda index: -files[index].size)
    try:
        report = store.load(opener(number, files[index]) for number, index in enumerate(order, 1))
    finally:
        show.done()
    as_named = sorted(zip(order, report.files, strict=True), key=lambda pair: pair[0])
    return LoadReport(tuple(file for _, file in as_named))


class _Progress:
    """One line on standard error, rewritten at most ten times a second."""

    def __init__(self, wanted: bool | Progress) -> None:
        self._write = wanted if callable(wanted) else None
        self._on = wanted is True and (sys.stderr.isatty() or "ipykernel" in sys.modules)
        self._started = self._last = time.monotonic()
        self._shown = 0

    def __call__(self, text: str) -> None:
        if self._write is not None:
            self._write(text)
            return
        now = time.monotonic()
        if self._on and now - self._started > _QUIET_SECONDS and now - self._last > 0.1:
            self._last = now
            line = flat(text, _room())
            width = columns_of(line)
            sys.stderr.write("\r" + line + " " * (self._shown - width))
            sys.stderr.flush()
            self._shown = width

    def done(self) -> None:
        if self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            sys.stderr.flush()


def _room() -> int:
    """How long a line may be: one that wraps could not be written over again."""
    try:
        return max(20, os.get_terminal_size(sys.stderr.fileno()).columns - 1)
    except (OSError, ValueError):  # a notebook, or a terminal of which nothing is known
        return 79


def _open(file: Found, label: str, progress: _Progress) -> FileReport | Incoming:
    """A file ready to be stored, or the report on one that is not."""
    path = str(file.path)
    try:
        hashed = hash_of_file(file.path)
        stream = ByteStream(file.path)
    except SourceError as error:
        return FileReport(path, None, "unreadable", caveats=(str(error),))
    reader = reader_of(stream.head)
    if reader is None or not stream.head.strip():
        stream.close()
        return _nothing_to_read(file, stream)

    def after_piece(rows: int) -> None:
        share = stream.bytes_read / stream.size if stream.size else 1.0
        progress(f"{label}: {share:4.0%}, {plural(rows, 'row')}")

    decoded = Ahead(reader.read(stream))

    def close() -> None:
        decoded.close()
        stream.close()

    return Incoming(
        path=path,
        format=reader.name,
        file_hash=hashed,
        file_bytes=stream.size,
        begin=decoded.start,
        decoded=decoded,
        content_hash=lambda: stream.content_hash,
        damage=lambda: stream.damage,
        after_piece=after_piece,
        close=close,
    )


def _nothing_to_read(file: Found, stream: ByteStream) -> FileReport:
    """The report on a file that is empty or no telemetry; met in a folder, some are expected."""
    if not stream.head.strip():
        reason = "the file is empty" if not stream.size else "the file holds nothing but blanks"
        status, caveat = "empty", stream.damage or reason
        is_expected = not stream.damage
    else:
        looks = look(stream.head)
        status, caveat = "not telemetry", f"not telemetry that Workbench reads: {looks.text}"
        is_expected = looks.is_prose
    return FileReport(
        str(file.path),
        None,
        status,
        caveats=(caveat,),
        is_expected=is_expected and not file.is_named,
    )
