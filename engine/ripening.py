"""What enters a measure a while after its time: `after: 72h`, a matured cohort.

An event waits in its key's cell, and enters once the clock is past its time and the delay: as a contribution of its own
at that place, after all events of it, seen as everything was known there. So it is counted, looked at again and
forgotten like any event. Whose it is stays as it was at the event's own time.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from engine.program import AFTER_ALL, ID, KIND, SOURCE, SUB, TIME, Contribution, Found, Key, Position

if TYPE_CHECKING:
    from engine.tenant import Tenant


@dataclass(frozen=True, slots=True, eq=False)
class Ripening:
    """Events of one type that enter after one delay."""

    place: int
    source: int  # The number of the event's own contributions.
    kind: int  # The number of those that enter.
    after_us: int


def wait(tenant: Tenant, case: Ripening, item: Contribution) -> None:
    """Let an event wait for its time to enter; one whose time has passed enters at once."""
    if item[TIME] + case.after_us < tenant.clock:
        _enter(tenant, case, item, [], tenant.mute)
    else:
        queue = tenant.waiting[case.place]
        tenant.timers_set += 1  # Numbers those of one instant, whose order does not matter.
        heappush(queue, (item[TIME], tenant.timers_set, item))
        if queue[0][2] is item:
            _set_timer(tenant, case)


def ripen(tenant: Tenant, case: Ripening, at_us: int, found: list[Found], undecided: list[int]) -> None:
    """Let all enter whose time has come, up to the next thing that the clock has passed."""
    queue = tenant.waiting[case.place]
    if not queue or queue[0][0] + case.after_us != at_us:
        return  # A timer for what came first before something earlier did.
    until = min(tenant.clock - 1, tenant.timers[0][0]) if tenant.timers else tenant.clock - 1
    while queue and queue[0][0] + case.after_us <= until:
        item = heappop(queue)[2]
        # What was seen otherwise in between and is now seen as at first waits twice.
        if _again(tenant, case, item) and not (_held(tenant, item) and _found(tenant, case, item) is None):
            continue
        _enter(tenant, case, item, found, undecided)
    if queue:
        _set_timer(tenant, case)


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
        if new[TIME] + case.after_us >= tenant.clock:
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
                if item[KIND] == case.source and item[TIME] + case.after_us >= tenant.clock:
                    waiting[item[: SUB + 1]] = item
    for position in sorted(waiting):
        wait(tenant, case, waiting[position])


def _enter(
    tenant: Tenant, case: Ripening, item: Contribution, found: list[Found], undecided: list[int]
) -> None:
    handler = tenant.variant.by_kind[case.kind]
    handler.fold(tenant, item[TIME] + case.after_us, item, found, undecided)


def _set_timer(tenant: Tenant, case: Ripening) -> None:
    at_us = tenant.waiting[case.place][0][0] + case.after_us
    tenant.set_timer((at_us, "", "", 0, case.place, ()), None, None)


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
