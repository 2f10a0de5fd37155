"""Build the plan: which cases run, which filters, states and cells they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final

from engine.windows import DAY
from rules.model import Case, Dimension, Measure, Rule, RuleSet
from rules.planning.analysis import never_negative
from rules.planning.effect import trigger_where
from rules.planning.fields import FACT_FIELDS
from rules.planning.later import constructs
from rules.planning.names import canonical, expanded, names_in, signature
from rules.planning.plan import Bound, Group, Part, State, Stream, Streams, Taken, Unit, Window
from rules.schema import CALENDARS
from rules.tree import Call, Const, ListOf, Name, Node

KNOWN_US: Final = 366 * DAY  # A named period is known as long: one that began earlier has no value.
LEVELS: Final = {"info": 1, "warn": 2, "critical": 3}
_HEADS: Final = {"count", "sum", "distinct", "first", "last", "previous", "histogram"}


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
    trigger = plan.streams.of(kinds, where)
    if where is not None:
        trigger.filter.cases.append(case.rule)
    unit = Unit(
        case=case,
        index=index,
        trigger=trigger,
        key=_key_of(case, lets),
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
    """Return a measure's key: a dimension that the case's own has is the case's, whatever brings it."""
    own = {part.name: part for part in unit.key}
    return tuple(own.get(part.name, part) for part in _parts(measure.per, unit.lets)) or unit.key


def _key_of(case: Case, lets: dict[str, Node]) -> tuple[Part, ...]:
    """Return a case's key, with how the events that its measures count bring the same dimensions."""
    found = []
    for part in _parts(case.per, lets):
        others = {
            kind: other.tree
            for measure in case.measures
            for other in _parts(measure.per, lets)
            if other.name == part.name and other.signature != part.signature
            for kind in measure.of
        }
        found.append(replace(part, others=tuple(sorted(others.items()))))
    return tuple(found) or (Part("event", Name("event.id", "string", 0)),)


def _stream(plan: Plan, unit: Unit, measure: Measure) -> Stream:
    """Return the events a measure counts: its own, or the case's triggers narrowed further."""
    where = expanded(canonical(measure.where.tree), unit.lets) if measure.where else None
    if measure.of:
        return plan.streams.of(measure.of, where)
    own = trigger_where(plan.rules, unit.case)
    return plan.streams.of(unit.trigger.kinds, expanded(own, unit.lets) if own is not None else None, where)


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
        if measure.name in _inner_only(unit):
            continue
        state = _state(plan, group, unit, measure, inner_of)
        least = canonical(measure.at_least.tree) if measure.at_least else None
        unit.bounds[measure.name] = Bound(measure, state, least)


def _inner_only(unit: Unit) -> set[str]:
    """Return the measures that nothing reads but the scans of others."""
    outer = [measure for measure in unit.case.measures if measure.each and scanned(measure)]
    inner = {name for measure in outer for value in measure.value for name in value.names}
    read = {name for _, tree in unit.levels for name in names_in(tree)} | set(unit.shown)
    read |= {name for tree in unit.lets.values() for name in names_in(tree)}
    read |= {other.inner for other in unit.case.measures if not scanned(other)}
    return inner - read


def _state(plan: Plan, group: Group, unit: Unit, measure: Measure, named: dict[str, Measure]) -> State:
    if scanned(measure):
        return _scan(plan, group, unit, measure, named)
    source = named[measure.inner] if measure.inner else measure
    stream = _stream(plan, unit, source)
    value = tuple(expanded(canonical(item.tree), unit.lets) for item in source.value)
    inner = source.aggregate if measure.inner else ""
    aggregate = f"each.{measure.aggregate}" if measure.inner else measure.aggregate
    found = State(
        "", aggregate, stream, _sub(unit, source, measure), value, _window(group, source), source, inner
    )
    calendar = bool(found.window and group.windows[found.window].calendar)
    found.peak = aggregate == "sum" and not found.sub and calendar and not never_negative(value)
    return _kept(group, found, inner)


def _scan(plan: Plan, group: Group, unit: Unit, measure: Measure, named: dict[str, Measure]) -> State:
    """Plan a measure that looks through the tail: itself, or for `each` the measures that its expression names."""
    value = tuple(expanded(canonical(item.tree), unit.lets) for item in measure.value)
    sources = [measure]
    if measure.each:
        sources = [named[name] for name in sorted(names_in(value[0])) if name in named]
    sub = _sub(unit, measure, None)
    taken = []
    for source in sources:
        stream = _stream(plan, unit, source)
        group.streams[stream.bit] = stream
        values = tuple(expanded(canonical(item.tree), unit.lets) for item in source.value)
        taken.append(Taken(source.name, source.aggregate, stream, sub, values, source.quantile))
    window = _window(group, measure)
    found = State("", "scan", taken[0].stream, sub, value, window, measure, taken=tuple(taken))
    if measure.over.kind == "open":
        found.closer = plan.streams.of((measure.over.closer,))
        group.streams[found.closer.bit] = found.closer
    told = (measure.aggregate, measure.quantile, measure.each, measure.before, measure.other)
    names = measure.over.by or measure.over.period
    by = signature(names.tree) if names is not None else ""
    return _kept(group, found, "/".join((*map(str, told), *map(_said, taken), by)))


def _said(taken: Taken) -> str:
    return f"{taken.aggregate}{taken.quantile}{taken.stream.bit}{','.join(map(signature, taken.value))}"


def _kept(group: Group, state: State, told: str) -> State:
    """Return the one state of a cell class that is equal to this one."""
    measure = state.measure
    key = "/".join(
        (
            str(state.mask),
            ",".join(part.signature for part in state.sub),
            state.aggregate,
            ",".join(map(signature, state.value)),
            state.window,
            told,
            measure.near + (signature(measure.near_within.tree) if measure.near_within else ""),
        )
    )
    found = group.states.get(key)
    if found is None:
        state.slot = f"m{len(group.states)}"
        state.us = group.windows[state.window].us if state.window else 0
        state.scan = f"scan_{group.index}_{state.slot}"
        found = group.states[key] = state
    for stream in (found.stream, *([found.closer] if found.closer else [])):
        group.streams[stream.bit] = stream
    return found


def scanned(measure: Measure) -> bool:
    """Return whether a measure keeps no head."""
    if measure.each:
        # The most of a member in one window is kept as it grows.
        return measure.aggregate != "max" or not measure.inner or measure.each in CALENDARS
    pointed = measure.aggregate in ("first", "last", "previous") and measure.over.kind != "ever"
    return (
        measure.aggregate not in _HEADS
        or bool(measure.near or measure.other)
        or (measure.over.kind == "units" and measure.before)
        or measure.over.kind in ("open", "period")
        or pointed
    )


def _sub(unit: Unit, source: Measure, measure: Measure | None) -> tuple[Part, ...]:
    held = {part.signature for part in unit.home}
    sub = tuple(part for part in _measure_key(unit, source) if part.signature not in held)
    if source.over.kind == "since":
        sub += (_since(unit),)
    if measure is not None and measure.member is not None:
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
        count = over.count + measure.before  # Those before this one, and this one.
        us = (over.us - DAY) // over.count * count + DAY
        window = Window(f"{over.unit}{count}_", us=us, closed=True, unit=over.unit, count=count)
    elif over.kind == "period":
        window = Window(f"w{KNOWN_US}c_", us=KNOWN_US, closed=True)
    elif over.kind == "open":
        window = Window(f"w{over.us}c_", us=over.us, closed=True)
    else:
        return ""
    group.windows.setdefault(window.prefix, window)
    return window.prefix
