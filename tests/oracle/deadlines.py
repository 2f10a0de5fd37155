"""Answers that must come and ladders of reminders, decided at one clock by looking at the whole log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from chinese_calendar import is_workday

from tests.oracle.alerts import RANK, Alert, Crossing, deadline_window, rising
from tests.oracle.cel import Expression, holds
from tests.oracle.events import Event
from tests.oracle.functions import day
from tests.oracle.instants import business, calendar, local, midnight
from tests.oracle.payloads import PAYLOADS
from tests.oracle.scopes import Scope
from tests.oracle.shapes import Case, Dimension, Expect, Remind
from tests.oracle.triggers import Key, Trigger, keys
from tests.oracle.undecided import Undecided
from tests.oracle.world import World

_ENVELOPE = frozenset({"id", "source", "type", "time", "account", "owner"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """One arming: its deadlines, and the event that answered it, if any ever did."""

    trigger: Trigger
    deadlines: tuple[tuple[str, int], ...]  # (level, instant), soonest first.
    answer: Event | None


def missed(world: World, case: Case, own: list[Trigger], clock: int) -> list[Alert]:
    """Return the alerts of a case with `expect`: a deadline the clock is past, with no answer in time."""
    found = []
    for waiting in armings(world, case, own):
        event, answer = waiting.trigger.event, waiting.answer
        crossings = [
            Crossing(level, deadline, event, (deadline, 2))
            for level, deadline in waiting.deadlines
            if clock > deadline and (answer is None or answer.time > deadline)
        ]
        if crossings:
            window = deadline_window(case, event.time, waiting.deadlines[-1][1])
            found.append(Alert(case, waiting.trigger.key, window, rising(crossings)))
    return _merged(found)


def outcomes(world: World, case: Case, own: list[Trigger], clock: int) -> list[Event]:
    """Return the facts `expectation.met` and `expectation.missed` of a case."""
    facts = []
    for waiting in armings(world, case, own):
        if not waiting.deadlines:
            continue
        armed, answer, first = waiting.trigger.event, waiting.answer, waiting.deadlines[0][1]
        if answer is not None and answer.time <= first:
            facts.append(
                _outcome(case, waiting.trigger, "met", answer.time - armed.time, answer.position, answer)
            )
        elif clock > first:
            facts.append(_outcome(case, waiting.trigger, "missed", first - armed.time, (first, 2), armed))
    return facts


def armings(world: World, case: Case, own: list[Trigger]) -> Iterator[Waiting]:
    """Yield every arming of a case's triggers, in order within a key."""
    expect = case.expect
    assert expect is not None
    by_key: dict[Key, list[Trigger]] = defaultdict(list)
    for trigger in own:
        by_key[trigger.key].append(trigger)
    for group in by_key.values():
        last: Waiting | None = None
        for number, trigger in enumerate(group):
            if expect.arm == "first" and last is not None and not _answered_by(last, trigger.event):
                continue  # One waits; this trigger does not arm.
            answer = _answer(world, case, trigger)
            if expect.arm == "latest" and number + 1 < len(group):
                newer = group[number + 1].event  # Replaces this arming, as an answer would end it.
                answer = newer if answer is None or newer.position < answer.position else answer
            last = Waiting(trigger, _deadlines(world, case, expect, trigger), answer)
            yield last


def reminders(world: World, case: Case, own: list[Trigger], clock: int) -> list[Alert]:
    """Return the alerts of a case with `remind`: each rung is one, unless withdrawn or past when it was armed."""
    arming = [(start, trigger) for trigger in own for start in _periods(world, case, trigger, clock)]
    arming.sort(key=lambda pair: (pair[0], pair[1].event.source, pair[1].event.id))
    return _merged(
        [alert for start, trigger in arming for alert in _ladder(world, case, trigger, clock, start)]
    )


def _periods(world: World, case: Case, trigger: Trigger, clock: int) -> Iterator[int]:
    """Yield when a trigger arms: at its own time, then at the beginning of each period at which it is still one."""
    remind = case.remind
    assert remind is not None
    yield trigger.event.time
    start = calendar(remind.every, trigger.event.time)[1] if remind.every else clock
    ends = min(clock, trigger.event.time + 36_525 * 86_400_000_000)  # It is armed anew for a hundred years.
    while start < ends:
        if holds(case.where, Scope(world, _as_of(trigger.event, start), case.lets, trigger.steps)):
            yield start
        start = calendar(remind.every, start)[1]


def _as_of(event: Event, start: int) -> Event:
    """Return a trigger as it is read at the beginning of a period, before all events of that time."""
    return replace(event, time=start, position=(start, 0), cache={})


def _period(remind: Remind, start: int) -> dict[str, object]:
    """Return the names of the period that holds an instant."""
    if not remind.every:
        return {}
    begins, ends = calendar(remind.every, start)
    first, last = local(begins).date(), local(ends - 1).date()
    names = {"year": str(first.year), "month": first.isoformat()[:7]}
    names["quarter"] = f"{first.year}Q{(first.month - 1) // 3 + 1}"
    return {
        "period.id": names[remind.every],
        "period.start": first.isoformat(),
        "period.end": last.isoformat(),
        "period.year": first.year,
    }


def _answered_by(waiting: Waiting, event: Event) -> bool:
    """Say whether an arming had its answer when an event came; an event may answer and arm anew."""
    return waiting.answer is not None and waiting.answer.position <= event.position


