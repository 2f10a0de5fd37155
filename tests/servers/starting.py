"""Starts a server that dies with the run that started it (dying.py), and writes what it says to a file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Final

_WITHIN_S: Final = 60.0
_OFTEN_S: Final = 0.1
_SAID: Final = 800  # Characters of what it said last.
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


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until a server answers 200 at an address; fails with what it said where it ends or takes too long."""
    end = time.monotonic() + _WITHIN_S
    while not _ready(url):
        said = log.read_text()[-_SAID:]
        assert process.poll() is None, f"it ended: {said}"
        assert time.monotonic() < end, f"not ready after {_WITHIN_S:.0f} s: {said}"
        time.sleep(_OFTEN_S)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own
            return bool(answer.status == 200)
    except OSError:
        return False
