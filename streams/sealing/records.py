"""The personal values of an alert record sealed: whom its key names, and where its values and its words say so too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from engine.alert import Record, alert_id, encode
from engine.instants import micros
from rules.personal import PERSONAL_NAMES
from streams.sealing.addresses import is_hash, name_of
from streams.sealing.lines import NAMING
from streams.sealing.tokens import MARK, TEXT, VALUE, Sealer, is_token
from streams.sealing.weeks import week_of

_ALERT: Final = re.compile(rb"a_[0-9a-f]{32}")
_RECORD: Final = msgspec.json.Decoder(Record)
_NONE: Final[frozenset[str]] = frozenset()
_PERSONS: Final = NAMING | {name.removesuffix("_id") for name in NAMING}

# What a key holds where equal values may have other tokens: such as end with a week or are sealed for an event; lists.
# A name that only ends so counts as well.
_UNSTEADY: Final = ("~", "[", *(f'{name}":' for name in sorted(PERSONAL_NAMES - _PERSONS)))


def is_steady(key: str) -> bool:
    """Return whether a sealed key, as JSON, is the same wherever the key is: each value is sealed for itself."""
    return not any(map(key.__contains__, _UNSTEADY))  # Faster than a pattern by half.


def sealed_record(sealer: Sealer, record: Record, personal: frozenset[str] = _NONE) -> Record:
    """Return a record as it is told and stored. `personal`: names of its rule's own (rules/personal.py)."""
    tenant = record.tenant
    body = encode(record)
    if MARK in body:
        record = _RECORD.decode(sealer.escaped(body))
    about = event_subject(record.trigger["source"], record.trigger["id"])
    told: dict[str, str] = {}  # Texts and their tokens, as the words may repeat them.

    def sealed(name: str, value: Any) -> Any:
        last = name.rpartition(".")[2]
        if not (name in personal or last in PERSONAL_NAMES) or value in (None, "", []):
            return value
        subject = about if last in PERSONAL_NAMES and last not in _PERSONS else None
        if isinstance(value, list):
            return [sealed(name, each) for each in value]
        if not isinstance(value, str):
            content, kind = msgspec.json.encode(value), VALUE
            return sealer.token(tenant, subject or content.decode(), content, kind).decode()
        if is_token(value.encode()):
            return value
        content = msgspec.json.encode(value)[1:-1]
        if is_hash(value):
            left = name_of(value, sealer.keys.naming).encode()
            week = week_of(micros(record.raised_at))
            token = sealer.dated(tenant, subject or value, week, content, left)
        else:
            token = sealer.token(tenant, subject or value, content, TEXT)
        told[value] = token.decode()
        return told[value]

    key = {name: sealed(name, value) for name, value in record.key.items()}
    values = {name: sealed(name, value) for name, value in record.values.items()}
    if key == record.key and values == record.values:
        return record
    return replace(
        record, key=key, values=values, message=_said(record.message, told), action=_said(record.action, told)
    )


def _said(words: dict[str, str], told: dict[str, str]) -> dict[str, str]:
    """Return words without the texts that were sealed. The longest first: one may be a part of another."""
    if not told:
        return words
    longest_first = sorted(told, key=lambda each: (-len(each), each))
    return {lang: _without(text, longest_first, told) for lang, text in words.items()}


def _without(text: str, longest_first: list[str], told: dict[str, str]) -> str:
    if not longest_first:
        return text
    first, *others = longest_first
    return told[first].join(_without(part, others, told) for part in text.split(first))


def event_subject(source: str, name: str) -> str:
    """Return the subject of values in records that name nobody: the event that they tell of.

    Whose event that is, a record does not say; whoever erases somebody finds the events (monitoring/erasing.py).
    """
    return f"\0event\0{source}\0{name}"


def opened_record(sealer: Sealer, record: Record) -> Record:
    """Return a record as it was before it was sealed; where keys are gone, with tokens in their places."""
    body = encode(record)
    return _RECORD.decode(sealer.opened(body)) if MARK in body else record


def renamed(sealer: Sealer, bodies: Iterable[bytes]) -> tuple[dict[str, str], frozenset[str]]:
    """Return ids of alerts whose keys hold what is gone: by the id that follows from what is left, the one said.

    An alert's id is made of its key, and of that only the token is left, or what stands for an address that has ended;
    the alert keeps the id that it was said by, and so do those about it. `bodies` come in the order of the log.
    Beside them, the ids said of subjects that were erased.
    """
    now: dict[str, str] = {}  # By the id said, the one that follows.
    erased = set()
    for body in bodies:
        gone = sealer.erased(body)
        if gone or sealer.ended(body) or (now and any(each.decode() in now for each in _ALERT.findall(body))):
            record = _RECORD.decode(sealer.opened(body))
            key = {
                name: now.get(value, value) if isinstance(value, str) else value
                for name, value in record.key.items()
            }
            follows = alert_id(record.tenant, record.rule, key, record.window)
            if follows != record.id:
                now[record.id] = follows
                if gone:
                    erased.add(record.id)
    return {follows: said for said, follows in now.items()}, frozenset(erased)
