"""The store for one machine: a SQLite database that holds the log, the decisions and the state.

One transaction a batch, synchronised to the disk, holds inputs as they came, dispositions, records and position; at a
checkpoint the changed state too. Whatever happens, the file holds whole batches and nothing else.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import IO, Final

import msgspec

from engine.alert import encode
from streams.commit import CODE, NO_TENANT, PIECE_BYTES, Batch
from streams.refusing import RefusedError
from streams.sealing.subjects import SEED_BYTES, keys_from
from streams.stores.deciding import DecidedBy, Decider, difference
from streams.stores.locking import Lock
from streams.stores.sqlite_alerts import put_alerts, put_handling, rose
from streams.stores.sqlite_failing import REFOLD, damaged, failed
from streams.stores.sqlite_leaves import put_growth
from streams.stores.sqlite_reading import SqliteReader
from streams.stores.sqlite_rows import by_keys, put_rows
from streams.stores.sqlite_schema import check_decided, check_kind, check_log, checksum, create, is_new
from streams.stores.sqlite_shadows import put_shadows
from streams.stores.sqlite_subjects import put_puncture, put_weeks, sweep, unswept

_NAMES: Final = tuple(CODE)
# Of erasures too: the log is decided anew by what is left, from the beginning.
_DECIDED: Final = ("records", "shadows", "alerts", "acts", "state", "ledgers", "unindexed", "erasures")
_INPUT: Final = "(?, {source}, ?, ?, ?, ?, ?, ?, ?)"
_AGAIN: Final = (
    "UPDATE inputs SET tenant = ?, time_us = ?, clock_us = ?, disposition = ?, reason = ? WHERE seq = ?"
)
_HELD: Final = "SELECT count(*), coalesce(sum(crc), 0) FROM state WHERE key"


class SqliteStore(SqliteReader):
    """A database that this process alone writes."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        lock: Lock,
        decider: Decider,
    ) -> None:
        super().__init__(connection, path)
        self._lock = lock
        self._decider = decider
        self._totals = self.totals()
        self._sources: dict[str, int] = dict(connection.execute("SELECT name, id FROM sources"))
        self._keys = self.seals.keys  # Read at once: nothing is sealed by halves.
        self._due = False  # The WAL is to be emptied as soon as nobody reads in it.
        self._inside = False  # A transaction is open that holds more than one batch.

    def commit(self, batch: Batch) -> None:
        """Take a batch whole or not at all; raises RefusedError where the disk is full or fails."""
        totals = dict(self._totals)
        with self._transaction():
            if batch.rules is not None:
                self._change(batch.rules, batch.inputs[0][0], totals)
            if batch.inputs:
                self._put_inputs(batch, totals)
            self._db.executemany("INSERT INTO acts VALUES (?, ?)", batch.acts)
            self._put_records(batch, totals)
            put_shadows(self._db, batch.shadows)
            totals["shadows"] += len(batch.shadows)
            if batch.growth is not None:
                put_growth(self._db, batch.growth, sum(totals[name] for name in CODE))
                totals["entries"] += len(batch.growth.entries)
            if batch.erasure is not None:
                put_puncture(self._db, batch.erasure.punctures, batch.erasure.inputs)
            put_weeks(self._db, batch.weeks)
            if batch.position is not None:
                position = msgspec.json.encode(batch.position)
                self._db.execute(
                    "UPDATE sources SET position = ? WHERE id = ?", (position, self._source(batch.source))
                )
            if batch.state is not None:
                self._put_state(batch.state, totals)
                totals["checkpoint"] = sum(totals[name] for name in CODE)
            changed = [(n, name) for name, n in totals.items() if n != self._totals[name]]
            self._db.executemany("UPDATE totals SET n = ? WHERE name = ?", changed)
        self._totals = totals
        if any(each.key is not None for each in batch.weeks):
            self._due = True
        if self._due and not self._inside:  # The pages of before, with the keys that ended, stand in the WAL.
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._due = bool(busy)

    def _change(self, decider: Decider, first: int, totals: dict[str, int]) -> None:
        """Let something else decide from an input on; the state kept so far is none of its."""
        self._db.execute("DELETE FROM state")
        totals["state_rows"] = totals["state_sum"] = 0
        self._decider = decider
        self._note(first)

    def _put_inputs(self, batch: Batch, totals: dict[str, int]) -> None:
        rows = batch.inputs
        if batch.again:
            self._db.executemany(_AGAIN, ((*row[2:7], row[0]) for row in rows))
        else:
            put_rows(self._db, "INSERT INTO inputs", _INPUT.format(source=self._source(batch.source)), rows)
        for code, count in Counter(row[5] for row in rows).items():
            totals[_NAMES[code]] += count
        if batch.rest is not None:
            self._put_rest(rows[-1][0], batch.rest)

    def _put_rest(self, seq: int, rest: IO[bytes]) -> None:
        """Write what follows an overlong line, in pieces that are sealed one by one."""
        part = 0
        while piece := rest.read(PIECE_BYTES):
            self._db.execute(
                "INSERT INTO pieces VALUES (?, ?, ?)", (seq, part, self.seals.piece(NO_TENANT, piece))
            )
            part += 1

    def _put_records(self, batch: Batch, totals: dict[str, int]) -> None:
        """Put records under the next numbers, and what is found of their alerts; acts stand there already."""
        leaves = batch.growth.of_records if batch.growth else ()
        first = totals["records"] + 1
        self._db.executemany(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)",
            [
                (first + n, seq, record.id, record.record, encode(record), leaf)
                for n, ((seq, record), leaf) in enumerate(zip_longest(batch.records, leaves))
            ],
        )
        totals["records"] += len(batch.records)
        numbered = [(first + n, record) for n, (_, record) in enumerate(batch.records)]
        totals["alerts"] += put_alerts(self._db, numbered)
        put_handling(self._db, self.acts, {*rose(numbered), *(alert for alert, _ in batch.acts)})

    def _put_state(self, entries: Iterable[tuple[bytes, bytes | None]], totals: dict[str, int]) -> None:
        """Put changed entries in place of old ones, and keep what all of them add up to."""
        run = self._db.execute
        gone: list[bytes] = []
        rows: list[tuple[bytes, int, bytes]] = []
        for key, value in entries:
            if value is None:
                gone.append(key)
            else:
                rows.append((key, checksum(key, value), value))
        rows.sort()  # A tree takes them sooner so.
        for keys in (gone, [row[0] for row in rows]):
            for those, part in by_keys(keys):
                held, total = run(f"{_HELD} {those}", part).fetchone()
                totals["state_rows"] -= held
                totals["state_sum"] -= total
                if keys is gone:
                    run(f"DELETE FROM state WHERE key {those}", part)  # noqa: S608  # question marks
        put_rows(self._db, "INSERT OR REPLACE INTO state", "(?, ?, ?)", rows)
        totals["state_rows"] += len(rows)
        totals["state_sum"] += sum(row[1] for row in rows)

    def _source(self, name: str) -> int:
        found = self._sources.get(name)
        if found is None:
            self._db.execute("INSERT OR IGNORE INTO sources(name) VALUES (?)", (name,))
            found = self._db.execute("SELECT id FROM sources WHERE name = ?", (name,)).fetchone()[0]
            self._sources[name] = found
        return found

    @contextmanager
    def refolding(self) -> Iterator[None]:
        """Forget all that was decided, keeping inputs and audit log; take what is committed inside whole or not at all.

        From then on it counts as decided by the rules and settings that the store was opened with.
        """
        before = self._totals
        with self._transaction():
            self._inside = True
            try:
                for table in _DECIDED:
                    self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # words of ours
                self._db.execute("UPDATE totals SET n = 0 WHERE name <> 'entries'")
                self._totals = {**dict.fromkeys(before, 0), "entries": before["entries"]}
                self.stamp()
                yield
            except BaseException:
                self._totals = before
                raise
            finally:
                self._inside = False

    def stamp(self) -> None:
        """Note what decides the whole log, and the texts of its rules."""
        with self._transaction():
            self._db.execute("DELETE FROM rules")
            self._db.execute("DELETE FROM epochs")
            self._note(1)

    def _note(self, first: int) -> None:
        """Note what decides from an input on: its name, the texts of its rules that are new, and its rule set whole."""
        by, run = self._decider.by, self._db.execute
        run("INSERT OR REPLACE INTO facts VALUES ('decided_by', ?)", (msgspec.json.encode(by),))
        run("INSERT OR REPLACE INTO epochs VALUES (?, ?)", (first, msgspec.json.encode(by)))
        for name, body in self._decider.texts.items():
            if self.rule(name, first) != body:
                run("INSERT OR REPLACE INTO rules VALUES (?, ?, ?)", (name, first, body))
        if self._decider.archive:
            run("INSERT OR IGNORE INTO rulesets VALUES (?, ?)", (by.ruleset, self._decider.archive))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._inside:
            yield
            return
        sources = dict(self._sources)
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            self._sources = sources
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError):
                raise failed(self.path, error) from None
            raise

    def sweep(self) -> None:
        """Take the last traces of what was erased out of the file. Raises RefusedError where that has to wait."""
        if unswept(self._db):
            sweep(self.path)

    def close(self) -> None:
        """Close the database and let go of its lock."""
        super().close()
        self._lock.close()


