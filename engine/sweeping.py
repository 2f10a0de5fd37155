"""State shrinks when windows close: a few keys an event, invisibly.

A key is looked at when the oldest of its contributions can be out of reach of every window and every late event. What
is dropped can no longer reach a record; what a window still needs stays.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

from engine import deadlines, sequences
from engine.cells import LEAST, Cell
from engine.intake import about_arrival
from engine.program import SUB, TIME, CellClass, Face, Key, Mark
from engine.reference import FADING, KNOWN_US
from engine.windows import HOUR

if TYPE_CHECKING:
    from engine.tenant import Tenant

KEYS_A_STEP: Final = 12
SELDOM: Final = 4  # What is in use is looked at so many times less often.
STEPS_AN_HOUR: Final = 10_000  # Events of a sequence's steps forgotten an hour of the clock, at most.


def sweep(tenant: Tenant) -> None:
    """Look at a few of the keys that are due."""
    hour = tenant.clock // HOUR
    if hour > tenant.due_hour:
        _begin_hour(tenant, hour)
    waiting = tenant.sweeping
    horizon = tenant.clock - tenant.lateness_us
    for _ in range(min(KEYS_A_STEP, len(waiting))):
        index, key = waiting.pop()
        if index < 0:
            _look_at_line(tenant, index, key)
            continue
        cell = tenant.cells[index].get(key)
        if cell.__class__ is tuple and cell[TIME] < horizon - tenant.variant.classes[index].tail_us:
            del tenant.cells[index][key]  # A contribution alone in its cell: most of what is forgotten.
            if cell[TIME] <= tenant.kept_us:  # Else it came and goes between two checkpoints.
                tenant.touch(index, key)
        elif cell is not None:
            _look(tenant, index, key, cell, horizon)
    if tenant.seen.dying:
        tenant.seen.sweep()


def _begin_hour(tenant: Tenant, hour: int) -> None:
    if tenant.due_hour < 0:
        tenant.due_hour = hour - 1
    if hour - tenant.due_hour > len(tenant.due):
        ripe = sorted(due for due in tenant.due if due <= hour)
    else:
        ripe = [due for due in range(tenant.due_hour + 1, hour + 1) if due in tenant.due]
    for due in ripe:
        tenant.sweeping += tenant.due.pop(due)
    tenant.due_hour = hour
    horizon = tenant.clock - tenant.lateness_us
    _forget_arrived(tenant, horizon)
    for index in tenant.plain.journal.keys() - about_arrival(tenant.program):
        _forget_marks(tenant, tenant.program.faces[index], tenant.plain, horizon)
    for case in tenant.program.sequences:
        sequences.forget(tenant, case, STEPS_AN_HOUR)


def _look(tenant: Tenant, index: int, key: Key, cell: Any, horizon: int) -> None:
    case = tenant.program.deadline_of.get(index)
    if case is not None:
        deadlines.forget(tenant, case, cell, horizon)
        _forget_marks(tenant, case.face, cell, horizon)
        tenant.touch(index, key)  # Else a restart would remember what is forgotten.
        empty = not cell.items and not cell.journal.get(case.face.index)
        rest = deadlines.last_due(tenant, case, cell) - tenant.clock
        span = rest + tenant.lateness_us if rest > 0 else SELDOM * tenant.lateness_us
    else:
        cls = tenant.variant.classes[index]
        span = cls.tail_us + tenant.lateness_us
        if cell.__class__ is tuple:
            empty = False
        else:
            idle = not cell.items or cell.items[-1][TIME] < horizon - cls.tail_us
            empty = idle and _trim(tenant, cls, cell, horizon)
            if not idle:
                rest = cell.items[-1][TIME] + span - tenant.clock
                # A key in use tidies itself; one that has gone quiet is looked at again when nothing can need it.
                span = rest if rest < span // 2 else SELDOM * span
    if empty:
        del tenant.cells[index][key]
        tenant.touch(index, key)
    else:
        tenant.look_again(index, key, tenant.clock + span)


def tidy(tenant: Tenant, cls: CellClass, cell: Any) -> None:
    """Drop what a key in use no longer needs; done once its tail has doubled.

    The clock may be far past what a timer folds: nothing that this can still see is dropped.
    """
    _trim(tenant, cls, cell, min(tenant.clock, cell.last) - tenant.lateness_us)
    cell.most = max(LEAST, 2 * len(cell.items))


def _look_at_line(tenant: Tenant, index: int, key: Any) -> None:
    """Forget an entity that is known for a time only, once nothing later reads it."""
    kind = FADING[-1 - index]
    lines = tenant.entities(kind)
    line = lines.get(key)
    if line is None:
        return
    ends = line.last_time + KNOWN_US[kind] + tenant.lateness_us
    if ends < tenant.clock:
        del lines[key]
        if tenant.touched is not None:
            tenant.touched.add(("line", kind, key))
    else:
        tenant.look_again(index, key, ends)


def _forget_arrived(tenant: Tenant, horizon: int) -> None:
    """Drop what came so long ago that no change of reference data can come in time for it."""
    gone = tenant.arrived.forget(horizon)
    if tenant.touched is not None:
        for item in gone:
            if tenant.loose.pop(item[: SUB + 1], None) is not None:
                tenant.touched.add(("loose", item[: SUB + 1]))


def _trim(tenant: Tenant, cls: CellClass, cell: Any, horizon: int) -> bool:
    """Drop what a cell no longer needs; return whether nothing is left of it."""
    old = bisect_left(cell.items, (horizon - cls.tail_us,))
    if old:
        cls.trim(tenant, cell, old)
        tenant.touch(cls.index, cell.key)
    reached = cls.forget(tenant, cell, horizon)
    for index in cell.journal:
        if _forget_marks(tenant, tenant.program.faces[index], cell, horizon):
            tenant.touch(cls.index, cell.key)
    if cell.items or cls.lasting:
        return False
    _fade(tenant, cell)
    return not reached and not any(cell.journal.values())


def _fade(tenant: Tenant, cell: Cell) -> None:
    """Drop open episodes whose windows have emptied: the next trigger would find them over and begin anew."""
    for face in [tenant.program.faces[index] for index in cell.journal]:
        if face.fades:
            for sub, marks in cell.journal.pop(face.index).items():
                for group in {mark[2] for mark in marks}:
                    _drop_standing(tenant, face, cell, sub, group)


def _forget_marks(tenant: Tenant, face: Face, cell: Cell, horizon: int) -> bool:
    """Drop what nothing can move any more; return whether there was any."""
    dropped = False
    journal = cell.journal.get(face.index, {})
    for sub in list(journal):
        marks = journal[sub]
        kept = _kept(tenant, face, marks, horizon, cell)
        if len(kept) < len(marks):
            dropped = True
            groups = {mark[2] for mark in marks} - {mark[2] for mark in kept}
            for group in groups:
                _drop_standing(tenant, face, cell, sub, group)
        if not kept:
            del journal[sub]  # Empty already, where what was said has been taken back.
        elif len(kept) < len(marks):
            journal[sub] = kept
    return dropped


def _kept(tenant: Tenant, face: Face, marks: list[Mark], horizon: int, cell: Cell) -> list[Mark]:
    """Return the marks that a late event can still move, or that an open window or episode still stands on."""
    if face.alert == "calendar":
        return [mark for mark in marks if tenant.zone.window(face.calendar, mark[2])[1] >= horizon]  # type: ignore[arg-type]
    if face.alert == "episode":
        ended = {mark[2] for mark in marks if mark[1] == 0 and mark[0][TIME] < horizon}
        return [mark for mark in marks if mark[2] not in ended]
    if face.alert == "ever":
        return marks
    if face.alert == "since":
        return [mark for mark in marks if mark[2][TIME] >= horizon - face.evidence_us]
    if face.alert == "deadline":
        # What armed it may be read again as long as it is there.
        first = cell.items[0][TIME] if cell.items else horizon
        return [mark for mark in marks if max(mark[0][TIME], mark[2][0]) >= min(first, horizon)]
    return [mark for mark in marks if mark[0][TIME] >= horizon]


def _drop_standing(tenant: Tenant, face: Face, cell: Cell, sub: Any, group: Any) -> None:
    name = (face.index, face.key(cell.key, sub), group)
    fact = tenant.facts.pop(name, None)
    record = None if tenant.keep else tenant.standing.pop(name, None)
    if (fact is not None or record is not None) and tenant.touched is not None:
        tenant.touched.add(("standing", *name))
