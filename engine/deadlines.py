"""What happens when the clock passes and nothing came: answers that are owed, and ladders of reminders.

A trigger arms an obligation with deadlines; an answer ends it. A deadline is decided once the clock is past it, at its
own place in the order: an answer's deadline after every event with that time, a reminder's before. Timers only wake;
the truth is read off the key's arming and answering events, so that a late one of either puts right what was said.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from engine.cells import Cell, marks_after, marks_from
from engine.program import (
    AFTER_ALL,
    FLAGS,
    SOURCE,
    SUB,
    TIME,
    Contribution,
    Face,
    Key,
    Mark,
    Position,
    Shown,
    named,
)
from engine.windows import DAY

if TYPE_CHECKING:
    from engine.tenant import Tenant
    from engine.windows import CalendarUnit

LIFE_US: Final = 36_525 * DAY  # A trigger arms anew for a hundred years: a clock may be wrong by thousands.


class Due(NamedTuple):
    """One deadline: what level it raises, and for a reminder the date it speaks of. The earlier sorts first."""

    at_us: int
    level: int
    end_us: int
    boundary: bool  # Stands before the events of its time instead of after them.

    def place(self) -> Position:
        """Return its place in the tenant's order."""
        return (self.at_us, "" if self.boundary else AFTER_ALL, "", "")


@dataclass(frozen=True, slots=True, eq=False)
class Deadline:
    """A case with `expect:` or `remind:`, compiled."""

    place: int  # Where its keys' cells are.
    face: Face
    arming: int  # The flag of its triggers.
    answering: int  # The flags of the events that answer.
    mode: Literal["each", "first", "latest"]
    home: Callable[[Contribution], Any]  # The key that a trigger arms; None: it has none.
    answers: Callable[[Tenant, Contribution, Contribution], bool]  # (armed, event)
    due: Callable[[Tenant, Contribution], list[Due]]  # Earliest first.
    shown: Callable[[Tenant, Contribution], Shown]
    ladder: bool  # A reminder: every rung is an alert of its own.
    # The account of a trigger; only where other rules read what became of it.
    account: Callable[[Contribution], str | None] | None = None
    every: CalendarUnit | None = None  # A reminder that arms anew at the beginning of each of these.
    # Whether a trigger is still one as of the beginning of a later period: its contribution with that as its time.
    still: Callable[[Tenant, Contribution], bool] | None = None


class Owing(Cell):
    """One key's arming and answering events; `open` are the armings that nothing answered yet."""

    __slots__ = ("ahead", "open", "told")

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.open: list[Contribution] = []
        self.told: dict[Contribution, Contribution] = {}  # By arming: the fact that says what became of it.
        self.ahead: dict[Contribution, int] = {}  # By trigger: the beginning of the next period it arms.


def owe(tenant: Tenant, case: Deadline, key: Key, item: Contribution) -> None:
    """Enter an arming or answering event into its key."""
    cell = _owing(tenant, case, key)
    tenant.touch(case.place, key)
    if item[TIME] < tenant.clock or (cell.items and item < cell.items[-1]):
        # Late for its key, or for a deadline that the clock has already passed.
        cell.items.insert(bisect_left(cell.items, item[: SUB + 1]), item)
        settle_again(tenant, case, cell)
    else:
        cell.items.append(item)
        _step(tenant, case, cell, item, cell.open)
        _note_outcomes(tenant, case, cell)
        if item in cell.open:
            _arm(tenant, case, cell, item)


def enter(tenant: Tenant, case: Deadline, key: Key, item: Contribution) -> None:
    """Put an event among a key's; `settle_again` then reads the truth off them."""
    cell = _owing(tenant, case, key)
    cell.items.insert(bisect_left(cell.items, item[: SUB + 1]), item)


def withdraw(tenant: Tenant, case: Deadline, key: Key, item: Contribution) -> None:
    """Take an event from among a key's."""
    items = tenant.cells[case.place][key].items
    at = bisect_left(items, item[: SUB + 1])
    assert items[at] == item, "only what was entered can be withdrawn"
    del items[at]


def arms(case: Deadline, cell: Owing, item: Contribution) -> bool:
    """Return whether an event arms this key: it is a trigger, and the key is its own."""
    return bool(item[FLAGS] & case.arming) and case.home(item) == cell.key