def open_store(
    path: Path,
    by: DecidedBy,
    rules: Mapping[str, bytes],
    *,
    refold: bool = False,
    archive: bytes = b"",
    seed: bytes | None = None,
) -> SqliteStore:
    """Open a database to write, making it where there is none. `archive`: the rule set whole, to be kept.

    `seed`: 32 bytes from which the keys of subjects are made where it is new; None draws one that nobody keeps.

    Raises RefusedError where another process writes it, where it is damaged, newer or foreign, and, unless it is to be
    refolded, where other rules or settings decided it.
    """
    lock = Lock(path)
    connection = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=10)
        _prepare(connection, path, by, seed, refold=refold)
        store = SqliteStore(connection, path, lock, Decider(by, rules, archive))
        store.sweep()  # Where an erasure was cut off before its end.
        if not store.last:
            store.stamp()
    except BaseException as error:
        if connection is not None:
            connection.close()
        lock.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise failed(path, error) from None
        raise
    return store


def _prepare(
    connection: sqlite3.Connection, path: Path, by: DecidedBy, seed: bytes | None, *, refold: bool
) -> None:
    if is_new(connection):
        create(connection, keys_from(seed or os.urandom(SEED_BYTES)))
    check_kind(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA secure_delete = FAST")  # Keys that end leave no bytes in their pages.
    connection.execute("PRAGMA cache_size = -32768")
    connection.execute("PRAGMA wal_autocheckpoint = 2000")
    check_log(connection, path)
    if refold:
        return
    check_decided(connection, path)
    reader = SqliteReader(connection, path)
    stored = reader.decided_by()
    if stored is None:
        if reader.last:
            raise damaged(path, "decisions of unknown rules", REFOLD)
        return
    differs = difference(stored, by) if reader.last else None
    if differs is not None:
        mend = (
            "change them with `weiguard run --reload`, fold its log anew with --refold, or name another --db"
        )
        raise RefusedError(str(path), *differs, mend)
