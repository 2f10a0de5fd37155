"""From triggers to standing alerts, by the table of LANGUAGE section 5."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.oracle.alerts import Alert, Crossing, calendar_window, event_window, open_window, rising
from tests.oracle.boundaries import last_seen
from tests.oracle.cel import holds
from tests.oracle.events import Event
from tests.oracle.instants import calendar
from tests.oracle.limits import recorded
from tests.oracle.measures import Measures
from tests.oracle.scopes import Scope
from tests.oracle.triggers import Trigger
from tests.oracle.undecided import Undecided


def alerts(measures: Measures) -> list[Alert]:
    """Return every alert of a case over its triggers."""
    case = measures.case
    by_window: dict[Any, list[Trigger]] = defaultdict(list)
    for number, trigger in enumerate(measures.own):
        by_window[_window_of(measures, trigger, number)].append(trigger)
    found: list[Alert] = []
    for group in by_window.values():
        runs = _episodes(measures, group) if case.alert == "episode" else [_rise(measures, group)]
        found += [_alert(measures, run) for run in runs if run]
    return found


def _window_of(measures: Measures, trigger: Trigger, number: int) -> Any:
    """Name what one alert is for, episodes aside: those are found inside a key."""
    match measures.case.alert:
        case "event":
            return number
        case "episode" | "ever":
            return trigger.key
        case "since":
            assert trigger.since is not None
            return trigger.key, trigger.since.position
    return trigger.key, calendar(measures.case.alert, trigger.instant)[0]


def _alert(measures: Measures, run: list[tuple[Trigger, Crossing]]) -> Alert:
    case, (first, _) = measures.case, run[0]
    match case.alert:
        case "event":
            window = event_window(case, first.event)
        case "since":
            assert first.since is not None
            window = event_window(case, first.since)
        case "episode" | "ever":
            window = open_window(case, first)
        case unit:
            window = calendar_window(case, unit, first.instant)
    return Alert(case, first.key, window, rising([crossing for _, crossing in run]))


def _rise(measures: Measures, group: list[Trigger]) -> list[tuple[Trigger, Crossing]]:
    return [(trigger, crossing) for trigger in group for crossing in _crossing(measures, trigger)]


def _episodes(measures: Measures, group: list[Trigger]) -> Iterator[list[tuple[Trigger, Crossing]]]:
    """Cut the triggers of a key where no level holds, with the trigger or in the window ending there without it."""
    run: list[tuple[Trigger, Crossing]] = []
    for trigger in group:
        crossings = list(_crossing(measures, trigger))
        if run and (not crossings or _fell(measures, trigger)):
            yield run
            run = []
        run += [(trigger, crossing) for crossing in crossings]
    yield run


def _fell(measures: Measures, trigger: Trigger) -> bool:
    return bool(measures.case.used) and _level(measures, measures.at(trigger, without=True)) is None


def _level(measures: Measures, scope: Scope) -> str | None:
    """Return the highest level that holds."""
    return next((level for level, text in measures.case.levels if holds(text, scope)), None)


def _crossing(measures: Measures, trigger: Trigger) -> Iterator[Crossing]:
    """Yield the level that holds at a trigger, if one does, with the values that made it hold."""
    scope = measures.at(trigger)
    level = _level(measures, scope)
    event: Event | None = trigger.event
    if measures.case.every:
        event = last_seen(measures, trigger)
    if level is None or event is None:
        return
    text = dict(measures.case.levels)[level]
    names = measures.case.reads(text)
    behind = (event.time, 1, event.source, event.id) if event.type == "intake" else trigger.event.position
    yield Crossing(
        level,
        trigger.event.time,
        event,
        behind,
        _values(scope, {m.name: _UNITS.get(m.aggregate, "") for m in measures.case.used}),
        _values(
            scope,
            {f"limit.{n}": limit.unit for n, limit in scope.world.limits.items() if f"limit.{n}" in names},
        ),
    )


_UNITS = {"spread": "km", "score": "percent"}  # Of measures that do not count what their expression counts.


def _values(scope: Scope, units: dict[str, str]) -> dict[str, Any]:
    """Read names as a record holds them; what has no value, or is no number or text, is left out."""
    found = {}
    for name, unit in sorted(units.items()):
        try:
            value = scope.read(name)
        except Undecided:
            continue
        if isinstance(value, int | float | str):
            found[name.removeprefix("limit.")] = recorded(value, unit)
    return found
