"""The audit log in a database: entries, tiles, signed heads, ledgers, and where a runner stopped.

They are written by the transaction that writes the decisions they speak of, and never changed afterwards: only a tile
at the right edge is replaced by a wider one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from engine.merkle import HASH_BYTES
from streams.audit.growth import Growth, Head, Ledger

TABLES: Final = """
CREATE TABLE entries(leaf INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE tiles(level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY(level, number));
CREATE TABLE heads(size INTEGER PRIMARY KEY, root BLOB NOT NULL, note BLOB);
CREATE TABLE ledgers(
  tenant TEXT PRIMARY KEY, ordinal INTEGER NOT NULL, committed INTEGER NOT NULL, counts BLOB NOT NULL,
  hash BLOB NOT NULL, clock_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE unindexed(
  tenant TEXT NOT NULL, leaf INTEGER NOT NULL, day TEXT NOT NULL, PRIMARY KEY(tenant, leaf)) WITHOUT ROWID;
CREATE TABLE stops(input INTEGER PRIMARY KEY);
"""
KEY: Final = "audit_key"  # The fact that names who signs.
_PAGE: Final = 1_000
_BYTES: Final = (
    ("inputs", "raw"),
    ("pieces", "raw"),
    ("records", "body"),
    ("entries", "body"),
    ("tiles", "hashes"),
    ("heads", "root"),
    ("heads", "note"),
)
_ENTRIES: Final = "SELECT leaf, body FROM entries WHERE leaf >= ? AND leaf < ? ORDER BY leaf LIMIT ?"
_END: Final = (1 << 63) - 1  # Behind every entry.
_HEADS: Final = "SELECT size, root, note FROM heads WHERE size > ? ORDER BY size LIMIT ?"
# A refold's entry alone begins so, for keys are sorted; which kind it is tells nobody but itself.
_REFOLDED: Final = (
    "SELECT leaf, body FROM entries WHERE substr(body, 1, 11) = CAST('{\"entries\":' AS BLOB) "
    "ORDER BY leaf DESC"
)


class _Kind(msgspec.Struct):
    kind: str = ""


_KIND: Final = msgspec.json.Decoder(_Kind)


class SqliteLeaves:
    """The audit log of one database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def head(self) -> Head | None:
        """Return the log as it is; None while it is empty."""
        row = self._db.execute("SELECT size, root, note FROM heads ORDER BY size DESC LIMIT 1").fetchone()
        return Head(*row) if row else None

    def head_behind(self, leaf: int) -> Head | None:
        """Return the log as it was when the entry at a place was committed."""
        query = "SELECT size, root, note FROM heads WHERE size > ? ORDER BY size LIMIT 1"
        row = self._db.execute(query, (leaf,)).fetchone()
        return Head(*row) if row else None

    def heads(self) -> Iterator[Head]:
        """Yield the log at every size at which a batch ended, in order."""
        after = -1
        while rows := self._db.execute(_HEADS, (after, _PAGE)).fetchall():
            yield from (Head(*row) for row in rows)
            after = rows[-1][0]

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield entries in order, those from `start` up to and without `end`."""
        end = _END if end is None else end  # A bound that SQLite can stop at, whatever comes behind it.
        while rows := self._db.execute(_ENTRIES, (start, end, _PAGE)).fetchall():
            yield from (bytes(body) for _, body in rows)
            start = rows[-1][0] + 1

    def tile(self, level: int, number: int) -> list[bytes]:
        """Return the hashes of a tile; none where there is no such tile."""
        query = "SELECT hashes FROM tiles WHERE level = ? AND number = ?"
        row = self._db.execute(query, (level, number)).fetchone()
        body = bytes(row[0]) if row else b""
        return [body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)]

    def ledgers(self) -> dict[str, Ledger]:
        """Return the ledger of every tenant."""
        rows = self._db.execute("SELECT tenant, ordinal, committed, counts, hash, clock_us FROM ledgers")
        return {
            tenant: Ledger(
                ordinal, committed, msgspec.json.decode(counts, type=list[int]), bytes(hash_), clock_us
            )
            for tenant, ordinal, committed, counts, hash_, clock_us in rows
        }

    def unindexed(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield (tenant, day, entry) of each tenant's last index, whose day is empty, and of what stands behind it."""
        rows = self._db.execute(
            "SELECT tenant, day, body FROM unindexed JOIN entries USING(leaf) ORDER BY tenant, leaf"
        )
        yield from ((tenant, day, bytes(body)) for tenant, day, body in rows)

    def told_from(self) -> int:
        """Return the first entry of the last telling: 0, or the one behind the last refold."""
        for leaf, body in self._db.execute(_REFOLDED):
            with suppress(msgspec.MsgspecError):
                if _KIND.decode(body).kind == "log.refolded":
                    return int(leaf) + 1
        return 0

    def stops(self) -> list[int]:
        """Return the numbers of the inputs behind which a runner stopped, in order."""
        return [number for (number,) in self._db.execute("SELECT input FROM stops ORDER BY input")]

    def key(self) -> str | None:
        """Return the public key that signs the log; None while nobody does."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (KEY,)).fetchone()
        return str(row[0]) if row else None

    def leaf_of(self, alert: str, record: int) -> int | None:
        """Return where the record of an alert stands in the log."""
        query = "SELECT leaf FROM records WHERE alert = ? AND record = ?"
        row = self._db.execute(query, (alert, record)).fetchone()
        return row[0] if row else None

    def first_of(self, alert: str) -> bytes | None:
        """Return the first entry that names an alert by its whole id; None where there is none. Reads the whole log."""
        query = "SELECT body FROM entries WHERE instr(body, CAST(? AS BLOB)) ORDER BY leaf LIMIT 1"
        row = self._db.execute(query, (f'"id":"{alert}"',)).fetchone()
        return bytes(row[0]) if row else None

    def holding(self, marks: Sequence[bytes]) -> int:
        """Return how many entries hold one of some marks. Reads the whole log."""
        any_of = re.compile(b"|".join(map(re.escape, marks)))
        rows = self._db.execute("SELECT body FROM entries WHERE instr(body, CAST('sealed:' AS BLOB))")
        return sum(any_of.search(body) is not None for (body,) in rows)

    def text_for_bytes(self) -> str | None:
        """Return where a text stands in a column of bytes, as in `inputs.raw, row 3`; None where nowhere."""
        for table, column in _BYTES:
            query = f"SELECT rowid FROM {table} WHERE typeof({column}) NOT IN ('blob', 'null') LIMIT 1"  # noqa: S608  # names of ours
            row = self._db.execute(query).fetchone()
            if row:
                return f"{table}.{column}, row {row[0]}"
        return None


def put_growth(connection: sqlite3.Connection, growth: Growth, last: int) -> None:
    """Write what a batch adds; `last` is the number of its last input."""
    many = connection.executemany
    many("INSERT INTO entries VALUES (?, ?)", growth.entries)
    many("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?)", growth.tiles)
    many(
        "INSERT OR REPLACE INTO ledgers VALUES (?, ?, ?, ?, ?, ?)",
        [
            (tenant, each.ordinal, each.committed, msgspec.json.encode(each.counts), each.hash, each.clock_us)
            for tenant, each in growth.ledgers.items()
        ],
    )
    many("DELETE FROM unindexed WHERE tenant = ?", [(tenant,) for tenant in sorted(growth.indexed)])
    many("INSERT INTO unindexed VALUES (?, ?, ?)", growth.unindexed)
    head = growth.head
    if head.size:
        many("INSERT OR REPLACE INTO heads VALUES (?, ?, ?)", [(head.size, head.root, head.note)])
    if growth.stopped:
        many("INSERT OR IGNORE INTO stops VALUES (?)", [(last,)])
    if growth.key is not None:
        many("INSERT OR REPLACE INTO facts VALUES (?, ?)", [(KEY, growth.key)])
