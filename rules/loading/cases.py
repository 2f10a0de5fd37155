"""A case: what decides, with the rule's own fields filled in where it has none of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rules.loading.deadlines import levels, read_expect, read_remind
from rules.loading.firing import Alert, alert_of
from rules.loading.keys import read_key
from rules.loading.measures import Around
from rules.loading.names import Ground, Names, Space
from rules.loading.texts import read_texts
from rules.loading.triggers import Trigger, boundary_scope, read_steps, read_trigger, trigger_scope
from rules.locating import Part, Scalar
from rules.location import Location
from rules.model import Case, Expect, Expression, Level, Remind
from rules.problems import Desk
from rules.schema import NAME, fields, key_at, scalar
from rules.vocabulary import period_names

DECIDERS: Final = ("levels", "expect", "remind")
_RESERVED: Final = frozenset(
    {
        "event",
        "armed",
        "account",
        "owner",
        "device",
        "order",
        "payment",
        "request",
        "contact",
        "contract",
        "limit",
        "period",
        "true",
        "false",
        "null",
        "in",
    }
)


@dataclass(frozen=True, slots=True)
class Shared:
    """The lets and measures of a pack, for the rules that name them."""

    lets: dict[str, Scalar] = field(default_factory=dict)
    measures: dict[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """One case as it stands in the file, the rule's fields under its own."""

    rule: str
    name: str
    at: Location
    found: dict[str, Part]


@dataclass(frozen=True, slots=True)
class _Decider:
    levels: tuple[tuple[Level, Expression], ...] = ()
    expect: Expect | None = None
    remind: Remind | None = None
    alert: Alert = "deadline"


def read_case(
    written: Written, shared: Shared, ground: Ground, desk: Desk
) -> tuple[Case, frozenset[str]] | None:
    """Read one case; also return the names of the lets and measures that it mentions."""
    trigger = read_trigger(written.found, written.at, desk)
    if trigger is None:
        return None
    names = _names(written.found, shared, ground, desk)
    scope = trigger_scope(trigger, ground, desk)
    key = read_key(written.found.get("per"), Space("trigger", scope), names, desk.about("per"))
    if trigger.every:  # There is no event: measures say what happened.
        scope = boundary_scope(ground, key)
    filters = Space("trigger", scope)
    space = Space("trigger", scope, measures=True)
    _refuse_keyless(trigger, key, written, desk)
    names.read_measure = Around(names, trigger, space, key, "per" in written.found).read
    where = names.expression(scalar(written.found.get("where"), desk), filters, desk.about("where"), "bool")
    steps = read_steps(trigger, names, ground, desk.about("sequence"))
    decider = _decider(written, trigger, names, space, desk)
    periods = period_names() if decider.remind and decider.remind.every else {}
    told = Space(space.name, {**scope, **periods}, measures=True)
    case = Case(
        rule=written.rule,
        name=written.name,
        at=written.at,
        on=trigger.on,
        sequence=steps,
        every=trigger.every,
        intake=trigger.intake,
        where=where,
        per=key,
        levels=decider.levels,
        expect=decider.expect,
        remind=decider.remind,
        alert=decider.alert,
        message=read_texts(written.found.get("message"), "message", names, told, key, written.at),
        action=read_texts(written.found.get("action"), "action", names, told, key, written.at),
        measures=names.finished(),
        lets=tuple(names.built_lets.values()),
    )
    return case, frozenset(names.attempted)


def check_unread(
    written: Written, shared: Shared, unread: frozenset[str], ground: Ground, desk: Desk
) -> None:
    """Check what a rule defines and no case of it reads, so that its mistakes are found too, and warn of it."""
    trigger = read_trigger(written.found, written.at, desk)
    if trigger is None:
        return
    names = _names(written.found, shared, ground, desk)
    space = Space("trigger", trigger_scope(trigger, ground, desk), measures=True)
    key = read_key(written.found.get("per"), space, names, desk.about("per"))
    names.read_measure = Around(names, trigger, space, key, "per" in written.found).read
    for kind in ("let", "measure"):
        part = written.found.get(kind)
        for name in sorted(unread & fields(part, desk).keys()):
            at = key_at(part, name) if part else written.at
            if kind == "let":
                names.expression(names.lets.get(name), space, desk.about(f"let {name}"))
            else:
                names.measure(name, at)
            desk.warn(at, "unread_in_rule", kind=kind, name=name)


def definitions(found: dict[str, Part], desk: Desk) -> tuple[dict[str, Scalar], dict[str, Part]]:
    """Return the lets and measures that a rule or a pack writes; a name must be new and free."""
    lets: dict[str, Scalar] = {}
    measures: dict[str, Part] = {}
    for kind in ("let", "measure"):
        part = found.get(kind)
        for name, value in fields(part, desk.about(kind)).items():
            at = key_at(part, name) if part else value.at
            if not NAME.match(name) or name in _RESERVED:
                desk.refuse(at, f"the name {name}", "a free name in small letters", "rename it")
            elif kind == "measure" and name in lets:
                desk.refuse(
                    at, f"{name} as let and as measure", "one meaning for a name", "rename one of the two"
                )
            elif kind == "measure":
                measures[name] = value
            elif written := scalar(value, desk.about(f"let {name}")):
                lets[name] = written
    return lets, measures


def _names(found: dict[str, Part], shared: Shared, ground: Ground, desk: Desk) -> Names:
    """Return the names of a case: the pack's under the rule's own."""
    lets, measures = definitions(found, desk)
    own = lets.keys() | measures.keys()
    all_lets = {**{name: value for name, value in shared.lets.items() if name not in own}, **lets}
    all_measures = {**{name: value for name, value in shared.measures.items() if name not in own}, **measures}
    return Names(ground, desk, all_lets, all_measures)


def _refuse_keyless(trigger: Trigger, key: tuple[object, ...], written: Written, desk: Desk) -> None:
    if trigger.every and not key and "per" not in written.found:
        desk.refuse(written.at, "every without per", "a key", "say per: account or per: owner")


def _decider(written: Written, trigger: Trigger, names: Names, space: Space, desk: Desk) -> _Decider:
    """Return the one thing that decides; refuse none and two, and an alert beside a deadline."""
    found = written.found
    which = [name for name in DECIDERS if name in found]
    if len(which) != 1:
        at = found[which[1]].at if which else written.at
        shown = " and ".join(which) or "nothing that decides"
        mend = "keep one; give the other a case of its own" if which else "write levels: {warn: …}"
        desk.refuse(at, shown, "one of levels, expect, remind", mend)
        return _Decider()
    part = found[which[0]]
    if which[0] == "levels":
        read = levels(part, names, space, desk.about("levels"))
        alert = alert_of(found.get("alert"), read, names, trigger.every, written.at, desk)
        return _Decider(levels=read, alert=alert)
    if "alert" in found:
        desk.refuse(
            found["alert"].at, f"alert beside {which[0]}", "no alert: each deadline is one", "remove alert"
        )
    if not trigger.on:
        desk.refuse(part.at, f"{which[0]} without on", "an event that arms it", "write on: …")
        return _Decider()
    if which[0] == "expect":
        return _Decider(expect=read_expect(part, trigger, names, space, desk.about("expect")))
    return _Decider(remind=read_remind(part, trigger, names, space, desk.about("remind")))
