"""Measures straight from their definition: all contributions, those of the key inside the window, the aggregate."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from math import ceil
from typing import Any, TypeAlias

from tests.oracle.cel import Expression, holds
from tests.oracle.events import Event
from tests.oracle.functions import distance_km
from tests.oracle.instants import calendar, midnight
from tests.oracle.rulefile import named_dimension
from tests.oracle.scopes import Scope
from tests.oracle.scores import SCORES
from tests.oracle.shapes import Case, Measure, Over
from tests.oracle.triggers import Key, Trigger, keys
from tests.oracle.undecided import Undecided
from tests.oracle.world import World

Value: TypeAlias = Any  # A CEL value.


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """What one event adds to a measure."""

    event: Event
    value: Value
    since: Event | None
    near: str = ""


Pool: TypeAlias = dict[Key, list[Contribution]]


class Measures:
    """The measures of one case over one log; pools of pack measures are shared through `pools`."""

    def __init__(self, world: World, case: Case, own: list[Trigger], pools: dict[Any, Pool]) -> None:
        self.world, self.case, self.own, self.pools = world, case, own, pools

    def inside(self, measure: Measure, trigger: Trigger) -> list[Event]:
        """Return the events in a measure's window at a calendar boundary; of `each`, those of what it is made of."""
        window = _Window(measure.over, trigger, measure.before, before=measure.before)
        inner = [self.case.measures[name] for name in measure.values[0].names] if measure.each else [measure]
        return [c.event for one in inner for c in self._pool(one).get(trigger.key, []) if window.holds(c)]

    def known_keys(self) -> set[Key]:
        """Return every key of which an event counts."""
        used = self.case.used
        read = {name for one in used if one.each for name in one.values[0].names}
        counted = [one for one in self.case.measures.values() if one in used or one.name in read]
        return {key for one in counted if not one.each and one.per is None for key in self._pool(one)}

    def at(self, trigger: Trigger, *, without: bool = False) -> Scope:
        """Return the names as of a trigger; `without` leaves the trigger itself out of every measure."""
        measures = self.case.measures

        def read(name: str, scope: Scope) -> Value:
            root, _, rest = name.partition(".")
            if root not in measures:
                raise LookupError(f"{self.case.rule}: {name} is nothing an expression can read here")
            value = self.value(measures[root], trigger, scope, without=without)
            if not measures[root].record:
                return value
            return self.world.read(value, f"event.{rest}") if rest else value

        return Scope(self.world, trigger.event, self.case.lets, trigger.steps, read)

    def value(self, measure: Measure, trigger: Trigger, scope: Scope, *, without: bool) -> Value:
        """Return a measure's value at a trigger; raise Undecided where it has none."""
        key = next(iter(self._keys(measure, trigger, scope)), None)
        if key is None:
            raise Undecided(f"{measure.name}: the trigger lacks a dimension of its key")
        window = _Window(measure.over, trigger, without or measure.before, before=measure.before)
        if measure.over.kind == "period":
            assert measure.over.by is not None
            window.start, window.end = _period(measure.over.by.run(scope), trigger.event.time)
        if measure.each:
            values = self._grouped(measure, key, window, scope)
        else:
            pool = self._pool(measure).get(key, [])
            inside = [c for c in pool if window.holds(c) and _chosen(measure, c, trigger, scope)]
            if measure.over.kind == "open":
                inside = [c for c in inside if not self._closed(measure, c.event, key, window)]
            values = [c.value for c in inside]
        if measure.score:
            result, values = SCORES[measure.score](_features(measure, scope), values)
        else:
            result = aggregate(measure, values)
        if measure.at_least is not None:
            size = result if measure.aggregate in ("count", "sum", "distinct") else len(values)
            if size < measure.at_least.run(scope):
                raise Undecided(f"{measure.name} is below its at_least")
        return result

    def _closed(self, measure: Measure, begun: Event, key: Key, window: _Window) -> bool:
        """Return whether an interval was closed before the window ends, by an event of its key and its name."""
        over, per = measure.over, self.case.per if measure.per is None else measure.per
        assert over.by is not None
        name = _read(over.by, Scope(self.world, begun, measure.lets))
        if name is None:
            return True  # What has no name is no interval.
        for event in self.world.of((over.closer,)):
            scope = Scope(self.world, event, measure.lets)
            inside = begun.position < event.position and window.reaches(event)
            if inside and key in keys(scope, per) and _read(over.by, scope) == name:
                return True
        return False

    def _pool(self, measure: Measure) -> Pool:
        private = not measure.of or measure.per is None  # It depends on the case that reads it.
        name = (id(self.case) if private else 0, id(measure))
        if name not in self.pools:
            self.pools[name] = self._gather(measure)
        return self.pools[name]

    def _gather(self, measure: Measure) -> Pool:
        pool: Pool = defaultdict(list)
        seen = set()
        for begun in self._sources(measure):
            own = Scope(self.world, begun.event, measure.lets, begun.steps)
            source = begun
            if measure.after:
                source = replace(begun, event=_entering(begun.event, measure.after))
            scope = Scope(self.world, source.event, measure.lets, source.steps)
            if not holds(measure.where, scope):
                continue
            for key in self._keys(measure, source, own):  # Whose it is, it was from the beginning.
                mark = (source.event.position, source.since and source.since.position, key)
                if mark not in seen:  # A trigger that fans out is one event of a coarser key.
                    seen.add(mark)
                    _add(pool[key], measure, source, scope)
        return pool

    def _sources(self, measure: Measure) -> list[Trigger]:
        if not measure.of:
            return self.own
        return [Trigger(event, ()) for event in self.world.of(measure.of)]

    def _keys(self, measure: Measure, source: Trigger, scope: Scope) -> list[Key]:
        """Return the keys of a measure at a trigger or another event; a trigger's own key comes first."""
        per = self.case.per if measure.per is None else measure.per
        if not source.key:
            return keys(scope, per)
        names = [dimension.name for dimension in self.case.per]
        parts = [
            [(source.key[names.index(one.name)],)] if one.name in names else keys(scope, (one,))
            for one in per
        ]
        return [tuple(part for (part,) in key) for key in product(*parts)]

    def _grouped(self, measure: Measure, key: Key, window: _Window, scope: Scope) -> list[Value]:
        """Return the named measures' expression, taken per calendar unit or member that has an event in the window."""
        (text,) = measure.values
        inner = {name: self.case.measures[name] for name in text.names}
        groups: dict[Value, dict[str, list[Value]]] = defaultdict(lambda: {name: [] for name in inner})
        for name, one in inner.items():
            for contribution in {id(c.event): c for pool in self._pool(one).values() for c in pool}.values():
                for own_key, group in self._places(measure, one, contribution.event):
                    if own_key == key and window.holds(contribution):
                        groups[group][name].append(contribution.value)
        found = []
        for group in sorted(groups):
            try:
                values = {name: aggregate(inner[name], items) for name, items in groups[group].items()}
                found.append(text.run(Scope(self.world, scope.event, measure.lets, values=values)))
            except Undecided:
                continue  # A unit in which the expression has no value is left out.
        return found

    def _places(self, outer: Measure, inner: Measure, event: Event) -> list[tuple[Key, Value]]:
        """Return the outer key of an event beside the unit or member it belongs to."""
        scope = Scope(self.world, event, outer.lets)
        per = self.case.per if outer.per is None else outer.per
        if outer.each in ("day", "week", "month", "quarter", "year"):
            return [(key, calendar(outer.each, event.time)[0]) for key in keys(scope, per)]
        named = [dimension for dimension in inner.per or () if dimension.name == outer.each]
        member = named or [named_dimension(outer.each)]
        return list(product(keys(scope, per), [key[0] for key in keys(scope, tuple(member))]))


