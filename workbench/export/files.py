"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from workbench.errors import InputError, WorkbenchError

__all__ = ["check_place", "write_bytes", "write_text", "write_with"]


def write_with(path: str | os.PathLike[str], write: Callable[[Path], object]) -> Path:
    """Let ``write`` fill a temporary file beside ``path``, then put it in its place.

    Raises
    ------
    InputError
        The folder does not exist or cannot be written, the path is a folder, or the disk refuses.
    """
    target = Path(path).expanduser()
    check_place(target)
    try:
        # The suffix stays, since some writers choose the format by it.
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".saving-", suffix=target.suffix)
    except OSError as error:
        raise _refused(target, error) from None
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        # mkstemp makes the file private; a report is to be as readable as any other new file.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except WorkbenchError:
        raise
    except OSError as error:
        raise _refused(target, error) from None
    finally:
        temporary.unlink(missing_ok=True)
    return target


def check_place(target: Path) -> None:
    """Raise `InputError` where nothing can be written: no folder, or a folder of that name."""
    if not target.parent.is_dir():
        raise InputError(
            f"Cannot save {str(target)!r}: the folder {str(target.parent)!r} does not exist; "
            "make it first, or choose another."
        )
    if target.is_dir():
        raise InputError(f"Cannot save {str(target)!r}: it is a folder; name a file in it.")
    if not os.access(target.parent, os.W_OK):
        raise InputError(
            f"Cannot save {str(target)!r}: the folder {str(target.parent)!r} cannot be written; "
            "choose another."
        )


def _refused(target: Path, error: OSError) -> InputError:
    return InputError(f"Cannot save {str(target)!r}: {error.strerror or error}; choose another.")


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
