"""What each record of an alert changed, against the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.alert import Record
from monitoring.wording.record_values import told_values
from monitoring.wording.words import Language


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is another one now: its name, what it was and what it is; `before` empty where it is new."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """A record with what it changed."""

    record: Record
    changes: tuple[Change, ...]


def told(rule: Mapping[str, Any], records: Sequence[Record], lang: Language) -> list[Told]:
    """Return records in order, each with what it changed; of the first, what it began with."""
    first = [Told(records[0], tuple(_differing({}, _fields(rule, records[0], lang))))]
    return first + [
        Told(after, tuple(_differing(_fields(rule, before, lang), _fields(rule, after, lang))))
        for before, after in pairwise(records)
    ]


def _fields(rule: Mapping[str, Any], record: Record, lang: Language) -> dict[str, str]:
    values, limits = told_values(rule, record, lang)
    told_limits = {f"limit.{name}": each for name, each in limits.items()}
    return {"level": record.level, "at": record.at, **values, **told_limits}


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield Change(name, before.get(name, ""), after.get(name, ""))
