"""`GET /v1/alerts`: the alerts that stand or every record, the newest first, in pages; `GET /v1/alerts/ID`: one."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.alert import Record
from monitoring.filtering import Filters
from monitoring.web.access import Access
from monitoring.web.answers import Refusal, answer
from monitoring.web.asking import FILTERS, check_names, filters_of, whole_of
from monitoring.web.desk import Desk
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

MOST: Final = 1_000  # Alerts of a page.
LOOKED_AT: Final = 40_000  # Records that one page looks at: where few match, it has fewer and goes on.
_RECORD: Final = msgspec.json.Decoder(Record)


class Alerts:
    """Alerts for those who look now and then."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self._desk, self._access = desk, access

    async def page(self, request: Request) -> Response:
        """Answer with `alerts` and with `next`, the cursor of the next page, null where there is none."""
        token = self._access.check(request, "read")
        check_names(request, *FILTERS, "limit", "cursor")
        filters = filters_of(request, token)
        limit = whole_of(request, "limit", 100, 1, MOST)
        before = whole_of(request, "cursor", 0, 1, (1 << 62)) or None
        return answer(await self._desk.look(lambda reader: _page(reader, filters, limit, before)))

    async def one(self, request: Request) -> Response:
        """Answer with the last record of an alert, and with all of them in `records`."""
        token = self._access.check(request, "read")
        check_names(request)
        name: str = request.path_params["alert"]
        found = await self._desk.look(lambda reader: reader.of_alert(name))
        records = [_RECORD.decode(each.body) for each in found if each.alert == name]
        if not records or not token.touches(records[-1].tenant):
            raise Refusal(
                404, RefusedError("the alert", f"none {name[:80]!r}", "the id of one", "look at /v1/alerts")
            )
        last = msgspec.to_builtins(records[-1])
        return answer({**last, "records": records})


def _page(reader: SqliteReader, filters: Filters, limit: int, before: int | None) -> dict[str, Any]:
    """Return a page of the standing alerts, the newest first. One that was retracted stands no more."""
    found: list[msgspec.Raw] = []
    at = None
    for count, told in enumerate(reader.told.last(before), 1):
        record = _RECORD.decode(told.body)
        if (record.state != "retracted" or "retracted" in filters.states) and filters.match(record):
            found.append(msgspec.Raw(told.body))
        if len(found) == limit or count == LOOKED_AT:
            at = told.seq
            break
    return {"alerts": found, "next": None if at is None else str(at)}
