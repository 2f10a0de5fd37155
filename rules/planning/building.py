"""Build the plan: which cases run, which filters, states and cells they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from rules.model import Case, Dimension, Measure, Rule, RuleSet
from rules.planning.analysis import never_negative
from rules.planning.later import constructs
from rules.planning.names import canonical, expanded, names_in, signature
from rules.planning.plan import Bound, Group, Part, State, Stream, Streams, Unit, Window
from rules.tree import Call, Const, ListOf, Name, Node

LEVELS: Final = {"info": 1, "warn": 2, "critical": 3}
CALENDARS: Final = ("day", "week", "month", "quarter", "year")


@dataclass(slots=True)
class Plan:
    """Everything the generator writes Python for."""

    rules: RuleSet
    streams: Streams = field(default_factory=Streams)
    units: list[Unit] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


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
        if "alert.raised" in case.on:
            yield own
        for measure in case.measures:
            if "alert.raised" in measure.of:
                yield (measure.where.tree,) if measure.where else ()


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
    for name, written in chosen.items():
        rule = rules.rules()[name]
        if constructs(rule):
            continue
        for case in rule.cases:
            if not case.intake:
                unit = _unit(plan, case)
                unit.watched, unit.written = name in watched, written
                plan.units.append(unit)
    _group(plan)
    return plan


def chain_kind(unit_index: int) -> str:
    """Return the name of the pseudo event by which a completed sequence triggers its case."""
    return f"@chain.{unit_index}"


def _unit(plan: Plan, case: Case) -> Unit:
    index = len(plan.units)
    lets = {let.name: canonical(let.value.tree) for let in case.lets}
    where = expanded(canonical(case.where.tree), lets) if case.where else None
    kinds = (chain_kind(index),) if case.sequence else case.on
    trigger = plan.streams.of(kinds, where)
    if where is not None:
        trigger.filter.cases.append(case.rule)
    unit = Unit(
        case=case,
        index=index,
        trigger=trigger,
        key=_parts(case.per, lets) or (Part("event", Name("event.id", "string", 0)),),
        lets=lets,
        levels=tuple((LEVELS[name], canonical(level.tree)) for name, level in case.levels),
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


def _parts(per: tuple[Dimension, ...], lets: dict[str, Node]) -> tuple[Part, ...]:
    return tuple(Part(dim.name, expanded(canonical(dim.value.tree), lets), dim.fan_out) for dim in per)


# --- cells -----------------------------------------------------------------------------------------------------------


def _group(plan: Plan) -> None:
    """Join the cases that share a stream of one key into cell classes."""
    homes: dict[tuple[str, str], list[Unit]] = {}
    for unit in plan.units:
        unit.home, unit.sub = _home(unit)
        if unit.kind == "since":
            unit.sub += (_since(unit),)
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
            _bind(plan, group, unit)


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
        parts = _measure_key(unit, measure)
        if len(parts) < len(home):
            home = tuple(part for part in home if part.signature in {other.signature for other in parts})
    held = {part.signature for part in home}
    return home, tuple(part for part in unit.key if part.signature not in held)


def _measure_key(unit: Unit, measure: Measure) -> tuple[Part, ...]:
    return _parts(measure.per, unit.lets) or unit.key


def _stream(plan: Plan, unit: Unit, measure: Measure) -> Stream:
    """Return the events a measure counts: its own, or the case's triggers narrowed further."""
    where = expanded(canonical(measure.where.tree), unit.lets) if measure.where else None
    if measure.of:
        return plan.streams.of(measure.of, where)
    own = unit.case.where
    return plan.streams.of(
        unit.trigger.kinds, expanded(canonical(own.tree), unit.lets) if own else None, where
    )


def _tokens(plan: Plan, unit: Unit) -> set[str]:
    streams = [unit.trigger, *(_stream(plan, unit, measure) for measure in unit.case.measures)]
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


def _bind(plan: Plan, group: Group, unit: Unit) -> None:
    """Give a case its states in a cell class, shared where they are equal."""
    group.streams[unit.trigger.bit] = unit.trigger
    inner_of = {measure.name: measure for measure in unit.case.measures}
    for measure in unit.case.measures:
        state = _state(plan, group, unit, measure, inner_of)
        least = canonical(measure.at_least.tree) if measure.at_least else None
        unit.bounds[measure.name] = Bound(measure, state, least)


def _state(plan: Plan, group: Group, unit: Unit, measure: Measure, named: dict[str, Measure]) -> State:
    source = named[measure.inner] if measure.inner else measure
    stream = _stream(plan, unit, source)
    group.streams[stream.bit] = stream
    sub = _sub(unit, source, measure)
    value = tuple(expanded(canonical(item.tree), unit.lets) for item in source.value)
    window = _window(group, source)
    aggregate = _aggregate(measure)
    inner = source.aggregate if measure.inner else ""
    key = "/".join(
        (
            str(stream.bit),
            ",".join(part.signature for part in sub),
            aggregate,
            ",".join(map(signature, value)),
            window,
            inner,
            measure.near + (signature(measure.near_within.tree) if measure.near_within else ""),
        )
    )
    found = group.states.get(key)
    if found is None:
        found = State(f"m{len(group.states)}", aggregate, stream, sub, value, window, source, inner)
        calendar = bool(window and group.windows[window].calendar)
        found.peak = aggregate == "sum" and not sub and calendar and not never_negative(value)
        found.scan = f"scan_{group.index}_{found.slot}"
        group.states[key] = found
    return found


def _aggregate(measure: Measure) -> str:
    return "near" if measure.near else f"each.{measure.aggregate}" if measure.inner else measure.aggregate


def _sub(unit: Unit, source: Measure, measure: Measure) -> tuple[Part, ...]:
    held = {part.signature for part in unit.home}
    sub = tuple(part for part in _measure_key(unit, source) if part.signature not in held)
    if source.over.kind == "since":
        sub += (_since(unit),)
    if measure.member is not None:
        sub += _parts((measure.member,), unit.lets)
    return sub


def _since(unit: Unit) -> Part:
    """Return the part of a key that tells the step apart since which a case counts."""
    step = next(measure.over.step for measure in unit.case.measures if measure.over.kind == "since")
    return Part("@since", Name(f"@since.{step}", "string", 0))


def _window(group: Group, measure: Measure) -> str:
    over = measure.over
    if over.kind == "calendar":
        assert over.unit is not None
        window = Window(f"{over.unit}_", calendar=over.unit)
    elif over.kind in ("rolling", "within"):
        closed = over.kind == "within"
        window = Window(f"w{over.us}{'c' if closed else ''}_", us=over.us, closed=closed)
    elif over.kind == "units":
        assert over.unit is not None
        name = f"{over.unit}{over.count}_"
        window = Window(name, us=over.us, closed=True, unit=over.unit, count=over.count)
    else:
        return ""
    group.windows.setdefault(window.prefix, window)
    return window.prefix
