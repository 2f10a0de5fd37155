"""How an alert is being handled: what people did about it and how it rose meanwhile, folded in the order of the log.

That is the order in which the log came to know of it: whoever acts has seen what stood there and nothing else. It is a
function of the log alone, and nothing that is done about an alert changes the alert.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from engine.event import Event
from engine.instants import micros

Kind: TypeAlias = Literal["acknowledged", "assigned", "snoozed", "resolved", "reopened"]
State: TypeAlias = Literal["new", "acknowledged", "snoozed", "resolved"]
STATES: Final[tuple[State, ...]] = get_args(State)
EVENTS: Final[dict[str, Kind]] = {f"alert.{kind}": kind for kind in get_args(Kind)}
RISES: Final = ("raised", "escalated")  # The states of records by which an alert rises.
LIVED: Final = ("decided", "late")  # An act that is told of late was done all the same.
_BECOMES: Final[dict[Kind, State]] = {
    "acknowledged": "acknowledged", "snoozed": "snoozed", "resolved": "resolved", "reopened": "new",
}  # fmt: skip


class Act(msgspec.Struct, frozen=True):
    """What somebody did about an alert. `at` and `until` are RFC 3339; `record`: its last record when they looked."""

    kind: Kind
    by: str
    at: str
    reason: str | None = None
    assignee: str | None = None
    until: str | None = None
    record: int | None = None


class Handling(msgspec.Struct, frozen=True):
    """How an alert stands with those who handle it.

    `until`: when a snooze ends. `acts`: how many there were, `last` the last of them. `changed`: it was acknowledged,
    snoozed or resolved, but rose since (to a higher level, or anew), so that it counts as new again.
    """

    state: State = "new"
    assignee: str | None = None
    until: str | None = None
    acts: int = 0
    last: Act | None = None
    changed: bool = False


def possible(state: State, kind: Kind) -> bool:
    """Return whether something can be done about an alert: one that is resolved is reopened first, and no other is."""
    return (kind == "reopened") == (state == "resolved")


def handling_of(
    acts: Iterable[tuple[int, Act]], rises: Iterable[tuple[int, int]], clock_us: int | None
) -> Handling:
    """Fold what was done about an alert, and the records by which it rose.

    `acts` with their places in the log; `rises`: the places of the inputs that raised it or its level, and the numbers
    of the records; both in order. `clock_us`: the tenant's clock in UTC microseconds, None before its first event. What
    was not possible (it came by another way than those who look first) counts as an act and changes nothing.
    """
    state: State = "new"
    assignee = until = last = None
    changed, count, risen = False, 0, 0
    steps: list[tuple[int, bool, Act | int]] = [(place, False, act) for place, act in acts]
    steps += [(place, True, number) for place, number in rises]
    for _, _, step in sorted(steps, key=lambda step: step[:2]):
        if isinstance(step, int):
            changed = changed or state != "new"
            state, until, risen = "new", None, step
            continue
        act = last = step
        count += 1
        if not possible(state, act.kind):
            continue
        if act.kind == "assigned":
            assignee = act.assignee
        elif act.record is not None and act.record < risen:
            changed = True  # It rose before the act was written, and after whoever acted had looked.
        else:
            state, until, changed = _BECOMES[act.kind], act.until, False
    if until is not None and clock_us is not None and clock_us >= micros(until):
        state, until = "new", None
    return Handling(state, assignee, until, count, last, changed)


def act_of(event: Event) -> Act:
    """Return the act that an event tells of; its type is one of `EVENTS`."""
    data = event.data
    return Act(
        EVENTS[event.kind], data.by, event.time, data.reason,
        getattr(data, "assignee", None), getattr(data, "until", None), data.record,
    )  # fmt: skip
