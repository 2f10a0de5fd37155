"""Calendar boundaries as triggers: every key of a case with `every` at every boundary that the clock is past."""

from __future__ import annotations

from tests.oracle.cel import holds
from tests.oracle.events import Event
from tests.oracle.instants import calendar
from tests.oracle.measures import Measures
from tests.oracle.scopes import Scope
from tests.oracle.shapes import Case
from tests.oracle.triggers import BOUNDARY, Key, Trigger


def boundaries(measures: Measures, clock: int) -> list[Trigger]:
    """Return a trigger for each key and boundary, in order; one that sees no event is there too, to end episodes."""
    case, world = measures.case, measures.world
    times = [event.time for one in case.measures.values() for event in world.of(one.of)]
    if not times:
        return []
    found = []
    boundary = calendar(case.every, min(times))[1]
    while boundary < clock:
        found += [_at(case, key, boundary) for key in sorted(measures.known_keys(), key=repr)]
        boundary = calendar(case.every, boundary)[1]
    return found


def last_seen(measures: Measures, trigger: Trigger) -> Event | None:
    """Return the last event in a window that the levels read; None where a boundary is not to be judged."""
    case = measures.case
    if not holds(case.where, Scope(measures.world, trigger.event, case.lets)):
        return None
    seen = [event for one in case.used for event in measures.inside(one, trigger)]
    return max(seen, key=lambda event: event.position, default=None)


def _at(case: Case, key: Key, boundary: int) -> Trigger:
    named = dict(zip([dimension.name for dimension in case.per], key, strict=True))
    event = Event(
        type=BOUNDARY,
        source="",
        id="",
        time=boundary,
        received=boundary,
        tenant=None,
        account=named.get("account"),
        extension=named.get("owner"),
        data={},
        position=(boundary, 0),
    )
    return Trigger(event, key)
