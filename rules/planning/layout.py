"""Which event types the program handles, what each must read, and in which columns it is kept."""

from __future__ import annotations

from rules.planning.building import chain_kind
from rules.planning.chaining import Chain
from rules.planning.fields import (
    LATER,
    LIMITS,
    OWNER_GIVEN,
    PLACED,
    allocate,
    boundary_kind,
    has,
    prefix_of,
    source_of,
)
from rules.planning.handlers import moves, with_lookups
from rules.planning.kinds import ENTITIES, ID_OF, Kind
from rules.planning.names import canonical, expanded, names_in
from rules.planning.owing import needed
from rules.planning.plan import Group, Plan, State, Unit
from rules.tree import Name, Node


def lay_out(plan: Plan, chains: dict[int, Chain]) -> tuple[list[Kind], dict[str, dict[str, int]]]:
    """Return every event type in use with what it reads, and its columns."""
    _answers(plan)
    names = sorted({kind for stream in plan.streams.all.values() for kind in stream.kinds})
    kinds = {name: _kind(plan, chains, name, number) for number, name in enumerate(names)}
    known: dict[str, Node] = {}
    for kind in kinds.values():
        kind.known = known
        if kind.name.startswith(LATER):
            kind.source = kinds[source_of(kind.name)]
            kind.source.later.append(kind)
    for group in plan.groups:
        _of_group(group, kinds)
    for unit in plan.units:
        _of_unit(unit, kinds, chains)
    later = [kind for kind in kinds.values() if kind.source is not None]
    for kind in later:
        _of_filters(kind)
    _alike(plan, kinds)
    for kind in later:
        _of_waiting(kind)
    for kind in kinds.values():
        if kind.source is None:
            _of_filters(kind)
    _alike(plan, kinds)
    columns = allocate({kind.name: kind.needs - set(PLACED) for kind in kinds.values()})
    for kind in kinds.values():
        kind.columns = columns[kind.name]
    return list(kinds.values()), columns


def _answers(plan: Plan) -> None:
    for unit in plan.units:
        case = unit.case
        if unit.kind == "deadline":
            events = case.expect.events if case.expect else case.remind.unless_events if case.remind else ()
            unit.answers = plan.streams.of(events)


def _kind(plan: Plan, chains: dict[int, Chain], name: str, number: int) -> Kind:
    return Kind(
        name=name,
        number=number,
        streams=plan.streams.on(name),
        groups=[group for group in plan.groups if name in group.kinds],
        plain=[
            unit
            for unit in plan.units
            if unit.group < 0 and unit.kind == "event" and name in unit.trigger.kinds
        ],
        deadlines=[unit for unit in plan.units if unit.kind == "deadline" and _owes(unit, name)],
        boundary=next((unit for unit in plan.units if name == boundary_kind(unit.index)), None),
        sequences=[
            chain.unit for chain in chains.values() if any(name in stream.kinds for stream in chain.streams)
        ],
    )


def _owes(unit: Unit, name: str) -> bool:
    return name in unit.trigger.kinds or (unit.answers is not None and name in unit.answers.kinds)


def _add(kinds: dict[str, Kind], names: tuple[str, ...], values: set[str]) -> None:
    for name in names:
        kinds[name].needs |= {value for value in values if prefix_of(value) != "limit"}


def _of_group(group: Group, kinds: dict[str, Kind]) -> None:
    for name in group.kinds:
        _add(kinds, (name,), {read for part in group.home for read in names_in(part.on(name).tree)})
    for state in group.states.values():
        if state.aggregate == "scan":
            _of_scan(state, kinds)
            continue
        values = {
            name for tree in (*state.value, *(part.tree for part in state.sub)) for name in names_in(tree)
        }
        if state.measure.record:
            values |= {_field(field) for field in state.measure.fields}
        _add(kinds, state.stream.kinds, values)


def _of_scan(state: State, kinds: dict[str, Kind]) -> None:
    measure = state.measure
    trees = [canonical(part.value.tree) for part in (measure.member,) if part is not None]
    if measure.over.by is not None:
        trees.append(canonical(measure.over.by.tree))
    told = {name for tree in (*trees, *(part.tree for part in state.sub)) for name in names_in(tree)}
    if measure.near:
        told.add(f"event.{measure.near}")
    if measure.other:
        told.add("event.account")
    for taken in state.taken:
        _add(kinds, taken.stream.kinds, told | {name for tree in taken.value for name in names_in(tree)})
    if state.closer is not None:
        _add(kinds, state.closer.kinds, told)