def _answer(world: World, case: Case, armed: Trigger) -> Event | None:
    expect = case.expect
    assert expect is not None
    per = _left(case, expect.where)
    for event in world.of(expect.events):
        if event.position <= armed.event.position or not _same_key(world, case, per, armed, event):
            continue
        if holds(expect.where, Scope(world, event, case.lets, {"armed": armed.event})):
            return event
    return None


def _left(case: Case, where: Expression | None) -> tuple[Dimension, ...]:
    """Return the dimensions that an answer must share: one that its `where` reads is left to it."""
    read = where.names if where is not None else frozenset()
    return tuple(dimension for dimension in case.per if not dimension.value.names & read)


def _same_key(world: World, case: Case, per: tuple[Dimension, ...], armed: Trigger, event: Event) -> bool:
    """Compare the dimensions of a key that a type of event has."""
    for dimension in per:
        fields = {name.removeprefix("event.") for name in dimension.value.names if name.startswith("event.")}
        if not fields <= _ENVELOPE | PAYLOADS.get(event.type, {}).keys():
            continue
        values = [key[0] for key in keys(Scope(world, event, case.lets), (dimension,))]
        if armed.key[case.per.index(dimension)] not in values:
            return False
    return True


def _deadlines(world: World, case: Case, expect: Expect, trigger: Trigger) -> tuple[tuple[str, int], ...]:
    scope = Scope(world, trigger.event, case.lets, trigger.steps)
    found = []
    for level, text in expect.by:
        try:
            length = text.run(scope)
        except Undecided:
            continue
        start = trigger.event.time
        found.append((level, business(start, length) if expect.business else start + length))
    return tuple(sorted(found, key=lambda pair: pair[1]))


def _outcome(
    case: Case, trigger: Trigger, kind: str, waited: int, after: tuple[object, ...], by: Event
) -> Event:
    key = dict(zip([dimension.name for dimension in case.per], trigger.key, strict=True))
    return Event(
        type=f"expectation.{kind}",
        source=by.source,
        id=by.id,
        time=int(str(after[0])),
        received=int(str(after[0])),
        tenant=None,
        account=key.get("account", trigger.event.account),
        extension=key.get("owner"),
        data={
            **key,
            **{f"{name}_id": value for name, value in key.items()},
            "rule": case.rule,
            "waited": waited,
        },
        position=(*after, case.rule, tuple(str(part) for part in trigger.key), case.name),
    )


def _ladder(world: World, case: Case, trigger: Trigger, clock: int, start: int) -> Iterator[Alert]:
    remind, event = case.remind, trigger.event
    assert remind is not None
    scope = Scope(world, event, case.lets, trigger.steps, values=_period(remind, start))
    try:
        last = day(remind.date.run(scope))
        days = [rung.sign * rung.days.run(scope) for rung in remind.rungs]
    except Undecided:
        return  # Without a date, or a length of a rung, there is no ladder.
    end = midnight(last)
    shift = _workdays if remind.workdays else lambda first, n: first + timedelta(days=n)
    instants = [midnight(shift(last, n)) for n in days]
    rungs = sorted(zip(instants, [rung.level for rung in remind.rungs], strict=True), key=_by_instant)
    ahead = [(instant, level) for instant, level in rungs if instant >= start]
    withdrawn = _withdrawal(world, case, trigger, start)
    for instant, level in ahead:
        if clock > instant and (withdrawn is None or withdrawn >= instant):
            crossing = Crossing(level, instant, event, (instant, 0))
            yield Alert(case, trigger.key, deadline_window(case, instant, end), [crossing])
    if rungs and not ahead and not remind.every:
        instant, level = rungs[-1]
        crossing = Crossing(level, event.time, event, event.position)
        yield Alert(case, trigger.key, deadline_window(case, instant, end), [crossing])


def _workdays(first: date, count: int) -> date:
    """Return the day so many working days before (negative) or after a day."""
    step = timedelta(days=1 if count > 0 else -1)
    while count:
        first += step
        try:
            worked = is_workday(first)
        except NotImplementedError:
            worked = first.weekday() < 5
        count -= worked if step.days > 0 else -worked
    return first


def _by_instant(rung: tuple[int, str]) -> tuple[int, int]:
    return rung[0], RANK[rung[1]]


def _withdrawal(world: World, case: Case, armed: Trigger, start: int) -> int | None:
    """Return the time of the first event that ends the ladder."""
    remind = case.remind
    assert remind is not None
    per = _left(case, remind.where)
    own = start == armed.event.time
    for event in world.of(remind.unless):
        before = event.position <= armed.event.position if own else event.time < start
        if before or not _same_key(world, case, per, armed, event):
            continue
        scope = Scope(world, event, case.lets, {"armed": armed.event}, values=_period(remind, start))
        if holds(remind.where, scope):
            return event.time
    return None


def _merged(found: list[Alert]) -> list[Alert]:
    """Make one of alerts with the same key and window, crossings in order of time, then as they were armed."""
    by_identity: dict[str, Alert] = {}
    for alert in found:
        known = by_identity.setdefault(alert.identity, alert)
        if known is not alert:
            both = known.crossings + alert.crossings
            both.sort(key=lambda crossing: crossing.at)
            known.crossings = rising(both)
    return list(by_identity.values())
