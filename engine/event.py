"""The envelope of an event (CloudEvents 1.0), and one class for every type: a union tagged by `type`.

`(source, id)` is an event's identity; `(time, source, id)` its place in the tenant's order.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from engine.payloads import NATURAL_KEYS, PAYLOADS
from engine.payloads.fields import Payload, fields_of
from engine.payloads.listed import LISTED

Text = Annotated[str, msgspec.Meta(min_length=1)]
Version = Annotated[int, msgspec.Meta(ge=0, le=1_000)]

CURRENT_VERSION: Final = 1  # Of every payload; older ones are upcast on read (upcasting.py).
ALL_TENANTS: Final = ""  # The tenant of a tick that names none.


class Event(msgspec.Struct, kw_only=True, gc=False):
    """The attributes every event has."""

    kind: ClassVar[str] = ""
    # Fields with listed values: to be looked at, unless the decoder has already seen that all are on their lists.
    listed: ClassVar[dict[str, tuple[str, ...]]] = {}

    specversion: Literal["1.0"]
    id: Text
    source: Text
    time: str
    tenant: Text = "default"
    subject: Text | None = None
    receivedtime: str | None = None
    schemaversion: Version = CURRENT_VERSION
    owner: Text | None = None
    data: Any

    def natural(self) -> tuple[str, str, str] | None:
        """Return what names the fact besides its identity, or None where nothing does.

        It is `(type, key, first)`: the key as people read it, and the first of its parts, because the key alone does
        not tell `A/1` with `2` from `A` with `1/2`.
        """
        return None


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
    space: dict[str, Any] = {"kind": kind, "listed": LISTED.get(kind, {})}
    if kind in NATURAL_KEYS:
        space["natural"] = _natural(kind, NATURAL_KEYS[kind])
    made = msgspec.defstruct(
        name, fields, bases=(Event,), namespace=space, tag_field="type", tag=kind, kw_only=True, gc=False
    )
    assert issubclass(made, Event)
    return made


def _strict(kind: str, event: type[Event]) -> type[Event]:
    """Return the class of the events of a type whose listed fields hold none but listed values."""
    if kind not in LISTED:
        return event
    payload = PAYLOADS[kind]
    fields: list[Any] = []
    for name, values in LISTED[kind].items():
        field = next(field for field in fields_of(payload) if field.name == name)
        listed: Any = Literal[values]
        fields.append((name, listed) if field.required else (name, listed | None, field.default))
    data = msgspec.defstruct(payload.__name__, fields, bases=(payload,), kw_only=True, gc=False)
    made = msgspec.defstruct(
        event.__name__, [("data", data)], bases=(event,), namespace={"listed": {}}, tag_field="type", tag=kind,
        kw_only=True, gc=False,
    )  # fmt: skip
    assert issubclass(made, Event)
    return made


def _natural(kind: str, fields: tuple[str, ...]) -> Callable[[Any], tuple[str, str, str] | None]:
    """Return the method that reads a type's natural key; two fields are joined by a slash."""
    if len(fields) == 1:
        named = attrgetter(f"data.{fields[0]}")
        return lambda event: (kind, named(event), "")
    first, second = fields
    if first != "subject":
        return lambda event: (
            kind, f"{getattr(event.data, first)}/{getattr(event.data, second)}", getattr(event.data, first)
        )  # fmt: skip

    def natural(event: Any) -> tuple[str, str, str] | None:
        if event.subject is None:  # Without its account a request's number names nothing.
            return None
        return (kind, f"{event.subject}/{getattr(event.data, second)}", event.subject)

    return natural


EVENTS: Final[dict[str, type[Event]]] = {kind: _class_of(kind, payload) for kind, payload in PAYLOADS.items()}
# What is decoded first: reading an event then costs nothing more for the lists.
STRICT: Final = {kind: _strict(kind, event) for kind, event in EVENTS.items()}

__all__ = ["ALL_TENANTS", "CURRENT_VERSION", "EVENTS", "PAYLOADS", "STRICT", "Event", "UnknownEvent"]
