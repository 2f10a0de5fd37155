"""`GET /v1/alerts`: the alerts that stand or every record, the newest first, in pages; `GET /v1/alerts/ID`: one."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.alert import Record
from monitoring.filtering import Filters, Handled
from monitoring.web.access import Access
from monitoring.web.answers import Refusal, answer
from monitoring.web.asking import FILTERS, HANDLED, check_names, filters_of, handled_of, whole_of
from monitoring.web.desk import Clock, Desk
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

MOST: Final = 1_000  # Alerts of a page.
_RECORD: Final = msgspec.json.Decoder(Record)


class _Named(msgspec.Struct):
    id: str


_ID: Final = msgspec.json.Decoder(_Named)


class Alerts:
    """Alerts for those who look now and then."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self._desk, self._access = desk, access

    async def page(self, request: Request) -> Response:
        """Answer with `alerts`, with `handling` by their ids, and with `next`, the cursor of the next page, or null."""
        token = self._access.check(request, "read")
        check_names(request, *FILTERS, *HANDLED, "limit", "cursor")
        filters, handled = filters_of(request, token), handled_of(request)
        limit = whole_of(request, "limit", 100, 1, MOST)
        before = whole_of(request, "cursor", 0, 1, (1 << 62)) or None
        clock = self._desk.clock
        return answer(
            await self._desk.look(lambda reader: _page(reader, filters, handled, clock, limit, before))
        )

    async def one(self, request: Request) -> Response:
        """Answer with the last record of an alert, all of them in `records`, and what was done about it."""
        token = self._access.check(request, "read")
        check_names(request)
        name: str = request.path_params["alert"]
        clock = self._desk.clock
        found = await self._desk.look(lambda reader: _one(reader, name, clock))
        if found is None or not token.touches(found["tenant"]):
            raise Refusal(
                404, RefusedError("the alert", f"none {name[:80]!r}", "the id of one", "look at /v1/alerts")
            )
        return answer(found)


def _one(reader: SqliteReader, name: str, clock: Clock) -> dict[str, Any] | None:
    with reader.at_once():
        records = [_RECORD.decode(each.body) for each in reader.of_alert(name) if each.alert == name]
        if not records:
            return None
        told = {
            "records": records,
            "acts": reader.acts_of(name),
            "handling": reader.handled([name], clock)[name],
        }
        return {**msgspec.to_builtins(records[-1]), **told}


def _page(
    reader: SqliteReader, filters: Filters, handled: Handled, clock: Clock, limit: int, before: int | None
) -> dict[str, Any]:
    """Return a page of the standing alerts, the newest first; retracted ones where they are asked for."""
    with reader.at_once():
        seqs = reader.listing.newest(filters.wanted(handled), clock, limit + 1, before).rows
        bodies = reader.listing.bodies(seqs[:limit])
        handling = reader.handled([_ID.decode(body).id for body in bodies], clock)
    following = str(seqs[limit - 1]) if len(seqs) > limit else None
    return {"alerts": [msgspec.Raw(body) for body in bodies], "handling": handling, "next": following}
