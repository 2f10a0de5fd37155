"""An alert's numbers as shapes: values as bars beside the limits that they met, events on a line of time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.alert import Record
from engine.instants import micros
from monitoring.wording.record_values import case_of, told_values
from monitoring.wording.words import Language

WIDE: Final = 1_000  # Of a chart, in its own units.
_ROOM: Final = 0.9  # Of the width, for the largest number: its words stand behind it.
_COMPARED: Final = re.compile(r"\b([a-z_][\w.]*)\s*(?:>=|<=|>|<|==)\s*limit\.(\w+)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A limit on a bar's scale: its name, its value in words, and where it stands."""

    name: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A value: its name, in words, how long its bar is, and the limits that it is compared with."""

    name: str
    text: str
    width: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """An event on the line of time: where, and its place in the list below."""

    at: int
    number: int
    role: str


def bars(rule: Mapping[str, Any], record: Record, lang: Language) -> list[Bar]:
    """Return the values that the rule compares with limits, as bars; none where there is no number to draw."""
    values, limits = told_values(rule, record, lang)
    compared: dict[str, list[str]] = {}
    for expression in case_of(rule, record).get("levels", {}).values():
        for name, limit in _COMPARED.findall(expression):
            if _drawn(record.values.get(name)) and _drawn(record.limits.get(limit)):
                compared.setdefault(name, []).append(limit)
    found = []
    for name, names in compared.items():
        most = max(record.values[name], *(record.limits[each] for each in names), 1)
        marks = [Mark(each, limits[each], _at(record.limits[each], most)) for each in dict.fromkeys(names)]
        found.append(Bar(name, values[name], _at(record.values[name], most), tuple(marks)))
    return found


def dots(events: Sequence[Mapping[str, Any]]) -> list[Dot]:
    """Return events on a line from the first to the last; those whose time cannot be read are left out."""
    times = {
        number: at for number, each in enumerate(events, 1) if (at := _instant(each.get("time"))) is not None
    }
    if not times:
        return []
    first, last = min(times.values()), max(times.values())
    span = max(last - first, 1)
    return [
        Dot(20 + (at - first) * (WIDE - 40) // span, number, str(events[number - 1].get("role", "")))
        for number, at in times.items()
    ]


def _drawn(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _at(value: int, most: int) -> int:
    return int(value * WIDE * _ROOM / most)


def _instant(text: object) -> int | None:
    try:
        return micros(text) if isinstance(text, str) else None
    except ValueError:
        return None
