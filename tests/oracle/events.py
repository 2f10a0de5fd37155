"""One event as the oracle sees it: envelope, payload as JSON, and its position in the tenant's order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.oracle.instants import micros
from tests.oracle.payloads import PAYLOADS, flaw
from tests.oracle.places import PLACED, placed
from tests.oracle.undecided import Undecided

# (time, 1, source, id), and for a derived fact (rule, key, case) behind its cause. A deadline is (time, 2), after all
# events of its instant; Python compares a tuple after its own prefix, so that a fact stands directly after its cause.
Position: TypeAlias = tuple[Any, ...]


class UnreadableError(Exception):
    """A line that goes to quarantine, with the field that could not be read."""


@dataclass(slots=True, eq=False)
class Event:
    """An event that could be read; `cache` holds what has been looked up as of it."""

    type: str
    source: str
    id: str
    time: int
    received: int
    tenant: str | None
    account: str | None
    extension: str | None  # The CloudEvents extension `owner`.
    data: dict[str, Any]
    position: Position = ()
    cache: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.position:
            self.position = (self.time, 1, self.source, self.id)

    def payload(self, name: str) -> Any:
        """Return a payload field or its default; raise Undecided where it is absent."""
        value = self.data.get(name)
        spec = PAYLOADS.get(self.type, {}).get(name)
        if value is None and name == "ip_hash" and "ip" in self.data:
            return hashlib.sha256(self.data["ip"].encode()).hexdigest()
        if value is None and spec is not None and name in PLACED:
            value = placed(name, self.data)
        if value is None and spec is not None:
            value = spec.default
        if value is None:
            raise Undecided(f"event.{name}")
        return float(value) if spec is not None and spec.kind == "float" else value


def read_event(raw: dict[str, Any]) -> Event:
    """Read one line; raise UnreadableError naming the field that does not fit."""
    kind = _text(raw, "type")
    data = raw.get("data")
    if data is None and kind == "clock.tick":
        data = {}
    if not isinstance(data, dict) or raw.get("specversion") != "1.0":
        raise UnreadableError("data" if raw.get("specversion") == "1.0" else "specversion")
    wrong = flaw(kind, data)
    if wrong:
        raise UnreadableError(f"data.{wrong}")
    time = _instant(raw, "time")
    return Event(
        type=kind,
        source=_text(raw, "source"),
        id=_text(raw, "id"),
        time=time,
        received=_instant(raw, "receivedtime") if raw.get("receivedtime") is not None else time,
        tenant=_optional(raw, "tenant") or (None if kind == "clock.tick" else "default"),
        account=_optional(raw, "subject"),
        extension=_optional(raw, "owner"),
        data={name: value for name, value in data.items() if value is not None},
    )


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableError(name)
    return value


def _optional(raw: dict[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        raise UnreadableError(name)
    return value


def _instant(raw: dict[str, Any], name: str) -> int:
    try:
        return micros(_text(raw, name))
    except ValueError:
        raise UnreadableError(name) from None
