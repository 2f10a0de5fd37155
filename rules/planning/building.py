"""Build the plan: which cases run, and which cells they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from rules.model import Case, Rule, RuleSet
from rules.planning.effect import both, trigger_where
from rules.planning.fields import FACT_FIELDS, KEYED, boundary_kind, later_kind
from rules.planning.later import constructs
from rules.planning.measuring import bind, measure_key, parts_of, since_of, stream_of
from rules.planning.names import canonical, expanded, names_in
from rules.planning.plan import Group, Part, Plan, Unit
from rules.schema import CALENDARS
from rules.tree import Call, Const, ListOf, Name, Node

LEVELS: Final = {"info": 1, "warn": 2, "critical": 3}


def select(rules: RuleSet, only: tuple[str, ...]) -> dict[str, bool]:
    """Return the ids of the rules to decide, and whether each is written or only watched.

    Raises LookupError where patterns are given and none matches a rule.
    """
    known = rules.rules()
    chosen = {name for name in known if not only or any(fnmatchcase(name, pattern) for pattern in only)}
    if only and not chosen:
        raise LookupError(f"no rule matches {', '.join(only)}")
    written = set(chosen)
    waiting = sorted(chosen)
    while waiting:
        for name in watched_by(known[waiting.pop()], tuple(known)):
            if name not in chosen:
                chosen.add(name)
                waiting.append(name)
    return {name: name in written for name in known if name in chosen}


def watched_by(rule: Rule, known: tuple[str, ...]) -> set[str]:
    """Return the rules whose alerts a rule reads: those its filter names, or all where it names none."""
    watched: set[str] = set()
    for trees in _alert_filters(rule):
        named = {name for tree in trees for name in _rule_names(tree)}
        watched |= (named & set(known)) if named else set(known) - {rule.id}
    return watched


def _alert_filters(rule: Rule) -> Iterator[tuple[Node, ...]]:
    for case in rule.cases:
        own = (case.where.tree,) if case.where else ()
        if FACT_FIELDS.keys() & set(case.on):
            yield own
        for measure in case.measures:
            if FACT_FIELDS.keys() & set(measure.of):
                yield (measure.where.tree,) if measure.where else ()


def _reads_outcomes(rule: Rule) -> bool:
    read = {kind for case in rule.cases for kind in case.on}
    read |= {kind for case in rule.cases for measure in case.measures for kind in measure.of}
    return any(kind.startswith("expectation.") for kind in read)


def _rule_names(tree: Node) -> Iterator[str]:
    if isinstance(tree, Call) and tree.function in ("@in", "_==_") and "event.rule" in names_in(tree.args[0]):
        other = tree.args[1]
        consts = other.items if isinstance(other, ListOf) else (other,)
        yield from (str(item.value) for item in consts if isinstance(item, Const))
    elif isinstance(tree, Call):
        for part in tree.args:
            yield from _rule_names(part)


def build(rules: RuleSet, only: tuple[str, ...]) -> Plan:
    """Plan the chosen rules; those that need a construct that does not run yet are left out (`later.constructs`)."""
    plan = Plan(rules)
    chosen = select(rules, only)
    watched = {name for rule in chosen for name in watched_by(rules.rules()[rule], tuple(rules.rules()))}
    outcomes = any(_reads_outcomes(rules.rules()[name]) for name in chosen)
    for name, written in chosen.items():
        rule = rules.rules()[name]
        if constructs(rule):
            continue
        for case in rule.cases:
            if not case.intake:
                unit = _unit(plan, case)
                unit.watched, unit.written = name in watched, written
                unit.expected = unit.watched and case.expect is not None and outcomes
                plan.units.append(unit)
    _group(plan)
    return plan


def chain_kind(unit_index: int) -> str:
    """Return the name of the pseudo event by which a completed sequence triggers its case."""
    return f"@chain.{unit_index}"


def _unit(plan: Plan, case: Case) -> Unit:
    index = len(plan.units)
    lets = {let.name: canonical(let.value.tree) for let in case.lets}
    own = trigger_where(plan.rules, case)
    where = expanded(own, lets) if own is not None else None
    kinds = (chain_kind(index),) if case.sequence else case.on
    levels = tuple((LEVELS[name], canonical(level.tree)) for name, level in case.levels)
    if (
        case.every
    ):  # A boundary that its filter leaves out is one at which no level holds: it ends an episode.
        kinds = (boundary_kind(index),)
        levels = tuple((level, both(own, tree) if own is not None else tree) for level, tree in levels)
        where = None
    trigger = plan.streams.of(kinds, where)
    if where is not None:
        trigger.filter.cases.append(case.rule)
    unit = Unit(
        case=case,
        index=index,
        trigger=trigger,
        key=_key_of(case, lets, index),
        lets=lets,
        levels=levels,
    )
    unit.kind = _alert_kind(case)
    unit.slot = f"u{index}" if unit.kind in ("calendar", "episode", "since") else ""
    return unit


def _alert_kind(case: Case) -> str:
    if case.expect or case.remind:
        return "deadline"
    if any(measure.over.kind == "since" for measure in case.measures):
        return "since"
    if case.alert == "ever":
        return "episode"
    return "calendar" if case.alert in CALENDARS else case.alert


# --- cells -----------------------------------------------------------------------------------------------------------


def _group(plan: Plan) -> None:
    """Join the cases that share a stream of one key into cell classes."""
    homes: dict[tuple[str, str], list[Unit]] = {}
    for unit in plan.units:
        unit.home, unit.sub = _home(unit)
        if unit.kind == "since":
            unit.sub += (since_of(unit),)
        if not _needs_cell(unit):
            continue
        for token in _tokens(plan, unit):
            homes.setdefault(("/".join(part.signature for part in unit.home), token), []).append(unit)
    for units in _together(_merge(plan.units, list(homes.values()))):
        group = Group(len(plan.groups), units[0].home)
        plan.groups.append(group)
        for unit in units:
            unit.group = group.index
            group.units.append(unit)
            bind(plan, group, unit)


def _together(groups: list[list[Unit]]) -> list[list[Unit]]:
    """Join groups of calendar windows with one key and one event type: together they cost one look-up and one tail."""
    joined: dict[tuple[str, tuple[str, ...]], list[Unit]] = {}
    found: list[list[Unit]] = []
    for units in groups:
        name = ("/".join(part.signature for part in units[0].home), units[0].trigger.kinds[-1:])
        if not all(unit.kind == "calendar" and _calendars_only(unit) for unit in units):
            found.append(units)
        elif name in joined:
            joined[name] += units
        else:
            joined[name] = units
            found.append(units)
    return found


def _calendars_only(unit: Unit) -> bool:
    return all(measure.inner or measure.over.kind == "calendar" for measure in unit.case.measures)


def _needs_cell(unit: Unit) -> bool:
    return unit.kind != "deadline" and (bool(unit.case.measures) or unit.kind != "event")


def _home(unit: Unit) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return the coarsest key among the case's own and its measures', and what the case's own adds to it."""
    home = unit.key
    for measure in unit.case.measures:
        parts = measure_key(unit, measure)
        if len(parts) < len(home):
            home = tuple(part for part in home if part.signature in {other.signature for other in parts})
    held = {part.signature for part in home}
    return home, tuple(part for part in unit.key if part.signature not in held)


