"""The tests written inside rule files, turned into event lines and the crossings they must give.

A test is a few events that name only what matters. What a real log would hold beside it is supplied here: the accounts
and owners of a small world, ids, and the required fields of each type. Running the lines needs the engine.

The world: accounts A1-A9 are personal ones of O1 (individual business, registered, small-scale taxpayer by month),
A21-A29 of O2 (natural person, unregistered), M1 and M2 are ordinary merchants of O3 (enterprise). Only those that a
test names are there. Each payment has its own payer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from engine.event import PAYLOADS
from engine.payloads.fields import fields_of
from rules.durations import duration_us
from rules.messages import SHANGHAI
from rules.model import Rule, Trial
from rules.moments import moment, received

ENVELOPE: Final = ("at", "type", "account", "owner", "received", "repeat", "step", "amount")
SOURCE: Final = "test"
BEFORE: Final = datetime(2020, 1, 1, tzinfo=SHANGHAI)  # When the world was registered.
MOST_EVENTS: Final = 20_000  # A test is small; a slip in `repeat` must not fill the memory.

_OWNERS: Final[dict[str, dict[str, object]]] = {
    "O1": {"kind": "individual_business", "registered": True, "vat_status": "small_monthly"},
    "O2": {"kind": "natural", "registered": False, "vat_status": "none"},
    "O3": {"kind": "enterprise", "registered": True, "vat_status": "general"},
}
_ACCOUNTS: Final = {
    **{f"A{n}": ("personal", "O1") for n in range(1, 10)},
    **{f"A{n}": ("personal", "O2") for n in range(21, 30)},
    **{f"M{n}": ("merchant_ordinary", "O3") for n in (1, 2)},
}
_NO_ACCOUNT: Final = (
    "owner.", "qualification.", "device.", "staff.", "contact.", "consent.", "listed_party.", "connector.", "clock.",
    "rule.", "audit.", "alert.", "suppression.", "override.", "correction.", "subject.", "tax.", "platform.",
    "license.", "security.", "limit_profile.", "customer.", "csat.",
)  # fmt: skip

# What a required field holds where a test does not say; `{id}` is the event's own id.
_DEFAULTS: Final[dict[str, object]] = {
    "amount_fen": 100, "payer_id": "P-{key}", "result": "success", "channel": "moments", "decision": "accepted",
    "by": "peer",
    "owner_id": "O1", "conversation_id": "V1", "qual_id": "Q1", "qual_type": "food_licence", "kind": "personal",
    "registered": True, "vat_status": "small_monthly", "managed": False, "basis": "sale", "rate_bp": 60,
}  # fmt: skip
_ZEROS: Final[dict[type, object]] = {int: 1, float: 1.0, bool: False, str: "{field}-{id}"}

# Shared by the events of one test unless it says otherwise: a case is appealed, an order paid, a message answered.
_SHARED: Final = {
    "case_id": "CASE1",
    "order_id": "ORDER1",
    "staff_id": "S1",
    "device_id": "D1",
    "connector_id": "C1",
}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A level crossed by a standing alert: when, and which."""

    at: str  # RFC 3339 in the tests' zone.
    level: str


def events_of(trial: Trial, rule: Rule) -> list[bytes]:
    """Return the test's log as JSON lines in order of arrival, the world first, the clock's last tick last."""
    events = sorted(_events(trial, rule), key=lambda event: str(event["receivedtime"]))
    world = list(_world(events))
    ticks = [_tick(trial.until)] if trial.until else []
    return [msgspec.json.encode(event) for event in (*world, *events, *ticks)]


def expectations_of(trial: Trial) -> tuple[Crossing, ...]:
    """Return every crossing that must stand at the end, in order; a critical that was a warning first is two."""
    expected = (Crossing(_rfc3339(_at(str(each["at"]))), str(each["level"])) for each in trial.expect)
    return tuple(sorted(expected, key=lambda crossing: (crossing.at, crossing.level)))


def crossings_of(records: Iterable[Mapping[str, Any]], rule: str) -> tuple[Crossing, ...]:
    """Return the crossings of one rule that stand after a run, from its alert records in log order.

    A lowered alert has lost its upper crossings, an amended one has moved its last, a retracted one has none. One that
    a late event raises further at the trigger it has crosses once, as it would have in order.
    """
    standing: dict[str, list[Crossing]] = {}
    crossed: dict[str, tuple[str, object]] = {}
    for record in (record for record in records if record["rule"] == rule):
        crossings = standing.setdefault(str(record["id"]), [])
        here = Crossing(_rfc3339(datetime.fromisoformat(record["at"])), str(record["level"]))
        before = crossed.get(str(record["id"]))
        crossed[str(record["id"])] = now = (here.at, record["trigger"])
        match record["state"]:
            case "retracted":
                crossings.clear()
            case "amended":
                crossings[-1:] = [here]
            case "escalated" if now == before:
                crossings[-1:] = [here]
            case "lowered":
                keep = [crossing for crossing in crossings if _rank(crossing.level) < _rank(here.level)]
                crossings[:] = [*keep, here]
            case _:
                crossings.append(here)
    found = (crossing for crossings in standing.values() for crossing in crossings)
    return tuple(sorted(found, key=lambda crossing: (crossing.at, crossing.level)))


def trigger_type(rule: Rule) -> str:
    """Return the type of an event that says none: the rule's trigger or last step; empty without one."""
    case = rule.cases[0]
    kinds = case.sequence[-1].events if case.sequence else case.on
    return kinds[0] if kinds else ""


