"""The tables of a Weiguard database, and how to tell one from a damaged, a newer or a foreign one.

A database that does not pass is never opened with what is left of it: a missing state would decide as if nothing had
happened before.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final
from zlib import crc32

from streams.commit import CODE
from streams.refusing import RefusedError
from streams.sealing.subjects import SubjectKeys
from streams.stores import sqlite_acts, sqlite_alerts, sqlite_leaves, sqlite_shadows, sqlite_subjects
from streams.stores.sqlite_failing import REFOLD, damaged

APPLICATION_ID: Final = 0x57474431  # "WGD1"
VERSION: Final = 6

# `epochs`: from which input on which rule set decided, with the settings, as JSON. `rulesets`: the files of every rule
# set that ever did, by its hash (rules/archiving.py). `rules`: the text of a rule from an input on, for `explain`.
TABLES: Final = f"""
CREATE TABLE facts(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE totals(name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sources(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, position BLOB);
CREATE TABLE inputs(
  seq INTEGER PRIMARY KEY, source INTEGER NOT NULL, line INTEGER NOT NULL, tenant TEXT NOT NULL,
  time_us INTEGER NOT NULL, clock_us INTEGER NOT NULL, disposition INTEGER NOT NULL, reason TEXT NOT NULL,
  raw BLOB NOT NULL);
CREATE TABLE pieces(input INTEGER NOT NULL, part INTEGER NOT NULL, raw BLOB NOT NULL, PRIMARY KEY(input, part));
CREATE TABLE records(
  seq INTEGER PRIMARY KEY, input INTEGER NOT NULL, alert TEXT NOT NULL, record INTEGER NOT NULL, body BLOB NOT NULL,
  leaf INTEGER, UNIQUE(alert, record));
CREATE TABLE state(key BLOB PRIMARY KEY, crc INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE rules(id TEXT NOT NULL, first INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY(id, first)) WITHOUT ROWID;
CREATE TABLE epochs(first INTEGER PRIMARY KEY, decided_by BLOB NOT NULL);
CREATE TABLE rulesets(id TEXT PRIMARY KEY, files BLOB NOT NULL);
{sqlite_acts.TABLES}
{sqlite_alerts.TABLES}
{sqlite_leaves.TABLES}
{sqlite_shadows.TABLES}
{sqlite_subjects.TABLES}"""
TOTALS: Final = (*CODE, "records", "alerts", "shadows", "entries", "checkpoint", "state_rows", "state_sum")


def checksum(key: bytes, value: bytes) -> int:
    """Return the checksum of one entry of the state."""
    return crc32(value, crc32(key))


def create(connection: sqlite3.Connection, keys: SubjectKeys) -> None:
    """Make the tables of a new database, all or none."""
    connection.execute("PRAGMA page_size = 8192")
    connection.execute(
        "BEGIN IMMEDIATE"
    )  # Not in a WAL yet: who looks meanwhile finds all of this or nothing.
    for statement in TABLES.split(";"):
        connection.execute(statement)
    connection.executemany("INSERT INTO totals VALUES (?, 0)", [(name,) for name in TOTALS])
    sqlite_subjects.put_keys(connection, keys)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def is_new(connection: sqlite3.Connection) -> bool:
    """Return whether nothing has been put into the database yet, as after a crash at its creation."""
    return not _one(connection, "SELECT count(*) FROM sqlite_master") and not _one(
        connection, "PRAGMA application_id"
    )


def check_kind(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database of another program or of a newer version, or one just begun; raises RefusedError."""
    if is_new(connection):
        raise RefusedError(
            str(path), "nothing in it yet", "a database of `weiguard run`", "ask again once that has begun"
        )
    if _one(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise RefusedError(
            str(path), "a database of another program", "one made by weiguard", "name another file with --db"
        )
    version = _one(connection, "PRAGMA user_version")
    if version != VERSION:
        raise RefusedError(
            str(path),
            f"a database of version {version}",
            f"version {VERSION}",
            "use the version of weiguard that made it",
        )


def check_log(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database whose pages or whose log are damaged; raises RefusedError."""
    found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise damaged(path, f"damaged pages ({found[0]})")
    counted = dict.fromkeys(CODE, 0)
    names = list(CODE)
    for code, count in connection.execute("SELECT disposition, count(*) FROM inputs GROUP BY disposition"):
        if code not in range(len(names)):
            raise damaged(path, f"an input of unknown disposition {code}")
        counted[names[code]] = count
    totals = dict(connection.execute("SELECT name, n FROM totals"))
    for name, count in counted.items():
        if totals.get(name) != count:
            raise damaged(path, f"{count:,} inputs {name} where {totals.get(name, 0):,} were counted")
    entries = _one(connection, "SELECT count(*) FROM entries")
    if totals.get("entries") != entries:
        raise damaged(path, f"{entries:,} audit entries where {totals.get('entries', 0):,} were counted")
    last = _one(connection, "SELECT max(seq) FROM inputs") or 0
    if last != sum(counted.values()):
        raise damaged(path, f"{sum(counted.values()):,} inputs where the last has number {last:,}")


def check_decided(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database whose records or state are damaged; raises RefusedError."""
    totals = dict(connection.execute("SELECT name, n FROM totals"))
    for name in ("records", "alerts", "shadows"):
        held = _one(connection, f"SELECT count(*) FROM {name}")  # noqa: S608  # one of three words
        if totals.get(name) != held:
            raise damaged(path, f"{held:,} {name} where {totals.get(name, 0):,} were counted", REFOLD)
    rows = total = 0
    for key, crc, value in connection.execute("SELECT key, crc, value FROM state"):
        if checksum(key, value) != crc:
            raise damaged(
                path, f"a state entry that does not match its checksum (key {bytes(key)[:40].hex()})", REFOLD
            )
        rows, total = rows + 1, total + crc
    if (rows, total) != (totals.get("state_rows"), totals.get("state_sum")):
        raise damaged(
            path, f"{rows:,} state entries where {totals.get('state_rows', 0):,} were written", REFOLD
        )


def _one(connection: sqlite3.Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
