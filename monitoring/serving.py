"""The HTTP server beside a runner: uvicorn in a thread of its own, with a bound for all that a stranger may take.

It waits for nobody who decides. A runner does not look for garbage while it runs, so the server does, where it has
answered somebody since it last did.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any, Final, Self, TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from streams.refusing import RefusedError

Check: TypeAlias = Callable[
    [], tuple[bool, str]
]  # Whether it is so, and a word about it. Called in another thread.

FLAG: Final = "--listen"
CONNECTIONS: Final = 512  # At a time; whoever comes beyond them is told 503.
PATIENCE_S: Final = 5.0  # How long one may take to ask.
MOST_HEAD: Final = 1 << 16  # Bytes of a request before its body.
# Bytes that wait in the kernel for one who is slow. It takes more only when a third is free again: with the megabytes
# that it would grow to, one who reads slowly could not be told from one who reads nothing.
_UNSENT: Final = 1 << 17
_ENDING_S: Final = 2  # How long an answer may still take when the server ends.
_BACKLOG: Final = 128
_START_S: Final = 10.0
_TIDY_S: Final = 1
_ADDRESS: Final = re.compile(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:/\[\]@]+)):([0-9]{1,5})")
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0: any that is free."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read HOST:PORT; raises RefusedError."""
        found = _ADDRESS.fullmatch(text)
        if found is None or int(found[3]) > 65_535:
            raise RefusedError(
                FLAG, repr(text), "HOST:PORT", "write it like 127.0.0.1:9464, or [::1]:9464 for IPv6"
            )
        return cls(found[1] or found[2], int(found[3]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@contextmanager
def serving(address: Address, app: ASGIApp, ending: Callable[[], None] = lambda: None) -> Iterator[Address]:
    """Serve until the end of the context, which is given the address that was taken.

    `ending` is called in the server's thread before it waits for what is still being answered. Raises RefusedError
    where the address cannot be had.
    """
    with _opened(address) as place:
        server = _Server(_Answering(app), ending)
        thread = Thread(target=server.run, args=([place],), name="weiguard-http", daemon=True)
        taken = Address(address.host, place.getsockname()[1])
        thread.start()
        try:
            end = time.monotonic() + _START_S
            while not server.started and thread.is_alive() and time.monotonic() < end:
                time.sleep(0.001)
            assert server.started, "a server on an address that was taken starts"
            yield taken
        finally:
            server.should_exit = True
            thread.join()


def _opened(address: Address) -> socket.socket:
    try:
        kind, _, _, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # By the protocol's name asyncio knows that an answer's last part must not wait for the client (TCP_NODELAY).
        place = socket.socket(kind, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            place.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # After a restart the port is free at once.
            place.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT)
            place.bind(where)
            place.listen(_BACKLOG)
        except BaseException:
            place.close()
            raise
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RefusedError(
            FLAG,
            f"{address}: “{said.lower()}”",
            "an address of this machine with a free port",
            "name another",
        ) from None
    return place


class _Server(Server):
    """One that tidies up behind itself, and says when it ends."""

    def __init__(self, app: _Answering, ending: Callable[[], None]) -> None:
        super().__init__(
            Config(
                app,
                http=_Connection,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,  # Who calls is who calls.
                server_header=False,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=int(PATIENCE_S),
                timeout_graceful_shutdown=_ENDING_S,
                callback_notify=self._tidy,
                timeout_notify=_TIDY_S,
            )
        )
        for name in ("uvicorn", "uvicorn.error"):  # What is wrong is told in a line, by _Answering.
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._answering, self._ending, self._tidied = app, ending, 0

    async def _tidy(self) -> None:
        """Look for garbage among what is young, where there can be any."""
        if self._answering.answered != self._tidied and not gc.isenabled():
            self._tidied = self._answering.answered
            gc.collect(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would never end by itself, then wait for the rest."""
        self._ending()
        await super().shutdown(sockets)


class _Connection(HttpToolsProtocol):
    """A connection that does not wait for ever for a request, nor for one without an end."""

    _head: int | None = None  # Bytes of the request that is awaited; None while one is answered.
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await()

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > MOST_HEAD:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._head = None
        self._forget()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if (
            self.cycle.response_complete and not self.transport.is_closing()
        ):  # Else the next is answered already.
            self._await()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _await(self) -> None:
        self._head = 0
        self._forget()
        self._patience = self.loop.call_later(PATIENCE_S, self.transport.close)

    def _forget(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Answering:
    """The application, with what fails in it told in a line instead of a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.answered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        self.answered += 1
        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001  # one request that fails is no reason to end
            if not isinstance(error, OSError):  # Who hangs up, or is too slow, is no fault of ours.
                _log.error("weiguard: a request could not be answered: %r", error)
            if not begun:
                await send({"type": "http.response.start", "status": 500, "headers": []})
                await send({"type": "http.response.body", "body": b"weiguard: this could not be answered\n"})
