"""What goes now, and what becomes of it: the queue and the routes put together, without a clock or a network.

Whoever drives it asks what is due, sends it, and says how that ended. What is on its way is remembered here alone: a
process that goes on after another sends it again, under the same name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

from monitoring.delivery import alertmanager, wecom
from monitoring.delivery.choosing import Shelf
from monitoring.delivery.formats import FORMATS
from monitoring.delivery.letters import Item, Letter
from monitoring.delivery.outcomes import Dead, Delivered, Failed, Outcome, backoff_us
from monitoring.delivery.routes import Route, Routes
from monitoring.delivery.waiting import Queue, Standing, Waiting

OUTCOMES: Final = ("delivered", "retried", "dead", "digested")
_PAUSE_US: Final = (100_000, 10 * 10**6)  # Of a route on which all fails: at first, and at most.
_AGAIN_US: Final = 10 * 10**6  # Until Alertmanager is told again what it would not hear.
_GONE: Final = "the record is no more: the log was folded anew"


@dataclass(slots=True)
class _Way:
    """What is known of a route in this process alone."""

    route: Route
    lane: str  # What its limit counts: two routes to one robot have one.
    held_until_us: int = 0
    failures: int = 0  # In a row.
    flying: dict[int, Waiting] = field(default_factory=dict)
    telling: bool = False  # Whether Alertmanager is being told again.

    @property
    def busy(self) -> int:
        return len(self.flying) + self.telling


class Dispatcher:
    """All routes on one queue. Instants are UTC microseconds."""

    def __init__(
        self,
        routes: Routes,
        queue: Queue,
        shelf: Callable[[], AbstractContextManager[Shelf]],
        chance: Callable[[], float],
    ) -> None:
        """`shelf` opens the database to look at it once; `chance` gives numbers in [0, 1)."""
        self._routes, self._queue, self._shelf, self._chance = routes, queue, shelf, chance
        lanes: dict[str, str] = {}
        self._ways = [_Way(each, lanes.setdefault(each.to.url, f"to {each.name}")) for each in routes.routes]
        self.counts: Counter[tuple[str, str]] = Counter()
        for each in routes.routes:
            self.counts.update({(each.name, outcome): 0 for outcome in OUTCOMES})

    @property
    def flying(self) -> int:
        """How many messages are on their way."""
        return sum(way.busy for way in self._ways)

    def read_on(self) -> int:
        """Let new records wait; return how many. Raises RefusedError where the database is another."""
        with self._shelf() as shelf:
            return sum(shelf.read_on(way.route, self._queue) for way in self._ways)

    def due(self, now_us: int) -> list[Letter]:
        """Return what is to be sent now; each must be settled."""
        chosen = [(way, message) for way in self._ways for message in self._chosen(way, now_us)]
        again = [(way, stands) for way in self._ways if (stands := self._stands(way, now_us))]
        if not chosen and not again:
            return []
        self._queue.depart((message for _, message in chosen), now_us)
        with self._shelf() as shelf:
            letters = [self._letter(way, message, shelf, now_us) for way, message in chosen]
            letters += [self._again(way, stands, shelf, now_us) for way, stands in again]
        return [letter for letter in letters if letter is not None]

    def _chosen(self, way: _Way, now_us: int) -> list[Waiting]:
        """Return the messages of a route that may go now."""
        route, queue = way.route, self._queue
        room = route.at_once - way.busy
        if route.to.kind == "wecom":
            most, span_us = wecom.RATE
            flying = sum(each.busy for each in self._ways if each.lane == way.lane)
            room = min(room, most - flying - queue.attempts(way.lane, now_us - span_us))
        if room <= 0 or now_us < way.held_until_us:
            return []
        levels = route.let_through(now_us)
        if route.digest is not None:
            self._gather(way, levels, now_us)
        chosen: list[Waiting] = []
        for message in queue.heads(route.name, now_us, levels, room + len(way.flying)):
            if len(chosen) == room:
                break
            if message.id not in way.flying and self._admitted(way, message, now_us):
                way.flying[message.id] = message
                chosen.append(message)
        return chosen

    def _gather(self, way: _Way, levels: tuple[str, ...] | None, now_us: int) -> None:
        """Make a digest of what waits, where it is time for one."""
        rule, name = way.route.digest, way.route.name
        assert rule is not None, "asked for routes that have one"
        since_us, last_us = self._queue.gathers(name)
        if since_us is None or now_us < max(since_us + rule.within_us, last_us + rule.every_us):
            return
        alerts = {message.alert for message in way.flying.values()}
        self._queue.gather(name, now_us, levels, alerts)

    def _admitted(self, way: _Way, message: Waiting, now_us: int) -> bool:
        """Return whether a message may go by itself; if not, its route gathers from now on."""
        rule, name = way.route.digest, way.route.name
        if rule is None or message.parts or message.attempts:
            return True
        since_us, _ = self._queue.gathers(name)
        if since_us is not None:
            return False
        flying = sum(1 for each in way.flying.values() if not each.attempts and not each.parts)
        went = self._queue.attempts(name, now_us - rule.within_us, first=True)
        if flying + went < rule.after:
            return True
        self._queue.gathers(name, now_us)
        return False

    def _letter(self, way: _Way, message: Waiting, shelf: Shelf, now_us: int) -> Letter | None:
        """Write a message, or bury it where what it speaks of is no more."""
        route, queue = way.route, self._queue
        parts = [message]
        if message.parts:
            parts = queue.parts_of(message.id, FORMATS[route.to.kind].PARTS)
        items = tuple(item for part in parts if (item := shelf.item(part)) is not None)
        if not items and not message.parts:
            self._end(way, message, Dead(_GONE), now_us)
            return None
        return Letter(
            route,
            message.name,
            message.attempts + 1,
            now_us,
            items,
            message,
            tuple(queue.counts_of(message.id)) if message.parts else (),
            before=queue.standing(route.name, message.alert) if route.to.kind == "alertmanager" else None,
            console=self._routes.console,
        )

    def _stands(self, way: _Way, now_us: int) -> list[Standing]:
        """Return what Alertmanager is to be told again, when nothing new is on its way there."""
        route = way.route
        if route.to.kind != "alertmanager" or way.busy or now_us < way.held_until_us:
            return []
        return self._queue.stands(route.name, now_us, alertmanager.AT_A_TIME)

    def _again(self, way: _Way, stands: list[Standing], shelf: Shelf, now_us: int) -> Letter | None:
        found = {each.alert: shelf.record(each.alert, each.record) for each in stands}
        items: tuple[Item, ...] = tuple(item for item in found.values() if item is not None)
        name = way.route.name
        self._queue.told(
            name, (alert for alert, item in found.items() if item is None), now_us + 3_600 * 10**6
        )
        if not items:
            return None
        way.telling = True
        resolved = shelf.resolved(found)
        return Letter(way.route, "again", 1, now_us, items, resolved=resolved, console=self._routes.console)

    def settle(self, letter: Letter, outcome: Outcome, now_us: int) -> Outcome:
        """Take note of how an attempt ended; return what it comes to: who has tried for too long gives up."""
        way = next(each for each in self._ways if each.route.name == letter.route.name)
        self._pause(way, outcome, now_us)
        if letter.message is None:
            way.telling = False
            wait_us = way.route.again_us if isinstance(outcome, Delivered) else _AGAIN_US
            self._queue.told(way.route.name, (item.record.id for item in letter.items), now_us + wait_us)
            return outcome
        return self._end(way, letter.message, outcome, now_us, letter)

    def _pause(self, way: _Way, outcome: Outcome, now_us: int) -> None:
        """Leave a receiver alone that asks for it, or on which one message after another fails."""
        if not isinstance(outcome, Failed):
            way.failures = 0
            return
        least_us, most_us = _PAUSE_US
        pause_us = min(most_us, least_us << min(way.failures, 20)) if way.failures else 0
        way.failures += 1
        for each in self._ways:
            if each.lane == way.lane:
                each.held_until_us = max(each.held_until_us, now_us + max(pause_us, outcome.hold_us))

    def _end(
        self, way: _Way, message: Waiting, outcome: Outcome, now_us: int, letter: Letter | None = None
    ) -> Outcome:
        route, lanes = way.route, (way.route.name, way.lane)
        if isinstance(outcome, Delivered):
            assert letter is not None, "what was delivered was sent"
            self._queue.taken(message, lanes, now_us, _told(letter, now_us))
        else:
            if isinstance(outcome, Failed):
                wait_us = max(outcome.hold_us, backoff_us(message.attempts + 1, self._chance))
                if now_us + wait_us > (message.first_us or now_us) + route.give_up_us:
                    outcome = Dead(f"{outcome.reason}, {message.attempts + 1:,} times")
            after = outcome.reason if isinstance(outcome, Dead) else now_us + wait_us
            self._queue.refused(message, lanes, now_us, after)
        del way.flying[message.id]
        self._tally(route.name, message, outcome)
        return outcome

    def _tally(self, name: str, message: Waiting, outcome: Outcome) -> None:
        """Count what became of records, those of a digest by their number."""
        records = message.parts or 1
        match outcome:
            case Delivered():
                self.counts[name, "digested" if message.parts else "delivered"] += records
            case Failed():
                self.counts[name, "retried"] += 1
            case Dead():
                self.counts[name, "dead"] += records


def _told(letter: Letter, now_us: int) -> Standing | None:
    """Return what Alertmanager is to be told again; nothing of what is over, and nothing for other receivers."""
    if letter.route.to.kind != "alertmanager":
        return None
    record = letter.items[0].record
    if record.state == "retracted":
        return None
    route = letter.route
    return Standing(record.id, record.record, record.level, now_us + route.again_us, now_us + route.keep_us)
