"""`GET /v1/feed`: every alert record as it is committed, as server-sent events, without gap or repeat.

An event's id is the place of the record's entry in the audit log. A client that comes again with the last id it has
seen goes on behind it, whoever was away in between. Each reads the database at its own pace: nobody is waited for, and
whoever cannot keep up is told so, hung up on, and goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from engine.alert import Record
from monitoring.web.access import Access
from monitoring.web.answers import Refusal
from monitoring.web.asking import FILTERS, check_names, filters_of
from monitoring.web.desk import Desk
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader
from streams.stores.sqlite_told import Told

CLIENTS: Final = 256  # At a time.
HEARTBEAT_S: Final = 15.0
PATIENCE_S: Final = 30.0  # How long a client may take for one page; hung up on when it takes nothing at all.
PAGE: Final = 200  # Records that are read at a time.
_RETRY_MS: Final = 1_000
_RECORD: Final = msgspec.json.Decoder(Record)
_END: Final = "\n"


class Feed:
    """Those who listen, and the bell that wakes them."""

    def __init__(self, desk: Desk, access: Access, patience_s: float = PATIENCE_S) -> None:
        self._desk, self._access, self._patience_s = desk, access, patience_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bells: set[asyncio.Event] = set()
        self._ended = False

    @property
    def clients(self) -> int:
        """How many listen."""
        return len(self._bells)

    def ring(self) -> None:
        """Wake all who listen, as there is something new. Called in any thread."""
        loop = self._loop
        if loop is not None and self._bells and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def end(self) -> None:
        """Let all go: the server ends. Called in its thread."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        for bell in self._bells:
            bell.set()

    async def listen(self, request: Request) -> Response:
        """Answer with the records behind the last id that a client has seen, and with those that come."""
        token = self._access.check(request, "read")
        check_names(request, *FILTERS, "after")
        filters = filters_of(request, token)
        return await self.stream(request, lambda _, record: filters.match(record))

    async def stream(
        self,
        request: Request,
        asks_for: Callable[[SqliteReader, Record], bool],
        lives: Callable[[], bool] = lambda: True,
    ) -> Response:
        """Answer with those records that are asked for. Nothing is sent any more once it does not live.

        Raises Refusal where too many listen, RefusedError where the last id is none.
        """
        last = request.headers.get("last-event-id") or request.query_params.get("after")
        if len(self._bells) >= CLIENTS:
            why = RefusedError("the feed", f"{CLIENTS} clients", "fewer", "come again later")
            raise Refusal(503, why, int(HEARTBEAT_S))
        leaf = _place(last)
        seq = await self._desk.look(
            lambda reader: reader.told.newest() if leaf is None else reader.told.behind(leaf)
        )
        at = await self._desk.look(lambda reader: reader.told.leaf(seq)) if leaf is None else leaf
        self._loop = asyncio.get_running_loop()
        client = _Client(seq, at, asks_for, lives)
        return EventSourceResponse(
            self._told(client),
            ping=HEARTBEAT_S,
            ping_message_factory=client.heartbeat,
            send_timeout=self._patience_s,
            sep=_END,
        )

    async def _told(self, client: _Client) -> AsyncIterator[ServerSentEvent]:
        """Yield what a client is sent."""
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            # Where it begins, so that one that comes again before the first record misses none either.
            yield ServerSentEvent(
                msgspec.json.encode({"after": client.leaf}).decode(),
                event="open",
                id=str(client.leaf),
                retry=_RETRY_MS,
                sep=_END,
            )
            while not self._ended:
                bell.clear()
                page = await self._desk.look(client.page)
                begun = time.monotonic()
                for told, is_asked in page:
                    if not client.lives():
                        return
                    if is_asked:
                        yield ServerSentEvent(told.body.decode(), id=str(told.leaf), sep=_END)
                    client.seq, client.leaf = told.seq, told.leaf  # Only now it is sent.
                if time.monotonic() - begun > self._patience_s:
                    yield client.cut(self._patience_s)
                    return
                if not page:
                    await bell.wait()
        finally:
            self._bells.discard(bell)


class _Client:
    """One who listens, and how far it was told."""

    def __init__(
        self,
        seq: int,
        leaf: int,
        asks_for: Callable[[SqliteReader, Record], bool],
        lives: Callable[[], bool],
    ) -> None:
        self.seq, self.leaf, self._asks_for, self.lives = seq, leaf, asks_for, lives

    def page(self, reader: SqliteReader) -> list[tuple[Told, bool]]:
        """Return the next records, each with whether it is asked for."""
        told = reader.told.after(self.seq, PAGE)
        return [(each, self._asks_for(reader, _RECORD.decode(each.body))) for each in told]

    def heartbeat(self) -> ServerSentEvent:
        """Return what shows that the line is open. It moves the id on past what is not asked for."""
        return ServerSentEvent(comment="still here", id=str(self.leaf), sep=_END)

    def cut(self, patience_s: float) -> ServerSentEvent:
        """Return the last words to one that is too slow."""
        words = f"more than {patience_s:g} s for {PAGE} records: come again, and go on where this ends"
        body = msgspec.json.encode({"reason": "slow", "error": words, "after": self.leaf})
        return ServerSentEvent(body.decode(), event="cut", id=str(self.leaf), sep=_END)


def _place(last: str | None) -> int | None:
    """Return the place that an id names; None: from now on. Raises RefusedError."""
    if last is None:
        return None
    if last == "-1" or (last.isascii() and last.isdecimal() and len(last) < 19):
        return int(last)
    expected = "the id of an event of the feed, or -1 for all from the first"
    raise RefusedError(
        "Last-Event-ID", repr(last[:60]), expected, "leave it out to begin with what comes now"
    )
