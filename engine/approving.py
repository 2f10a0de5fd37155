"""What people decide about rules, as events: a limit overridden, alerts of a key suppressed; four eyes on each.

Both hold from their event's place in the tenant's order, until an instant where they name one. An override is read with
the limits, so a decision changes as it does by `limit_profile.set`. A suppression changes no decision: rules decide,
measures count and rules that watch are told; only what crosses a level in its time is not said.
So both act alike whenever they arrive, and a late one amends, retracts or raises by a new record.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from engine.canonical import canonical
from engine.cells import cells_of
from engine.instants import day_number, micros
from engine.program import Mark, Position, decided_at
from engine.refusal import short

if TYPE_CHECKING:
    from engine.program import Face, Program
    from engine.reference import Timeline
    from engine.tenant import Tenant
    from engine.windows import Zone

OVERRIDES: Final = "@overrides"  # Among the limits of an event: those of them that an override set, as pairs.
SCOPE: Final = "override "  # What the scope of an override begins with, among those of limits.
APPROVED: Final = frozenset({"override.set", "suppression.added", "suppression.ended"})
FOLLOWED: Final = APPROVED | {"limit_profile.set"}  # What is refused where it cannot be followed.


def fault(program: Program, event: Any) -> str:
    """Say why an event that sets a limit or suppresses alerts cannot be followed; empty where it can."""
    data = event.data
    if event.kind in APPROVED:
        if data.author == data.approver:
            return f"data.approver: found {short(data.approver)}; expected another person than data.author (four eyes)"
        if data.until is not None and not readable(data.until):
            return (
                f"data.until: found {short(data.until)}; expected a date, YYYY-MM-DD, or an RFC 3339 instant"
            )
    if event.kind in ("limit_profile.set", "override.set"):
        return program.limit_fault(data.limit, data.value)
    if event.kind in APPROVED and not _is_key(data.key):
        return f'data.key: found {short(data.key)}; expected an object such as {{"account": "A1"}}, {{}} for all keys'
    return ""


def readable(until: str) -> bool:
    """Return whether an end is a day or an instant."""
    try:
        return until_us(until, None) is not None
    except ValueError:
        return False


def _is_key(key: Any) -> bool:
    return isinstance(key, dict) and all(
        name.isascii() and (value is None or isinstance(value, str | int)) for name, value in key.items()
    )


def until_us(until: str | None, zone: Zone | None) -> int | None:
    """Return an end in UTC microseconds; a day ends it at its first moment, in the zone.

    Raises ValueError where it is neither an instant nor a day.
    """
    if until is None:
        return None
    if len(until) == len("2026-03-10"):
        day = day_number(until)
        return zone.midnight_of(day) if zone is not None else day
    return micros(until)


@lru_cache(maxsize=1_024)
def ruleset_of(ruleset: str, overrides: tuple[tuple[str, Any], ...]) -> str:
    """Return the hash of a rule set with a tenant's overrides: of the canonical JSON of [hash, [[limit, value], …]].

    A value is the JSON text of what rules read: durations in microseconds, doubles in their shortest form.
    """
    values = [[name, msgspec.json.encode(value).decode()] for name, value in overrides]
    return f"sha256:{sha256(canonical([ruleset, values])).hexdigest()}"


def suppression_name(rule: str, key: dict[str, Any]) -> str:
    """Return the name under which the suppressions of a rule and key are kept."""
    return msgspec.json.encode([rule, key], order="sorted").decode()


@lru_cache(maxsize=4_096)
def _read(name: str) -> tuple[str, dict[str, Any]]:
    rule, key = msgspec.json.decode(name)
    return rule, key


def covers(rule: str, key: dict[str, Any], named: str, by: dict[str, Any]) -> bool:
    """Return whether a suppression of `rule` and `key` is about an alert of a rule and its key."""
    return fnmatchcase(named, rule) and all(by.get(part) == value for part, value in key.items())


def heard(tenant: Tenant, face: Face, key: tuple[Any, ...], marks: list[Mark]) -> list[Mark]:
    """Return the marks of an alert that no suppression keeps silent."""
    named = dict(zip(face.dimensions, key, strict=True))
    lines = [line for name, line in tenant.suppressions.items() if covers(*_read(name), face.rule, named)]
    return [mark for mark in marks if not _silent(lines, decided_at(face, mark))]


def _silent(lines: list[Timeline], place: Position) -> bool:
    for line in lines:
        on, until = line.at(place)
        if on and (until is None or place[0] < until):
            return True
    return False


def touched_by(tenant: Tenant, rule: str, key: dict[str, Any], place: Position) -> Iterator[tuple[Any, ...]]:
    """Yield (case, cell, sub, group) of every alert that a suppression is about and that crosses a level later."""
    for cell in cells_of(tenant):
        for index, subs in cell.journal.items():
            face = tenant.program.faces[index]
            for sub, marks in subs.items():
                late = [mark for mark in marks if mark[1] > 0 and decided_at(face, mark) >= place]
                named = dict(zip(face.dimensions, face.key(cell.key, sub), strict=True))
                if late and covers(rule, key, face.rule, named):
                    yield from ((index, cell, sub, mark[2]) for mark in late)
