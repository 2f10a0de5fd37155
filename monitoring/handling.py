"""What people do about alerts: what they may ask for, and why it cannot be done to an alert as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from engine.instants import micros
from streams.handling import Act, Handling, Kind, possible
from streams.refusing import RefusedError
from streams.stores.sqlite_acts import Case

__all__ = ["VERBS", "Act", "Asked", "Handling", "Wish"]

VERBS: Final[dict[str, Kind]] = {
    "acknowledge": "acknowledged", "assign": "assigned", "snooze": "snoozed", "resolve": "resolved",
    "reopen": "reopened",
}  # fmt: skip
LONGEST_REASON: Final = 2_000  # Signs.
LONGEST_NAME: Final = 200
LONGEST_SNOOZE_DAYS: Final = 30
_DAY_US: Final = 24 * 3600 * 10**6
_AN_INSTANT: Final = "an instant such as 2026-04-01T09:00:00+08:00"


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert, and what whoever acts has seen of it: how many acts, and up to which record. None: whatever stands."""

    id: str
    seen: Annotated[int, msgspec.Meta(ge=0)] | None = None
    record: Annotated[int, msgspec.Meta(ge=1)] | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to do. `until` is RFC 3339."""

    kind: Kind
    by: str
    reason: str | None
    assignee: str | None
    until: str | None

    @classmethod
    def of(
        cls,
        verb: str,
        by: str,
        reason: str | None = None,
        assignee: str | None = None,
        until: str | None = None,
    ) -> Wish:
        """Check what does not depend on the alert; raises RefusedError."""
        if verb not in VERBS:
            raise RefusedError("act", repr(verb[:80]), f"one of {', '.join(VERBS)}", "name one of these")
        reason = _text("reason", reason, LONGEST_REASON, needed=verb == "resolve")
        assignee = _of("assignee", assignee, "assign", verb)
        until = _of("until", until, "snooze", verb)
        named = _text("by", by, LONGEST_NAME, needed=True)
        assert named is not None, "it is needed"
        if until is not None:
            _until_us(until)
        return cls(VERBS[verb], named, reason, assignee, until)

    def is_done(self, case: Case, handling: Handling) -> bool:
        """Return whether the same person has acknowledged it already, and has nothing to add."""
        if self.kind != "acknowledged" or handling.state != "acknowledged":
            return False
        last = next(act for _, act in reversed(case.acts) if act.kind == "acknowledged")
        return last.by == self.by and self.reason in (None, last.reason)

    def why_not(
        self, case: Case, handling: Handling, asked: Asked, clock_us: int | None
    ) -> RefusedError | None:
        """Return why it cannot be done to an alert as it stands, None where it can."""
        where = f"the alert {asked.id}"
        if case.state == "retracted":
            return RefusedError(
                where, "that it was retracted", "one that stands", "there is nothing left to do"
            )
        if asked.seen is not None and asked.seen != len(case.acts):
            found = f"{len(case.acts)} acts"
            return RefusedError(
                where, found, f"the {asked.seen} that were seen", "look again, and decide anew"
            )
        if rose(case, asked):
            found = f"that it rose: its record {case.record}"
            return RefusedError(where, found, f"the record {asked.record}", "look again, and decide anew")
        if not possible(handling.state, self.kind):
            if self.kind == "reopened":
                return RefusedError(where, f"that it is {handling.state}", "one that is resolved")
            return RefusedError(where, "that it is resolved", "one that is not", "reopen it first")
        return self._too_far(clock_us)

    def _too_far(self, clock_us: int | None) -> RefusedError | None:
        """Return why a snooze cannot end when it should."""
        if self.until is None:
            return None
        ahead = _until_us(self.until) - (clock_us or 0)
        if 0 < ahead <= LONGEST_SNOOZE_DAYS * _DAY_US:
            return None
        expected = f"an instant within the next {LONGEST_SNOOZE_DAYS} days, by the tenant's clock"
        return RefusedError("until", repr(self.until), expected, "name another")


def rose(case: Case, asked: Asked) -> bool:
    """Return whether an alert rose since the record that was seen."""
    return asked.record is not None and bool(case.rises) and case.rises[-1][1] > asked.record


def _of(name: str, value: str | None, verb: str, found: str) -> str | None:
    """Return a value that one act needs and no other has; raises RefusedError."""
    if value is not None and verb != found:
        raise RefusedError(name, f"it in {found}", f"it only in {verb}", "leave it out")
    return _text(name, value, LONGEST_NAME, needed=verb == found)


def _text(name: str, value: str | None, longest: int, *, needed: bool) -> str | None:
    """Return a text without the spaces around it, None where there is none; raises RefusedError."""
    text = (value or "").strip()
    if not text and needed:
        raise RefusedError(name, "none", f"a text of at most {longest:,} signs", "write one")
    if len(text) > longest:
        raise RefusedError(name, f"{len(text):,} signs", f"at most {longest:,}", "write it shorter")
    return text or None


def _until_us(text: str) -> int:
    try:
        return micros(text)
    except ValueError:
        raise RefusedError("until", repr(text), _AN_INSTANT, "write it with its offset") from None
