"""The keys of subjects in a database, and how one of them is destroyed so that no byte of it is left in the file.

They are kept as the nodes of a tree (streams/sealing/subjects.py), so no subject is named here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from streams.refusing import RefusedError
from streams.sealing.subjects import Puncture, SubjectKeys
from streams.sealing.weeks import Kept
from streams.stores.sqlite_failing import damaged, failed

TABLES: Final = """
CREATE TABLE subject_nodes(way TEXT PRIMARY KEY, node BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE weeks(chain BLOB PRIMARY KEY, week INTEGER NOT NULL, key BLOB) WITHOUT ROWID;
CREATE TABLE erasures(input INTEGER PRIMARY KEY);
"""
NAMING: Final = "subject_naming"  # The fact that keys the places of subjects.
_UNSWEPT: Final = "unswept"  # The fact that erased bytes may still lie in free pages or in the WAL.
_WAIT_S: Final = 10.0


def put_keys(connection: sqlite3.Connection, keys: SubjectKeys) -> None:
    """Write the keys of a new database."""
    connection.execute("INSERT INTO facts VALUES (?, ?)", (NAMING, keys.naming))
    connection.executemany("INSERT INTO subject_nodes VALUES (?, ?)", keys.nodes.items())


def read_keys(connection: sqlite3.Connection, path: Path) -> SubjectKeys:
    """Return the keys of a database. Raises RefusedError where they are gone: nothing could be opened."""
    naming = connection.execute("SELECT value FROM facts WHERE name = ?", (NAMING,)).fetchone()
    nodes = {way: bytes(node) for way, node in connection.execute("SELECT way, node FROM subject_nodes")}
    if naming is None or not nodes:
        raise damaged(path, "no keys of its personal values")
    return SubjectKeys(bytes(naming[0]), nodes)


def read_weeks(connection: sqlite3.Connection) -> list[Kept]:
    """Return what is kept of the weeks of tenants."""
    return [
        Kept(bytes(chain), week, bytes(key) if key is not None else None)
        for chain, week, key in connection.execute("SELECT chain, week, key FROM weeks")
    ]


def weeks_stand(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return how many tenants have weeks, and the sum of their numbers: it grows with each that ends."""
    count, total = connection.execute("SELECT count(*), coalesce(sum(week), 0) FROM weeks").fetchone()
    return count, total


def put_weeks(connection: sqlite3.Connection, kept: Iterable[Kept]) -> None:
    """Keep the keys of weeks instead of those before, as part of a transaction."""
    for each in kept:
        if each.puncture is not None:
            _puncture(connection, each.puncture)
        connection.execute("INSERT OR REPLACE INTO weeks VALUES (?, ?, ?)", (each.chain, each.week, each.key))


def _puncture(connection: sqlite3.Connection, puncture: Puncture) -> None:
    connection.executemany("DELETE FROM subject_nodes WHERE way = ?", [(way,) for way in puncture.gone])
    connection.executemany("INSERT OR REPLACE INTO subject_nodes VALUES (?, ?)", puncture.kept.items())


def put_puncture(
    connection: sqlite3.Connection, punctures: Iterable[Puncture], inputs: Iterable[int]
) -> None:
    """Destroy keys, as part of a transaction; `inputs`: the numbers of the inputs that say so."""
    for each in punctures:
        _puncture(connection, each)
    connection.executemany("INSERT INTO erasures VALUES (?)", [(number,) for number in inputs])
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, 1)", (_UNSWEPT,))


def erasures(connection: sqlite3.Connection) -> list[int]:
    """Return the numbers of the inputs behind which somebody was forgotten, in order."""
    return [number for (number,) in connection.execute("SELECT input FROM erasures ORDER BY input")]


def unswept(connection: sqlite3.Connection) -> bool:
    """Return whether a database is still to be swept."""
    return connection.execute("SELECT 1 FROM facts WHERE name = ?", (_UNSWEPT,)).fetchone() is not None


def sweep(path: Path) -> None:
    """Write a database anew without its free pages, and empty its WAL: what was deleted is in neither afterwards.

    Raises RefusedError where another program reads it, or the disk has no room for a second copy; the next run tries
    again.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=_WAIT_S)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("VACUUM")
            _empty_wal(connection, path)
            connection.execute("DELETE FROM facts WHERE name = ?", (_UNSWEPT,))
            _empty_wal(connection, path)
    except sqlite3.DatabaseError as error:
        raise failed(path, error) from None


def _empty_wal(connection: sqlite3.Connection, path: Path) -> None:
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise RefusedError(
            str(path), "that another program reads it", "nobody who still sees what was erased",
            "the key is destroyed; end that program, and the next `weiguard run` takes the last traces away",
        )  # fmt: skip