def _rank(level: str) -> int:
    return ("info", "warn", "critical").index(level)


def _events(trial: Trial, rule: Rule) -> Iterator[dict[str, object]]:
    """Yield the events that a test gives, repeated ones one by one, with ids in the order of writing."""
    number = 0
    for given in trial.given:
        at = _at(str(given["at"]))
        step = timedelta(microseconds=duration_us(str(given.get("step", "0s"))) or 0)
        for n in range(int(str(given.get("repeat", 1)))):
            number += 1
            assert number <= MOST_EVENTS, f"a test of more than {MOST_EVENTS} events"
            one = {name: _numbered(value, n + 1) for name, value in given.items()}
            yield _event(one, at + n * step, f"e{number:04d}", str(given.get("type", trigger_type(rule))))


def _numbered(value: object, number: int) -> object:
    """Return a value as one repetition has it: `{n}` in a text is its number, from 1 on."""
    return value.replace("{n}", str(number)) if isinstance(value, str) else value


def _event(given: Mapping[str, object], at: datetime, id: str, kind: str) -> dict[str, object]:
    envelope = [name for name in ENVELOPE if name != "account" or not kind.startswith("limit_profile.")]
    fields = {name: value for name, value in given.items() if name not in envelope}
    if "amount" in given:
        fields["amount_fen"] = int(Decimal(str(given["amount"])) * 100)
    arrival = received(str(given["received"]), at) if "received" in given else at
    assert arrival is not None, "loading has checked it"
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": id,
        "source": SOURCE,
        "type": kind,
        "time": _rfc3339(at),
        "receivedtime": _rfc3339(arrival),
    }
    if ("account" in given and "account" not in fields) or not kind.startswith(_NO_ACCOUNT):
        event["subject"] = str(given.get("account", "A1"))
    if "owner" in given:
        event["owner"] = str(given["owner"])
    return {**event, "data": _completed(kind, fields, id, at)}


def _completed(kind: str, fields: dict[str, object], id: str, at: datetime) -> dict[str, object]:
    """Fill in the required fields that a test leaves out."""
    data = dict(fields)
    for field in fields_of(PAYLOADS[kind]):
        name = field.encode_name
        if not field.required or name in data:
            continue
        default = _DEFAULTS.get(name, _SHARED.get(name))
        if name in ("valid_from", "verified_until"):
            default = f"{at:%Y-%m-%d}"
        if default is None:
            default = _zero(msgspec.inspect.type_info(field.type))
        if isinstance(default, str):
            key = data.get("transaction_id", id)
            default = default.format(id=id, field=name.removesuffix("_id"), key=key)
        data[name] = default
    if kind.startswith("friend.request_") and "contact_id" not in data:
        data["contact_id"] = f"contact-{data['request_id']}"
    return data


def _zero(info: msgspec.inspect.Type) -> object:
    match info:
        case msgspec.inspect.Metadata(type=inner):
            return _zero(inner)
        case msgspec.inspect.IntType():
            return _ZEROS[int]
        case msgspec.inspect.FloatType():
            return _ZEROS[float]
        case msgspec.inspect.BoolType():
            return _ZEROS[bool]
        case msgspec.inspect.ListType():
            return []
        case _:
            return _ZEROS[str]


def _world(events: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Yield the registrations of the owners and accounts that the events name and do not register themselves."""
    registered = {event.get("subject") for event in events if event["type"] == "account.registered"}
    accounts = sorted({str(event.get("subject")) for event in events} - {str(name) for name in registered})
    owned = {_ACCOUNTS[account][1] for account in accounts if account in _ACCOUNTS}
    named = {str(_data(event).get("owner_id")) for event in events} | {
        str(event.get("owner")) for event in events
    }
    own = {str(_data(event)["owner_id"]) for event in events if event["type"] == "owner.registered"}
    for owner in sorted((owned | named) & _OWNERS.keys() - own):
        yield _registration(f"ref-{owner}", "owner.registered", None, {"owner_id": owner, **_OWNERS[owner]})
    for account in accounts:
        if account in _ACCOUNTS:
            kind, owner = _ACCOUNTS[account]
            yield _registration(
                f"ref-{account}", "account.registered", account, {"kind": kind, "owner_id": owner}
            )
            purpose: dict[str, object] = {"operator_id": "op1", "purpose": "sales"}
            yield _registration(f"mx-{account}", "matrix.registered", account, purpose)


def _data(event: Mapping[str, object]) -> Mapping[str, object]:
    data = event["data"]
    assert isinstance(data, dict), "made by _event"
    return data


def _registration(id: str, kind: str, account: str | None, data: dict[str, object]) -> dict[str, object]:
    when = _rfc3339(BEFORE)
    event = {
        "specversion": "1.0",
        "id": id,
        "source": SOURCE,
        "type": kind,
        "time": when,
        "receivedtime": when,
    }
    return {**event, **({"subject": account} if account else {}), "data": data}


def _tick(until: str) -> dict[str, object]:
    when = _rfc3339(_at(until))
    event = {"specversion": "1.0", "id": "until", "source": "clock", "type": "clock.tick", "time": when}
    return {**event, "receivedtime": when, "data": {}}


def _at(text: str) -> datetime:
    found = moment(text)
    assert found is not None, "loading has checked it"
    return found


def _rfc3339(at: datetime) -> str:
    """Write an instant with the zone's offset and no zeros behind the point."""
    text = at.astimezone(SHANGHAI).isoformat()
    return re.sub(r"(\.[0-9]*?)0+(?=[+-])", r"\1", text) if "." in text else text
