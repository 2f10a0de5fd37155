"""What enters a measure a while after its time: `after: 72h`, a matured cohort.

An event waits in its key's cell, and enters once the clock is past its time and the delay: as a contribution of its own
at that place, after all events of it, seen as everything was known there. So it is counted, looked at again and
forgotten like any event. Whose it is stays as it was at the event's own time.

Only boundaries read what has entered, so it need not enter one by one: those of a few minutes do together, before the
first boundary that can see them.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from engine.program import AFTER_ALL, ID, KIND, SOURCE, SUB, TIME, Contribution, Found, Key, Position
from engine.windows import MINUTE

if TYPE_CHECKING:
    from engine.tenant import Tenant

TOGETHER_US: Final = 5 * MINUTE  # Midnights of all zones are at whole ones, but for one zone's until 1972.
_position: Final = itemgetter(TIME, SOURCE, ID, SUB)


@dataclass(frozen=True, slots=True, eq=False)
class Ripening:
    """Events of one type that enter after one delay."""

    place: int
    source: int  # The number of the event's own contributions.
    kind: int  # The number of those that enter.
    after_us: int


def wait(tenant: Tenant, case: Ripening, item: Contribution) -> None:
    """Let an event wait for its time to enter; one whose time has passed enters at once."""
    enters_us = _enters_us(tenant, case, item)
    if enters_us < tenant.clock:
        _enter(tenant, case, item, [], tenant.mute)
        return
    queue = tenant.waiting[case.place]
    waiting = queue.get(enters_us)
    if waiting is None:
        queue[enters_us] = [item]
        tenant.set_timer((enters_us, "", "", 0, case.place, ()), None, None)
    else:
        waiting.append(item)


def ripen(tenant: Tenant, case: Ripening, at_us: int, found: list[Found], undecided: list[int]) -> None:
    """Let all enter whose time has come, as of that instant: the clock may be far past it."""
    clock_us, tenant.clock = tenant.clock, at_us + 1
    for item in sorted(tenant.waiting[case.place].pop(at_us), key=_position):
        # What was seen otherwise in between and is now seen as at first waits twice.
        if _again(tenant, case, item) and not (_held(tenant, item) and _found(tenant, case, item) is None):
            continue
        _enter(tenant, case, item, found, undecided)
    tenant.clock = clock_us


def _enters_us(tenant: Tenant, case: Ripening, item: Contribution) -> int:
    """Return the instant that the clock must pass for an event to enter: the next of every few minutes, or midnight."""
    due_us: int = item[TIME] + case.after_us
    midnight_us = tenant.zone.window("day", due_us)[1]
    return min(due_us - due_us % TOGETHER_US + TOGETHER_US, midnight_us) - 1


def _again(tenant: Tenant, case: Ripening, item: Contribution) -> bool:
    """Return whether an event that has waited did so more than once, as one that was seen otherwise in between."""
    place = (case.place, item[: SUB + 1])
    times = tenant.again.pop(place, 0)
    if times > 1:
        tenant.again[place] = times - 1
    return times > 0


def entered(
    tenant: Tenant, old: Contribution, new: Contribution
) -> list[tuple[Contribution | None, Contribution]]:
    """Return what entered of an event that is now seen otherwise, each with what takes its place."""
    found = []
    for case in tenant.program.ripening_of.values():
        if case.source != old[KIND]:
            continue
        if _enters_us(tenant, case, new) >= tenant.clock:
            place = (case.place, new[: SUB + 1])
            tenant.again[place] = tenant.again.get(place, 1) + 1
            wait(tenant, case, new)
            continue
        make = tenant.variant.by_kind[case.kind].make
        assert make is not None, "what enters has a maker"
        found.append((_found(tenant, case, old), make(tenant, new[TIME] + case.after_us, new)))
    return found


def wind_up(tenant: Tenant, case: Ripening) -> None:
    """Find again what waits, after a checkpoint was read back."""
    waiting: dict[Position, Contribution] = {}
    for cells in tenant.cells:
        for cell in cells.values():
            for item in getattr(cell, "items", ()):
                if item[KIND] == case.source and _enters_us(tenant, case, item) >= tenant.clock:
                    waiting[item[: SUB + 1]] = item
    for position in sorted(waiting):
        wait(tenant, case, waiting[position])


def _enter(
    tenant: Tenant, case: Ripening, item: Contribution, found: list[Found], undecided: list[int]
) -> None:
    handler = tenant.variant.by_kind[case.kind]
    handler.fold(tenant, item[TIME] + case.after_us, item, found, undecided)


def _held(tenant: Tenant, item: Contribution) -> bool:
    """Return whether an event is still seen as it was when it began to wait."""
    return any(_in_cell(tenant, index, key, item[: SUB + 1]) == item for index, key in _route(tenant, item))


def _found(tenant: Tenant, case: Ripening, item: Contribution) -> Contribution | None:
    place = (item[TIME] + case.after_us, AFTER_ALL + item[SOURCE], item[ID], "")
    cells = (_in_cell(tenant, index, key, place) for index, key in _route(tenant, item))
    return next((each for each in cells if each is not None), None)


def _in_cell(tenant: Tenant, index: int, key: Key, place: Position) -> Contribution | None:
    items = getattr(tenant.cells[index].get(key), "items", ())
    at = bisect_left(items, place)
    return items[at] if at < len(items) and items[at][: SUB + 1] == place else None


def _route(tenant: Tenant, item: Contribution) -> list[tuple[int, Key]]:
    route = tenant.variant.by_kind[item[KIND]].route
    return route(item) if route is not None else []