class _Window:
    """The window of a measure at a trigger."""

    def __init__(self, over: Over, trigger: Trigger, strict: bool, *, before: bool) -> None:
        self.at, self.strict = trigger.event.position, strict
        self.since = trigger.since if over.kind == "since" else None
        self.start, self.end = _bounds(over, trigger, before=before)

    def holds(self, contribution: Contribution) -> bool:
        event = contribution.event
        if not self.start <= event.time < self.end:
            return False
        if self.since is not None and contribution.since is not self.since:
            return False
        return self.reaches(event)

    def reaches(self, event: Event) -> bool:
        """Return whether an event comes before the window's end."""
        return event.position < self.at if self.strict else event.position <= self.at


_ENDLESS = 1 << 62


def _bounds(over: Over, trigger: Trigger, *, before: bool) -> tuple[int, int]:
    """Return the first instant inside a window and the first after it."""
    time = trigger.instant
    match over.kind:
        case "calendar":
            return calendar(over.unit, time)
        case "rolling":
            return time - over.length + 1, _ENDLESS  # Open on the left; instants are whole microseconds.
        case "within" | "open":
            return time - over.length, _ENDLESS
        case "units":
            if before:  # The complete ones before this one.
                return calendar(over.unit, time, -over.length)[0], calendar(over.unit, time)[0]
            return calendar(over.unit, time, 1 - over.length)[0], _ENDLESS
    return -_ENDLESS, _ENDLESS


