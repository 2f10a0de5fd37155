"""The envelope of an event (CloudEvents 1.0), and one class for every type: a union tagged by `type`.

`(source, id)` is an event's identity; `(time, source, id)` its place in the tenant's order.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from engine.payloads import PAYLOADS
from engine.payloads.fields import Payload

Text = Annotated[str, msgspec.Meta(min_length=1)]
Version = Annotated[int, msgspec.Meta(ge=0, le=1_000)]

CURRENT_VERSION: Final = 1  # Of every payload; older ones are upcast on read (upcasting.py).
ALL_TENANTS: Final = ""  # The tenant of a tick that names none.


class Event(msgspec.Struct, kw_only=True, gc=False):
    """The attributes every event has."""

    kind: ClassVar[str] = ""

    specversion: Literal["1.0"]
    id: Text
    source: Text
    time: str
    tenant: str = "default"
    subject: str | None = None
    receivedtime: str | None = None
    schemaversion: Version = CURRENT_VERSION
    owner: str | None = None
    data: Any


class UnknownEvent(Event, kw_only=True, gc=False):
    """An event of a type that is not in the contract: kept and counted, decided by no rule."""

    type: Text
    data: Any = None

    @property
    def kind(self) -> str:  # type: ignore[override]  # each instance has its own type
        """Return its type."""
        return self.type


def _class_of(kind: str, payload: type[Payload]) -> type[Event]:
    name = "".join(part.capitalize() for part in kind.replace("_", ".").split("."))
    fields: list[Any] = [("data", payload)]
    if kind == "clock.tick":
        fields = [("data", payload | None, None), ("tenant", str, ALL_TENANTS)]
    made: type[Event] = msgspec.defstruct(
        name, fields, bases=(Event,), namespace={"kind": kind}, tag_field="type", tag=kind, kw_only=True, gc=False
    )
    return made


EVENTS: Final[dict[str, type[Event]]] = {kind: _class_of(kind, payload) for kind, payload in PAYLOADS.items()}

__all__ = ["ALL_TENANTS", "CURRENT_VERSION", "EVENTS", "PAYLOADS", "Event", "UnknownEvent"]
