"""Becomes another program that dies with whoever started this one: `python dying.py PARENT COMMAND…`.

A test run that is killed, or ends itself where it hangs, has no chance to stop its servers; on Linux the kernel does.
It is a program of its own because little is safe between fork and exec in a process that has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main(parent: int, *command: str) -> None:
    """Ask for the signal, see that the parent still lives, and become the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("whoever started this is gone")
    os.execvp(command[0], command)  # noqa: S606  # a list of arguments needs no shell


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
