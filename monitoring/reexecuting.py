"""Replay as proof: a database's log decided again and its audit entries told again, to the very bytes of them.

Verification shows that nobody changed the log; this shows that the log says what the rules of the time say of the
inputs. Inputs are taken as they are stored and rules as they were archived; dispositions, records and entries come out
anew, and each is held against the stored one. Neither shows both: who changes an input and decides anew has another
root.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from engine.alert import Record, encode
from engine.decoding import LONGEST
from engine.fold import Outcome
from engine.windows import Zone
from monitoring.pointing import Difference, cut, differences
from monitoring.retelling import check_types
from monitoring.scope import Scope, entry_name
from streams.addressing import tenant_of
from streams.audit.indexing import KIND as INDEX
from streams.audit.indexing import DailyIndex
from streams.audit.telling import Teller
from streams.commit import CODE, StoredInput, StoredRecord
from streams.rereading import Again, decided_again, epochs_of
from streams.sealing.seals import Seals
from streams.stores.sqlite_reading import SqliteReader

SHOWN: Final = 10  # Differences that are told one by one; the rest is only counted.


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shown: one alert, by its whole id, or a day of the zone, or all. `tenant`: of this one alone."""

    alert: str | None = None
    tenant: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One record of the alert. `index` is its entry's place in the log, None where it has none.

    `erased`: it speaks of somebody who was erased or of an address that has ended, or came out otherwise because of
    that.
    """

    index: int | None
    record: int
    state: str
    differences: tuple[Difference, ...] = ()
    erased: bool = False


@dataclass(slots=True)
class Replayed:
    """What was decided again and what came of it.

    `entries` were told again, `identical` of them as they stand in the log; `wanted` are those of the alert or day,
    `wanted_identical` likewise. `erased` and `wanted_erased` are those of what was erased or has ended: they hold what
    nobody can open any more, or do not come out as they were because a value that is gone had, or may have had, a part
    in them; they are no differences. `leaves` are the alert's. `differences` are the first of `differing`. `earlier`
    entries stand before the last refold, which forgot what decided them. `ended` is False where an input that was
    decided cannot be read any more: nothing behind it was decided again.
    """

    rulesets: list[str]
    earlier: int
    inputs: int = 0
    entries: int = 0
    identical: int = 0
    wanted: int = 0
    wanted_identical: int = 0
    erased: int = 0
    wanted_erased: int = 0
    leaves: list[Leaf] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    differing: int = 0
    ended: bool = True

    @property
    def ok(self) -> bool:
        """Whether everything came out as it is stored."""
        return not self.differing

    def differ(self, found: tuple[Difference, ...]) -> None:
        """Take note of differences."""
        self.differing += len(found)
        self.differences += found[: SHOWN - len(self.differences)]


def replay(reader: SqliteReader, wish: Wish, show: Callable[[int, int], None]) -> Replayed:
    """Decide a database again, or one tenant of it, and hold what comes out against it.

    `show` hears (inputs, number of the last one). Raises BrokenError where it cannot be decided again at all.
    """
    check_types(reader)
    with reader.at_once():  # What a run writes meanwhile is left for the next time.
        last, head = reader.last, reader.audit.head()
        stops = deque(reader.audit.stops())
        earlier = reader.audit.told_from()
    epochs = epochs_of(reader)
    zone = Zone(epochs[0].by.zone if epochs else "UTC")
    done = Replayed([epoch.by.ruleset for epoch in epochs], earlier)
    scope = Scope(reader, wish.tenant, last, (earlier, head.size if head is not None else 0))
    judge = _Judge(done, wish, zone, scope, reader.seals)
    for again in decided_again(reader, wish.tenant):
        stored = again.stored
        if stored.seq > last:
            break
        while stops and stops[0] < stored.seq:  # Perhaps behind an input of another tenant.
            judge.stop(stops.popleft())
        done.inputs += 1
        rest = reader.sealed_rest(stored.seq) if len(stored.raw) > LONGEST else ()
        if not judge.take(again, rest):
            done.ended = False
            return done
        show(done.inputs, stored.seq)
    for seq in stops:
        judge.stop(seq)
    judge.end()
    return done


class _Judge:
    """Tells the log again, input by input, and holds it against what is stored."""

    def __init__(self, done: Replayed, wish: Wish, zone: Zone, scope: Scope, seals: Seals) -> None:
        self._done, self._wish, self._scope, self._seals = done, wish, scope, seals
        self._lost: set[str] = set()  # Tenants of which a value is gone that any decision may rest on.
        self._ended: set[str] = set()  # Tenants of which an address has ended,
        self._address_rules: set[str] = set()  # and the rules whose decisions may rest on it.
        self._teller = Teller({}, DailyIndex(zone))
        self._day = _bounds(wish.day, zone.info) if wish.day is not None else None
        self._clock_us = 0

    def take(self, again: Again, rest: Iterable[bytes]) -> bool:
        """Judge one input; return False where what it was cannot be read any more, so that nothing can follow."""
        stored, outcome, records, _, address_rules = again
        seals = self._seals
        reason = stored.reason
        if not seals.ended(reason.encode()) and seals.opened_text(reason) != outcome.reason:
            reason = seals.reason(outcome.tenant, outcome.reason, seals.opened_line(stored.raw))
        if seals.lost(stored.raw):
            self._lost.add(stored.tenant)
        if seals.ended(stored.raw):
            self._ended.add(stored.tenant)
            self._address_rules.update(address_rules)
        differing = _of_input(stored, outcome, reason)
        disposition = outcome.disposition
        if differing and stored.tenant in self._lost | self._ended:
            disposition, reason = (
                stored.disposition,
                stored.reason,
            )  # A copy, say, of what nobody can compare it with.
        else:
            self._done.differ(differing)
        event = outcome.event
        if event is None and stored.disposition in ("decided", "late"):
            return False
        row = (
            stored.seq, stored.line, outcome.tenant, outcome.time_us, outcome.clock_us, CODE[disposition],
            reason, stored.raw,
        )  # fmt: skip
        # A line of no tenant has no clock of its own: a tick has its time, and others came when the last one did.
        self._clock_us = outcome.clock_us or outcome.time_us or self._clock_us
        self._teller.add(row, event.kind if event is not None else "", records, rest)
        self._told(records, stored.seq)
        return True

    def stop(self, seq: int) -> None:
        """Judge what was told behind an input, where the runner stopped."""
        self._teller.stop()
        self._told([], seq)

    def end(self) -> None:
        """Judge what is stored and did not come out again."""
        for number, entry in self._scope.entries.left():
            self._passed(number, entry)
        for each in self._scope.records.left():
            self._done.differ(self._unexpected(*each))

    def _told(self, records: list[Record], seq: int) -> None:
        """Judge the entries that were told last, those of records among them."""
        teller = self._teller
        of_records = dict(zip(teller.of_records, records, strict=True))
        for place, entry in enumerate(teller.entries):
            self._entry(entry, of_records.get(place), seq)
        teller.forget()

    def _entry(self, again: bytes, record: Record | None, seq: int) -> None:
        held, passed = self._scope.entries.take(again)
        for each in passed:
            self._passed(*each)
        if held is None:
            mine: tuple[Difference, ...] = (Difference(f"input {seq:,}", "", "no entry", _shown(again)),)
        else:
            mine = () if held[1] == again else differences(_where(held[0], again), held[1], again)
        of_record = self._record(record, seq) if record is not None else ()
        erased = held is not None and (self._seals.erased(held[1]) or self._seals.ended(held[1]))
        if record is not None:
            lost = self._rests_on_lost(record.tenant, record.rule)
        else:
            lost = bool(mine) and _indexed(again) in self._lost | self._ended
        if (mine or of_record) and (lost or (erased and record is not None)):
            if held is None:
                return  # What is left says more than was said.
            erased, mine, of_record = True, (), ()
        self._done.differ((*mine, *of_record))
        self._count(record, right=not mine, whole=not of_record, erased=erased)
        if record is not None and record.id == self._wish.alert:
            index = held[0] if held is not None else None
            self._done.leaves.append(Leaf(index, record.record, record.state, (*mine, *of_record), erased))

    def _count(self, record: Record | None, *, right: bool, whole: bool, erased: bool) -> None:
        done = self._done
        done.entries += 1
        done.erased += erased
        done.identical += right and not erased
        if self._wanted(record):
            done.wanted += 1
            done.wanted_erased += erased
            done.wanted_identical += right and whole and not erased

    def _passed(self, number: int, entry: bytes) -> None:
        """Judge an entry that did not come out again."""
        found = Difference(f"entry {number}", "", _shown(entry), "nothing that is decided again")
        match entry_name(entry):
            case ("alert", tenant, (alert, int(record))):
                erased = self._rests_on_lost(tenant, _rule(entry)) or self._seals.erased(entry)
                self._done.erased += erased
                if alert == self._wish.alert:
                    self._done.wanted += 1
                    self._done.wanted_erased += erased
                    self._done.leaves.append(Leaf(number, record, "", () if erased else (found,), erased))
                if erased:
                    return
        self._done.differ((found,))

    def _record(self, record: Record, seq: int) -> tuple[Difference, ...]:
        """Hold a record against the one in the table of records, from which alerts are shown."""
        again = StoredRecord(seq, record.id, record.record, encode(record))
        held, passed = self._scope.records.take(again)
        found = tuple(difference for each in passed for difference in self._unexpected(*each))
        where = _record_name(again)
        if held is None:
            return (*found, Difference(where, "", "no such record", _shown(again.body)))
        stored = held[1]
        if stored == again:
            return found
        if stored.body == again.body:
            return (*found, Difference(where, "input", f"{stored.input:,}", f"{seq:,}"))
        return (*found, *differences(where, stored.body, again.body))

    def _unexpected(self, seq: int, record: StoredRecord) -> tuple[Difference, ...]:
        """Judge a stored record that did not come out again."""
        lost = self._rests_on_lost(tenant_of(record.body), _RULED.decode(record.body).rule)
        return () if lost or self._seals.erased(record.body) else (_unexpected_record(seq, record),)

    def _rests_on_lost(self, tenant: object, rule: str) -> bool:
        """Return whether a decision of a rule may rest on a value that is gone."""
        return tenant in self._lost or (tenant in self._ended and rule in self._address_rules)

    def _wanted(self, record: Record | None) -> bool:
        if self._wish.alert is not None:
            return record is not None and record.id == self._wish.alert
        return self._day is None or self._day[0] <= self._clock_us < self._day[1]


class _Ruled(msgspec.Struct):
    rule: str = ""


_ANY: Final = msgspec.json.Decoder()
_RULED: Final = msgspec.json.Decoder(_Ruled)


def _indexed(entry: bytes) -> str | None:
    """Return whose day an entry closes: it commits to the alerts told on it. None for every other entry."""
    told = _ANY.decode(entry)
    return told.get("tenant") if told.get("kind") == INDEX else None


def _of_input(stored: StoredInput, outcome: Outcome, reason: str) -> tuple[Difference, ...]:
    """Return in what an input is decided otherwise than it was. `reason`: sealed."""
    again = (outcome.disposition, outcome.tenant, outcome.time_us, outcome.clock_us, reason)
    before = (stored.disposition, stored.tenant, stored.time_us, stored.clock_us, stored.reason)
    if before == again:
        return ()
    where = f"input {stored.seq:,} ({stored.source}:{stored.line})"
    names = ("disposition", "tenant", "time_us", "clock_us", "reason")
    return tuple(
        Difference(where, name, cut(f"{old}") or "nothing", cut(f"{new}") or "nothing")
        for name, old, new in zip(names, before, again, strict=True)
        if old != new
    )


def _rule(entry: bytes) -> str:
    """Return whose record an entry tells; empty where it does not say."""
    return str(_ANY.decode(entry)["record"].get("rule", ""))


def _where(number: int, entry: bytes) -> str:
    told = _ANY.decode(entry)
    record = told.get("record")
    if record is not None:
        return f"entry {number}, record {record['record']} of {record['id']}"
    return f"entry {number}, {told['kind']} of {told.get('tenant') or '-'}"


def _unexpected_record(seq: int, record: StoredRecord) -> Difference:
    where = f"{_record_name(record)}, input {seq:,}"
    return Difference(where, "", _shown(record.body), "nothing that is decided again")


def _record_name(record: StoredRecord) -> str:
    return f"alerts, record {record.record} of {record.alert}"


def _shown(body: bytes) -> str:
    return cut(body.decode("utf-8", "replace"))


def _bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Return where a day begins and ends, in UTC microseconds."""
    first, second = (
        datetime(each.year, each.month, each.day, tzinfo=zone) for each in (day, day + timedelta(days=1))
    )
    return int(first.timestamp()) * 10**6, int(second.timestamp()) * 10**6
