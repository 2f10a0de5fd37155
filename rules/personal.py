"""Which parts of a rule's records are personal values, under whatever name, as they come from fields that are.

A dimension, a value or a text that a rule takes from a personal field is one too. Numbers that are only computed of
such fields, as counts and distances, are none. What rules read of each other's alerts goes by the same names.
"""

from __future__ import annotations

from typing import Final

from engine.payloads import PERSONAL_FIELDS
from rules.model import Case, Expression, RuleSet

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
