"""A store's file, and who may use it when.

DuckDB lets one process write a file, or several read it. So the file is attached only while a
question is being answered (attaching costs about a millisecond) and every other moment is free for
a load of another notebook or process.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from workbench.errors import StoreBusyError, StoreError, StoreMissingError, nearest
from workbench.store.migrate import migrate, version_of

__all__ = ["Connection"]

WAIT_SECONDS = 30.0
_RETRY_SECONDS = 0.05
_ZSTD_FROM = 64
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


class Connection:
    """One in-memory DuckDB to which the store is attached as ``store``.

    Parameters
    ----------
    path
        The store's file, or None for a store in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        # Nothing is fetched: a SQLite file given as store would make DuckDB look for an extension.
        self._duckdb = duckdb.connect(
            config={"preserve_insertion_order": True, "autoinstall_known_extensions": False}
        )
        self._duckdb.execute("set timezone = 'UTC'")
        # Log bodies compress 15 times; DuckDB asks for texts of 4,096 letters by itself.
        self._duckdb.execute(f"set zstd_min_string_length = {_ZSTD_FROM}")
        self._lock = threading.RLock()
        self._depth = 0
        self._attached: str | None = None
        if path is None:
            self._duckdb.execute("attach ':memory:' as store")
            self._duckdb.execute("use store")
            migrate(self._duckdb)

    @contextmanager
    def reading(self) -> Generator[duckdb.DuckDBPyConnection]:
        """The connection with the store attached for reading (or for writing, if it is already).

        Raises
        ------
        StoreMissingError, StoreBusyError, StoreVersionError
        """
        with self._lock:
            if self._depth == 0:
                self._attach("read_only")
            self._depth += 1
            try:
                yield self._duckdb
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._detach()

    @contextmanager
    def writing(self) -> Generator[duckdb.DuckDBPyConnection]:
        """The connection with the store attached for writing and at the latest schema."""
        with self._lock:
            if self._depth:
                raise StoreError("A load was started while a question was being answered.")
            self._attach("read_write")
            self._depth += 1
            try:
                if self.path is not None:
                    migrate(self._duckdb)
                yield self._duckdb
            finally:
                self._depth -= 1
                self._detach()

    def close(self) -> None:
        """Let go of everything; the object cannot be used afterwards."""
        with self._lock:
            self._duckdb.close()

    def _attach(self, mode: str) -> None:
        if self.path is None:
            return
        if mode == "read_only" and not self.path.exists():
            raise missing(self.path)
        deadline = time.monotonic() + WAIT_SECONDS
        quoted = str(self.path).replace("'", "''")
        while True:
            try:
                self._duckdb.execute(f"attach '{quoted}' as store ({mode})")
                break
            except duckdb.Error as error:
                text = str(error)
                held = "Could not set lock" in text or "already attached" in text
                if not held:
                    raise StoreError(
                        f"Cannot open {self.path} as a store: {text.splitlines()[0]}"
                    ) from None
                if time.monotonic() > deadline:
                    raise self._busy(text) from None
                time.sleep(_RETRY_SECONDS)
        self._attached = mode
        self._duckdb.execute("use store")
        if mode == "read_only":
            try:
                if not version_of(self._duckdb):
                    raise missing(self.path)
            except BaseException:
                self._detach()
                raise

    def _busy(self, text: str) -> StoreBusyError:
        holder = _HOLDER.search(text)
        who = f"process {holder['pid']} ({holder['program']})" if holder else "another connection"
        return StoreBusyError(
            f"{self.path} is held by {who}, and was for {WAIT_SECONDS:.0f} seconds; wait for its"
            " load to end, or close it."
        )

    def _detach(self) -> None:
        if self._attached is None:
            return
        self._attached = None
        self._duckdb.execute("use memory")
        self._duckdb.execute("detach store")


def missing(path: Path) -> StoreMissingError:
    """The error for a store that is not there, with the nearest names beside it."""
    beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
    beside = [name for name in beside if name != path.name]
    near = nearest(path.name, [name for name in beside if name.endswith((".duckdb", ".db"))])
    hint = (
        f"Did you mean {str(path.parent / near[0])!r}?" if near else "Load something into it first."
    )
    return StoreMissingError(f"There is no store at {str(path)!r}. {hint}")
