"""What sets a rule off: an event type, a sequence of them, a calendar boundary, or the arrival of any input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rules.checking import Declared, Scope
from rules.durations import duration_us
from rules.loading.names import Ground, Names, Space
from rules.locating import Part, Scalar
from rules.location import Location
from rules.model import Calendar, Dimension, Step
from rules.problems import Desk
from rules.schema import CALENDARS, NAME, STEP, fields, items, one_of, required, scalar, text, texts
from rules.suggesting import did_you_mean
from rules.vocabulary import entity_names, event_names, event_types, intake_names

TRIGGERS: Final = ("on", "sequence", "every")
INTAKE: Final = "intake"
_RESERVED: Final = (
    "event", "armed", "account", "owner", "device", "order", "payment", "request", "contact", "contract", "limit",
    "period",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger as written. `kinds` are the types that `event.` may be; `scope` the names of its events."""

    on: tuple[str, ...] = ()
    steps: tuple[Part, ...] = ()
    every: Calendar | None = None
    intake: bool = False
    kinds: tuple[str, ...] = ()


def read_trigger(found: dict[str, Part], at: Location, desk: Desk) -> Trigger | None:
    """Return the one trigger of a case; refuse none and two."""
    written = [name for name in TRIGGERS if name in found]
    if len(written) != 1:
        which = " and ".join(written) or "no trigger"
        where = found[written[1]].at if len(written) > 1 else at
        mend = "keep one; give the other a case of its own" if written else "write on: payment.received"
        desk.refuse(where, which, "one of on, sequence, every", mend)
        return None
    if "on" in found:
        return _on(found["on"], desk.about("on"))
    if "sequence" in found:
        return _sequence(found["sequence"], desk.about("sequence"))
    calendar = one_of(found["every"], desk.about("every"), CALENDARS)
    kinds = tuple(dict.fromkeys(kind for part in _measures(found) for kind in _types(part, desk)))
    return Trigger(every=calendar, kinds=kinds) if calendar else None  # type: ignore[arg-type]  # one_of gave one of them


def read_steps(trigger: Trigger, names: Names, ground: Ground, desk: Desk) -> tuple[Step, ...]:
    """Return the steps of a sequence, each with the names of those before it."""
    steps: list[Step] = []
    scope = common(ground)
    for index, part in enumerate(trigger.steps):
        found = fields(part, desk, STEP)
        name, kinds = text(found.get("as"), desk), step_types(part, desk)
        scope |= event_names(kinds, name)
        space = Space(f"step {name}", dict(scope))
        where = names.expression(scalar(found.get("where"), desk), space, desk.about(f"{name} where"), "bool")
        steps.append(Step(name, kinds, where, _within(found.get("within"), part, index, desk.about(name))))
    return tuple(steps)


def trigger_scope(trigger: Trigger, ground: Ground, desk: Desk) -> Scope:
    """Return every name that a trigger gives."""
    scope = common(ground)
    if trigger.intake:
        return {**ground.scope, **intake_names()}
    scope |= event_names(trigger.kinds)
    for part in trigger.steps:
        scope |= event_names(step_types(part, desk), text(fields(part, desk).get("as"), desk))
    return scope


def boundary_scope(ground: Ground, key: tuple[Dimension, ...]) -> Scope:
    """Return the names that stand at a calendar boundary: its time, and the account and the owner that its key has."""
    held = {part.name for part in key}
    known = [name for name, by in (("account", {"account"}), ("owner", {"account", "owner"})) if by & held]
    entities = {name: each for name, each in entity_names().items() if name.partition(".")[0] in known}
    return {**ground.scope, **entities, "event.time": Declared("timestamp", "time")}


def common(ground: Ground) -> Scope:
    """Return the names that stand everywhere: entities as of the event, and limits."""
    return {**entity_names(), **ground.scope}


def known_types(part: Part | None, desk: Desk) -> tuple[str, ...]:
    """Return one or more event types; an unknown one is refused."""
    found: list[str] = []
    for each in texts(part, desk):
        if each.text in event_types():
            found.append(each.text)
        else:
            mend = did_you_mean(each.text, event_types()) or "`weiguard schema events` lists them"
            desk.refuse(each.at, f"the unknown event {each.text}", "an event type", mend)
    return tuple(dict.fromkeys(found))


def step_types(part: Part, desk: Desk) -> tuple[str, ...]:
    """Return the event types of one step."""
    return known_types(fields(part, desk).get("event"), desk)


def _on(part: Part, desk: Desk) -> Trigger | None:
    if isinstance(part, Scalar) and part.text == INTAKE:
        return Trigger(intake=True)
    kinds = known_types(part, desk)
    return Trigger(on=kinds, kinds=kinds) if kinds else None


def _sequence(part: Part, desk: Desk) -> Trigger | None:
    steps = items(part, desk)
    if len(steps) < 2:
        desk.refuse(part.at, f"{len(steps)} steps", "two or more", "for one event write on: …")
        return None
    seen: list[str] = []
    for step in steps:
        found = fields(step, desk, STEP)
        required(step, found, desk, ("as", "event"))
        name = text(found.get("as"), desk)
        if name and (not NAME.match(name) or name in _RESERVED or name in seen):
            desk.refuse(step.at, f"the step name {name}", "a new name in small letters", "rename the step")
        seen.append(name)
    kinds = step_types(steps[-1], desk)
    return Trigger(steps=steps, kinds=kinds) if kinds and all(seen) else None


def _within(part: Part | None, step: Part, index: int, desk: Desk) -> int:
    """Return the greatest distance from the step before; the first step has none, every other needs one."""
    if index == 0:
        if part is not None:
            desk.refuse(part.at, "within on the first step", "no distance", "move it to the step after")
        return 0
    if part is None:
        desk.refuse(step.at, "no within", "a greatest distance from the step before", "write within: 7d")
    found = scalar(part, desk)
    span = duration_us(found.text) if found else None
    if found and not span:
        desk.refuse(found.at, found.text, "a duration such as 30s, 10m, 24h or 7d", "write it as 72h")
    return span or 0


def _measures(found: dict[str, Part]) -> list[Part]:
    part = found.get("measure")
    return list(getattr(part, "fields", {}).values())


def _types(measure: Part, desk: Desk) -> tuple[str, ...]:
    of = getattr(measure, "fields", {}).get("of")
    return known_types(of, desk) if of is not None else ()
