"""The alert record: what stands, what changed, and the words a person needs to believe it.

A record's id is derived from tenant, rule, key and window, so that every sink can take it twice. Nothing here decides:
the journal says what stands, and this compares it with what was said before.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

import msgspec

from engine.canonical import canonical

State: TypeAlias = Literal["raised", "escalated", "lowered", "amended", "retracted"]
# Told by arrival; not part of what stands.
ARRIVAL_FIELDS: Final = ("record", "state", "cause", "late", "raised_at")


class Record(msgspec.Struct, frozen=True, gc=False):
    """One change of one alert, in the contract's fields and order."""

    id: str
    record: int
    state: State
    rule: str
    level: str
    tenant: str
    key: dict[str, Any]
    window: dict[str, Any]
    at: str
    raised_at: str
    trigger: dict[str, str]
    cause: dict[str, str]
    late: bool
    values: dict[str, Any]
    limits: dict[str, Any]
    evidence: dict[str, Any]
    ruleset: str
    message: dict[str, str]
    action: dict[str, str]


_ENCODER: Final = msgspec.json.Encoder()


def encode(record: Record) -> bytes:
    """Return a record as one line of JSON, fields in the contract's order, without a newline."""
    return _ENCODER.encode(record)


def standing_view(record: Record) -> dict[str, Any]:
    """Return a record without the fields that tell of arrival."""
    whole: dict[str, Any] = msgspec.to_builtins(record)
    return {name: value for name, value in whole.items() if name not in ARRIVAL_FIELDS}


def alert_id(tenant: str, rule: str, key: dict[str, Any], window: dict[str, Any]) -> str:
    """Derive an alert's id: `a_` and the first 32 hex digits of the SHA-256 of its identity as canonical JSON."""
    return "a_" + sha256(canonical([tenant, rule, key, window])).hexdigest()[:32]


def change_between(before: Record | None, after: Record | None) -> State | None:
    """Name the record that takes an alert from one standing to the next; None where nothing changed."""
    if before is None or before.state == "retracted":
        return "raised" if after is not None else None
    if after is None:
        return "retracted"
    if before.level == after.level:
        return None if _same(before, after) else "amended"
    return "escalated" if RANK[after.level] > RANK[before.level] else "lowered"


RANK: Final = {"info": 1, "warn": 2, "critical": 3}


def _same(before: Record, after: Record) -> bool:
    return (
        before.at == after.at
        and before.trigger == after.trigger
        and before.values == after.values
        and before.limits == after.limits
        and before.evidence == after.evidence
        and before.ruleset == after.ruleset  # A tenant's overrides count in.
    )
