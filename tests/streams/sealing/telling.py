"""A line of every event type in which every personal field has a value that stands nowhere else."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.payloads import PAYLOADS, PERSONAL_FIELDS
from engine.payloads.fields import fields_of

OWN: Final = frozenset({"rule.changed", "subject.erased"})  # Written by commands alone.
TENANT: Final = "t1"


def values_of(number: int) -> dict[str, Any]:
    """Return a value for each personal field."""
    names = {name: f"{name.replace('_', '')}-z.q{number}" for name in PERSONAL_FIELDS}
    return {
        **names, "contact_ids": [f"many-z.q{number}", f"more-z.q{number}"], "lat": 31 + (71_300_000 + number) / 1e9,
        "lon": 121 + (71_300_000 + number) / 1e9, "ip": f"203.0.113.{number}", "text": f"悄悄话 z.q{number} “x”",
        "host_birth_date": f"1987-0{number % 9 + 1}-{number % 19 + 10}",
    }  # fmt: skip


def telling(kind: str, number: int, **more: Any) -> dict[str, Any]:
    """Return an event with all fields that are required or personal, as they are told in the n-th minute."""
    values = values_of(number)
    data = {
        each.encode_name: values.get(each.encode_name, _some(each.encode_name, number))
        for each in fields_of(PAYLOADS[kind])
        if each.required or each.encode_name in PERSONAL_FIELDS
    }
    time = f"2026-03-09T{number // 60 + 8:02}:{number % 60:02}:00+08:00"
    return {
        "specversion": "1.0", "id": f"e{number}", "source": "s", "type": kind, "tenant": TENANT, "subject": "A1",
        "time": time, "data": {**data, **more},
    }  # fmt: skip


def _some(name: str, number: int) -> Any:
    """Return a value for a required field, by its name."""
    if name in ("transaction_ids", "scope"):
        return [f"T{number}"]
    if name in ("managed", "registered", "satisfied", "ok"):
        return True
    if name in ("valid_from", "verified_until"):
        return "2026-01-01"
    if name == "key":
        return {"account": "A1"}
    whole = ("_fen", "_days", "_bp", "_ms")
    if name.endswith(whole) or name in _WHOLE:
        return 1
    return f"{name}{number}"


_WHOLE: Final = frozenset(
    {"count", "quantity", "reach", "records", "impressions", "leads", "converted", "year", "rate_bp"}
)
KINDS: Final = sorted(PAYLOADS.keys() - OWN)
EVENTS: Final = [telling(kind, number) for number, kind in enumerate(KINDS)]
LINES: Final = [msgspec.json.encode(each) for each in EVENTS]


def clear(number: int, data: dict[str, Any]) -> list[bytes]:
    """Return the personal values of an event as they would be found in clear."""
    found = []
    for name, value in values_of(number).items():
        if name in data:
            many = value if isinstance(value, list) else [value]
            found += [msgspec.json.encode(each).strip(b'"').replace(b'\\"', b'"') for each in many]
    return found


SECRETS: Final = [value for number, each in enumerate(EVENTS) for value in clear(number, each["data"])]
