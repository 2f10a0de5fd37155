"""Who owned what, as of when: timelines of accounts, owners, devices, orders and all else that is looked up.

Each entity is a line of snapshots, one after every event that changed it. An event reads the newest snapshot at or
before its own position.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any, Final, Literal, TypeAlias

from engine.program import TIME, Position
from engine.windows import DAY

Snapshot: TypeAlias = tuple[Any, ...]
# What an event does to an entity: set a field; add to or drop from a set (a sorted tuple); put a (name, value) into a
# mapping.
Edit: TypeAlias = tuple[Literal["set", "add", "drop", "put"], int, Any]

# In order: kind, owner_id, staff_id, verified_until, opened_on, matrix_registered, operator_ids, restricted.
ACCOUNT: Final[Snapshot] = ("personal", None, None, None, None, False, (), False)
# (kind, registered, vat_status, staff_ids, licences, revoked); licences hold (qual_id, type, scope, from, to).
OWNER: Final[Snapshot] = ("natural", False, "none", (), (), ())
# In order: managed, owner_id.
DEVICE: Final[Snapshot] = (False, None)
# In order: exists, total_fen, instalment, buyer_id, moved.
ORDER: Final[Snapshot] = (False, None, False, None, False)
REFUNDABLE_US: Final = 366 * DAY  # A payment is refunded within a year; who asks later finds nothing.
# A request lapses after three days; its decision is known for a month.
DECIDED_US: Final = 31 * DAY
# In order: decision, and when it was made.
REQUEST: Final[Snapshot] = (None, 0)
# In order: amount_fen, payer_id, code_kind, order_id.
PAYMENT: Final[Snapshot] = (None, None, None, None)
# (periods, revoked); periods hold (from, to) of each time it was issued or renewed.
CONTRACT: Final[Snapshot] = ((), False)
# One mapping of a contact's: scope ("" for any that has no entry) → whether consent stands.
CONSENT: Final[Snapshot] = ({},)
# Of a party: whether it is on a list.
LISTING: Final[Snapshot] = (False,)
# One mapping: limit name → the value a tenant set for this account, owner or the whole tenant; of an override, that
# value with its end in UTC microseconds or None.
LIMITS: Final[Snapshot] = ({},)
# Of a rule and key: whether its alerts are suppressed, and until when (UTC microseconds, None: for good).
SUPPRESSION: Final[Snapshot] = (False, None)


# How long what an event said once is known; all else stays.
KNOWN_US: Final = {"payment": REFUNDABLE_US, "request": DECIDED_US}
FADING: Final = tuple(KNOWN_US)


class Timeline:
    """One entity over time."""

    __slots__ = ("_base", "_edits", "_marks", "_snapshots", "last_time", "now")

    def __init__(self, base: Snapshot) -> None:
        self._base = base
        self._marks: list[Position] = []
        self._edits: list[tuple[Edit, ...]] = []
        self._snapshots: list[Snapshot] = []
        self.now = base
        self.last_time = -1  # Of the newest change; an event after it reads `now`.

    def at(self, position: Position) -> Snapshot:
        """Return the snapshot as of a position."""
        index = bisect_right(self._marks, position)
        return self._snapshots[index - 1] if index else self._base

    def change(self, position: Position, edits: tuple[Edit, ...]) -> None:
        """Enter a change."""
        index = bisect_left(self._marks, position)
        self._marks.insert(index, position)
        self._edits.insert(index, edits)
        self._refold(index)

    def _refold(self, index: int) -> None:
        snapshot = self._snapshots[index - 1] if index else self._base
        del self._snapshots[index:]
        for edits in self._edits[index:]:
            snapshot = edited(snapshot, edits)
            self._snapshots.append(snapshot)
        self.now = snapshot
        self.last_time = self._marks[-1][TIME]

    def history(self) -> list[tuple[Position, tuple[Edit, ...]]]:
        """Return every change, oldest first; `restore` takes it back."""
        return list(zip(self._marks, self._edits, strict=True))

    def restore(self, history: list[tuple[Position, tuple[Edit, ...]]]) -> None:
        """Take the changes of a checkpoint."""
        self._marks = [mark for mark, _ in history]
        self._edits = [edits for _, edits in history]
        if history:
            self._refold(0)


class Fact(Timeline):
    """What one event said once and for all, such as a payment: lean, for there are as many as events.

    Its one change sets every field, in their order.
    """

    __slots__ = ("_place",)

    def __init__(self, base: Snapshot) -> None:
        self._base = self.now = base
        self._place: Position | None = None
        self.last_time = -1

    def at(self, position: Position) -> Snapshot:
        """Return what was known as of a position."""
        return self.now if self._place is not None and self._place <= position else self._base

    def say(self, position: Position, said: Snapshot) -> None:
        """Enter what is said; of what is said twice the first counts."""
        if self._place is None or position < self._place:
            self._place, self.last_time = position, position[TIME]
            self.now = said

    def change(self, position: Position, edits: tuple[Edit, ...]) -> None:
        """Enter a change, which sets all."""
        self.say(position, tuple([value for _, _, value in edits]))

    def history(self) -> list[tuple[Position, tuple[Edit, ...]]]:
        """Return the one change; `restore` takes it back."""
        told: tuple[Edit, ...] = tuple(("set", at, value) for at, value in enumerate(self.now))
        return [] if self._place is None else [(self._place, told)]

    def restore(self, history: list[tuple[Position, tuple[Edit, ...]]]) -> None:
        """Take the change of a checkpoint."""
        for position, edits in history:
            self.change(position, edits)


def edited(snapshot: Snapshot, edits: tuple[Edit, ...]) -> Snapshot:
    """Return a snapshot with edits applied."""
    fields = list(snapshot)
    for verb, at, value in edits:
        if verb == "set":
            fields[at] = value
        elif verb == "add":
            fields[at] = tuple(sorted({*fields[at], value}, key=repr))
        elif verb == "drop":
            fields[at] = tuple(item for item in fields[at] if item != value)
        else:
            fields[at] = {**fields[at], value[0]: value[1]}
    return tuple(fields)


def in_force(contract: Timeline | None, place: Position, day: str) -> bool:
    """Return whether a contract, as it was known at a place, is valid on a day (YYYY-MM-DD)."""
    periods, revoked = contract.at(place) if contract is not None else CONTRACT
    return not revoked and any(ends is not None and begins <= day <= ends for begins, ends in periods)


def consented(contact: Timeline | None, place: Position, scope: str) -> bool:
    """Return whether a contact's consent of a scope stood at a place."""
    (held,) = contact.at(place) if contact is not None else CONSENT
    return bool(held.get(scope, held.get("", False)))


def listed(party: Timeline | None, place: Position) -> bool:
    """Return whether a party stood on a list at a place."""
    return bool(party.at(place)[0]) if party is not None else False


def qualified(owner: Snapshot, kind: str, scope: str, day: str) -> bool:
    """Return whether an owner holds a licence of a kind that covers a scope ("" for any) on a day (YYYY-MM-DD)."""
    for name, licence, scopes, begins, ends in owner[4]:  # a generator costs twice as much
        if (
            licence == kind
            and ends is not None
            and begins <= day <= ends
            and (scope == "" or scope in scopes)
            and name not in owner[5]
        ):
            return True
    return False
