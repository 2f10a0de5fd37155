"""Which values an event type brings, what as-of values it can look up, and where each is kept in a contribution."""

from __future__ import annotations

from typing import Final

from engine.payloads import PAYLOADS
from engine.payloads.fields import fields_of as payload_fields
from engine.program import COLUMNS

# As-of values by name: the entity's snapshot and the place in it (engine/reference.py).
ACCOUNT: Final = {
    "account.kind": 0, "account.staff_id": 2, "account.verified_until": 3, "account.opened_on": 4,
    "account.matrix_registered": 5, "account.operator_ids": 6, "account.restricted": 7,
}  # fmt: skip
OWNER: Final = {"owner.kind": 0, "owner.registered": 1, "owner.vat_status": 2, "owner.staff_ids": 3}
DEVICE: Final = {"device.managed": 0, "device.owner_id": 1}
ORDER: Final = {
    "order.exists": 0, "order.total_fen": 1, "order.instalment": 2, "order.buyer_id": 3, "order.moved": 4,
}  # fmt: skip
PAYMENT: Final = {
    "payment.amount_fen": 0, "payment.payer_id": 1, "payment.code_kind": 2, "payment.order_id": 3,
}  # fmt: skip
REQUEST: Final = {"request.decision": 0}
MAYBE_ABSENT: Final = {
    "account.staff_id", "account.verified_until", "account.opened_on", "device.owner_id", "order.total_fen",
    "order.buyer_id", *PAYMENT, *REQUEST, "event.account", "event.owner", "event.ip_hash",
}  # fmt: skip
# Kept in every contribution, so never in a column.
PLACED: Final = {
    "event.time": "{}[0]",
    "event.source": "{}[1]",
    "event.id": "{}[2]",
    "event.type": "KINDS[{}[4]]",
}

# What derived facts carry; dimensions of the alert's key come with it and may be absent.
FACT_FIELDS: Final = {
    "alert.raised": ("event.alert_id", "event.rule", "event.level"),
    "expectation.met": ("event.rule", "event.waited"),
    "expectation.missed": ("event.rule", "event.waited"),
}
LIMITS: Final = "@limits"  # The column of the limits a tenant overrides.
# Kinds of contributions that are no type of the log: what stands for a case's calendar boundaries, and the events of a
# type that enter a measure so many microseconds after their time.
EVERY: Final = "@every."
LATER: Final = "@later."
KEYED: Final = "@key."  # The columns of such a kind that hold its key, by dimension.
OWNER_GIVEN: Final = "@owner"  # The owner an event names itself; it wins over the account's.


def prefix_of(name: str) -> str:
    """Return the part of a dotted name before its first dot."""
    return name.partition(".")[0]


def boundary_kind(unit_index: int) -> str:
    """Return the kind of what stands for the calendar boundaries of a case."""
    return f"{EVERY}{unit_index}"


def later_kind(kind: str, after_us: int) -> str:
    """Return the kind of an event type's events that enter so long after their time."""
    return f"{LATER}{after_us}.{kind}"


def source_of(kind: str) -> str:
    """Return the event type whose fields a kind has."""
    return kind.split(".", 2)[2] if kind.startswith(LATER) else kind


def shift_of(kind: str) -> int:
    """Return what must be added to a contribution's place for the time of what it stands for (microseconds)."""
    return -int(kind.split(".")[1]) if kind.startswith(LATER) else int(kind.startswith(EVERY))


def is_as_of(name: str) -> bool:
    """Return whether a value depends on reference data, so that a late reference event may change it."""
    return (
        name == "event.owner"
        or name.startswith("@")
        or prefix_of(name) in ("account", "owner", "device", "order", "payment", "request")
    )


def fields_of(kind: str) -> dict[str, bool]:
    """Return an event type's own fields as `event.NAME`, and whether each may be absent."""
    kind = source_of(kind)
    if kind in FACT_FIELDS:
        return dict.fromkeys(FACT_FIELDS[kind], False)
    if kind not in PAYLOADS:
        return {}
    return {
        f"event.{field.name}": not field.required and field.default is None
        for field in payload_fields(PAYLOADS[kind])
    }


def has(kind: str, name: str) -> bool:
    """Return whether an event type can bring a value at all."""
    if prefix_of(name) != "event" or name in MAYBE_ABSENT or name in PLACED:
        return True
    kind = source_of(kind)
    if kind.startswith(EVERY):
        return False
    return kind.startswith("@") or kind in FACT_FIELDS or name in fields_of(kind)


def optional(name: str, kinds: tuple[str, ...], steps: dict[str, tuple[str, ...]]) -> bool:
    """Return whether a value may be absent on some of these event types; `steps` names a sequence's steps."""
    prefix = prefix_of(name)
    if name in PLACED or name.startswith("@"):
        return name.startswith(("@q", KEYED))
    if prefix in steps:
        return optional("event" + name[len(prefix) :], steps[prefix], {})
    if name in MAYBE_ABSENT:
        return True
    if prefix != "event":
        return False
    return any(fields_of(kind).get(name, True) for kind in kinds)


def allocate(needs: dict[str, set[str]]) -> dict[str, dict[str, int]]:
    """Give every value a column: the same one on all event types that keep it, and no wide gaps."""
    users: dict[str, list[str]] = {}
    for kind, names in needs.items():
        for name in names:
            users.setdefault(name, []).append(kind)
    taken: dict[str, set[int]] = {kind: set() for kind in needs}
    columns: dict[str, dict[str, int]] = {kind: {} for kind in needs}
    for name in sorted(users, key=lambda name: (-len(users[name]), name)):
        free = COLUMNS
        while any(free in taken[kind] for kind in users[name]):
            free += 1
        for kind in users[name]:
            taken[kind].add(free)
            columns[kind][name] = free
    return columns
