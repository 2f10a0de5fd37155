"""One good event of every type, made from the contract's table, for tests that bend it."""

from __future__ import annotations

import json
from typing import Any

from tests.oracle.payloads import PAYLOADS, Field

DERIVED = {
    "alert.raised",
    "expectation.met",
    "expectation.missed",
}  # Facts the rules make; nobody sends them.
TYPES = sorted(PAYLOADS.keys() - DERIVED)

_VALUES: dict[str, Any] = {
    "text": "x",
    "int": 7,
    "float": 30.5,
    "bool": True,
    "list": ["x", "y"],
    "any": {"n": [1, "x", None]},
    "date": "2024-02-29",
    "instant": "2026-03-10T09:15:30+08:00",
    "simhash": "00ff00ff00ff00ff",
}


def value_of(field: Field) -> Any:
    """Return a value that fits a field."""
    return _VALUES[field.kind]


def sent(kind: str = "payment.received", /, **attributes: Any) -> dict[str, Any]:
    """Return an event with every field of its type; attributes win, an attribute `...` is left out."""
    data = {name: value_of(field) for name, field in PAYLOADS.get(kind, {}).items()}
    whole = {
        "specversion": "1.0",
        "id": "e1",
        "source": "wechatpay/m2",
        "type": kind,
        "time": "2026-03-10T09:15:30+08:00",
        "tenant": "t1",
        "subject": "A1",
        "data": data,
    } | attributes
    return {name: value for name, value in whole.items() if value is not ...}


def with_data(kind: str = "payment.received", /, **fields: Any) -> dict[str, Any]:
    """Return an event whose data has these fields instead; a field `...` is left out."""
    whole = sent(kind)
    data = whole["data"] | fields
    whole["data"] = {name: value for name, value in data.items() if value is not ...}
    return whole


def line(whole: Any) -> bytes:
    """Return an event as a line."""
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
