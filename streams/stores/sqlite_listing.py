"""Which alerts are asked for, found in the narrow table of them: the newest, the gravest, or in groups of rule and key.

All that is asked is asked of the database, but for words, which stand in what was said of an alert: of that so many are
read and no more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from engine.alert import RANK
from streams.refusing import RefusedError
from streams.sealing.records import is_steady
from streams.sealing.tokens import MARK

LOOKED_AT: Final = (
    40_000  # Records that are read for words at a time, the newest of those asked for otherwise.
)
_SAME: Final = "CASE WHEN instr(key, 'sealed:') THEN weiguard_same(key) ELSE key END"
# The names in an indexed column, by a look-up each, however many rows there are.
_NAMES: Final = """
WITH RECURSIVE named(name) AS (
  SELECT min({0}) FROM alerts
  UNION ALL SELECT (SELECT min({0}) FROM alerts WHERE {0} > named.name) FROM named WHERE named.name IS NOT NULL)
SELECT name FROM named WHERE name IS NOT NULL"""
# An alert about another one is as confidential as that one is.
_SEEN: Final = """rule IN (SELECT value FROM json_each(?)) AND (
  instr(key, '"alert":') = 0 OR json_type(key, '$.alert') IS NOT 'text' OR EXISTS (
    SELECT 1 FROM records JOIN alerts AS about ON about.seq = records.seq
    WHERE records.alert = json_extract(alerts.key, '$.alert') AND about.rule IN (SELECT value FROM json_each(?))))"""
# A value may stand in a key as it is, or sealed, or in other words than those of JSON.
_HOLDS: Final = "(instr(key, ?) OR instr(key, 'sealed:') OR key GLOB '*:[tfn[]*')"
# A snooze that has ended is over, but for whom the alert is stays.
_NOW: Final = (
    "CASE WHEN handling = 'snoozed' AND until_us <= weiguard_clock(tenant) THEN 'new' ELSE handling END"
)
T = TypeVar("T")
Clock: TypeAlias = Callable[[str], int | None]


class Said(msgspec.Struct):
    """What was said of an alert: its key and its message, by language, are JSON."""

    id: str
    rule: str
    tenant: str
    key: msgspec.Raw
    message: msgspec.Raw

    def words(self) -> list[str]:
        """Return what words are looked for in."""
        told = [*_OBJECT.decode(self.key).values(), *_OBJECT.decode(self.message).values()]
        return [self.rule, self.tenant, *map(str, told)]


_SAID: Final = msgspec.json.Decoder(Said)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts; what is empty or None asks for nothing. Instants are UTC microseconds.

    `states`: those of the last record; empty: alerts that stand. `rule`, `key` and `text` are told a rule, an opened
    key and what was said. `values`: texts that a key holds if `key` says yes. `assignee` empty: nobody's. `ids`: with
    which an id must begin, each of them. `seen`: the rules whose alerts may be seen, and what is said about them.
    """

    rule: Callable[[str], bool] | None = None
    levels: Sequence[str] = ()
    states: Sequence[str] = ()
    tenants: Sequence[str] = ()
    since: int | None = None
    until: int | None = None
    key: Callable[[dict[str, Any]], bool] | None = None
    values: Sequence[str] = ()
    handling: Sequence[str] = ()
    assignee: str | None = None
    ids: Sequence[str] = ()
    text: Callable[[Said], bool] | None = None
    seen: frozenset[str] | None = None


