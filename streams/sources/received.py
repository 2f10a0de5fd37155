"""What an HTTP request says, as lines of the log: one CloudEvent, an array, lines, or data with its attributes beside.

The formats are those of the CloudEvents HTTP protocol binding 1.0.2 (structured, batched and binary content mode) and
NDJSON. Nothing of an event is touched but `receivedtime`, which whoever takes it in writes over what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

import msgspec
from msgspec import Raw

from engine.decoding import LONGEST
from streams.refusing import RefusedError

JSON: Final = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")
LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
TYPES: Final = (*JSON, *LINES)
BODY: Final = "the body"
_PREFIX: Final = "ce-"  # Of the attributes in binary mode.
_WHOLE: Final = ("schemaversion",)  # Attributes that are numbers.
_EVENT: Final = msgspec.json.Decoder(dict[str, Raw])
_ARRAY: Final = msgspec.json.Decoder(list[Raw])
_ONE: Final = msgspec.json.Decoder(Raw)
_AT: Final = re.compile(r"byte (\d+)")


class UnknownTypeError(RefusedError):
    """The body is of a type that nobody reads here."""


class TooLongError(RefusedError):
    """An event is longer than a line may be."""


def lines_of(headers: Mapping[str, str], body: bytes, at: str) -> list[bytes]:
    """Return the lines that a request brings; `headers` by their names in small letters, `at` when it came (RFC 3339).

    What is JSON and no event stays as it is, to be quarantined with its reason. Raises RefusedError where the body is
    no JSON at all, UnknownTypeError, and TooLongError, which names the event.
    """
    kind = headers.get("content-type", JSON[0]).partition(";")[0].strip().lower()
    if f"{_PREFIX}specversion" in headers and kind not in JSON[1:]:
        lines = [_binary(headers, kind, body)]
    elif kind in LINES:
        lines = list(_lines(body))
    elif kind in JSON:
        lines = _json(body)
    else:
        raise UnknownTypeError(
            "content-type", repr(kind), f"one of {', '.join(TYPES)}", "say what the body is"
        )
    stamped = [_stamped(line, at) for line in lines]
    for number, line in enumerate(stamped):
        if len(line) > LONGEST:
            raise TooLongError(
                f"event {number}",
                f"{len(line):,} bytes",
                f"at most {LONGEST:,}",
                "leave out what no rule reads",
            )
    return stamped


def _json(body: bytes) -> list[bytes]:
    """Return the events of a JSON body: the elements of an array, or the value itself."""
    if body.lstrip()[:1] != b"[":
        return [bytes(_value(body))]
    try:
        return [bytes(each) for each in _ARRAY.decode(body)]
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _unreadable(body, error) from None


def _lines(body: bytes) -> Iterator[bytes]:
    """Yield the lines that are not empty; raises RefusedError where none of them is JSON."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    first = None
    for line in lines:
        try:
            _ONE.decode(line)
            break
        except (msgspec.MsgspecError, RecursionError) as error:
            first = first or _unreadable(line, error)
    else:
        raise first or _unreadable(body, None)
    yield from (line.removesuffix(b"\r") for line in lines)


def _binary(headers: Mapping[str, str], kind: str, body: bytes) -> bytes:
    """Return the event whose attributes are in the headers and whose data is the body."""
    if kind != JSON[0] and not kind.endswith("+json"):
        raise UnknownTypeError("content-type", repr(kind), JSON[0], "send the event's data as JSON")
    event: dict[str, object] = {}
    for name, value in headers.items():
        if name.startswith(_PREFIX):
            attribute, text = name.removeprefix(_PREFIX), unquote(value.strip('"'), errors="replace")
            event[attribute] = int(text) if attribute in _WHOLE and text.isdecimal() else text
    if body.strip():
        event["data"] = _value(body)
    return msgspec.json.encode(event)


def _value(body: bytes) -> Raw:
    try:
        return _ONE.decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _unreadable(body, error) from None


def _stamped(line: bytes, at: str) -> bytes:
    """Return an event as one line that says when it came; what is none stays as it is."""
    try:
        event = _EVENT.decode(line)
    except (msgspec.MsgspecError, RecursionError):
        return _on_one_line(line)
    event["receivedtime"] = Raw(msgspec.json.encode(at))
    return _on_one_line(msgspec.json.encode(event))


def _on_one_line(line: bytes) -> bytes:
    """Take out the ends of lines that stand between the parts of JSON; in a text there can be none."""
    return msgspec.json.format(line, indent=-1) if b"\n" in line else line


def _unreadable(body: bytes, error: Exception | None) -> RefusedError:
    if isinstance(error, RecursionError):
        return RefusedError(BODY, "values in values without end", "an event", "send it flat, as events are")
    if not body.strip():
        return RefusedError(BODY, "nothing", "a CloudEvent, an array of them, or lines", "send one")
    said = str(error)
    at = _AT.search(said)
    where = BODY
    if at is not None:
        before = body[: int(at[1])]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        where = f"{BODY}, line {line}, column {column}"
    return RefusedError(
        where, f"no JSON ({said})", "JSON (RFC 8259)", "send a CloudEvent, an array of them, or lines"
    )