def _of_waiting(kind: Kind) -> None:
    """Let an event keep what is read of it once it enters later."""
    assert kind.source is not None, "only of what enters later"
    read = {name for name in kind.reads | kind.needs if prefix_of(name) == "event" and has(kind.name, name)}
    kind.source.needs |= read - {"event.owner"}


def _field(field: str) -> str:
    return "event.account" if field == "subject" else f"event.{field}"


def _of_unit(unit: Unit, kinds: dict[str, Kind], chains: dict[int, Chain]) -> None:
    if unit.kind == "deadline":
        armed, answering = needed(unit)
        _add(kinds, unit.trigger.kinds, armed)
        assert unit.answers is not None, "a deadline has answers"
        _add(kinds, unit.answers.kinds, answering)
        return
    known = kinds[unit.trigger.kinds[0]].known
    mine: dict[str, Node] = {}
    unit.levels = tuple((level, with_lookups(tree, known, mine)) for level, tree in unit.levels)
    unit.lets = {let: with_lookups(tree, known, mine) for let, tree in unit.lets.items()}
    for name in unit.trigger.kinds:
        kinds[name].lookups.update(mine)
    for name in unit.trigger.kinds:
        kinds[name].needs |= {value for value in _read_by(unit) if prefix_of(value) != "limit"}
    if unit.case.sequence:
        chain = chains[unit.index]
        for at, stream in enumerate(chain.streams):
            _add(kinds, stream.kinds, chain.reads(at))
        _add(kinds, (chain_kind(unit.index),), chain.bound_names() - set(PLACED))
        _add(
            kinds,
            (chain_kind(unit.index),),
            {f"@since.{measure.over.step}" for measure in unit.case.measures if measure.over.kind == "since"},
        )


def _read_by(unit: Unit) -> set[str]:
    """Return what a case reads of its trigger, beyond its measures and lets."""
    own = {measure.name for measure in unit.case.measures} | set(unit.lets)
    trees: list[Node] = [tree for _, tree in unit.levels]
    trees += [part.tree for part in (*unit.key, *unit.sub)]
    trees += [*unit.lets.values(), *(Name(name, "", 0) for name in unit.shown)]
    trees += [bound.least for bound in unit.bounds.values() if bound.least is not None]
    names = {name for tree in trees for name in names_in(expanded(tree, unit.lets))}
    names |= {name for bound in unit.bounds.values() for name in bound.asks}
    return {name for name in names if name not in own and prefix_of(name) not in own}


def _of_filters(kind: Kind) -> None:
    kind.needs.add(LIMITS)
    for stream in kind.streams:
        for tree in stream.filter.trees:
            names = names_in(with_lookups(tree, kind.known, kind.lookups))
            kind.reads |= {name for name in names if prefix_of(name) != "limit"}
    for call in kind.lookups.values():
        kind.reads |= {name for name in names_in(call) if prefix_of(name) != "limit"}
    if kind.told:
        kind.needs |= kind.reads
        return
    kind.settle_entities()
    kind.needs |= {name for name in _looked_at_again(kind) if has(kind.name, name)}
    kind.needs |= {"event.account", OWNER_GIVEN, *kind.lookups}
    kind.needs |= {name for entity, name in ID_OF.items() if entity in kind.entities}
    if "owner" in kind.entities:
        kind.needs.add("event.owner")
    if has(kind.name, "event.owner_id"):
        kind.needs.add("event.owner_id")
    kind.needs = {name for name in kind.needs if prefix_of(name) not in ENTITIES or _known(name)}


def _looked_at_again(kind: Kind) -> set[str]:
    """Return what filters read that reference data or a tenant's limits can decide otherwise later."""
    found: set[str] = set()
    for stream in kind.streams:
        if moves(stream.filter, dynamic=True):
            for tree in stream.filter.trees:
                found |= names_in(with_lookups(tree, kind.known, kind.lookups))
    for call in kind.lookups.values():
        found |= names_in(call)
    return {name for name in found if prefix_of(name) != "limit"}


def _known(name: str) -> bool:
    return name in ENTITIES[prefix_of(name)] or name == "account.verified"


def _alike(plan: Plan, kinds: dict[str, Kind]) -> None:
    """Give the event types of one stream the columns of one another, so that a name has one column in a cell."""
    for stream in plan.streams.all.values():
        if len(stream.kinds) > 1:
            shared = set().union(*(kinds[name].needs for name in stream.kinds))
            for name in stream.kinds:
                kinds[name].needs |= {value for value in shared if value.startswith("event.")}
