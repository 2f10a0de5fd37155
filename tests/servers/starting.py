"""Starts a server that dies with the run that started it (dying.py), and writes what it says to a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

_DYING: Final = Path(__file__).with_name("dying.py")


def started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program. A session of its own keeps the terminal's Ctrl-C from it."""
    with log.open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-S", "-E", str(_DYING), str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
