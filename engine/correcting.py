"""A correction: fold what came too late, and put right what was said.

The tenant is folded again from its log, every fact at its own place as if all had come in time, up to the clock. What
then stands is compared with what was said last; the differences are records like any other, caused by the event that
asked for the correction. Alerts about arrival itself stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from engine.alert import Record, change_between
from engine.decoding import Refusal, timed
from engine.instants import micros, rfc3339
from engine.intake import about_arrival
from engine.keeping import everything
from engine.settling import changed_record
from engine.tenant import Tenant

if TYPE_CHECKING:
    from engine.fold import Engine

Fact: TypeAlias = tuple[int, str, str, bytes]  # Its place, and the input.


class Past(Protocol):
    """The log, as far as a correction needs it."""

    def decided(self, tenant: str) -> Iterator[bytes]:
        """Yield a tenant's decided inputs, sorted by (time, source, id)."""

    def late(self, tenant: str) -> Iterator[bytes]:
        """Yield a tenant's late inputs in the order of arrival."""

    def standing(self, tenant: str, shadows: AbstractSet[str]) -> Iterator[Record]:
        """Yield the last record of each of a tenant's alerts; of rules in `shadows`, what they would have said last.

        Such a rule may have been none before: then what it said counts, until it would have said more.
        """

    @property
    def keeps_shadows(self) -> bool:
        """Whether what shadow rules would have said is known. Where it is not, a correction leaves it as it is."""

    def ended_us(self, tenant: str) -> int:
        """Return before which instant (UTC microseconds) addresses came that cannot be read any more; 0: all can."""


class NoPastError(Exception):
    """A correction was asked for where the log cannot be read again."""


def correct(
    engine: Engine, tenant: Tenant, past: Past, cause: tuple[str, str], clock_us: int
) -> list[Record]:
    """Fold a tenant again with its late inputs; return the corrections, and let the engine go on from there."""
    again = engine.fresh(tenant.name)
    for time_us, _, _, raw in merge(decided(past, tenant.name), sorted(missing(past, tenant.name))):
        engine.refold(again, raw, time_us)
    engine.run_on(again, tenant.clock)
    again.seen, again.plain.journal = tenant.seen, {**_of_intake(tenant), **again.plain.journal}
    if tenant.touched is not None:
        again.touched = tenant.touched | everything(tenant) | everything(again)
    shadows = tenant.program.shadows
    said = {record.id: record for record in past.standing(tenant.name, shadows)}
    unknown: frozenset[str] = frozenset() if past.keeps_shadows else shadows
    records = _differences(tenant, again, said, unknown, cause, clock_us, past.ended_us(tenant.name))
    again.keep, again.inherited, again.changed_us = tenant.keep, tenant.inherited, tenant.changed_us
    again.lates = again.corrected = tenant.lates
    engine.tenants[tenant.name] = again
    return records


def decided(past: Past, tenant: str) -> Iterator[Fact]:
    """Yield the decided inputs of a tenant as facts, in order."""
    for raw in past.decided(tenant):
        event, time_us = _event(raw)
        yield time_us, event.source, event.id, raw


def _event(raw: bytes) -> tuple[Any, int]:
    read = timed(raw)
    assert not isinstance(read, Refusal), "only what can be read was decided or late"
    return read[0], read[1]


def missing(past: Past, tenant: str, most: int | None = None) -> Iterable[Fact]:
    """Return the late inputs that say something new: the first under each name that nothing decided has.

    `most`: look at so many late inputs only, those that came first.
    """
    held: dict[tuple[str, ...], Fact] = {}
    facts: dict[tuple[int, str, str], Fact] = {}
    for raw in islice(past.late(tenant), most):
        event, time_us = _event(raw)
        names = _names(event)
        if not any(name in held for name in names):
            fact = (time_us, event.source, event.id, raw)
            facts[fact[:3]] = fact
            held.update(dict.fromkeys(names, fact))
    for raw in past.decided(tenant) if held else ():
        for name in _names(_event(raw)[0]):
            fact_or_none = held.get(name)
            if fact_or_none is not None:
                facts.pop(fact_or_none[:3], None)
    return facts.values()


def _names(event: Any) -> list[tuple[str, ...]]:
    natural = event.natural()
    return [(event.source, event.id), *([natural] if natural is not None else [])]


def _of_intake(tenant: Tenant) -> dict[int, Any]:
    arrival = about_arrival(tenant.program)
    return {case: marks for case, marks in tenant.plain.journal.items() if case in arrival}


def _differences(
    tenant: Tenant,
    again: Tenant,
    before: dict[str, Record],
    unknown: AbstractSet[str],
    cause: tuple[str, str],
    clock_us: int,
    ended_us: int,
) -> list[Record]:
    """Compare what stands with what was said; every alert goes on counting its records where it was.

    `unknown`: rules of which nobody knows what was said.
    """
    raised_at = rfc3339(clock_us, tenant.zone.info)
    arrival = about_arrival(tenant.program)
    exempt = {rule.face.rule for rule in tenant.program.intake}
    found: list[Record] = []
    stands: set[str] = set()
    for name, after in again.standing.items():
        if after.rule in unknown:
            continue
        said = before.get(after.id)
        standing = after if after.state != "retracted" else None
        stands.add(after.id)
        state = change_between(said, standing)
        if (
            state is None
            or (said is not None and _former(tenant, said))
            or _blurred(tenant, said or after, ended_us)
        ):
            again.standing[name] = said if said is not None else after
            continue
        number = said.record + 1 if said is not None else 1
        record = changed_record(standing or said or after, number, state, raised_at, cause, late=True)
        again.standing[name] = record
        if tenant.program.faces[name[0]].written:
            found.append(record)
    found += [
        changed_record(gone, gone.record + 1, "retracted", raised_at, cause, late=True)
        for gone in before.values()
        if gone.id not in stands
        and gone.rule not in exempt
        and gone.state != "retracted"
        and not _former(tenant, gone)
        and not _blurred(tenant, gone, ended_us)
    ]
    again.standing |= {name: record for name, record in tenant.standing.items() if name[0] in arrival}
    return sorted(found, key=lambda record: (record.at, record.rule, record.id))


def _former(tenant: Tenant, said: Record) -> bool:
    """Return whether a record is of a rule as it was before it was changed: that stays as it was said."""
    changed_us = tenant.changed_us.get(said.rule)
    return changed_us is not None and micros(said.raised_at) <= changed_us


def _blurred(tenant: Tenant, record: Record, ended_us: int) -> bool:
    """Return whether a record may rest on addresses that have ended: it stays as it was said."""
    back_us = tenant.program.address_rules.get(record.rule)
    return ended_us > 0 and back_us is not None and micros(record.at) <= ended_us + back_us
