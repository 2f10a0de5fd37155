"""What events say about accounts, owners, devices, orders and all else that is looked up: one edit a line.

Each function returns the contributions that read the entity after the event's place, for the engine to look up again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from engine.approving import OVERRIDES, SCOPE, suppression_name, touched_by, until_us
from engine.boundaries import meet_passed_over
from engine.cells import Cell
from engine.program import Contribution, Position
from engine.reference import Edit

if TYPE_CHECKING:
    from engine.tenant import Tenant

Change: TypeAlias = Callable[["Tenant", Position, Any], list[Contribution]]


def _enter(
    tenant: Tenant, kind: str, name: Any, place: Position, edits: tuple[Edit, ...]
) -> list[Contribution]:
    """Change an entity; return the contributions that read it after the place of the change."""
    if tenant.touched is not None:
        tenant.touched.add(("line", kind, name))
    tenant.entity(kind, name).change(place, edits)
    if kind in ("limits", "suppression"):
        return []
    return tenant.readers_of(kind, name[-1] if kind == "request" else name, place)


def _account(*edits_of: Callable[[Any, Tenant], Edit]) -> Change:
    def change(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
        if event.subject is None:
            return []
        edits = tuple(edit(event.data, tenant) for edit in edits_of)
        return _enter(tenant, "account", event.subject, place, edits)

    return change


def _opened_on(data: Any, tenant: Tenant) -> Edit:
    from engine.instants import micros  # noqa: PLC0415  # the only reader of an instant here

    opened = None if data.opened_at is None else tenant.zone.local(micros(data.opened_at)).date().isoformat()
    return ("set", 4, opened)


def _owner_registered(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    data = event.data
    edits: tuple[Edit, ...] = (
        ("set", 0, data.kind),
        ("set", 1, data.registered),
        ("set", 2, data.vat_status),
    )
    return _enter(tenant, "owner", data.owner_id, place, edits)


def _staff(verb: Any) -> Change:
    def change(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
        return _enter(tenant, "owner", event.data.owner_id, place, ((verb, 3, event.data.staff_id),))

    return change


def _offboarded(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    if event.data.owner_id is None:
        return []
    return _staff("drop")(tenant, place, event)


def _device(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    edits: tuple[Edit, ...] = (("set", 0, event.data.managed), ("set", 1, event.data.owner_id))
    return _enter(tenant, "device", event.data.device_id, place, edits)


def _order(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    data = event.data
    instalment = (
        data.instalment_plan_id is not None and data.contract_id is not None
    )  # The plan alone proves nothing.
    edits: tuple[Edit, ...] = (
        ("set", 0, True), ("set", 1, data.total_fen), ("set", 2, instalment), ("set", 3, data.buyer_id),
    )  # fmt: skip
    return _enter(tenant, "order", data.order_id, place, edits)


def _moved(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    if event.data.order_id is None:
        return []
    return _enter(tenant, "order", event.data.order_id, place, (("set", 4, True),))


def _payment(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    if not tenant.program.reader_columns.get("payment"):
        return []  # No rule asks.
    data = event.data
    name = data.transaction_id
    if tenant.touched is not None:
        tenant.touched.add(("line", "payment", name))
    tenant.payment(name).say(place, (data.amount_fen, data.payer_id, data.code_kind, data.order_id))
    return tenant.readers_of("payment", name, place)


def _decided(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    if not tenant.program.reader_columns.get("request"):
        return []  # No rule asks.
    name = (event.subject, event.data.request_id)
    edits: tuple[Edit, ...] = (("set", 0, event.data.decision), ("set", 1, place[0]))
    return _enter(tenant, "request", name, place, edits)


def _consent(*, granted: bool) -> Change:
    def change(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
        scope = event.data.scope
        edit: Edit = ("set", 0, {"": granted}) if scope is None else ("put", 0, (scope, granted))
        return _enter(tenant, "consent", event.data.contact_id, place, (edit,))

    return change


def _listing(*, on: bool) -> Change:
    def change(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
        return _enter(tenant, "listing", event.data.party_id, place, (("set", 0, on),))

    return change


def _licence(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    data = event.data
    asked = _enter(tenant, "contract", data.qual_id, place, (("add", 0, (data.valid_from, last_day(data))),))
    held = (data.qual_id, data.qual_type, tuple(data.scope or ()), data.valid_from, last_day(data))
    changed = _enter(tenant, "owner", data.owner_id, place, (("add", 4, held),))
    owners = tenant.licence_owners.get(data.qual_id, ())
    if data.owner_id not in owners:
        tenant.licence_owners[data.qual_id] = (*owners, data.owner_id)
        for revoked in tenant.revoked.get(data.qual_id, ()):  # A revocation may come before what it revokes.
            _enter(tenant, "owner", data.owner_id, revoked, (("add", 5, data.qual_id),))
    return [*changed, *asked]


def last_day(data: Any) -> str | None:
    """Return a licence's last valid day: its `valid_to`, else the term counted from `valid_from` (Civil Code 201, 202).

    The first day is not counted, and where the month has no such day its last one stands. Without either nothing says
    that the licence is valid on any day.
    """
    if data.valid_to is not None:
        return str(data.valid_to)
    if data.term_years is None:
        return None
    year, month, day = (int(part) for part in data.valid_from.split("-"))
    year = min(year + data.term_years, 9999)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    day = min(day, 29 if leap and month == 2 else 28) if month == 2 else day  # February
    return f"{year:04}-{month:02}-{day:02}"


def _revoked(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    found = _enter(tenant, "contract", event.data.qual_id, place, (("set", 1, True),))
    tenant.revoked.setdefault(event.data.qual_id, []).append(place)
    for owner in tenant.licence_owners.get(event.data.qual_id, ()):
        found += _enter(tenant, "owner", owner, place, (("add", 5, event.data.qual_id),))
    return found


def _limit(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    value = tenant.program.limit_value(event.data.limit, event.data.value)
    return _set_limit(tenant, place, _scope(event.data), event.data.limit, value)


def _override(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
    value = tenant.program.limit_value(event.data.limit, event.data.value)
    held = (value, until_us(event.data.until, tenant.zone))
    return _set_limit(tenant, place, SCOPE + _scope(event.data), event.data.limit, held)


def _scope(data: Any) -> str:
    if data.account is not None:
        return f"account:{data.account}"
    return f"owner:{data.owner_id}" if data.owner_id else ""


def _set_limit(tenant: Tenant, place: Position, scope: str, limit: str, held: Any) -> list[Contribution]:
    first, tenant.variant = tenant.variant is tenant.program.constant, tenant.program.dynamic
    _enter(tenant, "limits", scope, place, (("put", 0, (limit, held)),))
    if first:
        meet_passed_over(tenant)
    return _after(tenant, place)


def _suppression(*, on: bool) -> Change:
    def change(tenant: Tenant, place: Position, event: Any) -> list[Contribution]:
        data = event.data
        until = until_us(data.until, tenant.zone) if on else None
        edits: tuple[Edit, ...] = (("set", 0, on), ("set", 1, until))
        _enter(tenant, "suppression", suppression_name(data.rule, data.key), place, edits)
        for alert in touched_by(tenant, data.rule, data.key, place):
            tenant.changed[alert] = True
        return []

    return change


def _after(tenant: Tenant, place: Position) -> list[Contribution]:
    """Return every contribution after a place. A limit that is set late is rare; looking at all of them is fine."""
    found: dict[Position, Contribution] = {item[:4]: item for item in tenant.arrived.after(place)}
    for cells in tenant.cells:
        for cell in cells.values():
            held = (cell,) if cell.__class__ is tuple else cell.items if isinstance(cell, Cell) else ()
            for item in held:
                if (
                    item[:4] > place and not item[3]
                ):  # Derived facts follow the events they were derived from.
                    found[item[:4]] = item
    return [found[position] for position in sorted(found)]


def _set(at: int, name: str) -> Callable[[Any, Tenant], Edit]:
    return lambda data, _: ("set", at, getattr(data, name))


def _value(at: int, value: Any) -> Callable[[Any, Tenant], Edit]:
    return lambda _, __: ("set", at, value)


# Event type → what it changes. A registration says everything again; the others add to what is known.
CHANGES: Final[dict[str, Change]] = {
    "account.registered": _account(_set(0, "kind"), _set(1, "owner_id"), _set(2, "staff_id"), _opened_on),
    "account.verified": _account(_set(3, "verified_until")),
    "account.restricted": _account(_value(7, True)),  # noqa: FBT003  # a field's value
    "account.unrestricted": _account(_value(7, False)),  # noqa: FBT003  # a field's value
    "matrix.registered": _account(_value(5, True), lambda data, _: ("add", 6, data.operator_id)),  # noqa: FBT003  # as above
    "owner.registered": _owner_registered,
    "staff.onboarded": _staff("add"),
    "staff.offboarded": _offboarded,
    "device.registered": _device,
    "order.created": _order,
    "payment.received": _payment,
    "inventory.moved": _moved,
    "qualification.issued": _licence,
    "qualification.renewed": _licence,
    "qualification.revoked": _revoked,
    "friend.request_decided": _decided,
    "consent.granted": _consent(granted=True),
    "consent.withdrawn": _consent(granted=False),
    "listed_party.added": _listing(on=True),
    "listed_party.removed": _listing(on=False),
    "limit_profile.set": _limit,
    "override.set": _override,
    "suppression.added": _suppression(on=True),
    "suppression.ended": _suppression(on=False),
}


def limits_of(
    tenant: Tenant, account: str | None, owner: str | None, place: Position
) -> dict[str, Any] | None:
    """Return the limits set for an event as of its place: the tenant's, then the owner's, then the account's.

    Of each the profile, then what people override. The names that an override set last stand under OVERRIDES.
    """
    found: dict[str, Any] = {}
    by_hand: dict[str, Any] = {}
    for scope in ("", f"owner:{owner}", f"account:{account}"):
        line = tenant.limits.get(scope)
        if line is not None:
            profile = line.at(place)[0]
            found.update(profile)
            by_hand = {name: value for name, value in by_hand.items() if name not in profile}
        line = tenant.limits.get(SCOPE + scope)
        if line is not None:
            for name, (value, until) in line.at(place)[0].items():
                if until is None or place[0] < until:
                    found[name] = by_hand[name] = value
    if by_hand:
        found[OVERRIDES] = tuple(sorted(by_hand.items()))
    return found or None
