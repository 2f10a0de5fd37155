"""Plan the measures of a case: their keys, the events they count, their windows, the state that equal ones share."""

from __future__ import annotations

from typing import Final

from engine.windows import DAY
from rules.model import Dimension, Measure
from rules.planning.analysis import never_negative
from rules.planning.effect import trigger_where
from rules.planning.fields import later_kind
from rules.planning.names import canonical, expanded, names_in, signature
from rules.planning.plan import Bound, Group, Part, Plan, State, Stream, Taken, Unit, Window
from rules.schema import CALENDARS
from rules.tree import Name, Node

KNOWN_US: Final = 366 * DAY  # A named period is known as long: one that began earlier has no value.
_HEADS: Final = {"count", "sum", "distinct", "first", "last", "previous", "histogram"}


def parts_of(per: tuple[Dimension, ...], lets: dict[str, Node]) -> tuple[Part, ...]:
    """Return the dimensions of a key, lets expanded."""
    return tuple(Part(dim.name, expanded(canonical(dim.value.tree), lets), dim.fan_out) for dim in per)


def measure_key(unit: Unit, measure: Measure) -> tuple[Part, ...]:
    """Return a measure's key: a dimension that the case's own has is the case's, whatever brings it."""
    own = {part.name: part for part in unit.key}
    return tuple(own.get(part.name, part) for part in parts_of(measure.per, unit.lets)) or unit.key


def stream_of(plan: Plan, unit: Unit, measure: Measure) -> Stream:
    """Return the events a measure counts: its own, or the case's triggers narrowed further."""
    where = expanded(canonical(measure.where.tree), unit.lets) if measure.where else None
    if measure.of:
        later = tuple(later_kind(kind, measure.after_us) for kind in measure.of) if measure.after_us else ()
        return plan.streams.of(later or measure.of, where)
    own = trigger_where(plan.rules, unit.case)
    return plan.streams.of(unit.trigger.kinds, expanded(own, unit.lets) if own is not None else None, where)


def bind(plan: Plan, group: Group, unit: Unit) -> None:
    """Give a case its states in a cell class, shared where they are equal."""
    group.streams[unit.trigger.bit] = unit.trigger
    inner_of = {measure.name: measure for measure in unit.case.measures}
    unread = _inner_only(unit)
    if unit.kind == "calendar":  # The window of its alerts, also where no measure has it.
        window = Window(f"{unit.case.alert}_", calendar=unit.case.alert)
        group.windows.setdefault(window.prefix, window)
    for measure in unit.case.measures:
        if measure.after_us:  # Until they enter, they wait in the cell.
            waiting = plan.streams.of(measure.of)
            group.streams[waiting.bit] = waiting
        if measure.name in unread:
            continue
        state = _state(plan, group, unit, measure, inner_of)
        least = canonical(measure.at_least.tree) if measure.at_least else None
        unit.bounds[measure.name] = Bound(measure, state, least)


def _inner_only(unit: Unit) -> set[str]:
    """Return the measures that nothing reads but the scans of others."""
    outer = [measure for measure in unit.case.measures if measure.each and scanned(measure)]
    inner = {name for measure in outer for value in measure.value for name in value.names}
    read = {name for _, tree in unit.levels for name in names_in(tree)}
    read |= {name for tree in unit.lets.values() for name in names_in(tree)}
    for text in (*unit.case.message.values(), *unit.case.action.values()):
        read |= {name for part in text.parts if not isinstance(part, str) for name in part.value.names}
    read |= {other.inner for other in unit.case.measures if not scanned(other)}
    return inner - read


def _state(plan: Plan, group: Group, unit: Unit, measure: Measure, named: dict[str, Measure]) -> State:
    if scanned(measure):
        return _scan(plan, group, unit, measure, named)
    source = named[measure.inner] if measure.inner else measure
    stream = stream_of(plan, unit, source)
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
        stream = stream_of(plan, unit, source)
        group.streams[stream.bit] = stream
        values = tuple(expanded(canonical(item.tree), unit.lets) for item in source.value)
        taken.append(Taken(source.name, source.aggregate, stream, sub, values, source.quantile))
    window = _window(group, measure)
    found = State("", "scan", taken[0].stream, sub, value, window, measure, taken=tuple(taken))
    if measure.over.kind == "open":
        found.closer = plan.streams.of((measure.over.closer,))
        group.streams[found.closer.bit] = found.closer
    told = (measure.aggregate, measure.quantile, measure.score, measure.each, measure.before, measure.other)
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
    sub = tuple(part for part in measure_key(unit, source) if part.signature not in held)
    if source.over.kind == "since":
        sub += (since_of(unit),)
    if measure is not None and measure.member is not None:
        sub += parts_of((measure.member,), unit.lets)
    return sub


def since_of(unit: Unit) -> Part:
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
