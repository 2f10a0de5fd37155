"""Rules about how an input arrived: ahead of its time, late, in conflict with what came first.

An intake rule that does not ask for the disposition decides it: what it finds is quarantined. The others speak of the
disposition once it is given. Their alerts depend on arrival and are exempt from the law of order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.alert import Record
from engine.lateness import note
from engine.program import Found, Intake
from engine.settling import settle

if TYPE_CHECKING:
    from engine.program import Program
    from engine.tenant import Tenant


def about_arrival(program: Program) -> set[int]:
    """Return the faces of the intake rules. What they said is kept: a copy may come again at any time."""
    return {rule.face.index for rule in program.intake}


def facts_of(
    event: Any, disposition: str, time_us: int, received_us: int, clear_text: tuple[str, ...]
) -> dict[str, Any]:
    """Return what an intake rule can read of one input."""
    natural = event.natural()
    return {
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
        "event.clear_text": clear_text,
    }


def refused_by(tenant: Tenant, event: Any, time_us: int, received_us: int) -> str:
    """Return why an intake rule refuses an input, or nothing."""
    facts = facts_of(event, "", time_us, received_us, ())
    for rule in tenant.program.intake:
        if rule.refuses and rule.judge(facts) is not None:
            return f"{rule.face.rule}: {rule.reason}"
    return ""


def intake_records(
    tenant: Tenant, event: Any, disposition: str, time_us: int, received_us: int
) -> list[Record]:
    """Return the records of the intake rules for one input."""
    clock = max(tenant.clock, received_us)
    facts = facts_of(event, disposition, time_us, received_us, ())
    facts["event.behind"] = max(0, clock - time_us)
    found: list[Found] = []
    for rule in tenant.program.intake:
        answer = rule.judge(facts)
        if answer is not None:
            _found(tenant, rule, event, received_us, answer, found)
    if not found:
        return []
    note(tenant, tenant.plain, found)
    return settle(tenant, (event.source, event.id), clock)


def _found(
    tenant: Tenant, rule: Intake, event: Any, received_us: int, answer: Any, found: list[Found]
) -> None:
    level, key, shown = answer
    place = (received_us, event.source, event.id, "")
    held = tenant.plain.journal.get(rule.face.index, {}).get(key)
    if held and rule.face.alert == "ever":
        return  # Said once, whatever comes under the same name later.
    # A copy of an input that was refused says nothing new: one alert for its identity.
    group = place[0] if rule.face.alert == "ever" else (0, event.source, event.id, "")
    found.append((rule.face.index, key, (place, level, group, shown, (event.source, event.id))))
