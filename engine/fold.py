"""decide(state, event): the heart. One input in, its one disposition and its records out.

The event is folded first; then the clock moves; then the timers that are due run, each a step of its own, as of its own
deadline. Nothing here reads a clock or a file, and the same inputs give the same outputs, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop
from sys import intern
from typing import Any, Final

import msgspec

from engine.alert import Record
from engine.approving import FOLLOWED, fault
from engine.clear_numbers import masked
from engine.clear_text import may_hold
from engine.correcting import NoPastError, Past, correct
from engine.decoding import Refusal, timed
from engine.dedupe import same_fact
from engine.disposition import Tally
from engine.entities import CHANGES
from engine.event import Event, UnknownEvent
from engine.intake import intake_records, refused_by
from engine.keeping import changes, follow, restore
from engine.keeping import settle as settle_changes
from engine.program import Found, Program
from engine.reprojecting import look_again
from engine.settling import settle
from engine.shadowing import apart
from engine.sweeping import sweep
from engine.switching import Switches, switch
from engine.tenant import Tenant
from engine.windows import HOUR, Zone

LATENESS_US: Final = 25 * HOUR
UNTIL: Final = ("weiguard", "until")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment decides: the zone of its days, and how late an event may come (per tenant up to 35 days)."""

    zone: str = "Asia/Shanghai"
    lateness_us: int = LATENESS_US
    lateness_of: dict[str, int] = field(default_factory=dict)
    guards: bool = True  # Off only in tests: refold every late event, guard or not.
    keep: bool = True  # Remember every alert's last record, for `standing`.


class Outcome(msgspec.Struct, gc=False):
    """What became of one input; `clock_us` is its tenant's clock after it.

    `shadows`: what rules that are shadows would say; nobody is told of it as of an alert.
    """

    disposition: str
    tenant: str
    event: Event | UnknownEvent | None
    time_us: int
    reason: str
    records: list[Record]
    clock_us: int = 0
    shadows: Sequence[Record] = ()


