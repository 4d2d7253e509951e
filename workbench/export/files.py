"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from workbench.errors import InputError

__all__ = ["write_bytes", "write_text", "write_with"]


def write_with(path: str | os.PathLike[str], write: Callable[[Path], object]) -> Path:
    """Let ``write`` fill a temporary file beside ``path``, then put it in its place.

    Raises
    ------
    InputError
        The folder does not exist, or the path is a folder.
    """
    target = Path(path).expanduser()
    if not target.parent.is_dir():
        raise InputError(
            f"Cannot save {str(target)!r}: the folder {str(target.parent)!r} does not exist; "
            "make it first, or choose another."
        )
    if target.is_dir():
        raise InputError(f"Cannot save {str(target)!r}: it is a folder; name a file in it.")
    # The suffix stays, since some writers choose the format by it.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".saving-", suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        # mkstemp makes the file private; a report is to be as readable as any other new file.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write ``text`` in UTF-8, whole or not at all."""
    return write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write ``content``, whole or not at all."""
    return write_with(path, lambda temporary: temporary.write_bytes(content))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
