"""The triggers of a case: events that pass its filter, or the last steps of its sequences, once for every key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeAlias

from tests.oracle.cel import holds
from tests.oracle.events import Event
from tests.oracle.scopes import Scope
from tests.oracle.shapes import Case, Dimension
from tests.oracle.undecided import Undecided
from tests.oracle.world import World

Key: TypeAlias = tuple[Any, ...]
BOUNDARY = "boundary"  # The type of what stands for a calendar boundary where events stand.
Steps: TypeAlias = dict[str, Event]


@dataclass(slots=True, eq=False)
class Trigger:
    """One thing to judge. `since` is the step event it belongs to, where the case has one alert for each."""

    event: Event
    key: Key
    steps: Steps = field(default_factory=dict)
    since: Event | None = None

    @property
    def instant(self) -> int:
        """When its windows end: with the event, or at the last instant before a boundary."""
        return self.event.time - (self.event.type == BOUNDARY)


def triggers(world: World, case: Case, facts: list[Event]) -> list[Trigger]:
    """Return a case's triggers in order. `facts`: what intake rules look at."""
    found = []
    for event, steps in _starts(world, case, facts):
        scope = Scope(world, event, case.lets, steps)
        if holds(case.where, scope):
            found += [Trigger(event, key, steps, steps.get(case.since)) for key in keys(scope, case.per)]
    return found


def keys(scope: Scope, per: tuple[Dimension, ...]) -> list[Key]:
    """Return the keys of an event: none where a dimension is missing, several where one is a list."""
    try:
        values = [dimension.value.run(scope) for dimension in per]
    except Undecided:
        return []
    if any(isinstance(value, list) for value in values):
        options = [list(dict.fromkeys(value)) if isinstance(value, list) else [value] for value in values]
        return list(product(*options))
    return [tuple(values)]


def _starts(world: World, case: Case, facts: list[Event]) -> Iterator[tuple[Event, Steps]]:
    if case.sequence:
        for event in world.of(case.sequence[-1].events):
            yield from _chains(world, case, event)
        return
    for event in facts if case.on == ("intake",) else world.of(case.on):
        yield event, {}


def _chains(world: World, case: Case, last: Event) -> list[tuple[Event, Steps]]:
    """Return the latest chain that ends at an event, or the latest through each event of the `since` step."""
    names = [step.name for step in case.sequence]
    latest: dict[Event | None, list[Event]] = {}
    for chain in _complete(world, case, [last]):
        since = chain[names.index(case.since)] if case.since else None
        known = latest.get(since)
        if known is None or _later(chain, known):
            latest[since] = chain
    ordered = sorted(latest.values(), key=_backwards)
    return [(last, dict(zip(names, chain, strict=True))) for chain in ordered]


def _complete(world: World, case: Case, tail: list[Event]) -> Iterator[list[Event]]:
    """Extend the end of a chain backwards by every event that could stand before it; yield those that fit."""
    missing = len(case.sequence) - len(tail)
    if missing == 0:
        if _fits(world, case, tail):
            yield tail
        return
    within = case.sequence[missing].within
    for event in world.of(case.sequence[missing - 1].events):
        if event.position < tail[0].position and tail[0].time - event.time <= within:
            yield from _complete(world, case, [event, *tail])


def _fits(world: World, case: Case, chain: list[Event]) -> bool:
    steps: Steps = {}
    for step, event in zip(case.sequence, chain, strict=True):
        steps[step.name] = event
        if not holds(step.where, Scope(world, event, case.lets, dict(steps))):
            return False
    return True


def _backwards(chain: list[Event]) -> list[Any]:
    return [event.position for event in reversed(chain)]


def _later(chain: list[Event], other: list[Event]) -> bool:
    return _backwards(chain) > _backwards(other)
