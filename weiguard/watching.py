"""Work that is done anew whenever a rule file changes, for whoever writes the rules in another window.

The files are looked at twice a second: rule sets are some dozens of files, and this asks for nothing of the system.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from rules.loading.files import files_of
from rules.problems import RuleProblems
from streams.refusing import RefusedError
from weiguard.failing import counted, say

POLL_SECONDS: Final = 0.5
Stamps: TypeAlias = dict[Path, tuple[int, int]]  # When a file was last written, in nanoseconds, and its size.


def watch(folder: Path, work: Callable[[], object]) -> int:
    """Work now and after every change, until Ctrl-C; return the exit status, 0.

    Rules that cannot be read, or of which none is asked for, are told and waited for: they are being written.
    """
    try:
        while True:
            seen = stamps(folder)  # Before the work, so that what changes meanwhile is a change too.
            _work(folder, work)
            _wait(folder, seen)
    except KeyboardInterrupt:
        say("weiguard: no longer watching")
        return 0


def stamps(folder: Path) -> Stamps:
    """Return all rule files of a folder as they stand; one that goes away meanwhile is not there."""
    found: Stamps = {}
    try:
        for path in files_of(folder):
            stat = path.stat()
            found[path] = (stat.st_mtime_ns, stat.st_size)
    except OSError:
        return {}  # Whatever it is, the next look shows it, and so does the work.
    return found


def _work(folder: Path, work: Callable[[], object]) -> None:
    began = time.monotonic()
    try:
        work()
    except RuleProblems as error:
        say(str(error))
        say(f"{counted(len(error.problems), 'problem')} in the rules; nothing was run")
    except RefusedError as error:
        say(f"weiguard: {error}")
    took = time.monotonic() - began
    say(f"{time.strftime('%H:%M:%S')}, {took:.1f} s; waiting for a change in {folder}, Ctrl-C ends it")


def _wait(folder: Path, seen: Stamps) -> None:
    """Return once the files differ from what was seen, and stand still: an editor may write one in several steps."""
    now = seen
    while True:
        time.sleep(POLL_SECONDS)
        before, now = now, stamps(folder)
        if now != seen and now == before:
            return
