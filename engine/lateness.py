"""A contribution that comes late: insert it, ask a guard whether anything can change, refold only what can.

The state at any place of a tail is the head minus what follows, or the window before it folded anew; from there the
same `step` that runs in order runs again over the suffix, until the state agrees with the journal. So no rule carries
late logic of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from engine.cells import Cell, episode_at, level_in, marks_from
from engine.program import (
    ENDED,
    FLAGS,
    KIND,
    SETTLED,
    SUB,
    TIME,
    CellClass,
    Contribution,
    Face,
    Family,
    Found,
    Gate,
    Key,
    Mark,
    Position,
)

if TYPE_CHECKING:
    from engine.tenant import Tenant


def insert_late(tenant: Tenant, cls: CellClass, cell: Cell, late: Contribution) -> None:
    """Put one late contribution into its cell and mend what it changes."""
    items = cell.items
    at = bisect_left(items, late[: SUB + 1])
    items.insert(at, late)
    cls.insert(tenant, cell, late, at)
    for family in cls.families:
        if late[FLAGS] & family.mask and not _quiet(tenant, family, cell, at, late):
            refold(tenant, family, cell, late[: SUB + 1], late[TIME])
    tenant.touch(cls.index, cell.key)


def revise(tenant: Tenant, removed: list[Contribution], added: list[Contribution]) -> None:
    """Take contributions out of every cell they are in and put others in; mend each cell once."""
    dirty: dict[tuple[int, Key], tuple[Position, int]] = {}
    for old in removed:
        for index, key in _route(tenant, old):
            _displace(tenant, index, key, old)
            _soil(dirty, index, key, old)
    for new in added:
        for index, key in _route(tenant, new):
            _place(tenant, index, key, new)
            _soil(dirty, index, key, new)
    for (index, key), (position, last) in dirty.items():
        cell = tenant.cells[index].get(key)
        if cell is None or cell.__class__ is tuple:
            continue  # A contribution alone in its cell: nothing can hold there.
        for family in tenant.variant.classes[index].families:
            refold(tenant, family, cell, position, last)
        tenant.touch(index, key)


def _route(tenant: Tenant, item: Contribution) -> list[tuple[int, Key]]:
    route = tenant.variant.by_kind[item[KIND]].route
    return route(item) if route is not None else []


def _soil(
    dirty: dict[tuple[int, Key], tuple[Position, int]], index: int, key: Key, item: Contribution
) -> None:
    position: Position = item[: SUB + 1]
    before = dirty.get((index, key))
    if before is not None:
        dirty[index, key] = (min(before[0], position), max(before[1], item[TIME]))
    else:
        dirty[index, key] = (position, item[TIME])


def _displace(tenant: Tenant, index: int, key: Key, item: Contribution) -> None:
    cls = tenant.variant.classes[index]
    cell = tenant.cells[index][key]
    if cell.__class__ is tuple:
        assert cell == item, "only what was placed can be displaced"
        del tenant.cells[index][key]
        tenant.touch(index, key)
        return
    at = bisect_left(cell.items, item[: SUB + 1])
    assert cell.items[at] is item or cell.items[at] == item, "only what was placed can be displaced"
    del cell.items[at]
    cls.remove(tenant, cell, item, at)


def _place(tenant: Tenant, index: int, key: Key, item: Contribution) -> None:
    cls = tenant.variant.classes[index]
    cell = tenant.cell(cls, key, item[TIME])
    at = bisect_left(cell.items, item[: SUB + 1])
    cell.items.insert(at, item)
    cell.last = max(cell.last, item[TIME])
    cls.insert(tenant, cell, item, at)


# --- the guard -------------------------------------------------------------------------------------------------------


def _quiet(tenant: Tenant, family: Family, cell: Cell, at: int, late: Contribution) -> bool:
    """Return whether the inserted contribution can change nothing that the family decides."""
    if not tenant.guards:
        return False
    if family.kind == "calendar" and family.reach_us == 0:
        return all(_window_is_quiet(tenant, family, i, cell, late) for i in range(len(family.faces)))
    if family.kind == "episode" and family.reach_us is not None:
        return all(_episode_is_quiet(family, i, cell, at, late) for i in range(len(family.faces)))
    return False


def _window_is_quiet(tenant: Tenant, family: Family, number: int, cell: Any, late: Contribution) -> bool:
    face = family.faces[number]
    start, end = tenant.zone.window(family.calendar, late[TIME])  # type: ignore[arg-type]  # one of the five units
    marks = cell.journal.get(face.index, {}).get(None, ())
    level = 0
    for position, reached, group, _, _ in reversed(marks):
        if position[TIME] < start:
            break
        if group == start and position[TIME] < end:
            if position > late:
                return False
            level = SETTLED if reached < 0 else reached
            break
    if level >= face.top:
        return True
    gate = family.gates[number][level]
    return gate is not None and _peak(family, cell, start, gate) < gate.least


def _peak(family: Family, cell: Any, start: int, gate: Gate) -> int | float:
    if getattr(cell, family.window + "s") == start:
        value: int | float = getattr(cell, gate.slot)
        return value
    past = getattr(cell, family.window + "p")
    saved = past.get(start) if past else None
    return saved[gate.past] if saved is not None else 0


def _episode_is_quiet(family: Family, number: int, cell: Cell, at: int, late: Contribution) -> bool:
    face, reach, items = family.faces[number], family.reach_us, cell.items
    assert reach is not None
    gate = family.gates[number][0]
    if gate is not None:
        first = bisect_left(items, (late[TIME] - reach + 1,), 0, at)
        last = bisect_left(items, (late[TIME] + reach,), at)
        if last - first < gate.least:
            # A boundary at which no level holds ends an episode there and then; a trigger would find it over later.
            marks = cell.journal.get(face.index, {}).get(None, [])
            return not face.boundary or episode_at(marks, late[: SUB + 1]) is None
    if gate is None or not family.rising[number]:
        return False
    # The journal finds the end of an episode only at the next trigger; whether it is really alive must be counted.
    before = sum(1 for item in items[first:at] if item[FLAGS] & gate.counted)
    return before >= gate.least and _inside_at_top(face, cell, late, late[TIME] + reach)


def _inside_at_top(face: Face, cell: Cell, late: Contribution, until: int) -> bool:
    marks = cell.journal.get(face.index, {}).get(None, [])
    alive = episode_at(marks, late[: SUB + 1])
    if alive is None or alive[1] < face.top:
        return False
    after = marks_from(marks, late[: SUB + 1])
    return after == len(marks) or marks[after][0][TIME] > until


# --- the refold ------------------------------------------------------------------------------------------------------


def refold(tenant: Tenant, family: Family, cell: Cell, position: Any, last_us: int) -> None:
    """Fold a family's suffix again from a position; `last_us` is the time of the last contribution that changed."""
    tenant.refolds += 1
    if family.kind != "calendar":
        _refold_from(tenant, family, cell, position, last_us)
        return
    until = max(last_us, _reached(family, cell, last_us))
    while True:
        start, end = tenant.zone.window(family.calendar, position[TIME])  # type: ignore[arg-type]  # one of five units
        _refold_window(tenant, family, cell, position, last_us, (start, end))
        if until < end:
            return
        position = (end, "", "", "")


