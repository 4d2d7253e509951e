"""A store's file, and who may use it when.

DuckDB lets one process write a file, or several read it. So the file is attached only while a
question is being answered (attaching costs about a millisecond) and every other moment is free for
a load of another notebook or process.
"""

from __future__ import annotations

import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import duckdb

from workbench.errors import StoreBusyError, StoreError, StoreMissingError, nearest
from workbench.store.migrate import migrate, version_of

__all__ = ["Connection"]

WAIT_SECONDS = 30.0
_RETRY_SECONDS = 0.05
_ZSTD_FROM = 64
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")

Result = TypeVar("Result")


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
        self._worker: int | None = None
        self._is_new = False
        self._is_stopped = False
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
        if threading.get_ident() == self._worker:
            raise StoreError("The store is being loaded; ask it when the load has ended.")
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
        """The connection with the store attached for writing and at the latest schema.

        A file that this makes and in which no load is recorded is removed again.
        """
        with self._lock:
            if self._depth:
                raise StoreError("A load was started while a question was being answered.")
            self._is_new = False
            self._attach("read_write")
            self._depth += 1
            try:
                if self.path is not None:
                    migrate(self._duckdb)
                yield self._duckdb
            finally:
                self._depth -= 1
                if self._is_new:
                    self._remove_if_unused()
                self._detach()

    def interruptible(self, work: Callable[[], Result]) -> Result:
        """The result of ``work``, which uses the connection and which Ctrl-C stops.

        DuckDB looks for no signal while it runs a statement, the interpreter does while it waits
        for a thread. So the work is done in one.
        """
        future: Future[Result] = Future()
        self._is_stopped = False

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            self._worker = threading.get_ident()
            try:
                result = work()
            except BaseException as error:
                self._worker = None
                future.set_exception(error)
            else:
                self._worker = None
                future.set_result(result)

        try:
            threading.Thread(target=run, name="store", daemon=True).start()
            # polars handles SIGINT so that a wait without end goes on after it.
            while not future.done():
                wait([future], timeout=_RETRY_SECONDS)
        except KeyboardInterrupt:
            self._is_stopped = True
            future.cancel()
            while True:
                # Again and again: between two statements there is nothing to interrupt, and who
                # is impatient presses Ctrl-C twice.
                with suppress(KeyboardInterrupt):
                    if future.done():
                        break
                    self._duckdb.interrupt()
                    wait([future], timeout=_RETRY_SECONDS)
            raise
        return future.result()

    def check_stopped(self) -> None:
        """Raise KeyboardInterrupt in work during which Ctrl-C was pressed, between statements."""
        if self._is_stopped:
            raise KeyboardInterrupt

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
        while True:
            if mode == "read_write" and not self.path.exists():
                self._create()
            before = _file_number(self.path)
            try:
                self._duckdb.execute(f"attach {_text(self.path)} as store ({mode})")
                # Between opening and locking a file, who held it may have removed it.
                if before is None or _file_number(self.path) == before:
                    break
                self._duckdb.execute("detach store")
            except duckdb.Error as error:
                text = str(error)
                held = "Could not set lock" in text or "already attached" in text
                if not held:
                    advice = " Give a file that a load made." if "not a valid" in text else ""
                    raise StoreError(
                        f"Cannot open {self.path} as a store: {text.splitlines()[0]}{advice}"
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

    def _create(self) -> None:
        """Make the file, under another name until it is whole: killed, it is there or it is not."""
        assert self.path is not None
        made = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex}.new")
        try:
            self._duckdb.execute(f"attach {_text(made)} as store (read_write)")
            try:
                self._duckdb.execute("use store")
                migrate(self._duckdb)
            finally:
                self._duckdb.execute("use memory")
                self._duckdb.execute("detach store")
            # Someone may have been quicker; without hard links DuckDB makes it in its place.
            with suppress(OSError):
                os.link(made, self.path)
            self._is_new = True
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise StoreError(f"Cannot make a store at {self.path}: {reason}") from None
        finally:
            made.unlink(missing_ok=True)

    def _remove_if_unused(self) -> None:
        """Remove the file while its lock is held, so that nobody else can be writing to it."""
        assert self.path is not None
        with suppress(duckdb.Error):  # whatever broke the load has its own message
            try:
                loads = self._duckdb.execute("select 1 from raw.loads limit 1").fetchall()
            except duckdb.CatalogException:  # stopped before the tables were made
                loads = []
            if not loads:
                # Its write-ahead log must not be there for the next file of this name.
                self._duckdb.execute("checkpoint store")
                self.path.unlink(missing_ok=True)

    def _busy(self, text: str) -> StoreBusyError:
        holder = _HOLDER.search(text)
        who = f"process {holder['pid']} ({holder['program']})" if holder else "another connection"
        return StoreBusyError(
            f"{self.path} is held by {who}, and was for {WAIT_SECONDS:.0f} seconds; wait for its"
            " load to end, or close it."
        )

    def _detach(self) -> None:
        with suppress(duckdb.TransactionException):
            self._duckdb.execute("rollback")  # of a "begin" that someone asked for as SQL
        if self._attached is None:
            return
        self._attached = None
        self._duckdb.execute("use memory")
        self._duckdb.execute("detach store")


def _text(path: Path) -> str:
    """A path as SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def _file_number(path: Path) -> int | None:
    """Which file a path names at this moment; None where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def missing(path: Path) -> StoreMissingError:
    """The error for a store that is not there, with the nearest names beside it."""
    beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
    beside = [name for name in beside if name != path.name]
    near = nearest(path.name, [name for name in beside if name.endswith((".duckdb", ".db"))])
    hint = (
        f"Did you mean {str(path.parent / near[0])!r}?" if near else "Load something into it first."
    )
    return StoreMissingError(f"There is no store at {str(path)!r}. {hint}")
