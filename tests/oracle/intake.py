"""What becomes of each input line, by the definitions of CONTRACT section 5; the one part that looks at arrival."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.clear_text import fields_in_clear, hidden
from tests.oracle.events import Event, UnreadableError, read_event
from tests.oracle.instants import duration

LATENESS = duration("25h")
# Types with a natural key, and the parts of it; `subject` is the account.
NATURAL_KEYS: dict[str, tuple[str, ...]] = {
    "payment.received": ("transaction_id",),
    "payment.refunded": ("refund_id",),
    "payout.sent": ("payout_id",),
    "settlement.posted": ("settlement_id",),
    "order.created": ("order_id",),
    "friend.request_sent": ("subject", "request_id"),
    "friend.request_received": ("subject", "request_id"),
    "post.published": ("subject", "post_id"),
    "broadcast.sent": ("broadcast_id",),
    "ticket.opened": ("ticket_id",),
    "ticket.resolved": ("ticket_id",),
    "complaint.opened": ("complaint_id",),
    "complaint.replied": ("complaint_id",),
    "invoice.requested": ("invoice_id",),
    "invoice.issued": ("invoice_id",),
    "promo.started": ("promo_id",),
    "promo.ended": ("promo_id",),
    "live.started": ("live_id",),
    "live.ended": ("live_id",),
    "qualification.issued": ("qual_id", "valid_from"),
    "qualification.renewed": ("qual_id", "valid_from"),
}

APPROVED = frozenset(
    {"override.set", "suppression.added", "suppression.ended"}
)  # By another than the author.


@dataclass(slots=True)
class Tenant:
    """What one tenant's lines came to."""

    decided: list[Event] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)  # One per line that could be read, of type `intake`.
    clock: int = 0


@dataclass(slots=True)
class Intake:
    """All lines, sorted out."""

    tenants: dict[str, Tenant]
    dispositions: Counter[str]
    types: Counter[tuple[str, str]]  # (type, disposition)
    fates: list[str]  # The disposition of each line, in order of arrival.


def admit(lines: list[dict[str, Any]], ahead: int | None, *, clear: bool = False) -> Intake:
    """Give every line its disposition. `ahead`: how far ahead of its arrival an event may be (None: any).

    `clear`: what holds an identity or card number in clear is not decided.
    """
    intake = Intake({}, Counter(), Counter(), [])
    ticks: list[Event] = []  # A tick without a tenant is every tenant's.
    for raw in lines:
        try:
            event = read_event(raw)
        except UnreadableError:
            _count(intake, str(raw.get("type")), "quarantined")
            continue
        if event.tenant is None:
            ticks.append(event)
            _count(intake, event.type, _tick(intake, event))
            continue
        if event.tenant not in intake.tenants:
            intake.tenants[event.tenant] = Tenant(clock=max((tick.received for tick in ticks), default=0))
        held = fields_in_clear(raw) if clear else []
        _count(intake, event.type, _place(intake.tenants[event.tenant], event, ahead, held))
    for tenant in intake.tenants.values():
        tenant.decided.sort(key=lambda event: event.position)
    return intake


def natural_key(event: Event) -> str | None:
    """Return the key by which the same fact from another source is known, or None."""
    parts = NATURAL_KEYS.get(event.type)
    if parts is None:
        return None
    if "subject" in parts and event.account is None:
        return None
    return "/".join(str(event.account if part == "subject" else event.data[part]) for part in parts)


def differ(first: Event, second: Event) -> bool:
    """Say whether two copies of one fact contradict each other in a field that both have."""
    if first.type != second.type:
        return True
    if first.account is not None and second.account is not None and first.account != second.account:
        return True
    return any(first.data[name] != second.data[name] for name in first.data.keys() & second.data.keys())


def _count(intake: Intake, kind: str, disposition: str) -> None:
    intake.dispositions[disposition] += 1
    intake.types[kind, disposition] += 1
    intake.fates.append(disposition)


def _tick(intake: Intake, event: Event) -> str:
    for tenant in intake.tenants.values():
        tenant.clock = max(tenant.clock, event.received)
    return "decided"


def _place(tenant: Tenant, event: Event, ahead: int | None, held: list[str]) -> str:
    tenant.clock = max(tenant.clock, event.received)
    disposition = "quarantined" if held else _disposition(tenant, event, ahead)
    if disposition == "decided":
        tenant.decided.append(event)
    tenant.facts.append(_fact(tenant, event, disposition, held))
    return disposition


def _disposition(tenant: Tenant, event: Event, ahead: int | None) -> str:
    if ahead is not None and event.time - event.received > ahead:
        return "quarantined"
    if tenant.clock - event.time > LATENESS:
        return "late"
    first = _same(tenant, event)
    if first is None:
        alone = event.type in APPROVED and event.data["author"] == event.data["approver"]
        return "quarantined" if alone else "decided"
    return "conflict" if differ(first, event) else "duplicate"


def _same(tenant: Tenant, event: Event) -> Event | None:
    """Find the decided event with the same identity: by source and id, else by natural key."""
    for other in tenant.decided:
        if (other.source, other.id) == (event.source, event.id):
            return other
    key = natural_key(event)
    if key is None:
        return None
    return next((o for o in tenant.decided if o.type == event.type and natural_key(o) == key), None)


def _fact(tenant: Tenant, event: Event, disposition: str, held: list[str]) -> Event:
    data = {
        "kind": event.type,
        "disposition": disposition,
        "natural_key": natural_key(event) or f"{event.source}/{event.id}",
        "ahead": max(0, event.time - event.received),
        "behind": max(0, tenant.clock - event.time),
        "clear_text": held,
    }
    source, name = event.source, event.id
    if held:  # No alert shows a number.
        data = {key: hidden(value) if isinstance(value, str) else value for key, value in data.items()}
        source, name = hidden(source), hidden(name)
    fact = Event("intake", source, name, event.received, event.received, event.tenant,
                 event.account, event.extension, data)  # fmt: skip
    fact.position = (len(tenant.facts),)
    return fact
