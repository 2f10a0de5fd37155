"""The alerts that stand, in a file that lives as long as a comparison: memory does not grow with their number.

It is no store: nothing in it outlives the call, so it keeps no journal and is never flushed to the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.alert import Record, encode
from engine.instants import micros
from streams.stores.sqlite_failing import failed

# What an alert says beside its words; where it is the same under two rule sets, the alert is unchanged.
FACTS: Final = ("level", "at", "trigger", "values", "limits", "evidence")
TABLE: Final = """
CREATE TABLE standing(
  id TEXT PRIMARY KEY, rule TEXT NOT NULL, level TEXT NOT NULL, tenant TEXT NOT NULL, who BLOB NOT NULL,
  day TEXT NOT NULL, at_us INTEGER NOT NULL, facts BLOB NOT NULL, body BLOB NOT NULL)"""
_SORTED: Final = msgspec.json.Encoder(order="sorted")


def scratch(path: Path) -> sqlite3.Connection:
    """Open a file that nobody needs after this call. Raises RefusedError."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def facts_of(record: Record) -> dict[str, Any]:
    """Return what of a record counts as the alert having changed."""
    return {name: getattr(record, name) for name in FACTS}


def who(key: dict[str, Any]) -> dict[str, Any]:
    """Return whom an alert is about: the account or else the owner of its key, or the whole key without either."""
    for name in ("account", "owner"):
        if name in key:
            return {name: key[name]}
    return key


class Standing:
    """What stands under one rule set, in a new file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = scratch(path)
        self._file.execute(TABLE)
        self._file.execute("BEGIN")

    def take(self, records: Iterable[Record]) -> None:
        """Take records in the order of the log: the last of an alert stands. Raises RefusedError on a full disk."""
        try:
            for record in records:
                if record.state == "retracted":
                    self._file.execute("DELETE FROM standing WHERE id = ?", (record.id,))
                else:
                    self._file.execute("REPLACE INTO standing VALUES (?,?,?,?,?,?,?,?,?)", _row(record))
        except sqlite3.DatabaseError as error:
            raise failed(self._path, error) from None

    def close(self) -> None:
        """Write what is left."""
        try:
            self._file.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise failed(self._path, error) from None
        finally:
            self._file.close()


def _row(record: Record) -> tuple[Any, ...]:
    return (
        record.id, record.rule, record.level, record.tenant, _SORTED.encode(who(record.key)), record.at[:10],
        micros(record.at), sha256(_SORTED.encode(facts_of(record))).digest(), encode(record),
    )  # fmt: skip
