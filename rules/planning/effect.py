"""When a rule is in effect: from the first moment of a day of the tenant's zone until the first of another."""

from __future__ import annotations

from typing import Final

from rules.model import Case, Rule, RuleSet
from rules.planning.names import canonical
from rules.tree import Call, Const, Name, Node

_DAY: Final = Call("date", "date_timestamp", (Name("event.time", "timestamp", 0),), "string", 0)


def in_effect(rule: Rule) -> Node | None:
    """Return the condition that an event lies in a rule's time; None where that has no end on either side."""
    found: Node | None = None
    for day, function, overload in (
        (rule.effective_from, "_>=_", "greater_equals_string"),
        (rule.until, "_<_", "less_string"),
    ):
        if day:
            held: Node = Call(function, overload, (_DAY, Const(day, "string", 0)), "bool", 0)
            found = held if found is None else both(found, held)
    return found


def both(one: Node, other: Node) -> Node:
    """Return the condition that two conditions hold."""
    return Call("_&&_", "logical_and", (one, other), "bool", 0)


def trigger_where(rules: RuleSet, case: Case) -> Node | None:
    """Return a case's filter of its triggers: its own, and that its rule is in effect."""
    where = canonical(case.where.tree) if case.where else None
    effect = in_effect(rules.rules()[case.rule])
    if where is None or effect is None:
        return where if effect is None else effect
    return both(effect, where)
