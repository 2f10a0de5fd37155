"""What was refused, whole, and a way to mend it: what is sent again is a new event, which says who mended what.

Lines stand here as text and without identity and card numbers, which no page shows: who mends one writes them anew.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.responses import Response

from engine.clear_text import without_numbers
from engine.instants import rfc3339
from monitoring.web.answers import Refusal
from monitoring.web.console.pages import Pages
from monitoring.web.console.visit import Visit
from monitoring.web.desk import Desk
from monitoring.web.intake import check_whose, told
from monitoring.web.tokens import Token
from streams.commit import StoredInput
from streams.refusing import RefusedError
from streams.sources.arriving import Arriving, ClosedError, FullError
from streams.sources.received import lines_of
from streams.stores.sqlite_reading import SqliteReader

PAGE: Final = 50
_AGAIN_S: Final = 5
_KIND: Final = {"content-type": "application/json"}
_ANY: Final = msgspec.json.Decoder()


class Quarantine:
    """What was refused."""

    def __init__(self, desk: Desk, pages: Pages, arriving: Arriving | None) -> None:
        self._desk, self._pages, self._arriving = desk, pages, arriving

    async def page(self, visit: Visit) -> Response:
        """List what was refused, in the order of the log."""
        after = _number(visit.request.query_params.get("after", "0"), "?after")
        found = await self._desk.look(lambda reader: reader.quarantined(after, PAGE + 1))
        return self._pages.show(
            visit, "quarantine.html", found=found[:PAGE], more=len(found) > PAGE, text=text_of
        )

    async def one(self, visit: Visit) -> Response:
        """Show one line, for it to be mended. Raises Refusal where there is none."""
        stored = await self._stored(visit)
        return self._pages.show(visit, "refused_line.html", stored=stored, raw=text_of(stored), rows=None)

    async def mend(self, visit: Visit) -> Response:
        """Send a mended line as a new event, and show what became of it. Raises Refusal, RefusedError."""
        stored = await self._stored(visit)
        if self._arriving is None:
            raise Refusal(503, RefusedError("the log", "that it takes nothing here", "an open one"), _AGAIN_S)
        raw = visit.form.get("raw", "")
        try:
            event = msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise RefusedError(
                "the event", f"“{error}”", "one JSON object", "mend it where it says"
            ) from None
        event |= {"resubmittedby": visit.user.name, "resubmittedof": str(stored.seq)}
        lines = lines_of(_KIND, msgspec.json.encode(event), rfc3339(time.time_ns() // 1_000, ZoneInfo("UTC")))
        # Weiguard's own events are decided by two people elsewhere; here they would be one person's.
        check_whose(lines, Token(visit.user.name, "", ("ingest",)))
        try:
            rows = await asyncio.wrap_future(self._arriving.put(lines))
        except (FullError, ClosedError):
            why = RefusedError("the log", "that it takes nothing now", "an open one", "send it again")
            raise Refusal(503, why, _AGAIN_S) from None
        counts = told(rows)
        became = next(name for name, count in counts.items() if count == 1)
        reason = counts["reasons"][0]["reason"] if counts["reasons"] else ""
        return self._pages.show(visit, "refused_line.html", stored=stored, raw=raw, rows=(became, reason))

    async def _stored(self, visit: Visit) -> StoredInput:
        number = _number(visit.request.path_params["number"], "the line")

        def read(reader: SqliteReader) -> list[StoredInput]:
            return reader.quarantined(number - 1, 1)

        found = await self._desk.look(read)
        if not found or found[0].seq != number:
            why = RefusedError("the line", f"none {number} that was refused", "one of the list")
            raise Refusal(404, why)
        return found[0]


def text_of(stored: StoredInput) -> str:
    """Return a line as text without numbers in clear; JSON is set in lines."""
    try:
        whole = _ANY.decode(stored.raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        masked: str = without_numbers(stored.raw.decode("utf-8", "replace"))
        return masked
    return msgspec.json.format(msgspec.json.encode(without_numbers(whole)), indent=2).decode()


def _number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise RefusedError(where, repr(text[:40]), "the number of a line", "choose one of the list")
    return int(text)
