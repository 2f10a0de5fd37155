"""The list of alerts, and how many are new since it was loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from starlette.responses import Response

from engine.alert import Record
from engine.program import LEVELS
from monitoring.web.console.guard import Guard
from monitoring.web.console.handling_page import SNOOZES_H
from monitoring.web.console.listing import SORTS, Listed, View, key_text, listed
from monitoring.web.console.pages import Pages
from monitoring.web.console.sight import Sight
from monitoring.web.console.visit import Visit
from monitoring.web.desk import Desk
from monitoring.web.feed import Feed
from streams.handling import STATES
from streams.stores.sqlite_reading import SqliteReader

_LEVELS: Final = tuple(reversed(LEVELS[1:]))  # The gravest first.


class ListPage:
    """The alerts that stand, for those who watch them."""

    def __init__(
        self, desk: Desk, pages: Pages, feed: Feed, guard: Guard, zone: Callable[[], ZoneInfo]
    ) -> None:
        self._desk, self._pages, self._feed, self._guard = desk, pages, feed, guard
        self._zone = zone  # In which days begin.

    async def page(self, visit: Visit) -> Response:
        """Show a page of the list, or for htmx its rows alone. Raises RefusedError."""
        view = View.of(visit.request.query_params, self._zone())
        everything, clock = visit.may("aml"), self._desk.clock

        def read(reader: SqliteReader) -> tuple[Listed, list[str], int]:
            sight = Sight.of(reader, everything=everything)
            newest = reader.told.leaf(
                reader.told.newest()
            )  # Before the page is read: none is missed in between.
            return listed(reader, view, sight, clock), reader.listing.tenants(), newest

        found, tenants, newest = await self._desk.look(read)
        return self._pages.show(
            visit,
            "rows.html" if visit.partial else "list.html",
            view=view,
            found=found,
            tenants=tenants,
            newest=newest,
            levels=_LEVELS,
            sorts=SORTS,
            states=STATES,
            snoozes=SNOOZES_H,
            key_text=key_text,
            given=visit.request.query_params,
        )

    async def feed(self, visit: Visit) -> Response:
        """Answer with the records of a view as they are committed, for as long as who asks is logged in."""
        view = View.of(visit.request.query_params, self._zone())
        session, everything = visit.session, visit.may("aml")
        assert session is not None, "only who is logged in comes here"
        sight = await self._desk.look(lambda reader: Sight.of(reader, everything=everything))

        def asks_for(reader: SqliteReader, record: Record) -> bool:
            return view.asks_for(record) and sight.shows(reader, record)

        return await self._feed.stream(visit.request, asks_for, lambda: self._guard.stands(session))
