"""`GET /tlog/…`: the audit log as c2sp.org/tlog-tiles has it, for tools not written here."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from engine.merkle import HASH_BYTES
from monitoring.web.access import Access
from monitoring.web.answers import Refusal
from monitoring.web.desk import Desk
from streams.audit.publishing import CHECKPOINT, HISTORY, Stored
from streams.audit.tiles import ENTRIES, WIDTH, tile_at, widths
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NEVER: Final = "no-cache"


class Tlog:
    """The published log."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self._desk, self._access = desk, access

    async def file(self, request: Request) -> Response:
        """Answer with one file of the log. Raises Refusal where there is none."""
        self._access.check(request, "audit")
        path: str = request.path_params["path"]
        body = await self._desk.look(lambda reader: _file(reader, path))
        if body is None:
            expected = f"{CHECKPOINT}, {HISTORY} or a tile of the log"
            raise Refusal(404, RefusedError("/tlog", f"no file {path[:80]!r}", expected))
        text = path in (CHECKPOINT, HISTORY)
        kind = "text/plain; charset=utf-8" if text else "application/octet-stream"
        return Response(body, headers={"Cache-Control": _NEVER if text else _FOR_EVER}, media_type=kind)


def _file(reader: SqliteReader, path: str) -> bytes | None:
    with reader.at_once():
        stored = Stored(reader.audit, str(reader.path))
        if path == CHECKPOINT:
            return stored.checkpoint()
        if path == HISTORY:
            return b"".join(stored.history())
        place = tile_at(path)
        if place is None:
            return None
        level, number, width = place
        full, partial = widths(stored.head.size, level)
        there = WIDTH if number < full else partial if number == full else 0
        if width > there:
            return None
        body = stored.body(*place)
        assert body is not None, "what the head has is there"
        assert level == ENTRIES or len(body) == width * HASH_BYTES
        return body
