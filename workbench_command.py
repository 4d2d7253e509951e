"""The command ``workbench``, from its first moment: what it imports takes a second.

Outside the package, because importing anything of the package imports all of that.
"""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def main() -> int:
    """Run the command line; Ctrl-C while it is being imported ends in one line too."""
    try:
        from workbench.cli import main as run
    except KeyboardInterrupt:
        print("workbench: stopped before anything was done", file=sys.stderr)
        return _INTERRUPTED
    return run()
