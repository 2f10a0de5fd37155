"""One process at a time writes a database. The operating system lets go of the lock when the process ends, however.

Only the index of the audit log (sqlite_index.py), which says nothing of its own, is brought up to date beside it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from streams.refusing import RefusedError


class InUseError(RefusedError):
    """Another process writes the database."""


class Lock:
    """An exclusive lock on the file beside a database; held until `close`."""

    def __init__(self, database: Path) -> None:
        """Take the lock, or raise InUseError naming the process that has it."""
        # Not the database itself: closing any handle on it would drop SQLite's own locks.
        path = database.with_name(f"{database.name}.lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            found = (error.strerror or str(error)).lower()
            raise RefusedError(
                str(database), f"“{found}”", "a folder that can be written to", "name another with --db"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise InUseError(
                str(database),
                f"a database in use by process {holder}",
                "one that no other process writes",
                "stop that process first, or name another database with --db",
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Let go."""
        os.close(self._file)
