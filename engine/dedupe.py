"""The same fact twice, or two facts under one name: what two copies disagree about."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.event import CURRENT_VERSION
from engine.upcasting import upcast

# Values stay bytes until they are compared: a field nobody reads may hold JSON that no number or text can be made of.
_PARTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NOTHING: Final = msgspec.Raw(b"null")


def same_fact(first: bytes, second: bytes) -> tuple[str, ...]:
    """Return the fields, of subject and data and never the time, that both inputs have and that differ.

    Both must be inputs that `decode` could read. Fields are compared as they were sent: what an input leaves out, or
    says by null, it does not say. Empty: a duplicate.
    """
    one, two = _sent(first), _sent(second)
    return tuple(name for name in sorted(one.keys() & two.keys()) if one[name] != two[name])


def _sent(raw: bytes) -> dict[str, Any]:
    """Return what an input says of its fact: type, subject, and every field of its data."""
    whole = _PARTS.decode(raw)
    found = {"type": _value(whole["type"]), "subject": _value(whole.get("subject", _NOTHING))}
    try:
        parts = _PARTS.decode(whole.get("data", _NOTHING))
        data = {name: _value(part) for name, part in parts.items()}
    except msgspec.ValidationError:  # Data of a type nobody knows need not be an object.
        return {**found, "data": _value(whole.get("data", _NOTHING))}
    version = _value(whole.get("schemaversion", _NOTHING))
    if version not in (None, CURRENT_VERSION):
        data = _current(found["type"], version, data)
    found |= {f"data.{name}": value for name, value in data.items()}
    return {name: value for name, value in found.items() if value is not None}


def _current(kind: str, version: int, data: dict[str, Any]) -> dict[str, Any]:
    try:
        return upcast(kind, version, data)
    except LookupError:  # A type nobody knows has versions nobody knows.
        return data


def _value(part: msgspec.Raw) -> Any:
    """Return a value, or its bytes where JSON can say it and Python cannot (`1e999`)."""
    try:
        return msgspec.json.decode(part)
    except msgspec.MsgspecError:
        return bytes(part)
