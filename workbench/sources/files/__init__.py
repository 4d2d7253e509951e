"""Files of telemetry: what there is to read at a path, and which reader reads it.

`READERS` is the whole list: one row a format, tried in order on the first bytes of a file, never
on its name. Another distribution adds its own with an entry point in the group
``workbench.readers`` that names a `Reader`.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from workbench.errors import SourceError, nearest
from workbench.model.batch import Decoded
from workbench.sources.files.ahead import Ahead
from workbench.sources.files.looks import Look, look
from workbench.sources.files.otlp_json import looks_like_otlp_json, read_otlp_json
from workbench.sources.files.stream import ByteStream, hash_of_file

__all__ = [
    "READERS",
    "Ahead",
    "ByteStream",
    "Found",
    "Look",
    "Reader",
    "find",
    "hash_of_file",
    "look",
    "reader_of",
]

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True)
class Reader:
    """A format.

    Attributes
    ----------
    name
        What a load report calls it.
    recognises
        Whether content that begins with these bytes (256 KiB, decompressed) is of this format.
    read
        Everything in a stream, in pieces.
    """

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[ByteStream], Generator[Decoded]]


READERS: tuple[Reader, ...] = (Reader("OTLP JSON", looks_like_otlp_json, read_otlp_json),)


def reader_of(head: bytes) -> Reader | None:
    """The first reader that recognises ``head``, ours before those of other distributions."""
    for reader in READERS:
        if reader.recognises(head):
            return reader
    for entry in entry_points(group="workbench.readers"):
        reader = entry.load()
        if reader.recognises(head):
            return reader
    return None


@dataclass(frozen=True)
class Found:
    """A file to read.

    Attributes
    ----------
    path
        The file.
    is_named
        Whether it was named or matched by a pattern, and not only met in a folder.
    """

    path: Path
    is_named: bool

    @property
    def size(self) -> int:
        """Bytes on disk; 0 for what cannot be read."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


def find(paths: Paths) -> list[Found]:
    """The files that ``paths`` mean: files, folders (searched to any depth) and glob patterns.

    Hidden files are left out of folders. Each file comes once, folders in the order of names.

    Raises
    ------
    SourceError
        When a path does not exist or a pattern matches nothing.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    named: dict[Path, bool] = {}
    for item in paths:
        path = Path(item).expanduser()
        if path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if _is_visible(file, path)]
            if not inside:
                raise SourceError(f"The folder {path} holds no files.")
            for file in inside:
                named.setdefault(file, False)
        else:
            named.update(dict.fromkeys([path] if path.exists() else _matches(path), True))
    if not named:
        raise SourceError(
            "No file was named; give files, folders or patterns such as 'dump/*.json'."
        )
    return [Found(path, is_named) for path, is_named in named.items()]


def _is_visible(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts
    return file.is_file() and not any(part.startswith(".") for part in parts)


def _matches(path: Path) -> list[Path]:
    if glob.has_magic(str(path)):
        # Path.glob would need the folder and the pattern apart.
        names = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
        matched = [Path(name) for name in names if Path(name).is_file()]
        if not matched:
            raise SourceError(f"No file matches {str(path)!r}.")
        return matched
    beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside)
    hint = f" Did you mean {str(path.parent / near[0])!r}?" if near else ""
    raise SourceError(f"No such file or folder: {str(path)!r}.{hint}")
