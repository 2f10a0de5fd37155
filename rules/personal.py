"""Which parts of a rule's records are personal values, under whatever name, as they come from fields that are.

A dimension, a value or a text that a rule takes from a personal field is one too. Numbers that are only computed of
such fields, as counts and distances, are none. What rules read of each other's alerts goes by the same names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.payloads import PERSONAL_FIELDS
from rules.model import Case, Expression, Measure, RuleSet

# Fields, the dimensions that are named after them, and an address's hash, from which the address can be guessed.
PERSONAL_NAMES: Final = PERSONAL_FIELDS | {name.removesuffix("_id") for name in PERSONAL_FIELDS} | {"ip_hash"}
_TEXTS: Final = ("string", "list(string)")
_PASSING: Final = (
    "first",
    "last",
    "previous",
    "min",
    "max",
)  # Aggregates that give back what they are given.


def personal_names(rules: RuleSet) -> dict[str, frozenset[str]]:
    """Return by rule the names of dimensions and values of its records that are personal, beside `PERSONAL_NAMES`."""
    found = {name: frozenset[str]().union(*map(_of, rule.cases)) for name, rule in rules.rules().items()}
    return {name: names for name, names in found.items() if names}


def _of(case: Case) -> frozenset[str]:
    found: set[str] = set()

    def personal(value: Expression) -> bool:
        return any(name.rpartition(".")[2] in PERSONAL_NAMES or name in found for name in value.names)

    for measure in case.measures:
        if measure.aggregate in _PASSING and measure.type in _TEXTS and any(map(personal, measure.value)):
            found.add(measure.name)
    for let in case.lets:
        if let.value.type in _TEXTS and personal(let.value):
            found.add(let.name)
    found.update(part.name for part in case.per if personal(part.value))
    return frozenset(found) - PERSONAL_NAMES


_ADDRESSES: Final = ("ip", "ip_hash")
_ALERTS: Final = "alert."  # How the types of events begin that tell of alerts.
_DAY_US: Final = 86_400 * 10**6
_DAYS: Final = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
_PREVIOUS_US: Final = 35 * _DAY_US  # The one before, where nothing says how long ago that may be.
_LONGEST_US: Final = 366 * _DAY_US  # Of a window without an end: what is older is forgotten.


def address_rules(rules: RuleSet) -> dict[str, int]:
    """Return the rules that tell addresses apart, and how far each looks back, in microseconds.

    Rules that watch alerts are among them, if any is. Where an address was, which stays, is not meant.
    """
    cases = {name: rule.cases for name, rule in rules.rules().items()}
    found = {name: _back_us(own) for name, own in cases.items() if any(map(_tells_apart, own))}
    furthest = max(found.values(), default=0)
    for name, own in cases.items() if found else ():
        if any(kind.startswith(_ALERTS) for case in own for kind in _kinds(case)):
            found[name] = max(found.get(name, 0), furthest + _back_us(own))
    return found


def _tells_apart(case: Case) -> bool:
    return any(name.rpartition(".")[2] in _ADDRESSES for value in _expressions(case) for name in value.names)


def _kinds(case: Case) -> Iterator[str]:
    yield from case.on
    for measure in case.measures:
        yield from measure.of
    for step in case.sequence:
        yield from step.events


def _expressions(case: Case) -> Iterator[Expression]:
    yield from (part.value for part in case.per)
    yield from (let.value for let in case.lets)
    yield from (value for _, value in case.levels)
    optional = [case.where, *(step.where for step in case.sequence)]
    if case.expect is not None:
        optional.append(case.expect.where)
    for measure in case.measures:
        yield from measure.value
        yield from (part.value for part in measure.per)
        optional += [
            measure.where,
            measure.over.by,
            measure.member.value if measure.member is not None else None,
        ]
    yield from (value for value in optional if value is not None)


def _back_us(cases: tuple[Case, ...]) -> int:
    return max(map(_window_us, (measure for case in cases for measure in case.measures)), default=_DAY_US)


def _window_us(measure: Measure) -> int:
    over = measure.over
    if over.kind == "calendar" and over.unit is not None:
        return _DAYS[over.unit] * _DAY_US
    return over.us or (_PREVIOUS_US if measure.aggregate == "previous" else _LONGEST_US)
