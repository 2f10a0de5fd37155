"""The tests of a rule as written: every event and expectation checked, so that running them cannot trip."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from engine.event import PAYLOADS
from engine.payloads.fields import fields_of
from rules.checking import Declared, Scope, in_words
from rules.durations import duration_us
from rules.locating import Fields, Items, Part, Scalar
from rules.location import Location
from rules.model import Rule, Trial
from rules.moments import moment, received
from rules.problems import Desk
from rules.schema import LEVELS, TRIAL, fields, items, key_at, one_of, required, scalar, text
from rules.suggesting import did_you_mean
from rules.trials import ENVELOPE, MOST_EVENTS, trigger_type
from rules.vocabulary import event_names, event_types

_TYPES: Final = {
    "int": (int,),
    "double": (int, float),
    "bool": (bool,),
    "string": (str,),
    "list(string)": (list,),
}
_TIMES: Final = "09:00, d5 10:00 or 2026-05-01 10:00"


def read_tests(part: Part | None, rule: Rule, desk: Desk) -> tuple[Trial, ...]:
    """Return the tests of a rule, each with a name of its own."""
    found: list[Trial] = []
    for entry in items(part, desk):
        trial = _trial(entry, rule, desk)
        if any(trial.name == other.name for other in found):
            desk.refuse(entry.at, f"the test {trial.name!r} again", "a name of its own", "rename it")
        found.append(trial)
    return tuple(found)


def _trial(part: Part, rule: Rule, desk: Desk) -> Trial:
    found = fields(part, desk, TRIAL)
    required(part, found, desk, ("name", "given", "expect"))
    name = text(found.get("name"), desk)
    here = desk.about(f"“{name}”")
    until = scalar(found.get("until"), here)
    _moment(until, here)
    given = tuple(_given(entry, rule, here) for entry in items(found.get("given"), here))
    if "given" in found and not given:
        here.refuse(found["given"].at, "no event", "at least one", 'write given: [{at: "09:00"}]')
    if sum(int(str(event.get("repeat", 1))) for event in given) > MOST_EVENTS:
        here.refuse(part.at, "too many events", f"at most {MOST_EVENTS}", "repeat fewer")
    expect = tuple(_expected(entry, here) for entry in items(found.get("expect"), here))
    return Trial(name, given, expect, until.text if until else "", part.at)


def _expected(part: Part, desk: Desk) -> dict[str, object]:
    found = fields(part, desk, ("at", "level"))
    required(part, found, desk, ("at", "level"))
    at = scalar(found.get("at"), desk)
    _moment(at, desk)
    return {"at": at.text if at else "", "level": one_of(found.get("level"), desk, LEVELS)}


def _given(part: Part, rule: Rule, desk: Desk) -> dict[str, object]:
    """Return one event as plain data: what belongs to the envelope checked by itself, the rest by the event's type."""
    found = fields(part, desk)
    required(part, found, desk, ("at",))
    at = scalar(found.get("at"), desk)
    when = _moment(at, desk)
    kind = text(found["type"], desk) if "type" in found else trigger_type(rule)
    if kind not in event_types():
        mend = did_you_mean(kind, event_types()) or "say type: …"
        at_fault = found["type"].at if "type" in found else part.at
        desk.refuse(at_fault, f"the event {kind}" if kind else "no type", "an event type", mend)
        return {}
    arrival = scalar(found.get("received"), desk)
    if arrival and when and received(arrival.text, when) is None:
        desk.refuse(arrival.at, arrival.text, "+1d 09:00 or a time", "write when it arrives")
    _repetition(found, desk)
    names = event_names((kind,))
    open_fields = {field.encode_name for field in fields_of(PAYLOADS[kind])} if kind in PAYLOADS else set()
    given: dict[str, object] = {}
    for name, entry in found.items():
        if name in ENVELOPE:
            given[name] = entry.text if isinstance(entry, Scalar) else ""
        elif declared := names.get(f"event.{name}"):
            given[name] = _typed(entry, declared, desk.about(name))
        elif name in open_fields:
            given[name] = _plain(entry)
        else:
            known = [*ENVELOPE, *(path.removeprefix("event.") for path in names)]
            mend = did_you_mean(name, known) or "`weiguard schema events` lists the fields"
            desk.refuse(key_at(part, name), f"the unknown field {name}", f"a field of {kind}", mend)
    _money(found.get("amount"), names, desk)
    return given


def _moment(written: Scalar | None, desk: Desk) -> datetime | None:
    found = moment(written.text) if written else None
    if written and found is None:
        desk.refuse(written.at, written.text, f"a time such as {_TIMES}", "write it so, in quotes")
    return found


def _repetition(found: dict[str, Part], desk: Desk) -> None:
    """Check `repeat` and `step`: a whole number, and the time from one repetition to the next."""
    repeat, step = scalar(found.get("repeat"), desk), scalar(found.get("step"), desk)
    if repeat and not (
        isinstance(repeat.value, int) and not isinstance(repeat.value, bool) and repeat.value > 0
    ):
        desk.refuse(repeat.at, repeat.text, "a whole number from 1 on", "write repeat: 20")
        del found["repeat"]
    if step and duration_us(step.text) is None:
        desk.refuse(step.at, step.text, "a duration such as 30s", "write step: 30s")
        del found["step"]
    elif bool(repeat) != bool(step):
        at: Location = (repeat or step or next(iter(found.values()))).at
        desk.refuse(at, "one of repeat and step", "both", "say how often and how far apart")


def _money(part: Part | None, names: Scope, desk: Desk) -> None:
    written = scalar(part, desk)
    if written is None:
        return
    if "event.amount_fen" not in names:
        desk.refuse(written.at, "amount", "an event with amount_fen", "remove it")
        return
    try:
        fen = Decimal(written.text) * 100
        whole = fen == int(fen)
    except (InvalidOperation, OverflowError, ValueError):
        whole = False
    if not whole:
        desk.refuse(written.at, written.text, "yuan with at most two decimals", 'write it as "50000.01"')


def _typed(part: Part, declared: Declared, desk: Desk) -> object:
    """Return a value of the field's type; anything else would be quarantined."""
    value: object = _plain(part)
    if declared.type == "string" and isinstance(part, Scalar):
        return part.text  # A digit in a test is still the id it looks like.
    allowed = _TYPES.get(declared.type, (object,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        desk.refuse(
            part.at, "another kind of value", in_words(declared.type), "`weiguard schema events` has its type"
        )
    return value


def _plain(part: Part) -> object:
    if isinstance(part, Items):
        return [_plain(each) for each in part.items]
    if isinstance(part, Fields):
        return {name: _plain(value) for name, value in part.fields.items()}
    return part.value
