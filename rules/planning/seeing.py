"""What a calendar boundary sees of its key's events: in which windows, how far back, and which is the last of them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.windows import LONGEST_US
from rules.planning.names import names_in
from rules.planning.plan import Bound, Group, Unit, Window
from rules.planning.states import Lines


def seen_mask(unit: Unit) -> int:
    """Return the flags of the events that the measures of a case count."""
    mask = 0
    for bound in unit.bounds.values():
        mask |= _bits(bound)
    return mask


def span_us(window: Window) -> int:
    """Return how long a window is at most (microseconds)."""
    return LONGEST_US[window.calendar] if window.calendar else window.us  # type: ignore[index]  # one of the five units


def reach_us(unit: Unit, group: Group) -> int:
    """Return how long after an event a boundary may still see it (microseconds)."""
    return max(span_us(group.windows[bound.state.window]) for bound in unit.bounds.values())


def kept_us(group: Group) -> Iterator[int]:
    """Yield how long the cells of cases judged at boundaries hold what a boundary sees, and what enters later."""
    for unit in group.units:
        if unit.case.every:
            yield max(span_us(window) for window in group.windows.values())
            yield max((measure.after_us for measure in unit.case.measures), default=0)


def least_seen(unit: Unit) -> int:
    """Return how many events must be there for any level to hold, by the rule set's own limits."""
    counted = [
        least
        for name, least in unit.gates.items()
        if unit.bounds[name].state.aggregate in ("count", "distinct") and not unit.bounds[name].state.sub
    ]
    return int(max(counted, default=0))


def seen_lines(unit: Unit, group: Group) -> Lines:
    """Return `seen_N`: the last event in a window that the levels of a case read, as of its boundary `p`."""
    sights: dict[tuple[str, str], int] = {}
    for bound in _judged(unit):
        window = group.windows[bound.state.window]
        start, end = f"{window.edge('t')}{'' if window.closed else ' + 1'}", "t + 1"
        if window.calendar:
            start = f"T.zone.window({window.calendar!r}, t)[0]"
        elif window.unit and bound.measure.before:  # The complete units before this one.
            end = f"T.zone.window({window.unit!r}, t)[0]"
        sights[start, end] = sights.get((start, end), 0) | _bits(bound)
    shown = ", ".join(f"({bits}, {start}, {end})" for (start, end), bits in sights.items())
    return [
        f"def seen_{unit.index}(T, L, p):",
        "    t = p[0]",
        f"    return last_seen(L, p, ({shown},))",
        "",
    ]


def _bits(bound: Bound) -> int:
    bits = 0
    for taken in bound.state.taken:
        bits |= taken.stream.bit
    return bits or bound.state.stream.bit


def _judged(unit: Unit) -> list[Bound]:
    """Return the measures that the levels read, themselves or through lets."""
    waiting = [name for _, tree in unit.levels for name in names_in(tree)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop().partition(".")[0]
        if name not in seen:
            seen.add(name)
            waiting += names_in(unit.lets[name]) if name in unit.lets else ()
    return [bound for name, bound in unit.bounds.items() if name in seen]
