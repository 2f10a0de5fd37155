"""What can be told of a case's levels before anything runs: what must be reached first, and what rules them out.

Necessary conditions let a late event be passed over without refolding; nothing here decides a level.
"""

from __future__ import annotations

from typing import Final

from rules.model import Limit
from rules.planning.names import expanded
from rules.planning.plan import Bound, Unit
from rules.planning.reader import constant
from rules.tree import Call, Const, Name, Node

_ABOVE: Final = {"_>=_": 0, "_>_": 1}
_FLIP: Final = {"_<=_": "_>=_", "_<_": "_>_", "_>=_": "_<=_", "_>_": "_<_"}


def gate(tree: Node, unit: Unit, limits: dict[str, Limit]) -> dict[str, int | float]:
    """Return for each measure the least value without which a level cannot hold."""
    return _gate(expanded(tree, unit.lets), unit, limits)


def _gate(tree: Node, unit: Unit, limits: dict[str, Limit]) -> dict[str, int | float]:
    if not isinstance(tree, Call):
        return {}
    if tree.function == "_&&_":
        left, right = (_gate(part, unit, limits) for part in tree.args)
        return {name: max(left.get(name, 0), right.get(name, 0)) for name in {*left, *right}}
    if tree.function == "_||_":
        left, right = (_gate(part, unit, limits) for part in tree.args)
        return {name: min(left[name], right[name]) for name in left.keys() & right.keys()}
    found: dict[str, int | float] = {}
    if tree.function in _ABOVE or tree.function in _FLIP:
        found.update(_compared(tree, limits))
    for name in _strict_names(tree):
        bound = unit.bounds.get(name)
        least = _number(bound.least, limits) if bound is not None and bound.least is not None else None
        if least is not None:
            found[name] = max(found.get(name, 0), least)
    return found


def _compared(tree: Call, limits: dict[str, Limit]) -> dict[str, int | float]:
    function, (left, right) = tree.function, tree.args
    if function not in _ABOVE:
        function, left, right = _FLIP[function], right, left
    number = _number(right, limits)
    if isinstance(left, Name) and number is not None:
        return {left.name: number + (_ABOVE[function] if isinstance(number, int) else 0)}
    return {}


def _number(tree: Node | None, limits: dict[str, Limit]) -> int | float | None:
    if isinstance(tree, Const) and isinstance(tree.value, (int, float)):
        return tree.value
    if isinstance(tree, Name) and tree.name.startswith("limit."):
        value = constant(limits[tree.name.removeprefix("limit.")])
        return value if isinstance(value, (int, float)) else None
    return None


def _strict_names(tree: Node) -> set[str]:
    """Return the names without whose values a tree has none; branches of choices do not count."""
    if isinstance(tree, Name):
        return set() if tree.name.endswith(".given") else {tree.name}
    if isinstance(tree, Call) and tree.function not in ("_&&_", "_||_", "_?_:_"):
        return set().union(*map(_strict_names, tree.args)) if tree.args else set()
    return set()


def rising(unit: Unit) -> bool:
    """Return whether every level of a case is one count of its own triggers that is great enough, and nothing else."""
    own = all(bound.state.stream is unit.trigger for bound in unit.bounds.values())
    return own and len(unit.bounds) == 1 and all(_rises(tree, unit) for _, tree in unit.levels)


def _rises(tree: Node, unit: Unit) -> bool:
    if isinstance(tree, Call) and tree.function in _ABOVE and isinstance(tree.args[0], Name):
        bound = unit.bounds.get(tree.args[0].name)
        counts = bound is not None and bound.state.aggregate == "count" and bound.least is None
        return counts and _apart(tree.args[1])
    return False


def _apart(tree: Node) -> bool:
    return isinstance(tree, Const) or (isinstance(tree, Name) and tree.name.startswith("limit."))


def ceiling(unit: Unit) -> Node | None:
    """Return a condition that, once true, rules out every level for the rest of a calendar window; None if unknown.

    A level that wants a measure to be at most something is lost once a measure that only grows has passed it.
    """
    found: Node | None = None
    for _, tree in unit.levels:
        lost = _lost(tree, unit)
        if lost is None:
            return None
        found = lost if found is None else Call("_&&_", "logical_and", (found, lost), "bool", 0)
    return found


def _lost(tree: Node, unit: Unit) -> Node | None:
    if not isinstance(tree, Call):
        return None
    if tree.function == "_&&_":
        return next((lost for part in tree.args if (lost := _lost(part, unit)) is not None), None)
    if tree.function in ("_<=_", "_<_") and isinstance(tree.args[0], Name) and _apart(tree.args[1]):
        bound = unit.bounds.get(tree.args[0].name)
        if bound is not None and only_grows(bound):
            if tree.function == "_<=_":
                return Call("_>_", tree.overload.replace("less_equals", "greater"), tree.args, "bool", 0)
            return Call("_>=_", tree.overload.replace("less", "greater_equals"), tree.args, "bool", 0)
    return None


def only_grows(bound: Bound) -> bool:
    """Return whether a measure never falls inside its calendar window: counts, and sums of what is never negative."""
    state = bound.state
    if bound.measure.over.kind != "calendar" and state.measure.over.kind != "calendar":
        return False
    counted = state.aggregate in ("count", "distinct") or state.inner == "count"
    summed = state.aggregate in {"sum", "each.max"} and not counted
    return counted or (summed and never_negative(state.value))


def never_negative(value: tuple[Node, ...]) -> bool:
    """Return whether what is summed is a field that no event may have below zero."""
    return isinstance(value[0], Name) and value[0].name in _NEVER_NEGATIVE


_NEVER_NEGATIVE: Final = frozenset(("event.amount_fen", "event.total_fen", "event.records"))
