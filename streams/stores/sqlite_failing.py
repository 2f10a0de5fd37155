"""What SQLite's errors mean to whoever runs us: damage, a full disk and a lock have other ways out.

Only damage makes a copy of the database the way out; to advise it for a lock would lose what was decided since.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from streams.refusing import RefusedError

REFOLD: Final = "fold its log anew with --refold: the inputs are whole"
_RESTORE: Final = "restore a copy of it, or start a new one with --db and read the sources again"
_AGAIN: Final = "make room and run the same command again: it goes on where it stopped"


def damaged(path: Path, found: object, mend: str = _RESTORE) -> RefusedError:
    """Return the refusal of a damaged database."""
    return RefusedError(str(path), str(found), "an undamaged database", mend)


def failed(path: Path, error: sqlite3.DatabaseError) -> RefusedError:
    """Return the refusal that an error of SQLite stands for."""
    where = str(path)
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:  # The kind of error; the bits above tell its case.
        case sqlite3.SQLITE_FULL:
            return RefusedError(where, "a full disk", "room for the next batch", _AGAIN)
        case sqlite3.SQLITE_IOERR:
            return RefusedError(
                where, f"a disk that fails ({error})", "one that takes the next batch", _AGAIN
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            found = "that another program holds it locked"
            return RefusedError(
                where, found, "a free one", "close that program and run the same command again"
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            expected = "a database that can be opened and written"
            return RefusedError(where, f"“{error}”", expected, "check its rights, or name another with --db")
    return damaged(path, error)
