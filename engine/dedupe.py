"""The same fact twice, or two facts under one name: what two copies disagree about."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.event import CURRENT_VERSION
from engine.upcasting import upcast


def same_fact(first: bytes, second: bytes) -> tuple[str, ...]:
    """Return the fields, of subject and data and never the time, that both inputs have and that differ.

    Fields are compared as they were sent: what an input leaves out it does not say. Empty: a duplicate.
    """
    one, two = _sent(first), _sent(second)
    return tuple(name for name in sorted(one.keys() & two.keys()) if one[name] != two[name])


def _sent(raw: bytes) -> dict[str, Any]:
    """Return what an input says of its fact: type, subject, and every field of its data that is not null."""
    whole = msgspec.json.decode(raw)
    kind, data = whole["type"], whole.get("data") or {}
    if whole.get("schemaversion", CURRENT_VERSION) != CURRENT_VERSION:
        data = upcast(kind, whole["schemaversion"], data)
    found = {"type": kind, "subject": whole.get("subject")}
    found |= {f"data.{name}": value for name, value in data.items()} if isinstance(data, dict) else {"data": data}
    return {name: value for name, value in found.items() if value is not None}