def _reached(family: Family, cell: Cell, last_us: int) -> int:
    """Return when the last contribution was that one at `last_us` can matter to: a baseline reads windows before."""
    newest: int = cell.items[-1][TIME] if cell.items else last_us
    return newest if family.reach_us is None else min(newest, last_us + family.reach_us)


def _refold_from(tenant: Tenant, family: Family, cell: Cell, position: Position, last_us: int) -> None:
    at = bisect_left(cell.items, position)
    scratch = family.rewind(tenant, cell, at, position[TIME])
    _recall(family, cell, scratch, position, None)
    found: list[Found] = []
    stop = _walk(tenant, family, cell, scratch, at, last_us, None, found)
    if stop is None:
        _adopt(family, cell, scratch)
    until = cell.items[stop][: SUB + 1] if stop is not None else None
    _rewrite(tenant, family, cell, position, until, found)


def _refold_window(
    tenant: Tenant, family: Family, cell: Cell, position: Position, last_us: int, window: tuple[int, int]
) -> None:
    at = bisect_left(cell.items, position)
    scratch = family.rewind(tenant, cell, at, position[TIME])
    _recall(family, cell, scratch, position, window[0])
    found: list[Found] = []
    _walk(tenant, family, cell, scratch, at, last_us, window[1], found)
    if getattr(cell, family.window + "s") == window[0]:
        _adopt(family, cell, scratch)
    _rewrite(tenant, family, cell, position, (window[1],), found)


