"""Which records of a database wait for which route: each route reads on from its place, at its own pace.

A place is an input, which a refold leaves where it is: what is only told anew is not delivered anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from engine.alert import Record
from monitoring.delivery.letters import Item
from monitoring.delivery.routes import Route
from monitoring.delivery.waiting import New, Queue, Waiting
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader
from streams.stores.sqlite_told import Told

BACKLOG: Final = 10_000  # Records of a route that wait; the rest waits in the log.
PAGE: Final = 500
_RECORD: Final = msgspec.json.Decoder(Record)


class _Face(msgspec.Struct):
    """What a message says of a rule."""

    pack: str = ""
    title: dict[str, str] = {}


_FACE: Final = msgspec.json.Decoder(_Face)


class Shelf:
    """A database that is looked at, with the rules it has named so far."""

    def __init__(self, reader: SqliteReader) -> None:
        self._reader = reader
        self._faces: dict[str, _Face] = {}

    def read_on(self, route: Route, queue: Queue) -> int:
        """Let what a route asks for wait; return how many records that were.

        Raises RefusedError where the database is not the one that was read before.
        """
        last = self._reader.last  # Looked at first: what these inputs wrote is there from now on.
        place = queue.place(route.name)
        if place is None:
            place = 0 if route.from_start else last
            queue.put(route.name, place, ())
        if place > last:
            found = f"{last:,} inputs where the route {route.name} has read {place:,}"
            mend = f"name the database it was, or move {queue.path} away: routes then begin anew"
            raise RefusedError(str(self._reader.path), found, "the database that was read before", mend)
        if place == last:
            return 0
        added, room = 0, BACKLOG - queue.alive(route.name)
        while room > 0:
            page = self._page(place)
            if not page:
                queue.put(route.name, last, ())
                break
            found_ = [New(r.id, r.record, r.rule, r.level) for r in self._asked(route, page)]
            place = page[-1].input
            queue.put(route.name, place, found_)
            added, room = added + len(found_), room - len(found_)
        return added

    def _page(self, place: int) -> list[Told]:
        """Return the next records, all or none of what an input wrote."""
        begin, most = self._reader.told.of_inputs(place), PAGE
        while True:
            page = self._reader.told.after(begin, most)
            if len(page) < most:
                return page
            whole = [told for told in page if told.input < page[-1].input]
            if whole:
                return whole
            most *= 2

    def _asked(self, route: Route, page: list[Told]) -> list[Record]:
        records = (_RECORD.decode(told.body) for told in page)
        return [each for each in records if route.asks_for(each, self._face(each.rule).pack)]

    def item(self, message: Waiting) -> Item | None:
        """Return the record of a message; None where there is none any more."""
        return self.record(message.alert, message.record)

    def record(self, alert: str, number: int) -> Item | None:
        """Return a record of an alert by its number; None where there is none."""
        for stored in self._reader.of_alert(alert):
            if stored.alert == alert and stored.record == number:
                record = _RECORD.decode(stored.body)
                face = self._face(record.rule)
                return Item(record, stored.body, face.pack, face.title)
        return None

    def resolved(self, alerts: Iterable[str]) -> frozenset[str]:
        """Return which of some alerts people have resolved."""
        found = self._reader.handled(alerts, lambda _: None)
        return frozenset(alert for alert, handling in found.items() if handling.state == "resolved")

    def _face(self, rule: str) -> _Face:
        if rule not in self._faces:
            text = self._reader.rule(rule)
            self._faces[rule] = _FACE.decode(text) if text is not None else _Face()
        return self._faces[rule]
