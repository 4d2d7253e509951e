"""Every error that Workbench raises on purpose.

::

    WorkbenchError
    ├── InputError (ValueError)         a value given by the user is wrong
    │   ├── UnknownNameError            a column, panel, option or table that does not exist
    │   ├── WindowError                 a time or an interval that cannot be read or is empty
    │   └── QueryError                  a SQL predicate or statement that DuckDB refuses
    ├── NoDataError (LookupError)       the question is fine, the store holds nothing to answer it
    ├── SourceError (OSError)           a file cannot be read, or is not what a reader expects
    │   └── FormatError                 its content is not telemetry, or is damaged
    ├── StoreError (RuntimeError)       the store's file cannot be opened or used
    │   ├── StoreMissingError           a read never creates a store
    │   ├── StoreBusyError              another process holds the file
    │   └── StoreVersionError           the file was written by a newer Workbench
    └── MissingPartError (ImportError)  an optional library or a browser is not installed

A message has three parts: what was wrong, with the value; what was expected; what to do. The
facts stay on the exception as attributes, so that code can use them without reading the text.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable

__all__ = [
    "FormatError",
    "InputError",
    "MissingPartError",
    "NoDataError",
    "QueryError",
    "SourceError",
    "StoreBusyError",
    "StoreError",
    "StoreMissingError",
    "StoreVersionError",
    "UnknownNameError",
    "WindowError",
    "WorkbenchError",
    "check_type",
    "nearest",
]


class WorkbenchError(Exception):
    """Base of every error below; its text is one sentence or two, never a traceback."""


class InputError(WorkbenchError, ValueError):
    """A value given by the user is wrong."""


class UnknownNameError(InputError):
    """A name that does not exist; the message offers the nearest ones that do.

    Parameters
    ----------
    kind
        What was looked for, for example ``"column"``.
    name
        The name that was given.
    known
        The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        self.near = tuple(nearest(name, self.known))
        if self.near:
            hint = f"did you mean {' or '.join(repr(near) for near in self.near)}?"
        elif self.known:
            shown = ", ".join(sorted(self.known)[:12])
            more = ", …" if len(self.known) > 12 else ""
            hint = f"there is: {shown}{more}."
        else:
            hint = "there is none."
        super().__init__(f"No {kind} {name!r}; {hint}")


class WindowError(InputError):
    """A time or an interval that cannot be read, or that ends before it starts."""


class QueryError(InputError):
    """A SQL predicate or statement that DuckDB refuses; carries the statement as ``sql``."""

    def __init__(self, message: str, sql: str) -> None:
        self.sql = sql
        super().__init__(message)


class NoDataError(WorkbenchError, LookupError):
    """The question is fine, and the store holds nothing to answer it."""


class SourceError(WorkbenchError, OSError):
    """A file cannot be read."""


class FormatError(SourceError):
    """A file's content is not telemetry, or is damaged beyond use."""


class StoreError(WorkbenchError, RuntimeError):
    """The store's file cannot be opened or used."""


class StoreMissingError(StoreError):
    """A store that was to be read does not exist; reading never creates one."""


class StoreBusyError(StoreError):
    """Another process holds the store's file."""


class StoreVersionError(StoreError):
    """The store was written by a newer Workbench."""


class MissingPartError(WorkbenchError, ImportError):
    """An optional library or a browser is not installed; the message names what brings it."""


def check_type(
    value: object, kinds: tuple[type, ...], expected: str, error: type[InputError] = InputError
) -> None:
    """Refuse a value that is of none of ``kinds``; true and false are no whole numbers.

    Examples
    --------
    >>> check_type(5, (str,), "A condition is SQL text")
    Traceback (most recent call last):
    ...
    workbench.errors.InputError: A condition is SQL text, not 5.
    """
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise error(f"{expected}, not {reprlib.repr(value)}.")


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Names in ``known`` that a typing mistake could have meant, best first.

    Examples
    --------
    >>> nearest("lateny", ["latency", "overview"])
    ['latency']
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=count, cutoff=0.6)
    return [by_lower[match] for match in near]
