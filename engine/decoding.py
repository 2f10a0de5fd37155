"""Bytes to an event, or to the reason why they cannot be read.

The plain case is one call into msgspec. Everything else, an older payload, a type nobody knows, a null, a mistake,
takes the slow road, which finds out what stands where and says it. Both roads read the same bytes as the same event.
"""

from __future__ import annotations

import re
from typing import Any, Final, Union

import msgspec

from engine.event import CURRENT_VERSION, EVENTS, STRICT, Event, UnknownEvent
from engine.instants import day_number, micros
from engine.payloads import PAYLOADS
from engine.payloads.fields import A_DAY
from engine.refusal import Refusal, explained, malformed, short
from engine.upcasting import upcast

__all__ = ["LONGEST", "Refusal", "decode", "timed"]

LONGEST: Final = 1 << 20  # Bytes of one line; longer ones are kept and not read.

DEEPEST: Final = 500  # Lists and objects within each other; the interpreter's own limit moves with its stack.
_SHORT: Final = 2 * DEEPEST  # Bytes in which nothing can be nested deeper.
_BRACKET: Final = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|([\[{])|([\]}])', re.DOTALL
)  # Or a text, passed over.
_AN_INSTANT: Final = "an RFC 3339 instant with offset, 1970 to 9998"

_ANY: Final = msgspec.json.Decoder()
_STRICT: Final = msgspec.json.Decoder(Union[tuple(STRICT.values())])  # noqa: UP007  # as below
_EVENT: Final = msgspec.json.Decoder(Union[tuple(EVENTS.values())])  # noqa: UP007  # the members are only known here


def _marked(alias: str) -> dict[str, tuple[str, ...]]:
    """Return the fields of each event type that are annotated with an alias of `payloads/fields.py`."""
    found = {}
    for kind, payload in PAYLOADS.items():
        hints = payload.__annotations__
        fields = tuple(field for field, hint in hints.items() if re.match(rf"{alias}\b", str(hint)))
        if fields:
            found[kind] = fields
    return found


_DAYS: Final = _marked("Day")
_INSTANTS: Final = _marked("Instant")
_DATED: Final = frozenset({*_DAYS, *_INSTANTS})


def _optional(struct: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(struct) if not field.required)


_ATTRIBUTES: Final = _optional(Event)
_FIELDS: Final = {kind: _optional(payload) for kind, payload in PAYLOADS.items()}


def decode(raw: bytes) -> Event | Refusal:
    """Read one line. Never raises: what cannot be read comes back as the reason."""
    read = timed(raw)
    return read if isinstance(read, Refusal) else read[0]


def timed(raw: bytes) -> tuple[Event, int, int] | Refusal:
    """Read one line with its time and the time it was received, in UTC microseconds. Never raises, as `decode`."""
    if len(raw) > _SHORT:
        if len(raw) > LONGEST:
            return Refusal("line", f"{len(raw):,} bytes", f"at most {LONGEST:,}")
        if _too_deep(raw):
            return Refusal(
                "line", "JSON nested too deeply", f"at most {DEEPEST} lists and objects within each other"
            )
    try:
        if not raw.isascii():
            raw.decode()  # msgspec does not look into the texts of fields that it skips.
        try:
            event = _STRICT.decode(raw)
        except msgspec.ValidationError:  # A value outside its list, or a mistake.
            event = _EVENT.decode(raw)
        time_us = micros(event.time)
        received_us = time_us if event.receivedtime is None else micros(event.receivedtime)
        if event.schemaversion == CURRENT_VERSION and (event.kind not in _DATED or _undated(event) is None):
            return event, time_us, received_us
    except (msgspec.MsgspecError, ValueError):
        pass  # The slow road says why.
    read = _slowly(raw)
    if isinstance(read, Refusal):
        return read
    time_us = micros(read.time)
    return read, time_us, time_us if read.receivedtime is None else micros(read.receivedtime)


def _too_deep(raw: bytes) -> bool:
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for opening, closing in _BRACKET.findall(raw):
        depth += bool(opening) - bool(closing)
        if depth > DEEPEST:
            return True
    return False


def _slowly(raw: bytes) -> Event | Refusal:
    if not raw.strip():
        return Refusal("line", "nothing", "a JSON object")
    try:
        raw.decode()
        whole = _ANY.decode(raw)
    except (msgspec.MsgspecError, ValueError) as error:
        return malformed(raw, error)
    return _as_event(whole) if isinstance(whole, dict) else Refusal("line", short(whole), "a JSON object")


def _as_event(whole: dict[str, Any]) -> Event | Refusal:
    kind = whole.get("type")
    known = isinstance(kind, str) and kind in EVENTS
    version = whole.get("schemaversion")
    if known and type(version) is int and version != CURRENT_VERSION:
        newer = _upcast(whole, str(kind), version)
        if isinstance(newer, Refusal):
            return newer
        whole = newer
    whole = _given(whole, str(kind) if known else "")
    try:
        event = _converted(whole, str(kind) if known else "")
    except msgspec.ValidationError as error:
        return explained(str(error), whole)
    return _untimed(event) or (_undated(event) if known else None) or event


def _converted(whole: dict[str, Any], kind: str) -> Event:
    if not kind:
        return msgspec.convert(whole, UnknownEvent)
    try:
        return msgspec.convert(whole, STRICT[kind])
    except msgspec.ValidationError:
        return msgspec.convert(whole, EVENTS[kind])


def _upcast(whole: dict[str, Any], kind: str, version: int) -> dict[str, Any] | Refusal:
    """Return an input of another version as one of the current version."""
    if version > CURRENT_VERSION:
        return Refusal(
            "schemaversion", short(version), f"at most {CURRENT_VERSION}, the newest this program knows"
        )
    data = whole.get("data")
    if not isinstance(data, dict):
        return Refusal("data", short(data) if "data" in whole else "nothing", "an object")
    try:
        return {**whole, "data": upcast(kind, version, data), "schemaversion": CURRENT_VERSION}
    except LookupError:
        return Refusal("schemaversion", short(version), f"a version of {kind} that can be read")
    except ValueError as error:
        return Refusal("data", short(data), f"a payload of {kind} version {version} ({error})")


def _given(whole: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return an input without the nulls that stand for absent fields."""
    whole = {name: value for name, value in whole.items() if value is not None or name not in _ATTRIBUTES}
    data = whole.get("data")
    if kind and isinstance(data, dict):
        fields = _FIELDS[kind]
        whole["data"] = {
            name: value for name, value in data.items() if value is not None or name not in fields
        }
    return whole


def _untimed(event: Event) -> Refusal | None:
    """Say which attribute of an event is no instant."""
    for name in ("time", "receivedtime"):
        text = getattr(event, name)
        if text is not None:
            try:
                micros(text)
            except ValueError:
                return Refusal(name, short(text), _AN_INSTANT)
    return None


def _undated(event: Event) -> Refusal | None:
    """Say which field of a payload is no day, or no instant."""
    for fields, read, expected in ((_DAYS, day_number, A_DAY), (_INSTANTS, micros, _AN_INSTANT)):
        for name in fields.get(event.kind, ()):
            value = getattr(event.data, name)
            if value is not None:
                try:
                    read(value)
                except ValueError:
                    return Refusal(f"data.{name}", short(value), expected)
    return None
