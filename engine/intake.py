"""Rules about how an input arrived: ahead of its time, late, in conflict with what came first, with numbers in clear.

An intake rule that does not ask for the disposition decides it: what it finds is quarantined. The others speak of the
disposition once it is given. Their alerts depend on arrival and are exempt from the law of order. No reason and no
record of theirs shows an identity or card number: fields are named, and what stands in them is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from engine.alert import Record
from engine.clear_numbers import masked
from engine.clear_text import clear_text
from engine.lateness import note
from engine.program import Found, Intake
from engine.settling import settle

if TYPE_CHECKING:
    from engine.program import Program
    from engine.tenant import Tenant

SHOWN: Final = 3  # Fields that a reason names; the records name all.


def about_arrival(program: Program) -> set[int]:
    """Return the faces of the intake rules. What they said is kept: a copy may come again at any time."""
    return {rule.face.index for rule in program.intake}


def facts_of(
    event: Any, disposition: str, time_us: int, received_us: int, held: tuple[str, ...]
) -> dict[str, Any]:
    """Return what an intake rule can read of one input; `held` are its fields with numbers in clear."""
    natural = event.natural()
    facts = {
        "event.id": event.id,
        "event.source": event.source,
        "event.time": time_us,
        "event.type": event.kind,
        "event.kind": event.kind,
        "event.account": event.subject,
        "event.owner": event.owner,
        "event.disposition": disposition,
        "event.natural_key": natural[1] if natural is not None else f"{event.source}/{event.id}",
        "event.ahead": max(0, time_us - received_us),
        "event.behind": max(0, received_us - time_us),
        "event.clear_text": held,
    }
    if held:  # One may be the id itself.
        return {name: masked(each) if isinstance(each, str) else each for name, each in facts.items()}
    return facts


def refused_by(tenant: Tenant, event: Any, raw: bytes, time_us: int, received_us: int) -> str:
    """Return why an intake rule refuses an input, or nothing."""
    held = _held(tenant, raw)
    facts = facts_of(event, "", time_us, received_us, held)
    for rule in tenant.program.intake:
        if rule.refuses and rule.judge(facts) is not None:
            where = f": {_named(held)}" if rule.reads_text and held else ""
            return f"{rule.face.rule}: {rule.reason}{where}"
    return ""


def _held(tenant: Tenant, raw: bytes) -> tuple[str, ...]:
    return clear_text(raw) if any(rule.reads_text for rule in tenant.program.intake) else ()


def _named(fields: tuple[str, ...]) -> str:
    rest = f" (+{len(fields) - SHOWN})" if len(fields) > SHOWN else ""
    return ", ".join(fields[:SHOWN]) + rest


def intake_records(
    tenant: Tenant, event: Any, raw: bytes, disposition: str, time_us: int, received_us: int
) -> list[Record]:
    """Return the records of the intake rules for one input."""
    clock = max(tenant.clock, received_us)
    facts = facts_of(event, disposition, time_us, received_us, _held(tenant, raw))
    facts["event.behind"] = max(0, clock - time_us)
    name = (facts["event.source"], facts["event.id"])
    found: list[Found] = []
    for rule in tenant.program.intake:
        answer = rule.judge(facts)
        if answer is not None:
            _found(tenant, rule, name, received_us, answer, found)
    if not found:
        return []
    note(tenant, tenant.plain, found)
    return settle(tenant, name, clock)


def _found(
    tenant: Tenant, rule: Intake, name: tuple[str, str], received_us: int, answer: Any, found: list[Found]
) -> None:
    level, key, shown = answer
    place = (received_us, *name, "")
    held = tenant.plain.journal.get(rule.face.index, {}).get(key)
    if held and rule.face.alert == "ever":
        return  # Said once, whatever comes under the same name later.
    # A copy of an input that was refused says nothing new: one alert for its identity.
    group = place[0] if rule.face.alert == "ever" else (0, *name, "")
    found.append((rule.face.index, key, (place, level, group, shown, name)))
