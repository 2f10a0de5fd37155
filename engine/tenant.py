"""All that is remembered of one tenant: its clock, its entities, its cells, what it has seen and what stands.

The tenant is the unit of ordering and isolation. Everything here is a function of the tenant's log; nothing is shared
between tenants but the program.
"""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING, Any, Final

from engine.arrivals import Arrivals
from engine.boundaries import meet
from engine.cells import Cell
from engine.deadlines import ring
from engine.program import TIME, CellClass, Contribution, Found, Key, Position, Program, Variant
from engine.reference import (
    ACCOUNT,
    CONSENT,
    CONTRACT,
    DEVICE,
    FADING,
    KNOWN_US,
    LIMITS,
    LISTING,
    ORDER,
    OWNER,
    PAYMENT,
    REQUEST,
    SUPPRESSION,
    Fact,
    Snapshot,
    Timeline,
)  # fmt: skip
from engine.ripening import ripen
from engine.seen import Seen
from engine.windows import HOUR, Zone

if TYPE_CHECKING:
    from engine.alert import Record

_FOREVER: Final = 1 << 62  # Microseconds.
BASES: Final[dict[str, Snapshot]] = {
    "account": ACCOUNT,
    "owner": OWNER,
    "device": DEVICE,
    "order": ORDER,
    "payment": PAYMENT,
    "request": REQUEST,
    "contract": CONTRACT,
    "consent": CONSENT,
    "listing": LISTING,
    "limits": LIMITS,
    "suppression": SUPPRESSION,
}


def line_of(kind: str) -> Timeline:
    """Return the timeline of an entity of which nothing is known yet."""
    return (Fact if kind == "payment" else Timeline)(BASES[kind])