def _key_of(case: Case, lets: dict[str, Node], index: int) -> tuple[Part, ...]:
    """Return a case's key, with how the events that its measures count bring the same dimensions."""
    found = []
    for part in parts_of(case.per, lets):
        others = {
            kind: other.tree
            for measure in case.measures
            for other in parts_of(measure.per, lets)
            if other.name == part.name and other.signature != part.signature
            for kind in measure.of
        }
        held = Name(f"{KEYED}{part.name}", part.tree.type, 0)
        for measure in case.measures:
            if measure.after_us:
                others |= {later_kind(kind, measure.after_us): held for kind in measure.of}
        if case.every:
            others[boundary_kind(index)] = held
        found.append(replace(part, others=tuple(sorted(others.items()))))
    return tuple(found) or (Part("event", Name("event.id", "string", 0)),)


def _tokens(plan: Plan, unit: Unit) -> set[str]:
    if unit.case.every:
        return {unit.trigger.kinds[0]}  # In cells of its own: what it must hold, others need not keep.
    streams = [unit.trigger, *(stream_of(plan, unit, measure) for measure in unit.case.measures)]
    return {f"{kind}/{stream.filter.name}" for stream in streams for kind in stream.kinds}


def _merge(units: list[Unit], sets: list[list[Unit]]) -> list[list[Unit]]:
    """Return the connected sets of cases, each in the order of the cases."""
    root = {unit.index: unit.index for unit in units}

    def find(index: int) -> int:
        while root[index] != index:
            index = root[index]
        return index

    for members in sets:
        for member in members[1:]:
            root[find(member.index)] = find(members[0].index)
    found: dict[int, list[Unit]] = {}
    for unit in units:
        if _needs_cell(unit):
            found.setdefault(find(unit.index), []).append(unit)
    return list(found.values())