def _walk(  # noqa: PLR0913, PLR0917  # the state of one walk
    tenant: Tenant,
    family: Family,
    cell: Cell,
    scratch: Cell,
    at: int,
    last_us: int,
    end_us: int | None,
    found: list[Found],
) -> int | None:
    """Run `step` over the suffix; return the index at which the old journal is right again, None at the end."""
    items, mask, step, mute = cell.items, family.mask, family.step, tenant.mute
    horizon = None if family.reach_us is None or end_us is not None else last_us + family.reach_us
    for index in range(at, len(items)):
        item = items[index]
        if end_us is not None:
            if item[TIME] >= end_us:
                return index
        elif horizon is not None and item[TIME] > horizon and _agrees(family, cell, scratch, item):
            return index
        if item[FLAGS] & mask:
            step(tenant, scratch, item, found, mute)
            if end_us is not None and item[TIME] >= last_us and _settled(family, scratch):
                return None
    return None


def _settled(family: Family, scratch: Cell) -> bool:
    return all(getattr(scratch, face.slot) >= face.top for face in family.faces)


def _recall(family: Family, cell: Cell, scratch: Any, position: Position, group: Any) -> None:
    """Give the scratch the standing that each case had just before a position."""
    for face in family.faces:
        if not face.slot:
            continue
        journal = cell.journal.get(face.index, {})
        if face.subbed:
            setattr(scratch, face.slot, _recalled(face, journal, position))
        elif face.alert == "calendar":
            setattr(scratch, face.slot, level_in(journal.get(None, []), group, position))
        else:
            setattr(scratch, face.slot, episode_at(journal.get(None, []), position))


def _recalled(face: Face, journal: dict[Any, list[Mark]], position: Position) -> dict[Any, Any]:
    states: dict[Any, Any] = {}
    for sub, marks in journal.items():
        state = level_in(marks, sub, position) if face.alert == "since" else episode_at(marks, position)
        if state:
            states[sub] = state
    return states


def _adopt(family: Family, cell: Any, scratch: Cell) -> None:
    for face in family.faces:
        if face.slot:
            setattr(cell, face.slot, getattr(scratch, face.slot))
        if face.alert == "episode" and not face.subbed:
            cell.open = True


def _agrees(family: Family, cell: Cell, scratch: Cell, item: Contribution) -> bool:
    """Return whether the scratch's standing is what the journal says it was just before an item."""
    position: Position = item[: SUB + 1]
    for face in family.faces:
        if not face.slot:
            continue
        journal = cell.journal.get(face.index, {})
        if face.subbed:
            if getattr(scratch, face.slot) != _recalled(face, journal, position):
                return False
        elif getattr(scratch, face.slot) != episode_at(journal.get(None, []), position):
            return False
    return True


def _rewrite(
    tenant: Tenant, family: Family, cell: Cell, position: Position, until: Any, found: list[Found]
) -> None:
    """Put the marks found in the place of the old ones from a position on; note every group they speak of."""
    fresh: dict[tuple[int, Any], list[Mark]] = {}
    for case, sub, mark in found:
        fresh.setdefault((case, sub), []).append(mark)
    for face in family.faces:
        journal = cell.journal.get(face.index, {})
        for sub in {*journal, *(sub for case, sub in fresh if case == face.index)}:
            old = journal.get(sub, [])
            new = fresh.get((face.index, sub), [])
            first = marks_from(old, position)
            last = len(old) if until is None else marks_from(old, until)
            if first == last and not new:
                continue
            for mark in (*old[first:last], *new):
                tenant.changed[face.index, cell, sub, mark[2]] = True
            cell.marks(face.index, sub)[:] = old[:first] + new + old[last:]


def note(tenant: Tenant, cell: Cell, found: list[Found]) -> None:
    """Enter what an in-order step found into the journal."""
    for case, sub, mark in found:
        cell.marks(case, sub).append(mark)
        if mark[1] != ENDED:
            tenant.changed.setdefault((case, cell, sub, mark[2]), False)
