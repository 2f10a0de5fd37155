"""From one rule set to the next: which rules changed, and what becomes of the windows that are open meanwhile.

A rule that is new or changed is folded again from the log (`migrate: refold`, also where nothing is said), so that its
windows are whole at once; or it begins with the change (`migrate: restart`) and counts only what happens from then on.
Where what a rule counts is defined otherwise the author has to say which of the two is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from rules.location import Location
from rules.model import Case, Expression, Measure, Rule, RuleSet, Step
from rules.planning.building import watched_by
from rules.problems import Problem
from rules.tree import Call, Const, Name, Node

Migration: TypeAlias = Literal["restart", "refold"]
# What of a rule or an expression changes no decision and no record.
_UNSEEN: Final = frozenset(
    {"at", "offset", "trials", "note", "title", "who", "tags", "confidence", "later", "migrate"}
)
# What defines a case's windows: what it counts, of what and for whom; not where the levels are, nor the words.
_WINDOWS: Final = (
    "on",
    "sequence",
    "every",
    "intake",
    "where",
    "per",
    "measures",
    "lets",
    "expect",
    "remind",
    "alert",
)


def migrations(old: RuleSet, new: RuleSet) -> dict[str, Migration | None]:
    """Return by id the rules that are not as they were, with what becomes of each; None for one that is gone."""
    before, after = old.rules(), new.rules()
    found: dict[str, Migration | None] = {name: None for name in before if name not in after}
    for name, rule in after.items():
        if name not in before or _meaning(before[name], old) != _meaning(rule, new):
            found[name] = "restart" if rule.migrate == "restart" else "refold"
    return found


def affected(new: RuleSet, moved: Iterable[str]) -> frozenset[str]:
    """Return the rules that decide otherwise where these are not as they were: they, and those that watch them."""
    known = new.rules()
    watched = {name: watched_by(rule, (*known, *moved)) for name, rule in known.items()}
    found = set(moved)
    while more := {name for name, read in watched.items() if name not in found and read & found}:
        found |= more
    return frozenset(found)


def undeclared(old: RuleSet, new: RuleSet) -> list[Problem]:
    """Return a problem for each rule whose windows are defined otherwise and that does not say how it migrates."""
    before = old.rules()
    return [
        Problem(
            rule.at, name, "windows that are defined otherwise than in the rules before",
            "migrate: restart or migrate: refold",
            "say whether it begins with the change or is folded again from the log",
        )
        for name, rule in new.rules().items()
        if not rule.migrate and name in before and _windows(before[name]) != _windows(rule)
    ]  # fmt: skip


def restarted(rules: RuleSet, since: Mapping[str, str]) -> RuleSet:
    """Return a rule set in which some rules count only what happens after an instant, given as RFC 3339."""
    packs = tuple(
        replace(
            pack,
            rules=tuple(_since(rule, since[rule.id]) if rule.id in since else rule for rule in pack.rules),
        )
        for pack in rules.packs
    )
    return replace(rules, packs=packs) if since else rules


def _since(rule: Rule, instant: str) -> Rule:
    return replace(rule, cases=tuple(_case_since(case, instant) for case in rule.cases))


def _case_since(case: Case, instant: str) -> Case:
    if case.intake:
        return case  # It looks at each input by itself, when it comes.
    return replace(
        case,
        where=case.where if case.sequence else _both(case.where, "event", instant, case.at),
        sequence=tuple(_step_since(step, instant, case.at) for step in case.sequence),
        measures=tuple(_measure_since(measure, instant) for measure in case.measures),
    )


def _step_since(step: Step, instant: str, at: Location) -> Step:
    return replace(step, where=_both(step.where, step.name, instant, at))


def _measure_since(measure: Measure, instant: str) -> Measure:
    """Narrow what is counted; without `of` it is the triggers, which are narrowed already."""
    return (
        replace(measure, where=_both(measure.where, "event", instant, measure.at)) if measure.of else measure
    )


def _both(where: Expression | None, prefix: str, instant: str, at: Location) -> Expression:
    text: Node = Const(instant, "string", 0)
    begun = Call("timestamp", "string_to_timestamp", (text,), "timestamp", 0)
    time = Name(f"{prefix}.time", "timestamp", 0)
    later: Node = Call("_>_", "greater_timestamp", (time, begun), "bool", 0)
    if where is None:
        return Expression("", later, "bool", "", at, frozenset({time.name}))
    tree = Call("_&&_", "logical_and", (later, where.tree), "bool", 0)
    return replace(where, tree=tree, names=where.names | {time.name})


def _windows(rule: Rule) -> object:
    return [[case.name, *(_plain(getattr(case, name)) for name in _WINDOWS)] for case in rule.cases]


def _meaning(rule: Rule, rules: RuleSet) -> object:
    """Return all of a rule that can change a decision or a word: itself, and the limits and term lists it reads."""
    read = set(_words(rule.cases))
    limits = [_plain(limit) for name, limit in sorted(rules.limits.items()) if f"limit.{name}" in read]
    lists = [
        [name, sorted(map(repr, each.terms))] for name, each in sorted(rules.lexicons.items()) if name in read
    ]
    return [_plain(rule), limits, lists]


def _plain(value: Any) -> Any:
    """Return a value of the model without what changes nothing: places in files, and an expression's layout."""
    if isinstance(value, Expression):
        return [_plain(value.tree), value.type, value.unit]
    if is_dataclass(value):
        return [
            [each.name, _plain(getattr(value, each.name))]
            for each in fields(value)
            if each.name not in _UNSEEN
        ]
    if isinstance(value, dict):
        return sorted([key, _plain(each)] for key, each in value.items())
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return sorted(value) if isinstance(value, frozenset) else value


def _words(value: Any) -> Iterator[str]:
    """Yield the names and texts that expressions hold, limits and term lists among them."""
    if isinstance(value, Name):
        yield value.name
    elif isinstance(value, Const):
        yield str(value.value)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _words(getattr(value, each.name))
    elif isinstance(value, dict):
        yield from _words(list(value.values()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _words(each)
