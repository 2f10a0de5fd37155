"""Which rules a rule watches, and the circles that would come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rules.model import Case, Rule
from rules.problems import Desk
from rules.suggesting import did_you_mean
from rules.tree import Call, Const, ListOf, Name, Node

DERIVED: Final = ("alert.raised", "expectation.met", "expectation.missed")


def watched(rule: Rule, ids: Iterable[str]) -> frozenset[str]:
    """Return the ids of the rules whose derived facts a rule may see, as far as its filters tell."""
    known = frozenset(ids)
    found: frozenset[str] = frozenset()
    for filters in _filters(rule):
        here = known
        for tree in filters:
            here &= _allowed(tree, known)
        found |= here
    return found


def refuse_circles(rules: dict[str, Rule], desk: Desk) -> None:
    """Refuse rules that watch each other in a circle, and warn of ids that no rule has."""
    graph = {name: watched(rule, rules) for name, rule in rules.items()}
    for name, rule in rules.items():
        _warn_unknown(rule, rules, desk.about(name))
        circle = _circle(name, graph)
        if circle and name == min(circle):
            shown = " → ".join([*circle, circle[0]])
            mend = "leave one out of the other's filter"
            desk.about(name).refuse(
                rule.at, f"a circle of derived facts, {shown}", "facts that end somewhere", mend
            )


def _filters(rule: Rule) -> Iterator[tuple[Node, ...]]:
    """Yield the filters of each place that reads derived facts."""
    for case in rule.cases:
        own = (case.where.tree,) if case.where else ()
        if any(kind in DERIVED for kind in _kinds(case)):
            yield own
        for measure in case.measures:
            narrower = (measure.where.tree,) if measure.where else ()
            if any(kind in DERIVED for kind in measure.of):
                yield narrower


def _kinds(case: Case) -> tuple[str, ...]:
    expected = case.expect.events if case.expect else ()
    return (*case.on, *(kind for step in case.sequence for kind in step.events), *expected)


def _allowed(tree: Node, known: frozenset[str]) -> frozenset[str]:
    """Return the rules for which a filter can hold; what it does not say about `event.rule` allows all."""
    if not isinstance(tree, Call):
        return known
    match tree.function, tree.args:
        case "_&&_", (left, right):
            return _allowed(left, known) & _allowed(right, known)
        case "_||_", (left, right):
            return _allowed(left, known) | _allowed(right, known)
        case (("_==_" | "@in" | "_!=_"), (Name(name="event.rule"), other)):
            named = frozenset(_texts(other))
            return known - named if tree.function == "_!=_" else known & named
        case _:
            return known


def _texts(tree: Node) -> Iterator[str]:
    parts = tree.items if isinstance(tree, ListOf) else (tree,)
    for part in parts:
        if isinstance(part, Const):
            yield str(part.value)


def _named(tree: Node) -> Iterator[str]:
    if isinstance(tree, Call):
        if (
            tree.function in ("_==_", "@in", "_!=_")
            and isinstance(tree.args[0], Name)
            and tree.args[0].name == "event.rule"
        ):
            yield from _texts(tree.args[1])
        for part in tree.args:
            yield from _named(part)


def _warn_unknown(rule: Rule, rules: dict[str, Rule], desk: Desk) -> None:
    for filters in _filters(rule):
        for name in (name for tree in filters for name in _named(tree)):
            if name not in rules:
                mend = did_you_mean(name, rules) or "load its pack too, or leave it out"
                desk.warn(rule.at, "not_loaded", name=name, mend=mend)


def _circle(start: str, graph: dict[str, frozenset[str]]) -> list[str]:
    """Return the shortest way from a rule back to itself, or nothing."""
    came_from: dict[str, str] = {}
    layer = [start]
    while layer:
        following: list[str] = []
        for name in layer:
            for other in sorted(graph[name]):
                if other == start:
                    return _way(name, start, came_from)
                if other not in came_from:
                    came_from[other] = name
                    following.append(other)
        layer = following
    return []


def _way(last: str, start: str, came_from: dict[str, str]) -> list[str]:
    way = [last]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
