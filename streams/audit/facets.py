"""By what an entry of the audit log is found: read from its own bytes and from nothing else.

So an index of them can be made anew at any time, and whoever has an entry can tell whether the index says the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from engine.instants import micros
from streams.audit.broken import BrokenError
from streams.audit.words import words_of

_ANY: Final = msgspec.json.Decoder()
_SORTED: Final = msgspec.json.Encoder(order="sorted")
ALERT: Final = "alert"


class Facets(NamedTuple):
    """What is asked for. None: the entry does not say.

    `at_us`: when what it speaks of happened, in UTC microseconds; `alert`: of which alert it is or what somebody did
    with; `event`: the id of the event that it tells; `actor` and `approver`: who did it; `key`: the key of an alert or
    suppression as JSON.
    """

    leaf: int
    tenant: str | None
    kind: str
    position: int | None
    at_us: int | None
    rule: str | None
    level: str | None
    alert: str | None
    event: str | None
    account: str | None
    owner: str | None
    actor: str | None
    approver: str | None
    key: str | None


def facets_of(leaf: int, told: dict[str, Any]) -> Facets:
    """Return the facets of a decoded entry; `leaf` is its place in the log, from 0."""
    record, event = _object(told, "record"), _object(told, "event")
    data = _object(event, "data")
    key = _object(record, "key") or _object(data, "key")
    position = told.get("position")
    return Facets(
        leaf,
        _text(told, "tenant"),
        _text(told, "kind") or "",
        position if type(position) is int else None,
        _instant(record.get("at") or event.get("time") or told.get("clock")),
        _text(record, "rule") or _text(data, "rule"),
        _text(record, "level"),
        _text(record, "id") or _text(data, "alert_id"),
        _text(event, "id"),
        account_of(told),
        _text(key, "owner") or _text(data, "owner_id"),
        _text(data, "by") or _text(data, "author"),
        _text(data, "approver"),
        _SORTED.encode(key).decode() if key else None,
    )


def account_of(told: dict[str, Any]) -> str | None:
    """Return the account that a decoded entry is about; None where it is about none."""
    record, data = _object(told, "record"), _object(_object(told, "event"), "data")
    return _text(_object(record, "key") or _object(data, "key"), "account") or _text(data, "account")


class _Key(msgspec.Struct, gc=False):
    account: str = ""


class _Keyed(msgspec.Struct, gc=False):
    key: _Key


class _Alert(msgspec.Struct, gc=False):
    record: _Keyed


_ALERT: Final = msgspec.json.Decoder(_Alert)


def account_in(entry: bytes) -> str | None:
    """Return the account that an entry is about, as `account_of` does; of an alert only its key is read.

    Raises BrokenError where it is none.
    """
    try:
        return _ALERT.decode(entry).record.key.account or None
    except msgspec.MsgspecError:
        return account_of(decoded(0, entry))


def decoded(leaf: int, entry: bytes) -> dict[str, Any]:
    """Return an entry as plain values. Raises BrokenError where it is none."""
    try:
        told = _ANY.decode(entry)
    except msgspec.MsgspecError:
        told = None
    if not isinstance(told, dict):
        raise BrokenError(f"entry {leaf:,}", repr(entry[:40]), "an entry: a JSON object")
    return told


def entry_words(told: dict[str, Any]) -> list[str]:
    """Return the words that an entry is found by.

    Of an alert they are its sentences, names and keys; of what somebody did all that stands there; else the reason.
    """
    return words_of(_texts(told))


def _texts(told: dict[str, Any]) -> Iterator[str]:
    record = _object(told, "record")
    for name in ("message", "action", "key"):
        yield from _strings(record.get(name))
    yield from _strings([told.get("kind"), told.get("reason"), record.get("rule"), record.get("id")])
    yield from _strings(_object(told, "event").get("data"))


def _strings(value: Any) -> Iterator[str]:
    """Yield the texts in a value, however deep they are."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            left += reversed(value.values())
        elif isinstance(value, list):
            left += reversed(value)


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: dict[str, Any], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) else None


def _instant(value: object) -> int | None:
    try:
        return micros(value) if isinstance(value, str) else None
    except ValueError:
        return None