def _owing(tenant: Tenant, case: Deadline, key: Key) -> Owing:
    cells = tenant.cells[case.place]
    cell = cells.get(key)
    if cell is None:
        cell = cells[key] = Owing(key)
        tenant.look_again(case.place, key, tenant.clock + tenant.lateness_us)
    found: Owing = cell
    return found


def _step(
    tenant: Tenant, case: Deadline, cell: Owing, item: Contribution, waiting: list[Contribution]
) -> None:
    """Let one event answer what waits, then arm."""
    if item[FLAGS] & case.answering:
        waiting[:] = [armed for armed in waiting if not case.answers(tenant, armed, item)]
    if arms(case, cell, item):
        if case.mode == "first" and waiting:
            return
        if case.mode == "latest":
            waiting.clear()
        waiting.append(item)


def _arm(tenant: Tenant, case: Deadline, cell: Owing, armed: Contribution) -> None:
    """Set a timer for each deadline to come; a ladder that lies wholly in the past speaks at once.

    One that arms anew each period does not: it is the next period's turn.
    """
    dues = case.due(tenant, armed)
    if case.every:
        _set_next_period(tenant, case, cell, armed)
    ahead = [(number, due) for number, due in enumerate(dues) if due.at_us >= armed[TIME] or not case.ladder]
    for number, due in ahead:
        _set_timer(tenant, case, cell, armed, number, due)
    if case.ladder and dues and not ahead and not case.every:
        _enter(tenant, case, cell, _at_arming(case, tenant, armed, dues[-1]), moved=False)


def _at_arming(case: Deadline, tenant: Tenant, armed: Contribution, due: Due) -> Mark:
    position: Position = armed[: SUB + 1]
    return (position, due.level, (due.at_us, due.end_us), case.shown(tenant, armed), named(armed))


def ring(tenant: Tenant, case: Deadline, key: Key, armed: Contribution, at_us: int) -> None:
    """Decide the deadlines of an arming that a timer speaks of."""
    cell = tenant.cells[case.place].get(key)
    if cell is None:
        return
    if case.every and cell.ahead.get(armed[SOURCE : SUB + 1]) == at_us == armed[TIME]:
        # A trigger may have been seen otherwise since, or be gone.
        now = [item for item in cell.items if item[SOURCE : SUB + 1] == armed[SOURCE : SUB + 1]]
        if not now:
            del cell.ahead[armed[SOURCE : SUB + 1]]
            return
        armed = (at_us, *now[0][1:])
        if at_us < now[0][TIME] + LIFE_US:
            _arm(tenant, case, cell, armed)
    if not _arms_at(tenant, case, cell, armed):
        return
    end = _end(tenant, case, cell, armed)
    for due in case.due(tenant, armed):
        if due.at_us == at_us and _stands(case, due, armed, end):
            _enter(tenant, case, cell, _mark(tenant, case, armed, due), moved=False)
    _note_outcomes(tenant, case, cell)
    tenant.touch(case.place, key)


def _note_outcomes(tenant: Tenant, case: Deadline, cell: Owing) -> None:
    """Note that what became of a key's armings may have changed; the case stands in place of an alert's group."""
    if case.account is not None:
        tenant.changed[case.face.index, cell, None, case] = False


class Outcome(NamedTuple):
    """What became of an arming: met by an answer, or missed once its first deadline had passed."""

    kind: Literal["expectation.met", "expectation.missed"]
    armed: Contribution
    place: Position  # What the fact stands directly after.
    waited_us: int
    by: tuple[str, str]  # (source, id) of the answer, or of what waited in vain.


def outcomes(tenant: Tenant, case: Deadline, cell: Owing) -> Iterator[Outcome]:
    """Yield what became of a key's armings by now."""
    for armed in _armings(tenant, case, cell):
        dues = case.due(tenant, armed)
        if not dues:
            continue
        first, end = dues[0].at_us, _end(tenant, case, cell, armed)
        if end is not None and end[TIME] <= first:
            yield Outcome("expectation.met", armed, end[: SUB + 1], end[TIME] - armed[TIME], named(end))
        elif tenant.clock > first:
            yield Outcome("expectation.missed", armed, dues[0].place(), first - armed[TIME], named(armed))