def _entering(event: Event, after: int) -> Event:
    """Return an event as it enters a measure later: at that time, after all events of it; its own time it keeps."""
    time = event.time + after
    return replace(
        event, time=time, position=(time, 2, event.source, event.id), cache={"event.time": event.time}
    )


def _read(text: Expression, scope: Scope) -> Value:
    """Return what an expression comes to, None where it has no value."""
    try:
        return text.run(scope)
    except Undecided:
        return None


def _features(measure: Measure, scope: Scope) -> tuple[Value, ...]:
    """Return the features of an event, None for each that it does not bring."""
    return tuple(_read(text, scope) for text in measure.values)


def _period(name: str, at: int) -> tuple[int, int]:
    """Return the bounds of the period of a name, such as 2026, 2026Q1, 2026-03; known for 366 days from its start."""
    for unit, pattern in (
        ("year", r"(\d{4})"),
        ("quarter", r"(\d{4})Q([1-4])"),
        ("month", r"(\d{4})-(\d\d)"),
    ):
        found = re.fullmatch(pattern, name)
        if found is not None:
            month = int(found[2]) if unit == "month" else int(found[2]) * 3 - 2 if unit == "quarter" else 1
            if not 1 <= month <= 12 or not 1970 <= int(found[1]) < 9999:
                break
            bounds = calendar(unit, midnight(date(int(found[1]), month, 1)))
            if bounds[0] >= at - 366 * 86_400_000_000:
                return bounds
    raise Undecided(f"no period {name} is known")


def _chosen(measure: Measure, contribution: Contribution, trigger: Trigger, scope: Scope) -> bool:
    if measure.other and contribution.event.account == trigger.event.account:
        return False
    if measure.near is None:
        return True
    mine, within = (text.run(scope) for text in measure.near)
    return bool(contribution.near) and (int(mine, 16) ^ int(contribution.near, 16)).bit_count() <= within


def _add(items: list[Contribution], measure: Measure, source: Trigger, scope: Scope) -> None:
    """Add an event to a pool, unless its value is absent."""
    if measure.score:
        items.append(Contribution(source.event, _features(measure, scope), source.since))
        return
    try:
        value: Value = source.event if measure.record else tuple(text.run(scope) for text in measure.values)
        near = measure.near[0].run(scope) if measure.near is not None else ""
    except Undecided:
        return
    if isinstance(value, tuple) and measure.aggregate != "spread":
        value = value[0] if value else 1
    items.append(Contribution(source.event, value, source.since, near))


def aggregate(measure: Measure, values: list[Value]) -> Value:
    """Aggregate values in the order of their events; raise Undecided where an empty list has no value."""
    if not values and measure.aggregate not in _EMPTY:
        raise Undecided(f"{measure.name} has no events")
    result = _AGGREGATES[measure.aggregate](measure, values)
    if isinstance(result, int) and not -(1 << 63) <= result < 1 << 63:
        raise Undecided(f"{measure.name} overflows")
    return result


def _spread(places: list[tuple[float, float]]) -> float:
    return max((distance_km(*a, *b) for a in places for b in places), default=0.0)


def _histogram(values: list[int]) -> dict[int, int]:
    return {value: values.count(value) for value in values}


_EMPTY = frozenset({"count", "sum", "distinct", "series", "histogram"})
_AGGREGATES: dict[str, Callable[[Measure, list[Value]], Value]] = {
    "count": lambda _, values: len(values),
    "sum": lambda _, values: sum(values),
    "min": lambda _, values: min(values),
    "max": lambda _, values: max(values),
    "median": lambda _, values: sorted(values)[(len(values) - 1) // 2],
    "quantile": lambda measure, values: sorted(values)[max(1, ceil(measure.quantile * len(values))) - 1],
    "distinct": lambda _, values: len(set(values)),
    "first": lambda _, values: values[0],
    "last": lambda _, values: values[-1],
    "previous": lambda _, values: values[-1],
    "series": lambda _, values: list(values),
    "histogram": lambda _, values: _histogram(values),
    "spread": lambda _, values: _spread(values),
}
