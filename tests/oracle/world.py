"""One tenant's decided events in order, and everything that can be looked up as of one of them."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from tests.oracle.events import Event, Position
from tests.oracle.functions import add_years
from tests.oracle.instants import local, micros, midnight
from tests.oracle.lexicons import Lexicon
from tests.oracle.limits import Limit
from tests.oracle.undecided import Undecided, Unsupported

ENTITIES = frozenset(
    {"event", "account", "owner", "device", "order", "payment", "request", "contract", "limit"}
)
_NOTHING = object()


class World:
    """The sorted log. Lookups scan it from the event's position backwards; their answers are kept with the event."""

    def __init__(self, events: list[Event], limits: dict[str, Limit], lexicons: dict[str, Lexicon]) -> None:
        self.by_type: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            self.by_type[event.type].append(event)
        self.limits, self.lexicons = limits, lexicons

    def add(self, fact: Event) -> None:
        """Put a derived fact at its place."""
        insort(self.by_type[fact.type], fact, key=lambda event: event.position)

    def of(self, types: tuple[str, ...]) -> list[Event]:
        """Return the events of some types in order."""
        if len(types) == 1:
            return self.by_type.get(types[0], [])
        found = [event for kind in types for event in self.by_type.get(kind, [])]
        return sorted(found, key=lambda event: event.position)

    def read(self, event: Event, name: str) -> Any:
        """Return `event.x`, `account.x`, `limit.x` and so on as of an event; raise Undecided where there is none."""
        value = event.cache.get(name)
        if value is None:
            value = event.cache[name] = self._look(event, name)
        if value is _NOTHING:
            raise Undecided(name)
        return value

    def _look(self, event: Event, name: str) -> Any:
        entity, _, attribute = name.partition(".")
        try:
            value = getattr(self, f"_{entity}")(event, attribute)
        except Undecided:
            return _NOTHING
        return _NOTHING if value is None else value

    def last(self, types: tuple[str, ...], at: Position, fits: Callable[[Event], bool]) -> Event | None:
        """Return the last event at or before a position that fits."""
        for event in reversed(self.of(types)):
            if event.position <= at and fits(event):
                return event
        return None

    def _event(self, event: Event, name: str) -> Any:
        match name:
            case "id" | "source" | "type" | "time" | "account":
                return getattr(event, name)
            case "owner":
                return self._owner_id(event)
        return event.payload(name)

    def _owner_id(self, event: Event) -> str | None:
        if event.extension is not None:
            return event.extension
        if event.account is None:
            return event.data.get("owner_id")
        return str(self._account(event, "owner_id"))

    def _account(self, event: Event, attribute: str) -> Any:
        account, at = event.account, event.position
        if account is None:
            raise Undecided("an event without an account")

        def mine(other: Event) -> bool:
            return other.account == account

        match attribute:
            case "id":
                return account
            case "kind" | "owner_id" | "staff_id" | "opened_on":
                return _registered(self.last(("account.registered",), at, mine), attribute, account)
            case "verified" | "verified_until":
                seen = self.last(("account.verified",), at, mine)
                until = "" if seen is None else str(seen.data["verified_until"])
                return until >= _date(event) if attribute == "verified" else until or None
            case "restricted":
                seen = self.last(("account.restricted", "account.unrestricted"), at, mine)
                return seen is not None and seen.type == "account.restricted"
        operators = [
            o.data["operator_id"] for o in self.of(("matrix.registered",)) if mine(o) and o.position <= at
        ]
        return operators if attribute == "operator_ids" else bool(operators)

    def _owner(self, event: Event, attribute: str) -> Any:
        owner = self.read(event, "event.owner")
        if attribute == "id":
            return owner
        if attribute == "staff_ids":
            return self._staff(owner, event.position)
        seen = self.last(("owner.registered",), event.position, lambda other: other.data["owner_id"] == owner)
        absent = {"kind": "natural", "registered": False, "vat_status": "none"}
        return (absent if seen is None else seen.data)[attribute]

    def _staff(self, owner: str, at: Position) -> list[str]:
        moves = self.of(("staff.onboarded", "staff.offboarded"))
        latest = {move.data["staff_id"]: move for move in moves if move.position <= at}
        return sorted(
            staff
            for staff, move in latest.items()
            if move.type == "staff.onboarded" and self.read(move, "event.owner") == owner
        )

    def _device(self, event: Event, attribute: str) -> Any:
        device = event.data.get("device_id")
        seen = self.last(
            ("device.registered",), event.position, lambda other: other.data["device_id"] == device
        )
        value = None if seen is None else seen.data.get(attribute)
        return bool(value) if attribute == "managed" else value

    def _order(self, event: Event, attribute: str) -> Any:
        order = event.data.get("order_id")
        seen = None
        if order is not None:
            seen = self.last(
                ("order.created",), event.position, lambda other: other.data["order_id"] == order
            )
        match attribute:
            case "exists":
                return seen is not None
            case "instalment":
                return seen is not None and {"instalment_plan_id", "contract_id"} <= seen.data.keys()
            case "moved":
                return order is not None and bool(
                    self.last(
                        ("inventory.moved",),
                        event.position,
                        lambda other: other.data.get("order_id") == order,
                    )
                )
        return None if seen is None else seen.data.get(attribute)

    def _payment(self, event: Event, attribute: str) -> Any:
        paid = event.data.get("transaction_id")
        seen = self.last(
            ("payment.received",), event.position, lambda other: other.data["transaction_id"] == paid
        )
        if seen is not None and event.time > seen.time + 366 * 86_400_000_000:
            return None  # A payment is known for a year.
        return None if seen is None else seen.data.get(attribute)

    def _request(self, event: Event, attribute: str) -> Any:
        def mine(other: Event) -> bool:
            return (other.account, other.data["request_id"]) == (event.account, event.data.get("request_id"))

        seen = self.last(("friend.request_decided",), event.position, mine)
        if seen is not None and event.time > seen.time + 31 * 86_400_000_000:
            return None  # A decision is known for a month.
        return None if seen is None else seen.data.get(attribute)

    def _contract(self, event: Event, attribute: str) -> bool:
        assert attribute == "valid", attribute
        contract = event.data.get("contract_id")
        return any(
            self._valid(q, event) for q in self._qualifications(event) if q.data["qual_id"] == contract
        )

    def _limit(self, event: Event, name: str) -> Any:
        """Read a limit: the account's own, else its owner's, else the tenant's, else the file's.

        Of each an override that has not ended goes before the profile.
        """
        limit = self.limits[name]
        owner = self._owner_id(event)
        for field, wanted in (("account", event.account), ("owner_id", owner), (None, None)):
            scoped = partial(_scoped, limit=name, field=field, wanted=wanted)
            by_hand = self.last(("override.set",), event.position, scoped)
            if by_hand is not None and not ended(by_hand, event.time):
                return limit.converted(by_hand.data["value"])
            seen = self.last(("limit_profile.set",), event.position, scoped)
            if seen is not None:
                return limit.converted(seen.data.get("value"))
        return limit.value

    def silent(self, rule: str, key: dict[str, Any], time: int, after: Position) -> bool:
        """Say whether what crosses a level of a rule and key at a place is suppressed."""
        by_name: dict[str, Event] = {}
        for event in self.of(("suppression.added", "suppression.ended")):
            if event.position <= after:
                by_name[repr((event.data["rule"], sorted(event.data["key"].items())))] = event
        return any(
            event.type == "suppression.added"
            and fnmatchcase(rule, event.data["rule"])
            and event.data["key"].items() <= key.items()
            and not ended(event, time)
            for event in by_name.values()
        )

    def call(self, event: Event, function: str, args: list[Any]) -> bool:
        """Answer a look-up function as of an event."""
        match function:
            case "hits":
                return self.lexicons[args[1]].hits(args[0])
            case "mentions":
                return self.lexicons[args[1]].mentions(args[0])
            case "qualified":
                return self.qualified(event, *args)
            case "listed":
                seen = self.last(
                    ("listed_party.added", "listed_party.removed"),
                    event.position,
                    lambda other: other.data["party_id"] == args[0],
                )
                return seen is not None and seen.type == "listed_party.added"
            case "consented":
                seen = self.last(
                    ("consent.granted", "consent.withdrawn"),
                    event.position,
                    lambda o: o.data["contact_id"] == args[0] and o.data.get("scope") in (None, args[1]),
                )
                return seen is not None and seen.type == "consent.granted"
        raise Unsupported(function)

    def qualified(self, event: Event, owner: str, kind: str, scope: str) -> bool:
        """Say whether an owner has a valid qualification of a type (and scope, unless "") as of an event."""
        return any(
            self._valid(q, event)
            for q in self._qualifications(event)
            if (q.data["owner_id"], q.data["qual_type"]) == (owner, kind)
            and scope in ("", *q.data.get("scope", []))
        )

    def _qualifications(self, event: Event) -> list[Event]:
        issued = self.of(("qualification.issued", "qualification.renewed"))
        return [q for q in issued if q.position <= event.position]

    def _valid(self, qualification: Event, event: Event) -> bool:
        data, today = qualification.data, _date(event)
        last = data.get("valid_to")
        if last is None:
            if "term_years" not in data:
                return False
            last = add_years(data["valid_from"], data["term_years"])
        revoked = self.last(
            ("qualification.revoked",), event.position, lambda other: other.data["qual_id"] == data["qual_id"]
        )
        return bool(data["valid_from"] <= today <= last) and revoked is None


def _registered(seen: Event | None, attribute: str, account: str) -> Any:
    if attribute == "opened_on":
        opened = None if seen is None else seen.data.get("opened_at")
        return None if opened is None else local(micros(opened)).date().isoformat()
    if seen is None:
        return {"kind": "personal", "owner_id": account}.get(attribute)
    return seen.data.get(attribute)


def ended(decision: Event, time: int) -> bool:
    """Say whether what people decided until an instant or a day is over."""
    until = decision.data.get("until")
    if until is None:
        return False
    return time >= (midnight(date.fromisoformat(until)) if len(until) == len("2026-03-10") else micros(until))


def _scoped(change: Event, limit: str, field: str | None, wanted: str | None) -> bool:
    if change.data["limit"] != limit:
        return False
    if field is None:
        return "account" not in change.data and "owner_id" not in change.data
    if field == "owner_id" and "account" in change.data:
        return False
    return wanted is not None and change.data.get(field) == wanted


def _date(event: Event) -> str:
    return local(event.time).date().isoformat()