class Engine:
    """A program and the state of every tenant."""

    def __init__(
        self,
        program: Program,
        settings: Settings = Settings(),  # frozen
        past: Past | None = None,
    ) -> None:
        """`past` reads the log again where a correction asks for it; without it a correction raises NoPastError."""
        self.program = program
        self.past = past
        self.settings = settings
        self.tenants: dict[str, Tenant] = {}
        self.tally = Tally()
        # Says of a new tenant why its place is elsewhere; empty where it is here.
        self.elsewhere: Callable[[str], str] | None = None
        # Set where rules may change: what `rule.changed` brings. Elsewhere it is an event like any other.
        self.switches: Switches | None = None
        self._undecided = [0] * len(program.undecided)
        self._before: dict[str, int] = {}  # Counted by the rules before these.
        self._found: list[Found] = []  # Scratch of the generated functions; empty between events.
        self._zone = Zone(settings.zone)
        self._tracking = False

    @property
    def undecided(self) -> dict[str, int]:
        """Return how many expressions of each rule had no value, where any had none."""
        found = dict(self._before)
        for rule, count in zip(self.program.undecided, self._undecided, strict=True):
            if count:
                found[rule] = found.get(rule, 0) + count
        return found

    def clock(self, tenant: str) -> int | None:
        """Return a tenant's clock in UTC microseconds, None before its first event."""
        held = self.tenants.get(tenant)
        return held.clock if held is not None and held.clock >= 0 else None

    def feed(self, raw: bytes) -> Outcome:
        """Decide one input line. Never raises on bad input; raises AssertionError where the state is broken."""
        read = timed(raw)
        if read.__class__ is not tuple:
            self.tally.add("", "quarantined")
            return Outcome("quarantined", "", None, 0, str(read), [])
        event, time_us, received_us = read
        if event.listed:
            self.tally.look_at_lists(event)
        name = event.tenant
        if not name:
            return self._tick_all(event, time_us, received_us)
        tenant = self.tenants.get(name)
        if tenant is None:
            reason = self.elsewhere(name) if self.elsewhere is not None else ""
            if reason:
                self.tally.add(event.kind, "quarantined")
                return Outcome("quarantined", name, event, time_us, reason, [])
            tenant = self._tenant(name)
        moves = received_us > tenant.clock
        clock_us = received_us if moves else tenant.clock  # Where this input moves the clock.
        refusal = self._dispose(tenant, event, raw, time_us, received_us, clock_us)
        if refusal is None:
            disposition, reason = "decided", ""
            if event.kind == "rule.changed" and self.switches is not None:
                tenant, records = self._switch(tenant, event, clock_us, self.switches)
                records += self._fold(tenant, event, time_us, clock_us)
            else:
                records = self._fold(tenant, event, time_us, clock_us)
                tenant = self.tenants[name]  # A correction puts another in its place.
        else:
            disposition, reason = refusal
            records = []
        looked_at = refusal is not None or time_us > received_us or self.program.looks_at_all
        if looked_at and self.program.intake:
            records += intake_records(tenant, event, raw, disposition, time_us, received_us)
        if moves:
            tenant.clock = received_us
            if received_us >= tenant.wake_us or tenant.sweeping or tenant.seen.dying:
                records += self._advance(tenant, (event.source, event.id))
        self.tally.add(event.kind, disposition)
        shadows: Sequence[Record] = ()
        if records and tenant.program.shadows:
            records, shadows = apart(records, tenant.program.shadows)
        return Outcome(disposition, name, event, time_us, reason, records, tenant.clock, shadows)

    def track(self) -> None:
        """Keep account of what changes, so that `checkpoint` can tell; call it before anything is fed."""
        assert not self.tenants, "the engine keeps track from the beginning or not at all"
        self._tracking = True

    def checkpoint(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield (name, value) of every entry of the state that changed; None for what is gone.

        What is yielded stays changed until it is settled.
        """
        return changes(self)

    def settle(self) -> list[set[tuple[Any, ...]]]:
        """Let all that changed so far count as written; return what that was, to be let go of at leisure."""
        return settle_changes(self)

    def follow(self) -> None:
        """Do a part of the next checkpoint's work now."""
        follow(self)

    def restore(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Take the state of all entries of a checkpoint. Raises keeping.StateError where they cannot be read.

        What was seen is not among them: tell it by `recall`.
        """
        restore(self, entries)

    def recall(self, raw: bytes, clock_us: int) -> None:
        """Remember a decided input again, with the clock of its tenant after it was decided."""
        read = timed(raw)
        assert not isinstance(read, Refusal), "only what was read was decided"
        event, time_us, _ = read
        if event.tenant:
            generation = self.tenant(event.tenant).seen.generation(max(time_us, clock_us))
            generation[event.source, event.id] = raw
            natural = event.natural()
            if natural is not None:
                generation[natural] = raw

    def tenant(self, name: str) -> Tenant:
        """Return a tenant's state, begun where it is new."""
        return self.tenants.get(name) or self._tenant(name)

    def _tenant(self, name: str) -> Tenant:
        lateness = self.settings.lateness_of.get(name, self.settings.lateness_us)
        tenant = self.tenants[name] = Tenant(name, self.program, self._zone, lateness)
        tenant.guards = self.settings.guards
        tenant.keep = self.settings.keep
        if self._tracking:
            tenant.touched, tenant.recent = set(), []
        return tenant

    def _tick_all(self, event: Any, time_us: int, received_us: int) -> Outcome:
        """Move the clock of every tenant."""
        self.tally.add(event.kind, "decided")
        records, shadows = self._run_all(received_us, (event.source, event.id))
        return Outcome("decided", "", event, time_us, "", records, shadows=shadows)

    def _dispose(
        self, tenant: Tenant, event: Any, raw: bytes, time_us: int, received_us: int, clock_us: int
    ) -> tuple[str, str] | None:
        """Say why an input is not to be decided, as (disposition, reason); remember it where it is."""
        program = self.program
        if time_us > received_us or program.looks_at_all or (program.looks_inside and may_hold(raw)):
            reason = refused_by(tenant, event, raw, time_us, received_us)
            if reason:
                return "quarantined", reason
        if time_us < clock_us - tenant.lateness_us:
            tenant.lates += 1
            return "late", ""
        seen = tenant.seen
        if clock_us >= seen.until_us:
            seen.turn(clock_us)
        event.source = intern(event.source)  # Kept once, and not once an event; so are accounts.
        if event.subject is not None:
            event.subject = intern(event.subject)
        identity = (event.source, event.id)
        natural = event.natural()
        for generation in seen.generations:
            if identity in generation:
                return _copy(generation[identity], raw)
            if natural is not None and natural in generation:
                return _copy(generation[natural], raw)
        if event.kind in FOLLOWED:
            reason = fault(self.program, event)
            if reason:
                return "quarantined", masked(reason)
        generation = seen.now if time_us < seen.until_us else seen.generation(time_us)
        generation[identity] = raw
        if natural is not None:
            generation[natural] = raw
        return None

    def _fold(self, tenant: Tenant, event: Any, time_us: int, clock_us: int) -> list[Record]:
        kind = event.kind
        if kind == "correction.requested":
            return self._correct(tenant, (event.source, event.id), clock_us)
        handler = tenant.variant.handlers.get(kind)
        if kind in CHANGES:
            readers = CHANGES[kind](tenant, (time_us, event.source, event.id, ""), event)
            handler = tenant.variant.handlers.get(kind)  # Setting a limit changes how the tenant is decided.
            if handler is not None:
                handler.fold(tenant, time_us, event, self._found, self._undecided)
            if readers:
                look_again(tenant, readers)
        elif handler is not None:
            handler.fold(tenant, time_us, event, self._found, self._undecided)
        return settle(tenant, (event.source, event.id), clock_us) if tenant.changed else []

    def _switch(
        self, tenant: Tenant, event: Any, clock_us: int, switches: Switches
    ) -> tuple[Tenant, list[Record]]:
        to = switches(event.data.ruleset)
        if to is None or to.program is tenant.program:
            return tenant, []
        return switch(self, tenant, to, (event.source, event.id), clock_us)

    def use(self, program: Program) -> None:
        """Decide new tenants and what has no tenant by a program from now on."""
        if program is not self.program:
            self._before = self.undecided
            self.program, self._undecided = program, [0] * len(program.undecided)

    def _correct(self, tenant: Tenant, cause: tuple[str, str], clock_us: int) -> list[Record]:
        if self.past is None:
            raise NoPastError(
                f"tenant {tenant.name} asks for a correction; its log cannot be read again here"
            )
        return correct(self, tenant, self.past, cause, clock_us)

    def fresh(self, name: str) -> Tenant:
        """Return a tenant's state as it begins, in nobody's place."""
        held = self.tenants.pop(name)
        made = self._tenant(name)
        made.keep = True
        self.tenants[name] = held
        return made

    def refold(self, tenant: Tenant, raw: bytes, time_us: int) -> None:
        """Fold one input of the log at its own time, whatever became of it when it came; what it finds is not said."""
        read = timed(raw)
        assert not isinstance(read, Refusal), "only what can be read is folded"
        event: Any = read[0]
        wrong = event.kind in FOLLOWED and fault(self.program, event)
        if event.kind != "correction.requested" and not wrong:
            self._fold(tenant, event, time_us, tenant.clock)
        self.run_on(tenant, time_us)

    def run_on(self, tenant: Tenant, clock_us: int) -> None:
        """Let a tenant's clock run on without saying what it finds."""
        self._run_to(tenant, clock_us, UNTIL)

    def _advance(self, tenant: Tenant, cause: tuple[str, str]) -> list[Record]:
        """Run what the clock has passed, in the order of deadline, rule and key; forget what is out of reach."""
        timers, clock_us = tenant.timers, tenant.clock
        records: list[Record] = []
        while timers and timers[0][0] < clock_us:
            timer = heappop(timers)
            tenant.ring(timer, self._found, self._undecided)
            if tenant.changed:
                records += settle(tenant, cause, clock_us, timer=True)
        sweep(tenant)
        tenant.set_alarm()
        return records

    def _run_to(self, tenant: Tenant, clock_us: int, cause: tuple[str, str]) -> list[Record]:
        if clock_us <= tenant.clock:
            return []
        tenant.clock = clock_us
        return self._advance(tenant, cause)

    def until(self, time_us: int) -> list[Record]:
        """Let every tenant's clock run on to an instant; return what is said."""
        return self._run_all(time_us, UNTIL)[0]

    def _run_all(self, clock_us: int, cause: tuple[str, str]) -> tuple[list[Record], list[Record]]:
        records: list[Record] = []
        shadows: list[Record] = []
        for name in sorted(self.tenants):
            tenant = self.tenants[name]
            said, would_be = apart(self._run_to(tenant, clock_us, cause), tenant.program.shadows)
            records += said
            shadows += would_be
        return records, shadows

    def standing(self, tenant: str | None = None) -> list[Record]:
        """Return the standing alerts' last records, sorted by id; needs `Settings.keep`."""
        found = [record for held in self._held(tenant) for record in held.stands()]
        return sorted(found, key=lambda record: (record.id, record.tenant))

    def _held(self, tenant: str | None) -> Iterable[Tenant]:
        return self.tenants.values() if tenant is None else filter(None, [self.tenants.get(tenant)])


def _copy(first: bytes, raw: bytes) -> tuple[str, str]:
    """Compare a copy with the input that came first: every field that both have must be the same."""
    differing = same_fact(first, raw)
    if not differing:
        return "duplicate", ""
    return "conflict", f"differs from the first of its name in {', '.join(differing)}"
