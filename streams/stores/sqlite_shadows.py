"""What shadow rules would have said: a table like that of the records, and nothing that tells of alerts reads it.

It is history like them, written in the same transactions, sealed alike, and made anew where the log is folded anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine.alert import Record, encode
from streams.commit import StoredRecord

TABLES: Final = """
CREATE TABLE shadows(
  seq INTEGER PRIMARY KEY, input INTEGER NOT NULL, rule TEXT NOT NULL, alert TEXT NOT NULL, record INTEGER NOT NULL,
  body BLOB NOT NULL, UNIQUE(alert, record));
CREATE INDEX shadows_by_rule ON shadows(rule, seq);
"""
_PAGE: Final = 1_000  # Rows fetched at a time, so that a reader holds no lock while it works.
_FORWARD: Final = (
    "SELECT seq, input, alert, record, body FROM shadows WHERE seq > ? AND input > ? ORDER BY seq LIMIT ?"
)
# The last record of every alert; of columns beside an aggregate SQLite takes those of its row.
_LAST: Final = "SELECT rule, seq, input, alert, max(record) AS record, body FROM shadows GROUP BY alert"
_LAST_OF_RULE: Final = _LAST.replace("GROUP", "WHERE rule = ?1 GROUP")
_ABOUT: Final = "json_extract(CAST(body AS TEXT), '$.key.alert') IS NULL"
_COUNTS: Final = f"""
SELECT rule, json_extract(CAST(body AS TEXT), '$.level'), json_extract(CAST(body AS TEXT), '$.state') = 'retracted',
  count(*) FROM ({_LAST}) WHERE ?2 OR {_ABOUT} GROUP BY 1, 2, 3"""  # noqa: S608  # made of what stands above
_COUNTS_OF_RULE: Final = _COUNTS.replace(_LAST, _LAST_OF_RULE)
_NEWEST: Final = f"""
SELECT input, alert, record, body FROM ({_LAST_OF_RULE}) WHERE ?2 OR {_ABOUT}
ORDER BY seq DESC LIMIT ?3"""  # noqa: S608  # likewise


class SqliteShadows:
    """The would-be alerts of a database."""

    def __init__(self, connection: sqlite3.Connection, opened: Callable[[bytes], bytes]) -> None:
        """Take a database and what opens a record that is sealed (streams/sealing/)."""
        self._db = connection
        self._opened = opened

    def sealed(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield would-be records in the order of the log, sealed, those of inputs after a number."""
        at = 0
        while rows := self._db.execute(_FORWARD, (at, after, _PAGE)).fetchall():
            for _, seq, alert, record, body in rows:
                yield StoredRecord(seq, alert, record, bytes(body))
            at = rows[-1][0]

    def all(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield the same opened."""
        return map(self.opened, self.sealed(after))

    def standing(self) -> Iterator[StoredRecord]:
        """Yield the last record of every would-be alert, sorted by id; retracted ones too."""
        rows = self._db.execute(f"{_LAST} ORDER BY alert")
        return (self.opened(StoredRecord(*row[2:])) for row in rows)

    def newest(self, rule: str, most: int, *, about_alerts: bool) -> list[StoredRecord]:
        """Return the last records of the would-be alerts of a rule that changed last, the newest first, `most` of them.

        `about_alerts`: also of those that speak of another alert. Reads all that the rule has.
        """
        rows = self._db.execute(_NEWEST, (rule, about_alerts, most))
        return [self.opened(StoredRecord(*row)) for row in rows]

    def counts(
        self, *, about_alerts: bool, rule: str | None = None
    ) -> dict[str, dict[tuple[str, bool], int]]:
        """Return how many would-be alerts each rule has, or one, by (level, whether it is retracted). Reads them all.

        `about_alerts`: also those that speak of another alert.
        """
        found: dict[str, dict[tuple[str, bool], int]] = {}
        rows = self._db.execute(_COUNTS if rule is None else _COUNTS_OF_RULE, (rule, about_alerts))
        for name, level, retracted, count in rows:
            found.setdefault(name, {})[level, bool(retracted)] = count
        return found

    def opened(self, stored: StoredRecord) -> StoredRecord:
        """Return a would-be record opened."""
        return StoredRecord(stored.input, stored.alert, stored.record, self._opened(bytes(stored.body)))


def put_shadows(connection: sqlite3.Connection, shadows: Sequence[tuple[int, Record]]) -> None:
    """Write would-be records, sealed, each with the number of the input whose arrival it is of."""
    rows = ((seq, each.rule, each.id, each.record, encode(each)) for seq, each in shadows)
    connection.executemany(
        "INSERT INTO shadows(input, rule, alert, record, body) VALUES (?, ?, ?, ?, ?)", rows
    )
