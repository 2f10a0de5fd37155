"""The alert records of a database in the order in which they were told, from a place on.

A place is that of the record's entry in the audit log, which no restart and no refold ever gives to another.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

_AFTER: Final = (
    "SELECT seq, leaf, body, input FROM records WHERE seq > ? AND leaf IS NOT NULL ORDER BY seq LIMIT ?"
)


class Told(NamedTuple):
    """A record: its number, the place of its entry in the audit log, and what it says as one line of JSON.

    `input` is the number of the input whose arrival wrote it, which a refold leaves as it is.
    """

    seq: int
    leaf: int
    body: bytes
    input: int


class SqliteTold:
    """What was told of alerts."""

    def __init__(self, connection: sqlite3.Connection, opened: Callable[[bytes], bytes]) -> None:
        """Take a database and what opens a record that is sealed (streams/sealing/)."""
        self._db = connection
        self._opened = opened

    def behind(self, leaf: int) -> int:
        """Return the number of the last record whose entry stands at a place or before it; 0 where none does."""
        return self._last("leaf", leaf)

    def of_inputs(self, until: int) -> int:
        """Return the number of the last record that an input up to a number wrote; 0 where none did."""
        return self._last("input", until)

    def _last(self, column: Literal["leaf", "input"], most: int) -> int:
        """Search in halves: records, their entries and the inputs that wrote them grow together."""
        query = f"SELECT {column} FROM records WHERE seq >= ? ORDER BY seq LIMIT 1"  # noqa: S608  # one of two words
        low, high = 0, self.newest()
        while low < high:  # Numbers have no gaps worth a thought.
            middle = (low + high + 1) // 2
            row = self._db.execute(query, (middle,)).fetchone()
            if row is not None and row[0] is not None and row[0] <= most:
                low = middle
            else:
                high = middle - 1
        return low

    def newest(self) -> int:
        """Return the number of the newest record; 0 where there is none."""
        row = self._db.execute("SELECT max(seq) FROM records").fetchone()
        return row[0] or 0

    def leaf(self, seq: int) -> int:
        """Return the place of the entry of the record with a number, or of the last before it; -1 where none is."""
        row = self._db.execute(
            "SELECT leaf FROM records WHERE seq <= ? AND leaf IS NOT NULL ORDER BY seq DESC LIMIT 1", (seq,)
        ).fetchone()
        return row[0] if row else -1

    def after(self, seq: int, most: int) -> list[Told]:
        """Return the records behind a number, so many at most."""
        return [self._told(row) for row in self._db.execute(_AFTER, (seq, most))]

    def _told(self, row: tuple[int, int, bytes, int]) -> Told:
        return Told(row[0], row[1], self._opened(bytes(row[2])), row[3])