def _mark(tenant: Tenant, case: Deadline, armed: Contribution, due: Due) -> Mark:
    group: Any = (due.at_us, due.end_us) if case.ladder else (armed[TIME], _last(tenant, case, armed))
    return (due.place(), due.level, group, case.shown(tenant, armed), named(armed))


def _last(tenant: Tenant, case: Deadline, armed: Contribution) -> int:
    dues = case.due(tenant, armed)
    return dues[-1].at_us if dues else armed[TIME]  # Nothing may ever be due.


def _stands(case: Deadline, due: Due, armed: Contribution, end: Contribution | None) -> bool:
    """Return whether a deadline came before what ended the waiting; a rung past when armed never stands."""
    if case.ladder and due.at_us < armed[TIME]:
        return False
    return end is None or (end[TIME] >= due.at_us if due.boundary else end[TIME] > due.at_us)


def _armings(tenant: Tenant, case: Deadline, cell: Owing) -> list[Contribution]:
    """Return the events that really armed: with `first`, only those that found nothing waiting.

    What arms anew each period is there once for each, with the period's beginning for its time.
    """
    if case.every:
        found = [
            each for item in cell.items if arms(case, cell, item) for each in _periods(tenant, case, item)
        ]
        return sorted(found, key=lambda item: item[: SUB + 1])  # As their timers ring.
    if case.mode != "first":
        return [item for item in cell.items if arms(case, cell, item)]
    found = []
    waiting: list[Contribution] = []
    for item in cell.items:
        _step(tenant, case, cell, item, waiting)
        if waiting and waiting[0] is item:
            found.append(item)
    return found


def _arms_at(tenant: Tenant, case: Deadline, cell: Owing, armed: Contribution) -> bool:
    """Return whether an arming is one: a trigger, or a trigger still as of the beginning of a period."""
    if case.still is None or armed in cell.items:
        return armed in _armings(tenant, case, cell)
    trigger = [item for item in cell.items if item[1:] == armed[1:] and arms(case, cell, item)]
    return any(armed[TIME] < item[TIME] + LIFE_US for item in trigger) and case.still(tenant, armed)


def _periods(tenant: Tenant, case: Deadline, armed: Contribution) -> Iterator[Contribution]:
    assert case.every is not None
    assert case.still is not None
    yield armed
    start = tenant.zone.window(case.every, armed[TIME])[1]
    while start < min(tenant.clock, armed[TIME] + LIFE_US):
        later = (start, *armed[1:])
        if case.still(tenant, later):
            yield later
        start = tenant.zone.window(case.every, start)[1]


def _end(tenant: Tenant, case: Deadline, cell: Owing, armed: Contribution) -> Contribution | None:
    """Return the first event that ended the waiting of an arming: its answer, or a newer arming that took its place."""
    for item in cell.items[_following(cell, armed) :]:
        if item[FLAGS] & case.answering and case.answers(tenant, armed, item):
            return item
        if case.mode == "latest" and arms(case, cell, item):
            return item
    return None


def _following(cell: Owing, armed: Contribution) -> int:
    """Return where among a key's events those after an arming begin; a period begins before the events of its time."""
    at = bisect_left(cell.items, armed[: SUB + 1])
    if at < len(cell.items) and cell.items[at][: SUB + 1] == armed[: SUB + 1]:
        return at + 1
    return bisect_left(cell.items, (armed[TIME],))


def settle_again(tenant: Tenant, case: Deadline, cell: Owing) -> None:
    """Read the truth off the key's events again, up to the clock, and put right what stood."""
    held = cell.marks(case.face.index, None)
    # What was said of an arming that is forgotten stands: nothing can come any more that changes it.
    there, horizon = {named(item) for item in cell.items}, tenant.clock - tenant.lateness_us
    marks = [mark for mark in held if mark[0][0] < horizon and mark[4] not in there]
    cell.open = []
    _set_next_periods(tenant, case, cell)
    for armed in _armings(tenant, case, cell):
        end = _end(tenant, case, cell, armed)
        if end is None:
            cell.open.append(armed)
        marks += _marks(tenant, case, armed, end)
        _arm_again(tenant, case, cell, armed)
    marks.sort(key=lambda mark: mark[0])
    for mark in (*held, *marks):
        tenant.changed[case.face.index, cell, None, mark[2]] = True
    held[:] = marks
    _note_outcomes(tenant, case, cell)


