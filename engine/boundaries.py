"""Calendar boundaries: a rule judged at the end of each day, week, month, quarter or year for every key.

A boundary is to a key what an event is: a contribution in its cell, at the last microsecond before it, after all events
of that. So its windows are the ones just closed, it is folded like any trigger, and a late event that it can see judges
it again like any other. A key meets the boundaries that can see one of its events, and the first that cannot, which
ends an episode; one more than needed changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.lateness import revise
from engine.program import AFTER_ALL, FLAGS, SOURCE, SUB, TIME, Contribution, Face, Found, Key, Position

if TYPE_CHECKING:
    from engine.tenant import Tenant
    from engine.windows import CalendarUnit

EVE: Final = (
    AFTER_ALL + AFTER_ALL
)  # Sorts after what enters a measure late, too: it comes after all of its instant.


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """A case with `every:`, compiled."""

    place: int
    index: int  # The class of its cells.
    kind: int  # The number of the contributions that stand for its boundaries.
    face: Face
    unit: CalendarUnit
    mask: int  # The flags of the events that its measures see.
    reach_us: int  # How long after an event a boundary may still see it.
    # So many events must be there for any level to hold, by the rule set's own limits.
    least: int


def arm(tenant: Tenant, case: Every, key: Key, time_us: int) -> None:
    """See that the boundaries after an event are judged: those that the clock has passed now, the next one in time.

    A key with few events waits for none; the one event more that lets it wait may be older than its newest.
    """
    if _few(tenant, case, key):
        return
    newest = time_us if key in tenant.ahead[case.place] else _newest(tenant, case, key)
    if newest is not None and newest > time_us:
        _arm(tenant, case, key, newest)
    _arm(tenant, case, key, time_us)


def _arm(tenant: Tenant, case: Every, key: Key, time_us: int) -> None:
    window = tenant.zone.window(case.unit, time_us)
    passed: list[Contribution] = []
    while window[1] < tenant.clock:
        if not _met(tenant, case, key, window[1]):
            passed.append(_made(tenant, case, key, window[1]))
        if window[1] - 1 > time_us + case.reach_us:
            break
        window = tenant.zone.window(case.unit, window[1])
    else:
        _set_timer(tenant, case, key, window)
    if passed:
        revise(tenant, [], passed)
        for item in passed:
            tenant.arrived.add(item)


def arm_again(tenant: Tenant, item: Contribution, route: list[tuple[int, Key]]) -> None:
    """Arm what an event that was put into its cells anew is seen by."""
    for index, key in route:
        for case in tenant.program.every_of.values():
            if case.index == index and item[FLAGS] & case.mask:
                arm(tenant, case, key, item[TIME])


def meet(
    tenant: Tenant, case: Every, key: Key, boundary: int, found: list[Found], undecided: list[int]
) -> None:
    """Judge a key at a boundary (microseconds) that the clock has just passed."""
    ahead = tenant.ahead[case.place]
    if ahead.get(key, (0, 0))[1] == boundary:
        del ahead[key]
    cell = tenant.cells[case.index].get(key)
    few = _few(tenant, case, key)
    if cell is None or (not few and _met(tenant, case, key, boundary)):
        return
    newest = _newest(tenant, case, key)
    if newest is None:
        return
    if not few:
        values = case.face.key(key, None)
        tenant.variant.by_kind[case.kind].fold(tenant, boundary - 1, values, found, undecided)
    if newest + case.reach_us >= boundary - 1:
        window = tenant.zone.window(case.unit, boundary)
        if ahead.get(key) != window:
            _set_timer(tenant, case, key, window)


def meet_passed_over(tenant: Tenant) -> None:
    """Judge the keys that were passed over and that a late event can touch: limits that move may need fewer events.

    From here on all of them wait for their next boundary.
    """
    for case in tenant.program.every_of.values():
        start = max(tenant.clock - tenant.lateness_us, 0)
        while (end := tenant.zone.window(case.unit, start)[1]) < tenant.clock:
            for key in list(tenant.cells[case.index]):
                arm(tenant, case, key, start)
            start = end
        wind_up(tenant, case)


def last_seen(
    items: list[Contribution], boundary: Contribution, sights: Sequence[tuple[int, int, int]]
) -> Contribution | None:
    """Return the last event in sight of a boundary; each sight is (flags, start, end) of a measure's window."""
    at = bisect_left(items, boundary[: SUB + 1])
    for item in reversed(items[:at]):
        for flags, start, end in sights:
            if item[FLAGS] & flags and start <= item[TIME] < end:
                return item
    return None


def wind_up(tenant: Tenant, case: Every) -> None:
    """Set the timers of all keys that wait: after a checkpoint was read back, or where fewer events are enough now."""
    window = tenant.zone.window(case.unit, max(tenant.clock - 1, 0))
    for key, cell in list(tenant.cells[case.index].items()):
        if _few(tenant, case, key):
            continue
        seen = [item[TIME] for item in cell.items if item[FLAGS] & case.mask]
        if seen and seen[-1] + case.reach_us >= window[0] - 1:
            _set_timer(tenant, case, key, window)
        for time_us in seen[bisect_left(seen, window[1]) :]:  # Ahead of the clock.
            arm(tenant, case, key, time_us)


def _set_timer(tenant: Tenant, case: Every, key: Key, window: tuple[int, int]) -> None:
    """Wake up once the clock is past the end of a window; a second timer for one finds nothing left to do."""
    ahead = tenant.ahead[case.place]
    if key not in ahead or ahead[key][1] < window[1]:
        ahead[key] = window
    tenant.set_timer(
        (window[1], case.face.rule, repr(case.face.key(key, None)), 0, case.place, ()), key, None
    )


def _newest(tenant: Tenant, case: Every, key: Key) -> int | None:
    """Return the time of the last event that a key's boundaries can see."""
    cell = tenant.cells[case.index].get(key)
    items = cell.items if cell is not None else ()
    return next((item[TIME] for item in reversed(items) if item[FLAGS] & case.mask), None)


def _few(tenant: Tenant, case: Every, key: Key) -> bool:
    """Return whether a key has too few events for any level, and no alert that its boundaries may end."""
    cell = tenant.cells[case.index].get(key)
    return (
        cell is not None
        and len(cell.items) < case.least
        and not cell.journal
        and tenant.variant is tenant.program.constant
    )


def name_of(place: int, key: tuple[object, ...]) -> str:
    """Return what tells a key's boundary from all others of its time."""
    return f"{place} {key!r}"


def _met(tenant: Tenant, case: Every, key: Key, boundary: int) -> bool:
    """Return whether a key has met a boundary."""
    cell = tenant.cells[case.index].get(key)
    if cell is None:
        return False
    place: Position = (boundary - 1, EVE, name_of(case.place, case.face.key(key, None)), "")
    at = bisect_left(cell.items, place)
    return at < len(cell.items) and bool(cell.items[at][: SUB + 1] == place)


def _made(tenant: Tenant, case: Every, key: Key, boundary: int) -> Contribution:
    make = tenant.variant.by_kind[case.kind].make
    assert make is not None, "a boundary has a maker"
    made = make(tenant, boundary - 1, case.face.key(key, None))
    assert made[SOURCE] == EVE, "a boundary comes after all events"
    return made
