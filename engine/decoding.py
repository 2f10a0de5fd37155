"""Bytes to an event, or to the reason why they cannot be read.

The plain case is one call into msgspec. Everything else, an older payload, a type nobody knows, a mistake, takes the
slow road, which finds out what stands where and says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Union

import msgspec

from engine.event import CURRENT_VERSION, EVENTS, Event, UnknownEvent
from engine.instants import day_number, micros
from engine.payloads import PAYLOADS
from engine.payloads.fields import Day, Instant
from engine.upcasting import upcast

LONGEST: Final = 1 << 20  # Bytes of one line; longer ones are kept and not read.
_SHOWN: Final = 80

_ANY: Final = msgspec.json.Decoder()
_UNKNOWN: Final = msgspec.json.Decoder(UnknownEvent)
_EVENT: Final = msgspec.json.Decoder(Union[tuple(EVENTS.values())])
_AT: Final = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?")
_GOT: Final = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>[^`]*)`")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line cannot be read: the field, what stands there, and what was expected."""

    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}; expected {self.expected}"


def _marked(alias: Any) -> dict[str, tuple[str, ...]]:
    """Return the fields of each event type that hold a day, or an instant."""
    found = {}
    for kind, payload in PAYLOADS.items():
        hints = payload.__annotations__
        name = "Day" if alias is Day else "Instant"
        fields = tuple(field for field, hint in hints.items() if re.match(rf"{name}\b", str(hint)))
        if fields:
            found[kind] = fields
    return found


_DAYS: Final = _marked(Day)
_INSTANTS: Final = _marked(Instant)
_DATED: Final = frozenset({*_DAYS, *_INSTANTS})


def decode(raw: bytes) -> Event | Refusal:
    """Read one line. Never raises: what cannot be read comes back as the reason."""
    read = timed(raw)
    return read if isinstance(read, Refusal) else read[0]


def timed(raw: bytes) -> tuple[Event, int, int] | Refusal:
    """Read one line with its time and the time it was received, in UTC microseconds. Never raises, as `decode`."""
    if len(raw) > LONGEST:
        return Refusal("line", f"{len(raw):,} bytes", f"at most {LONGEST:,}")
    try:
        event = _EVENT.decode(raw)
        time_us = micros(event.time)
        received_us = time_us if event.receivedtime is None else micros(event.receivedtime)
        if event.schemaversion == CURRENT_VERSION and event.kind not in _DATED:
            return event, time_us, received_us
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        pass
    read = _slowly(raw)
    if isinstance(read, Refusal):
        return read
    time_us = micros(read.time)
    return read, time_us, time_us if read.receivedtime is None else micros(read.receivedtime)


def _dated(event: Event) -> Event | Refusal:
    """Check that days and instants inside a payload exist."""
    for fields, read, expected in ((_DAYS, day_number, "a date"), (_INSTANTS, micros, "an RFC 3339 instant")):
        for name in fields.get(event.kind, ()):
            value = getattr(event.data, name)
            if value is not None:
                try:
                    read(value)
                except ValueError:
                    return Refusal(f"data.{name}", _short(value), expected)
    return event


def _slowly(raw: bytes) -> Event | Refusal:
    if not raw.strip():
        return Refusal("line", "nothing", "a JSON object")
    try:
        whole = _ANY.decode(raw)
    except RecursionError:
        return Refusal("line", "JSON nested too deeply", "an event")
    except (msgspec.MsgspecError, ValueError) as error:
        return Refusal("line", _short_bytes(raw), f"JSON ({error})")
    if not isinstance(whole, dict):
        return Refusal("line", _short(whole), "a JSON object")
    return _as_event(raw, whole)


def _as_event(raw: bytes, whole: dict[str, Any]) -> Event | Refusal:
    kind, version = whole.get("type"), whole.get("schemaversion", CURRENT_VERSION)
    try:
        if isinstance(version, int) and isinstance(kind, str) and kind in EVENTS and version != CURRENT_VERSION:
            return _older(whole, kind, version)
        known = isinstance(kind, str) and kind in EVENTS
        event: Event = (_EVENT if known else _UNKNOWN).decode(raw)
    except msgspec.ValidationError as error:
        return _explained(str(error), whole)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return Refusal("line", _short_bytes(raw), f"an event ({error})")
    return _timed(event)


def _timed(event: Event) -> Event | Refusal:
    for name in ("time", "receivedtime"):
        text = getattr(event, name)
        if text is not None:
            try:
                micros(text)
            except ValueError:
                return Refusal(name, _short(text), "an RFC 3339 instant with offset, 1970 to 9998")
    return _dated(event) if event.kind in PAYLOADS else event


def _older(whole: dict[str, Any], kind: str, version: int) -> Event | Refusal:
    """Read a payload of an earlier version."""
    if version > CURRENT_VERSION:
        return Refusal("schemaversion", str(version), f"at most {CURRENT_VERSION}, the newest this program knows")
    try:
        data = upcast(kind, version, whole.get("data") or {})
        event = msgspec.convert({**whole, "data": data, "schemaversion": CURRENT_VERSION}, EVENTS[kind])
    except LookupError:
        return Refusal("schemaversion", str(version), f"a version of {kind} that can be read")
    except msgspec.ValidationError as error:
        return _explained(str(error), whole)
    except (ValueError, TypeError, AttributeError) as error:
        return Refusal("data", _short(whole.get("data")), f"a payload of {kind} version {version} ({error})")
    return _timed(event)


def _explained(message: str, whole: dict[str, Any]) -> Refusal:
    """Turn msgspec's message into field, found and expected."""
    match = _AT.fullmatch(message)
    what, path = (match["what"], (match["path"] or "").lstrip(".")) if match else (message, "")
    missing = _MISSING.fullmatch(what)
    if missing:
        field = f"{path}.{missing['name']}" if path else missing["name"]
        return Refusal(field, "nothing", "a value: it is required")
    got = _GOT.fullmatch(what)
    expected = got["expected"].replace(" | null", "") if got else what[:1].lower() + what[1:]
    return Refusal(path or "line", _short(_reached(whole, path)), expected.removeprefix("expected "))


def _reached(whole: Any, path: str) -> Any:
    """Return the value at a path such as `data.scope[...]`, as far as it can be followed."""
    for part in filter(None, re.split(r"\.|\[[^\]]*\]", path)):
        if not isinstance(whole, dict) or part not in whole:
            break
        whole = whole[part]
    return whole


def _short(value: Any) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _short_bytes(raw: bytes) -> str:
    return _short(raw[:_SHOWN].decode("utf-8", "replace"))