def _marks(tenant: Tenant, case: Deadline, armed: Contribution, end: Contribution | None) -> Iterator[Mark]:
    dues = case.due(tenant, armed)
    for due in dues:
        if due.at_us < tenant.clock and _stands(case, due, armed, end):
            yield _mark(tenant, case, armed, due)
    if case.ladder and dues and not case.every and all(due.at_us < armed[TIME] for due in dues):
        yield _at_arming(case, tenant, armed, dues[-1])


def _arm_again(tenant: Tenant, case: Deadline, cell: Owing, armed: Contribution) -> None:
    for number, due in enumerate(case.due(tenant, armed)):
        if due.at_us >= tenant.clock:
            _set_timer(tenant, case, cell, armed, number, due)


def _set_timer(
    tenant: Tenant, case: Deadline, cell: Owing, armed: Contribution, number: int, due: Due
) -> None:
    """Wake up once the clock is past a deadline; those of one instant in the order of rule, key and level."""
    order = (
        due.at_us,
        case.face.rule,
        repr(case.face.key(cell.key, None)),
        number,
        case.place,
        armed[: SUB + 1],
    )
    tenant.set_timer(order, cell.key, armed)


def _enter(tenant: Tenant, case: Deadline, cell: Owing, mark: Mark, *, moved: bool) -> None:
    marks = cell.marks(case.face.index, None)
    at = marks_after(marks, mark[0])
    if mark in marks[marks_from(marks, mark[0]) : at]:
        return
    marks.insert(at, mark)
    tenant.changed[case.face.index, cell, None, mark[2]] = moved


def forget(tenant: Tenant, case: Deadline, cell: Owing, before_us: int) -> None:
    """Drop what no late event can reach and nothing waits for."""
    kept = [armed for armed in _armings(tenant, case, cell) if _live(tenant, case, cell, armed, before_us)]
    cut = bisect_left(cell.items, (before_us,))
    if kept:
        cut = min(cut, bisect_left(cell.items, kept[0][: SUB + 1]))
    if not cut:
        return
    del cell.items[:cut]
    first = cell.items[0][: SUB + 1] if cell.items else (before_us,)
    cell.open = [armed for armed in cell.open if armed >= first]
    cell.told = {armed: fact for armed, fact in cell.told.items() if armed >= first}


def _set_next_period(tenant: Tenant, case: Deadline, cell: Owing, armed: Contribution) -> None:
    """Wake up, once, at the beginning of the period after an instant, to arm what a trigger arms then."""
    assert case.every is not None
    start = tenant.zone.window(case.every, armed[TIME])[1]
    if cell.ahead.get(armed[SOURCE : SUB + 1], -1) < start:
        cell.ahead[armed[SOURCE : SUB + 1]] = start
        _set_timer(tenant, case, cell, (start, *armed[1:]), -1, Due(start, 0, 0, boundary=True))


def _set_next_periods(tenant: Tenant, case: Deadline, cell: Owing) -> None:
    """Wake up for every trigger of a key, whether or not it was one as of the period that runs."""
    for item in cell.items if case.every else ():
        if arms(case, cell, item):
            _set_next_period(tenant, case, cell, (max(item[TIME], tenant.clock - 1), *item[1:]))


def _live(tenant: Tenant, case: Deadline, cell: Owing, armed: Contribution, before_us: int) -> bool:
    """Return whether an arming still waits, or a late event could still change what became of it."""
    if case.every:
        return True  # It arms anew for ever.
    end = _end(tenant, case, cell, armed)
    if end is not None:
        return bool(end[TIME] >= before_us)
    # With `first` one that waits keeps later ones from arming, however long ago it was missed.
    return not (case.ladder or case.mode == "each") or _last(tenant, case, armed) >= before_us


def last_due(tenant: Tenant, case: Deadline, cell: Owing) -> int:
    """Return the latest deadline of a key's armings, before which there is nothing to forget; 0 without any."""
    return max((_last(tenant, case, armed) for armed in _armings(tenant, case, cell)), default=0)


def wind_up(tenant: Tenant, case: Deadline, cell: Owing) -> None:
    """Set the timers of a key read back from a checkpoint; those that the clock has passed were decided before."""
    cell.ahead = {}
    _set_next_periods(tenant, case, cell)
    for armed in _armings(tenant, case, cell):
        _arm_again(tenant, case, cell, armed)
