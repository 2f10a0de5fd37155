"""Other rules from one event on: a tenant's state is folded again from its log by the new rules, in one step.

State is a cache of the log, so what an unchanged rule keeps is what it would have kept, and a rule that is new or
changed knows its windows from their beginning. What was said stays: a change of rules retracts nothing. Where a changed
rule finds more than was said, in what can still change or goes on, it says so with this event as the cause; what is
over is left as the rules of its time decided it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from engine.alert import RANK, Record
from engine.cells import cells_of
from engine.correcting import NoPastError, decided, missing
from engine.instants import micros, rfc3339
from engine.intake import about_arrival
from engine.keeping import everything
from engine.settling import changed_record

if TYPE_CHECKING:
    from engine.fold import Engine
    from engine.program import Program
    from engine.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Switch:
    """The rules from an event on, and which of them are new, gone or otherwise than before."""

    program: Program
    changed: frozenset[str]


Switches: TypeAlias = Callable[[str], Switch | None]  # By the rule set that a `rule.changed` names.


def switch(
    engine: Engine, tenant: Tenant, to: Switch, cause: tuple[str, str], clock_us: int
) -> tuple[Tenant, list[Record]]:
    """Let a tenant go on by other rules; return its state from now on, and what these say beyond what was said."""
    past = engine.past
    if past is None:
        raise NoPastError(f"tenant {tenant.name} changes its rules; its log cannot be read again here")
    engine.use(to.program)
    again = engine.fresh(tenant.name)
    late = sorted(missing(past, tenant.name, tenant.corrected))
    for time_us, _, _, raw in merge(decided(past, tenant.name), late):
        engine.refold(again, raw, time_us)
    engine.run_on(again, tenant.clock)
    _take_over(tenant, again, to)
    said = {record.id: record for record in past.standing(tenant.name, to.program.shadows)}
    records = list(_beyond(again, said, to.changed, cause, clock_us))
    horizon = tenant.clock - tenant.lateness_us
    held = {record.id for record in again.standing.values()}
    again.inherited = {
        name: record for name, record in said.items() if name not in held and _lasts(record, horizon)
    }
    again.keep = tenant.keep
    if not again.keep:  # What no mark stands for any more is never asked for again.
        marked = {name for name, _ in _marked(again)}
        again.standing = {name: record for name, record in again.standing.items() if name in marked}
    if tenant.touched is not None:
        again.touched = everything(again)
    engine.tenants[tenant.name] = again
    return again, sorted(records, key=lambda record: (record.at, record.rule, record.id))


def _take_over(tenant: Tenant, again: Tenant, to: Switch) -> None:
    """Take over what is no fold of the sorted log: what was seen, and what was said about arrival."""
    again.seen, again.lates, again.corrected = tenant.seen, tenant.lates, tenant.corrected
    again.changed_us = {**tenant.changed_us, **dict.fromkeys(sorted(to.changed), tenant.clock)}
    places = {
        (tenant.program.faces[index].rule, tenant.program.faces[index].case): index
        for index in about_arrival(tenant.program)
    }
    for index in about_arrival(to.program):
        face = to.program.faces[index]
        before = places.get((face.rule, face.case))
        if before is None or face.rule in to.changed:
            continue
        if before in tenant.plain.journal:
            again.plain.journal = {**again.plain.journal, index: tenant.plain.journal[before]}
        for name, record in tenant.standing.items():
            if name[0] == before:
                again.standing[index, *name[1:]] = record


def _beyond(
    again: Tenant, said: dict[str, Record], changed: frozenset[str], cause: tuple[str, str], clock_us: int
) -> Iterator[Record]:
    """Yield a record for each alert that stands higher by changed rules than was said; let all others stand as said."""
    alive = {name for name, alive in _marked(again) if alive}
    raised_at, horizon = rfc3339(clock_us, again.zone.info), again.clock - again.lateness_us
    for name, after in list(again.standing.items()):
        face, before = again.program.faces[name[0]], said.get(after.id)
        if not face.written:
            continue
        stood = before is not None and before.state != "retracted"
        higher = after.state != "retracted" and not (
            stood and before is not None and RANK[after.level] <= RANK[before.level]
        )
        if face.rule in changed and higher and (name in alive or _lasts(after, horizon)):
            number = before.record + 1 if before is not None else 1
            state = "escalated" if stood else "raised"
            record = changed_record(after, number, state, raised_at, cause, late=True)  # type: ignore[arg-type]
            again.standing[name] = record
            yield record
        elif before is not None:
            again.standing[name] = replace(before, ruleset=after.ruleset)
        else:
            del again.standing[name]


def _lasts(record: Record, horizon: int) -> bool:
    """Return whether what a record speaks of can still change: its window is not over and past lateness."""
    end = record.window.get("end")
    return micros(end if end is not None else record.at) >= horizon


def _marked(tenant: Tenant) -> Iterator[tuple[tuple[int, Any, Any], bool]]:
    """Yield the names of the alerts that something is remembered of, and whether each is an episode that goes on."""
    for cell in cells_of(tenant):
        for index, subs in cell.journal.items():
            face = tenant.program.faces[index]
            for sub, marks in subs.items():
                for mark in marks:
                    goes_on = face.alert in ("episode", "ever") and mark is marks[-1] and mark[1] > 0
                    yield (index, face.key(cell.key, sub), mark[2]), goes_on
