"""One narrow row for each alert, by which lists find, sort and group alerts without reading what was said of them.

A row has the number of the alert's last record and what lists ask of it, as the record says it: what is sealed there is
sealed here. Beside it stands how the alert is handled. Both are folded from records and acts and written with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from engine.alert import RANK, Record
from engine.instants import micros
from streams.handling import RISES, Handling
from streams.stores.sqlite_acts import SqliteActs

# `level` is a RANK, times are UTC microseconds. `handling`, `assignee` and `until_us` are as if no snooze ever ended:
# whoever asks knows the clock.
TABLES: Final = """
CREATE TABLE alerts(
  seq INTEGER PRIMARY KEY, tenant TEXT NOT NULL, rule TEXT NOT NULL, level INTEGER NOT NULL, state TEXT NOT NULL,
  at_us INTEGER NOT NULL, key TEXT NOT NULL, handling TEXT NOT NULL, assignee TEXT, until_us INTEGER);
CREATE INDEX alerts_rule ON alerts(rule);
CREATE INDEX alerts_tenant ON alerts(tenant);
"""
_PUT: Final = "INSERT INTO alerts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'new', NULL, NULL)"
# The row moves to the new record and keeps how the alert is handled.
_MOVE: Final = """
UPDATE alerts SET seq = ?1, tenant = ?2, rule = ?3, level = ?4, state = ?5, at_us = ?6, key = ?7
WHERE seq = (SELECT seq FROM records WHERE alert = ?8 AND record < ?9 ORDER BY record DESC LIMIT 1)"""
_HANDLED: Final = """
UPDATE alerts SET handling = ?, assignee = ?, until_us = ?
WHERE seq = (SELECT seq FROM records WHERE alert = ? ORDER BY record DESC LIMIT 1)"""
_PAGE: Final = 500
_ALL: Final = """
SELECT alerts.seq, alerts.tenant, rule, level, state, at_us, key, handling, assignee, until_us, alert, body,
  NOT EXISTS (SELECT 1 FROM records AS next WHERE next.alert = records.alert AND next.record > records.record)
FROM alerts LEFT JOIN records ON records.seq = alerts.seq WHERE alerts.seq > ? ORDER BY alerts.seq LIMIT ?"""
_UNLISTED: Final = """
SELECT alert FROM records WHERE NOT EXISTS (SELECT 1 FROM alerts WHERE alerts.seq = records.seq) AND NOT EXISTS (
  SELECT 1 FROM records AS next WHERE next.alert = records.alert AND next.record > records.record) LIMIT 1"""
_RECORD: Final = msgspec.json.Decoder(Record)


class Row(NamedTuple):
    """What the table says of a record and of how its alert is handled."""

    tenant: str
    rule: str
    level: int
    state: str
    at_us: int
    key: str
    handling: str = "new"
    assignee: str | None = None
    until_us: int | None = None


def row_of(record: Record, handling: Handling = Handling()) -> Row:  # noqa: B008  # frozen
    """Return the row of an alert by its last record, sealed as it is stored, and how it is handled at no clock."""
    until_us = micros(handling.until) if handling.until is not None else None
    return Row(
        record.tenant, record.rule, RANK[record.level], record.state, micros(record.at),
        msgspec.json.encode(record.key).decode(), handling.state, handling.assignee, until_us,
    )  # fmt: skip


def put_alerts(connection: sqlite3.Connection, records: Iterable[tuple[int, Record]]) -> int:
    """Put records with their numbers, as part of a transaction in which they stand; return how many alerts are new."""
    new = 0
    for seq, record in records:
        row = (seq, *row_of(record)[:6])
        if record.record == 1 or not connection.execute(_MOVE, (*row, record.id, record.record)).rowcount:
            connection.execute(_PUT, row)
            new += 1
    return new


def put_handling(connection: sqlite3.Connection, acts: SqliteActs, alerts: Collection[str]) -> None:
    """Fold anew how alerts are handled that rose or were acted on, as part of a transaction that holds both."""
    acted = acts.acted(alerts)
    for name, case in acts.cases(acted).items() if acted else ():
        handling = case.handling(None)
        until_us = micros(handling.until) if handling.until is not None else None
        connection.execute(_HANDLED, (handling.state, handling.assignee, until_us, name))


def rose(records: Iterable[tuple[int, Record]]) -> set[str]:
    """Return the alerts that records raise, to a higher level or anew: how they are handled may change by it."""
    return {record.id for _, record in records if record.state in RISES}


class Kept(NamedTuple):
    """A row as it is kept: `of` is the alert whose last record has its number, `wanted` what the row must be.

    `wanted` is None where no record has its number, or where another follows that record.
    """

    seq: int
    row: Row
    of: str | None
    wanted: Row | None


def kept(connection: sqlite3.Connection, acts: SqliteActs) -> Iterator[Kept]:
    """Yield every row beside what it must be, decoded from records and acts, in order."""
    after = 0
    while rows := connection.execute(_ALL, (after, _PAGE)).fetchall():
        handled = acts.handled([row[10] for row in rows if row[10] is not None], lambda _: None)
        for seq, *of_row, alert, body, is_last in rows:
            stands = alert is not None and is_last
            wanted = row_of(_RECORD.decode(body), handled[alert]) if stands else None
            yield Kept(seq, Row(*of_row), alert, wanted)
        after = rows[-1][0]


def unlisted(connection: sqlite3.Connection) -> str | None:
    """Return an alert that has records and no row, None where each has one."""
    row = connection.execute(_UNLISTED).fetchone()
    return str(row[0]) if row else None