class Grouped(NamedTuple):
    """The alerts of one rule about one key: the newest's last record, how many, and the RANK of the gravest."""

    seq: int
    size: int
    level: int


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A page: numbers of records, or groups. `total`: of all pages, None where they were not counted.

    `looked`: the last record that was read for words, where there are more; None where none is left.
    """

    rows: list[T]
    total: int | None = None
    looked: int | None = None


class SqliteListing:
    """The lists of one database. `clock`: a tenant's clock in UTC microseconds, None before it has one."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        opened: Callable[[bytes], bytes],
        forms: Callable[[str, str], tuple[str, ...]],
    ) -> None:
        """Take a database, what opens a record that is sealed, and how a tenant's value may stand in a sealed key."""
        self._db = connection
        self._opened = opened
        self._forms = forms
        self._broken: RefusedError | None = None  # What a function of ours raised inside SQLite.

    def newest(self, wanted: Wanted, clock: Clock, most: int, before: int | None = None) -> Found[int]:
        """Return the last records of so many alerts at most, the newest first; `before`: of those before a number."""
        with self._asking(wanted, clock):
            where = self._where(wanted)
            if before is not None:
                where.must("alerts.seq < ?", before)
            if wanted.text is not None:
                return self._saying(wanted.text, where, most)
            query = f"SELECT seq FROM alerts WHERE {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608  # words of ours
            return Found([seq for (seq,) in self._db.execute(query, (*where.values, most))])

    def gravest(self, wanted: Wanted, clock: Clock, part: slice) -> Found[int]:
        """Return a part of the same, the gravest first and of a level the newest."""
        found = self._part("SELECT seq", "ORDER BY level DESC, seq DESC", wanted, clock, part)
        return Found([seq for (seq,) in found.rows], found.total, found.looked)

    def groups(self, wanted: Wanted, clock: Clock, part: slice, *, gravest: bool) -> Found[Grouped]:
        """Return a part of the groups, that of the newest alert first or the gravest."""
        order = "max(level) DESC, max(seq) DESC" if gravest else "max(seq) DESC"
        grouped = f"GROUP BY {_SAME}, rule, tenant ORDER BY {order}"  # What differs most is compared first.
        found = self._part("SELECT max(seq), count(*), max(level)", grouped, wanted, clock, part)
        return Found([Grouped(*row) for row in found.rows], found.total, found.looked)

    def _part(
        self, what: str, order: str, wanted: Wanted, clock: Clock, part: slice
    ) -> Found[tuple[int, ...]]:
        """Return a part of all rows, of which no others are kept, and how many there are."""
        with self._asking(wanted, clock):
            where, looked = self._where(wanted), None
            if wanted.text is not None:
                said = self._saying(wanted.text, where, None)
                where, looked = _Where(), said.looked
                where.must("seq IN (SELECT value FROM json_each(?))", _list(said.rows))
            rows, total = [], 0
            for total, row in enumerate(
                self._db.execute(f"{what} FROM alerts WHERE {where} {order}", where.values), 1
            ):
                if part.start < total <= part.stop:
                    rows.append(row)
        return Found(rows, total, looked)

    def bodies(self, seqs: Iterable[int]) -> list[bytes]:
        """Return records by their numbers, in the order of these."""
        return [self._body(seq) for seq in seqs]

    def tenants(self) -> list[str]:
        """Return the tenants that have alerts, sorted."""
        return self._names("tenant")

    def _names(self, column: Literal["rule", "tenant"]) -> list[str]:
        return [name for (name,) in self._db.execute(_NAMES.format(column))]

    def _body(self, seq: int) -> bytes:
        (body,) = self._db.execute("SELECT body FROM records WHERE seq = ?", (seq,)).fetchone()
        return self._opened(bytes(body))

    def _saying(self, text: Callable[[Said], bool], where: _Where, most: int | None) -> Found[int]:
        """Read what was said of alerts, the newest first, until there are so many that say what is asked for."""
        query = f"""
            SELECT alerts.seq, body FROM alerts CROSS JOIN records ON records.seq = alerts.seq
            WHERE {where} ORDER BY alerts.seq DESC LIMIT ?"""  # noqa: S608  # as above
        found: list[int] = []
        looked = None
        for count, (seq, body) in enumerate(self._db.execute(query, (*where.values, LOOKED_AT + 1))):
            if count == LOOKED_AT:
                return Found(found, looked=looked)
            looked = seq
            if text(self._said(bytes(body))):
                found.append(seq)
                if len(found) == most:
                    break
        return Found(found)

    def _said(self, body: bytes) -> Said:
        """Open of a record only what words are looked for in."""
        said = _SAID.decode(body)
        for name in ("key", "message") if MARK in body else ():
            setattr(said, name, msgspec.Raw(self._opened(bytes(getattr(said, name)))))
        return said

    def _where(self, wanted: Wanted) -> _Where:
        where = _Where()
        if wanted.rule is not None:
            where.one_of("rule", [name for name in self._names("rule") if wanted.rule(name)], asked=True)
        if wanted.states:
            where.one_of("state", wanted.states)
        else:
            where.must("state <> 'retracted'")
        where.one_of("level", [RANK[level] for level in wanted.levels])
        where.one_of("tenant", wanted.tenants)
        if wanted.since is not None:
            where.must("at_us >= ?", wanted.since)
        if wanted.until is not None:
            where.must("at_us < ?", wanted.until)
        where.one_of(_NOW, wanted.handling)
        if wanted.assignee is not None:
            where.must("coalesce(assignee, '') = ?", wanted.assignee)
        for begin in wanted.ids:
            where.must(
                "alerts.seq IN (SELECT seq FROM records WHERE alert >= ? AND alert < ?)",
                begin,
                begin + "\U0010ffff",
            )
        if wanted.seen is not None:
            seen = _list(sorted(wanted.seen))
            where.must(_SEEN, seen, seen)
        if wanted.key is not None:
            for value in wanted.values:
                where.must(_HOLDS, msgspec.json.encode(value)[1:-1].decode())
            where.must("weiguard_asked(tenant, key)")
        return where

    @contextmanager
    def _asking(self, wanted: Wanted, clock: Callable[[str], int | None]) -> Iterator[None]:
        """Let the database ask what it cannot know. What fails there is raised here as it was."""
        self._db.create_function("weiguard_same", 1, lambda key: key if is_steady(key) else self._open(key))
        self._db.create_function("weiguard_clock", 1, clock)
        self._db.create_function("weiguard_asked", 2, self._asker(wanted))
        try:
            yield
        except sqlite3.OperationalError:
            broken, self._broken = self._broken, None
            if broken is not None:
                raise broken from None
            raise

    def _asker(self, wanted: Wanted) -> Callable[[str, str], bool]:
        """Return what says whether a key is asked for. One that is sealed is opened only if it may be."""
        forms = cache(self._forms)

        def holds(tenant: str, key: str, value: str) -> bool:
            return any(form in key for form in forms(tenant, value))

        def asked(tenant: str, key: str) -> bool:
            if not all(map(partial(holds, tenant, key), wanted.values)) and is_steady(key):
                return False
            return wanted.key is None or wanted.key(msgspec.json.decode(self._open(key)))

        return asked

    def _open(self, key: str) -> str:
        try:
            return self._opened(key.encode()).decode()
        except RefusedError as error:
            self._broken = error
            raise


class _Where:
    """What must hold, as SQL, and its values: what was asked for is never a part of a statement."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[Any] = []

    def must(self, condition: str, *values: Any) -> None:
        self._conditions.append(condition)
        self.values += values

    def one_of(self, what: str, values: Sequence[Any], *, asked: bool = False) -> None:
        """Add that something is one of these; none of them asks for nothing, unless it is `asked`.

        One alone is found by an index where there is one, in the order of numbers; several would have to be sorted.
        """
        if len(values) == 1:
            self.must(f"{what} = ?", values[0])
        elif values or asked:
            self.must(f"+{what} IN (SELECT value FROM json_each(?))", _list(values))  # noqa: S608  # words of ours

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "1"


def _list(values: Sequence[Any]) -> str:
    return msgspec.json.encode(list(values)).decode()
