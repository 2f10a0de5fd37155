"""Reading a Weiguard database: what the writing store and those who only look have in common.

Inputs and records come opened, as they were before their personal values were sealed, unless they are asked for sealed.

A reader may look while a run writes; it sees whole batches only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from streams.commit import CODE, StoredInput, StoredRecord
from streams.ports import Position
from streams.refusing import RefusedError
from streams.sealing.seals import Seals
from streams.stores.deciding import DecidedBy, Epoch
from streams.stores.sqlite_acts import SqliteActs
from streams.stores.sqlite_alerts import Kept, kept, unlisted
from streams.stores.sqlite_failing import damaged, failed
from streams.stores.sqlite_index import SqliteIndex
from streams.stores.sqlite_leaves import SqliteLeaves
from streams.stores.sqlite_listing import SqliteListing
from streams.stores.sqlite_schema import check_kind
from streams.stores.sqlite_shadows import SqliteShadows
from streams.stores.sqlite_subjects import erasures, read_keys, read_weeks, weeks_stand
from streams.stores.sqlite_told import SqliteTold

_NEWEST: Final = (1 << 63) - 1
_PAGE: Final = 1_000  # Rows fetched at a time, so that a reader holds no lock while it works.
_NAMES: Final = tuple(CODE)
_INPUTS: Final = """
SELECT seq, name, line, tenant, time_us, clock_us, disposition, reason, raw FROM inputs JOIN sources ON id = source
"""
_FORWARD: Final = f"{_INPUTS} WHERE seq > ?1 AND (?2 IS NULL OR tenant = ?2) ORDER BY seq LIMIT ?3"
_BACKWARD: Final = f"{_INPUTS} WHERE seq <= ? AND disposition = 0 AND tenant = ? ORDER BY seq DESC LIMIT ?"
_REFUSED: Final = f"{_INPUTS} WHERE seq > ? AND disposition = ? ORDER BY seq LIMIT ?"
_CAME: Final = "disposition = 0 AND max(time_us, clock_us) >= ? AND seq <= ? AND tenant <> ''"
_SEEN: Final = f"{_INPUTS} WHERE {_CAME} ORDER BY seq"
_RECORDS: Final = (
    "SELECT seq, input, alert, record, body FROM records WHERE seq > ? AND input > ? ORDER BY seq LIMIT ?"
)


class SqliteReader:
    """What is in a database. As a context it is closed at the end, and SQLite's errors inside become refusals."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path
        self.audit = SqliteLeaves(connection)
        self.index = SqliteIndex(connection)
        self.told = SqliteTold(connection, self._opened)
        self.acts = SqliteActs(connection, self._opened_line)
        self.listing = SqliteListing(connection, self._opened, self._forms)
        self.acts_of, self.handled = self.acts.of, self.acts.handled
        self.would_be = SqliteShadows(connection, self._opened)
        self.shadows, self.sealed_shadows = self.would_be.all, self.would_be.sealed

    @cached_property
    def seals(self) -> Seals:
        """By what personal values are sealed."""
        return Seals(
            read_keys(self._db, self.path),
            lambda: (each.body for each in chain(self.sealed_records(), self.sealed_shadows())),
            read_weeks(self._db),
        )

    def renew(self) -> None:
        """Forget the keys of weeks that have ended since they were read."""
        if "seals" in self.__dict__ and self.seals.weeks.stand != weeks_stand(self._db):
            del self.__dict__["seals"]

    @property
    def last(self) -> int:
        """The number of the last input."""
        row = self._db.execute("SELECT max(seq) FROM inputs").fetchone()
        return row[0] or 0

    def clock_us(self) -> int:
        """Return the clock of the last input that moved one."""
        found = self._db.execute("SELECT clock_us FROM inputs WHERE clock_us > 0 ORDER BY seq DESC LIMIT 1")
        row = found.fetchone()
        return int(row[0]) if row else 0

    def position(self, source: str) -> Position | None:
        """Return how far a source was read, None where it never was or cannot be told."""
        row = self._db.execute("SELECT position FROM sources WHERE name = ?", (source,)).fetchone()
        if not row or row[0] is None:
            return None
        try:
            return msgspec.json.decode(row[0], type=Position)
        except msgspec.MsgspecError as error:
            raise damaged(self.path, f"a position that cannot be read ({error})") from None

    def inputs(self, after: int = 0, tenant: str | None = None) -> Iterator[StoredInput]:
        """Yield inputs in the order of the log. An overlong line is given by its first bytes; see `rest`."""
        return map(self.opened, self.sealed_inputs(after, tenant))

    def sealed_inputs(self, after: int = 0, tenant: str | None = None) -> Iterator[StoredInput]:
        """Yield the same inputs sealed."""
        while rows := self._db.execute(_FORWARD, (after, tenant, _PAGE)).fetchall():
            yield from map(_input, rows)
            after = rows[-1][0]

    def opened(self, stored: StoredInput) -> StoredInput:
        """Return an input opened."""
        raw, reason = self.seals.opened_line(stored.raw), self.seals.opened_text(stored.reason)
        return (
            stored
            if raw is stored.raw and reason is stored.reason
            else replace(stored, raw=raw, reason=reason)
        )

    def backwards(self, until: int, tenant: str) -> Iterator[StoredInput]:
        """Yield a tenant's decided inputs from a number back to the first."""
        while rows := self._db.execute(_BACKWARD, (until, tenant, _PAGE)).fetchall():
            yield from map(self.opened, map(_input, rows))
            until = rows[-1][0] - 1

    def decided(self, tenant: str, until: int) -> Iterator[tuple[int, bytes]]:
        """Yield a tenant's decided inputs up to a number with their times, in the order of their times."""
        places = self._db.execute(
            "SELECT time_us, seq FROM inputs WHERE tenant = ? AND disposition = 0 AND seq <= ? ORDER BY time_us",
            (tenant, until),
        )
        for time_us, seq in places:
            (raw,) = self._db.execute("SELECT raw FROM inputs WHERE seq = ?", (seq,)).fetchone()
            yield time_us, self.seals.opened_line(bytes(raw))

    def mentioning(self, tenant: str, words: tuple[str, ...]) -> Iterator[StoredInput]:
        """Yield a tenant's decided inputs in which one of some words stands, or that write signs by number."""
        asked = " OR ".join("instr(raw, CAST(? AS BLOB))" for _ in (*words, "\\u"))
        query = f"{_INPUTS} WHERE tenant = ? AND disposition = 0 AND ({asked}) ORDER BY seq"
        yield from map(self.opened, map(_input, self._db.execute(query, (tenant, *words, "\\u"))))

    def holding(self, marks: Mapping[str, bytes]) -> Iterator[StoredInput]:
        """Yield inputs, sealed, that hold a mark of their tenant. Reads the whole log."""
        for each in self.sealed_inputs():
            mark = marks.get(each.tenant)
            if mark is not None and mark in each.raw:
                yield each

    def late(self, tenant: str, until: int) -> Iterator[bytes]:
        """Yield a tenant's late inputs up to a number, in the order of the log."""
        query = "SELECT raw FROM inputs WHERE tenant = ? AND disposition = ? AND seq <= ? ORDER BY seq"
        for (raw,) in self._db.execute(query, (tenant, CODE["late"], until)):
            yield self.seals.opened_line(bytes(raw))

    def quarantined(self, after: int, most: int) -> list[StoredInput]:
        """Return the first inputs after a number that were quarantined, so many at most."""
        rows = self._db.execute(_REFUSED, (after, CODE["quarantined"], most))
        return [self.opened(_input(row)) for row in rows]

    def seen(self, until: int, since_us: int) -> Iterator[StoredInput]:
        """Yield the decided inputs up to a number that came, or whose time is, at an instant or later."""
        yield from map(self.opened, map(_input, self._db.execute(_SEEN, (since_us, until))))

    def rest(self, seq: int) -> bytes:
        """Return what follows the first bytes of an overlong line."""
        return b"".join(map(self.seals.opened, self.sealed_rest(seq)))

    def sealed_rest(self, seq: int) -> Iterator[bytes]:
        """Yield the same in sealed pieces."""
        query = "SELECT raw FROM pieces WHERE input = ? ORDER BY part"
        yield from (bytes(row[0]) for row in self._db.execute(query, (seq,)))

    def records(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield records in the order of the log, those of inputs after a number."""
        return map(self._record, self.sealed_records(after))

    def _record(self, stored: StoredRecord) -> StoredRecord:
        return replace(stored, body=self._opened(stored.body))

    def _opened(self, body: bytes) -> bytes:
        return self.seals.opened(body)

    def _forms(self, tenant: str, value: str) -> tuple[str, ...]:
        return self.seals.forms(tenant, value)

    def _opened_line(self, raw: bytes) -> bytes:
        return self.seals.opened_line(raw)

    def sealed_records(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield the same records sealed."""
        at = 0
        while rows := self._db.execute(_RECORDS, (at, after, _PAGE)).fetchall():
            for _, seq, alert, record, body in rows:
                yield StoredRecord(seq, alert, record, bytes(body))
            at = rows[-1][0]

    def of_alert(self, alert: str) -> list[StoredRecord]:
        """Return the records of one alert, or of the only one whose id begins so, in order."""
        query = "SELECT input, alert, record, body FROM records WHERE alert >= ? AND alert < ? ORDER BY alert, record"
        rows = self._db.execute(query, (alert, alert + "\U0010ffff")).fetchall()
        return [self._record(StoredRecord(*row)) for row in rows]

    def standing(self) -> Iterator[StoredRecord]:
        """Yield the last record of every alert, sorted by id; retracted ones too."""
        query = "SELECT input, alert, max(record), body FROM records GROUP BY alert ORDER BY alert"
        for row in self._db.execute(query):
            yield self._record(StoredRecord(*row))

    def alert_rows(self) -> Iterator[Kept]:
        """Yield the rows by which alerts are listed beside what they must be."""
        return kept(self._db, self.acts)

    def unlisted(self) -> str | None:
        """Return an alert that has no such row, None where each has one."""
        return unlisted(self._db)

    def checkpointed(self) -> int:
        """Return the number of the input that the state stands behind."""
        return self.totals()["checkpoint"]

    def state(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries of the last checkpoint."""
        yield from self._db.execute("SELECT key, value FROM state")

    def totals(self) -> dict[str, int]:
        """Return what was counted when it was written."""
        return dict(self._db.execute("SELECT name, n FROM totals"))

    def dispositions(self) -> dict[str, int]:
        """Return how many inputs had each disposition."""
        totals = self.totals()
        return {name: totals[name] for name in CODE}

    def tenants(self) -> list[str]:
        """Return the tenants of the log, sorted."""
        return [
            name for (name,) in self._db.execute("SELECT DISTINCT tenant FROM inputs ORDER BY tenant") if name
        ]

    def decided_by(self) -> DecidedBy | None:
        """Return what the decisions depend on; None where that is not known, as in a new database."""
        row = self._db.execute("SELECT value FROM facts WHERE name = 'decided_by'").fetchone()
        try:
            return msgspec.json.decode(row[0], type=DecidedBy) if row else None
        except msgspec.MsgspecError:
            return None  # What it was decided by cannot be told any more.

    def rule(self, name: str, seq: int = _NEWEST) -> bytes | None:
        """Return the text of a rule as JSON, as it was when an input was decided; by default as it was last."""
        query = "SELECT body FROM rules WHERE id = ? AND first <= ? ORDER BY first DESC LIMIT 1"
        row = self._db.execute(query, (name, seq)).fetchone()
        return bytes(row[0]) if row else None

    def fired(self) -> dict[str, dict[str, int]]:
        """Return how many records each rule has, by what they changed. Reads all records."""
        rows = self._db.execute(
            "SELECT json_extract(CAST(body AS TEXT), '$.rule'), json_extract(CAST(body AS TEXT), '$.state'), count(*)"
            " FROM records GROUP BY 1, 2"
        )
        found: dict[str, dict[str, int]] = {}
        for rule, state, count in rows:
            found.setdefault(rule, {})[state] = count
        return found

    def rule_texts(self) -> Iterator[tuple[str, bytes]]:
        """Yield every text that a rule ever had, with the rule's id; of each rule the newest comes last."""
        for name, body in self._db.execute("SELECT id, body FROM rules ORDER BY id, first").fetchall():
            yield name, bytes(body)

    def epochs(self) -> list[Epoch]:
        """Return from which input on what decided, in order."""
        rows = self._db.execute("SELECT first, decided_by FROM epochs ORDER BY first")
        return [Epoch(first, msgspec.json.decode(by, type=DecidedBy)) for first, by in rows]

    def ruleset(self, name: str) -> bytes | None:
        """Return the files of a rule set by its hash, as they were archived; None where it was not kept."""
        row = self._db.execute("SELECT files FROM rulesets WHERE id = ?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def erasures(self) -> list[int]:
        """Return the numbers of the inputs behind which somebody was forgotten, in order."""
        return erasures(self._db)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """See the database as it is in one moment. What a run writes meanwhile waits beside it, in the WAL."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise failed(self.path, error) from None


def _input(row: tuple[int, str, int, str, int, int, int, str, bytes]) -> StoredInput:
    seq, source, line, tenant, time_us, clock_us, code, reason, raw = row
    return StoredInput(seq, source, line, tenant, time_us, clock_us, _NAMES[code], reason, bytes(raw))


def open_reader(path: Path, *, shared: bool = False) -> SqliteReader:
    """Open a database to look at; raises RefusedError where there is none or it cannot be read.

    `shared`: threads may look one after the other.
    """
    if not path.is_file():
        raise RefusedError(str(path), "no database", "one made by `weiguard run`", "name it with --db")
    address = f"file:{quote(str(path))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=not shared)
    try:
        check_kind(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise failed(path, error) from None
    except RefusedError:
        connection.close()
        raise
    return SqliteReader(connection, path)


def last_rules(path: Path) -> tuple[DecidedBy | None, bytes | None]:
    """Return what decided the end of a database, and its rule set whole; None for what is not known.

    Raises RefusedError where the database cannot be read.
    """
    if not path.is_file() or not path.stat().st_size:
        return None, None
    with open_reader(path) as reader:
        by = reader.decided_by()
        return by, reader.ruleset(by.ruleset) if by is not None else None