class Tenant:
    """One tenant's state."""

    def __init__(self, name: str, program: Program, zone: Zone, lateness_us: int) -> None:
        self.name = name
        self.program = program
        self.variant: Variant = program.constant
        self.zone = zone
        self.lateness_us = lateness_us
        self.clock = -1
        self.seen = Seen(lateness_us)
        self.accounts: dict[str, Timeline] = {}
        self.owners: dict[str, Timeline] = {}
        self.devices: dict[str, Timeline] = {}
        self.orders: dict[str, Timeline] = {}
        self.payments: dict[str, Fact] = {}
        self.requests: dict[tuple[str | None, str], Timeline] = {}  # By account and number.
        self.contracts: dict[str, Timeline] = {}  # By the qualification's id.
        self.consents: dict[str, Timeline] = {}  # By contact.
        self.listings: dict[str, Timeline] = {}  # By party.
        # By "account:A1", "owner:O1" or "", and what an override sets by the same names after SCOPE.
        self.limits: dict[str, Timeline] = {}
        self.suppressions: dict[str, Timeline] = {}  # By rule and key, see engine/approving.py.
        self._entities: dict[str, dict[Any, Timeline]] = {
            kind: getattr(self, kind if kind == "limits" else f"{kind}s") for kind in BASES
        }
        self.licence_owners: dict[
            str, tuple[str, ...]
        ] = {}  # Who held a licence, to find whom a revocation touches.
        self.revoked: dict[str, list[Position]] = {}  # Where a licence was revoked.
        self.cells: list[dict[Key, Any]] = [{} for _ in range(program.cell_kinds)]
        self.plain = Cell(())
        self.standing: dict[
            tuple[int, Key, Any], Record
        ] = {}  # (case, key, group) → the last record written.
        self.facts: dict[tuple[int, Key, Any], tuple[Contribution, ...]] = {}
        self.changed: dict[
            tuple[int, Any, Any, Any], bool
        ] = {}  # (case, cell, sub, group) → whether the past moved.
        self.timers: list[tuple[Any, ...]] = []
        self.timers_set = 0
        # By place of a case judged at boundaries: key → the window at whose end it is judged next.
        self.ahead: dict[int, dict[Key, tuple[int, int]]] = {place: {} for place in program.every_of}
        # By place of a delay: instant → the events that enter once the clock is past it.
        self.waiting: dict[int, dict[int, list[Contribution]]] = {place: {} for place in program.ripening_of}
        self.again: dict[tuple[int, Position], int] = {}  # How often one waits, where more than once.
        self.wake_us = 0  # Before this instant of the clock there is nothing to do.
        self.due: dict[int, list[tuple[int, Any]]] = {}  # Hour → cells to look at for what they can forget.
        self.due_hour = -1
        self.sweeping: list[tuple[int, Any]] = []
        self.refolds = 0
        self.lates = 0  # Inputs that came later than lateness, and how many of them a correction has folded.
        self.corrected = 0
        # After a change of rules: what earlier ones said and these do not find, as long as it can change, by id; and
        # the clock when each rule that changed did so.
        self.inherited: dict[str, Record] = {}
        self.changed_us: dict[str, int] = {}
        self.guards = True
        self.keep = True
        self.mute = [0] * len(program.undecided)  # Where judging again counts what it could not decide.
        self.derived: list[Contribution] = []
        self.arrived = Arrivals()
        self.loose: dict[
            Position, Contribution
        ] = {}  # Those of them that no cell holds; only where state is kept.
        # Entries changed since a checkpoint (of a cell: its place and key), and the contributions whose cells are not
        # noted there yet; None where nobody keeps any.
        self.touched: set[tuple[Any, ...]] | None = None
        self.recent: list[Contribution] | None = None
        # The latest time of what came before the last checkpoint, and of all that is noted: no checkpoint has a
        # contribution alone in its cell that is later.
        self.kept_us = _FOREVER
        self.noted_us = -1

    def entities(self, kind: str) -> dict[Any, Timeline]:
        """Return the timelines of one kind of entity."""
        return self._entities[kind]

    def entity(self, kind: str, name: Any) -> Timeline:
        """Return one entity's timeline, begun where it is new."""
        lines = self.entities(kind)
        line = lines.get(name)
        if line is None:
            line = lines[name] = line_of(kind)
            if kind in FADING:
                self._look_at_its_end(kind, name)
        return line

    def payment(self, name: str) -> Fact:
        """Return what is known of a payment, begun where it is new. Most events are one, so it has its own way."""
        line = self.payments.get(name)
        if line is None:
            line = self.payments[name] = Fact(PAYMENT)
            self._look_at_its_end("payment", name)
        return line

    def _look_at_its_end(self, kind: str, name: Any) -> None:
        ends = max(self.clock, 0) + KNOWN_US[kind] + self.lateness_us
        self.look_again(-1 - FADING.index(kind), name, ends)

    def cell(self, cls: CellClass, key: Key, at_us: int) -> Any:
        """Return a key's cell, made where it is new."""
        cells = self.cells[cls.index]
        found = cells.get(key)
        if found is None:
            found = cells[key] = cls.make(key)
            self.look_again(cls.index, key, at_us + cls.tail_us + self.lateness_us)
        elif found.__class__ is tuple:
            assert cls.open is not None, "only a class that opens holds bare contributions"
            found = cls.open(self, key, found)
        return found

    def touch(self, index: int, key: Key) -> None:
        """Note that a cell changed otherwise than by an event in order."""
        if self.touched is not None:
            self.touched.add((index, key))

    def look_again(self, index: int, key: Any, at_us: int) -> None:
        """Ask for a cell (or, with a negative index, an entity) to be swept once the clock is past an instant."""
        hour = at_us // HOUR + 1
        if hour <= self.due_hour:
            hour = self.due_hour + 1
        waiting = self.due.get(hour)
        if waiting is None:
            self.due[hour] = [(index, key)]
        else:
            waiting.append((index, key))

    def readers_of(self, kind: str, name: str, after: Position) -> list[Contribution]:
        """Return the contributions that looked an entity up after a place."""
        if after[TIME] > self.arrived.newest_us:
            return []
        columns = self.program.reader_columns.get(kind)
        if columns is None:  # By what they look it up stands in no column: all may have.
            return list(self.arrived.after(after))
        return list(self.arrived.readers(kind, columns, name, after))

    def set_alarm(self) -> None:
        """Note when the clock next has something to do: a timer, or the next hour's sweeping."""
        hour = (self.due_hour + 1) * HOUR
        self.wake_us = min(hour, self.timers[0][0]) if self.timers else hour

    def set_timer(self, order: tuple[Any, ...], key: Key | None, armed: Contribution | None) -> None:
        """Wake up once the clock is past an instant. `order`: it, rule, key and level, then the place it is for."""
        self.timers_set += (
            1  # Two timers for one thing are equal up to here, and their order does not matter.
        )
        heappush(self.timers, (*order, self.timers_set, key, armed))
        self.wake_us = min(self.wake_us, order[0])

    def ring(self, timer: tuple[Any, ...], found: list[Found], undecided: list[int]) -> None:
        """Let a timer decide what it stands for."""
        at_us, place, key, armed = timer[0], timer[4], timer[-2], timer[-1]
        program = self.program
        if place in program.deadline_of:
            ring(self, program.deadline_of[place], key, armed, at_us)
        elif place in program.every_of:
            meet(self, program.every_of[place], key, at_us, found, undecided)
        else:
            ripen(self, program.ripening_of[place], at_us, found, undecided)

    def stands(self) -> list[Record]:
        """Return the last record of every alert that stands and is written."""
        faces = self.program.faces
        return [
            record
            for (index, _, _), record in self.standing.items()
            if record.state != "retracted" and faces[index].written and not faces[index].shadow
        ]
