"""Acts on alerts from the console: on one from its page, on many from the list, by the name of who is logged in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from starlette.responses import RedirectResponse, Response

from engine.instants import rfc3339
from monitoring.handling import Act, Asked, Handling
from monitoring.web.acts import Acts, Done
from monitoring.web.answers import Refusal
from monitoring.web.console.pages import Pages
from monitoring.web.console.sight import Sight, seen
from monitoring.web.console.visit import Visit
from monitoring.web.desk import Clock, Desk
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

SNOOZES_H: Final = (4, 24, 72, 168)
_HOUR_US: Final = 3_600 * 10**6
_MOST_HOURS: Final = 30 * 24


class HandlingPage:
    """What is done about alerts."""

    def __init__(self, desk: Desk, pages: Pages, acts: Acts, zone: Callable[[], ZoneInfo]) -> None:
        self._desk, self._pages, self._acts, self._zone = desk, pages, acts, zone

    async def act(self, visit: Visit) -> Response:
        """Do something about alerts; show what became of each. Raises Refusal, RefusedError."""
        asked = [_asked(value) for name, value in visit.fields if name == "alert"]
        if not asked:
            raise RefusedError("the form", "no alert", "one or more", "choose some first")
        everything, form = visit.may("aml"), visit.form
        tenants = await self._desk.look(lambda reader: _tenants(reader, asked, everything=everything))
        verb = form.get("act", "")
        done = await self._acts.act(
            asked,
            verb,
            visit.user.name,
            form.get("reason", "").strip() or None,
            (form.get("assignee", "").strip() or None) if verb == "assign" else None,
            self._until(form.get("hours", ""), tenants) if verb == "snooze" else None,
        )
        if form.get("page") == "alert":
            if not visit.partial:
                return RedirectResponse(f"/alerts/{asked[0].id}", 303)
            return await self._section(visit, asked[0].id, done[0])
        response = self._pages.show(
            visit, "acted.html", done=done, written=sum(each.written for each in done)
        )
        response.headers["HX-Trigger"] = "acted"  # The rows are loaded anew.
        return response

    async def _section(self, visit: Visit, alert: str, done: Done) -> Response:
        """Show how an alert is handled now, and what came in between where nothing was done."""
        clock, everything = self._desk.clock, visit.may("aml")
        handled = await self._desk.look(
            lambda reader: handled_of(reader, alert, clock, everything=everything)
        )
        return self._pages.show(
            visit, "handling.html", handled=handled, alert=alert, done=done, snoozes=SNOOZES_H
        )

    def _until(self, hours: str, tenants: list[str]) -> str:
        """Return when a snooze ends, by the latest clock of the alerts' tenants. Raises RefusedError."""
        if not (hours.isascii() and hours.isdecimal() and 1 <= int(hours[:9]) <= _MOST_HOURS):
            raise RefusedError("hours", repr(hours[:20]), f"1 to {_MOST_HOURS}", "choose how long")
        now = max(self._desk.clock(tenant) or 0 for tenant in tenants)
        return rfc3339(now + int(hours) * _HOUR_US, self._zone())


class Handled:
    """How an alert is handled: its last record's number, its state, and all acts on it."""

    def __init__(self, record: int, handling: Handling, acts: list[Act]) -> None:
        self.record, self.handling, self.acts = record, handling, acts


def handled_of(reader: SqliteReader, alert: str, clock: Clock, *, everything: bool) -> Handled:
    """Return how an alert is handled. Raises Refusal where who asks may not see it."""
    with reader.at_once():
        last = seen(reader, alert, everything=everything)[-1]
        return Handled(last.record, reader.handled([alert], clock)[alert], list(reader.acts_of(alert)))


def _asked(value: str) -> Asked:
    """Read an alert as forms have it: its id, how many acts were seen, and up to which record. Raises RefusedError."""
    name, _, rest = value.partition(":")
    acts, _, record = rest.partition(":")
    if not all(each.isascii() and each.isdecimal() and len(each) < 10 for each in (acts, record)):
        raise RefusedError("alert", repr(value[:80]), "its id and what was seen of it", "load the page again")
    return Asked(name, int(acts), max(1, int(record)))


def _tenants(reader: SqliteReader, asked: list[Asked], *, everything: bool) -> list[str]:
    """Return whose alerts these are. Raises Refusal where one may not be seen."""
    sight = Sight.of(reader, everything=everything)
    tenants = []
    for each in asked:
        records = sight.records(reader, each.id)
        if records is None:
            raise Refusal(404, RefusedError("the alert", f"none {each.id[:80]!r}", "one of the list"))
        tenants.append(records[-1].tenant)
    return sorted(set(tenants))
