"""Deadlines: an answer that must come (`expect`) and reminders around a date (`remind`)."""

from __future__ import annotations

from typing import cast

from rules.checking import Scope
from rules.loading.names import Names, Space
from rules.loading.triggers import Trigger, common, known_types
from rules.locating import Part, Scalar
from rules.model import Calendar, Expect, Expression, Level, Remind, Rung
from rules.problems import Desk
from rules.schema import CALENDARS, EXPECT, LEVELS, REMIND, fields, items, one_of, required, scalar
from rules.vocabulary import event_names, period_names


def read_expect(part: Part, trigger: Trigger, names: Names, space: Space, desk: Desk) -> Expect | None:
    """Return an expectation: `armed.` is the event that armed it, `event.` the answer."""
    found = fields(part, desk, EXPECT)
    required(part, found, desk, ("event", "by"))
    kinds = known_types(found.get("event"), desk)
    where = names.expression(
        scalar(found.get("where"), desk), _answers(trigger, kinds, names, {}), desk.about("where"), "bool"
    )
    by = _by(found["by"], names, space, desk.about("by")) if "by" in found else ()
    return Expect(
        events=kinds,
        where=where,
        by=by,
        business=one_of(found.get("clock"), desk, ("elapsed", "business"), "elapsed") == "business",
        arm=one_of(found.get("arm"), desk, ("each", "first", "latest"), "each"),  # type: ignore[arg-type]  # one of them
    )


def read_remind(part: Part, trigger: Trigger, names: Names, space: Space, desk: Desk) -> Remind | None:
    """Return a ladder of reminders around a date."""
    found = fields(part, desk, REMIND)
    required(part, found, desk, ("date",))
    every = one_of(found.get("every"), desk, CALENDARS[2:])
    periods = period_names() if every else {}
    here = Space(f"{space.name} of {every}", {**space.scope, **periods}, space.measures) if every else space
    date = names.expression(scalar(found.get("date"), desk), here, desk.about("date"), "string")
    rungs = [
        rung
        for side in ("before", "after")
        if side in found
        for rung in _rungs(found[side], side, names, here, desk.about(side))
    ]
    if not rungs:
        desk.refuse(
            part.at, "no reminder", "days before or after the date", "write before: {warn: [limit.NAME]}"
        )
    events, where = _unless(found.get("unless"), trigger, names, periods, desk.about("unless"))
    if date is None:
        return None
    return Remind(
        date=date,
        rungs=tuple(rungs),
        workdays=one_of(found.get("clock"), desk, ("days", "workdays"), "days") == "workdays",
        unless_events=events,
        unless_where=where,
        every=cast("Calendar", every) if every else None,
    )


def _answers(trigger: Trigger, kinds: tuple[str, ...], names: Names, more: Scope) -> Space:
    scope = {**common(names.ground), **more, **event_names(trigger.kinds, "armed"), **event_names(kinds)}
    return Space(f"answers {' '.join(kinds)}", scope)


def _by(part: Part, names: Names, space: Space, desk: Desk) -> tuple[tuple[Level, Expression], ...]:
    """Return the deadlines, lowest level first; a higher level must not come sooner."""
    found = fields(part, desk, LEVELS)
    by: list[tuple[Level, Expression]] = []
    spans: list[int] = []
    for level in LEVELS:
        if level not in found:
            continue
        written = scalar(found[level], desk)
        read = names.expression(written, space, desk.about(level), "duration", levels=True)
        if read is None:
            continue
        by.append((level, read))
        limit = names.ground.limits.get(read.source.strip().removeprefix("limit."))
        span = limit.value if limit and isinstance(limit.value, int) else None
        if span is not None and spans and span <= spans[-1]:
            mend = "let a higher level come later, or leave one out"
            desk.refuse(read.at, f"{level} no later than the level below it", "deadlines that rise", mend)
        spans += [span] if span is not None else []
    if not found:
        desk.refuse(part.at, "no deadline", "a level with a duration", "write by: {warn: limit.NAME}")
    return tuple(by)


def _rungs(part: Part, side: str, names: Names, space: Space, desk: Desk) -> list[Rung]:
    rungs: list[Rung] = []
    for level, entry in fields(part, desk, LEVELS).items():
        for each in items(entry, desk.about(level)):
            days = names.expression(scalar(each, desk), space, desk.about(level), "int", levels=True)
            if days is not None:
                rungs.append(Rung(cast("Level", level), days, after=side == "after"))
    return rungs


def _unless(
    part: Part | None, trigger: Trigger, names: Names, periods: Scope, desk: Desk
) -> tuple[tuple[str, ...], Expression | None]:
    if part is None:
        return (), None
    found = fields(part, desk, ("event", "where"))
    required(part, found, desk, ("event",))
    kinds = known_types(found.get("event"), desk)
    where = scalar(found.get("where"), desk)
    return kinds, names.expression(
        where, _answers(trigger, kinds, names, periods), desk.about("where"), "bool"
    )


def levels(part: Part, names: Names, space: Space, desk: Desk) -> tuple[tuple[Level, Expression], ...]:
    """Return the levels of a rule, lowest first."""
    found = fields(part, desk, LEVELS)
    if not found and not isinstance(part, Scalar):
        desk.refuse(part.at, "no level", "info, warn or critical", "write levels: {warn: …}")
    read: list[tuple[Level, Expression]] = []
    for level in LEVELS:
        written = scalar(found.get(level), desk)
        expression = names.expression(written, space, desk.about(level), "bool", levels=True)
        if expression is None:
            continue
        read.append((level, expression))
    return tuple(read)
