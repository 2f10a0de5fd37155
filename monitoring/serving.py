"""A small HTTP server beside a runner: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever keeps it alive.

It answers from threads of its own and waits for nobody who decides. What it makes in answering is freed at once, since
a runner does not look for garbage while it runs.
"""

from __future__ import annotations

import logging
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from socketserver import TCPServer, ThreadingMixIn
from threading import BoundedSemaphore, Thread
from typing import Any, Final, Self, TypeAlias
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import MetricsHandler

from streams.refusing import RefusedError

Check: TypeAlias = Callable[
    [], tuple[bool, str]
]  # Whether it is so, and a word about it. Called in another thread.

FLAG: Final = "--listen"
CONNECTIONS: Final = 16  # At a time; whoever comes beyond them is hung up on.
PATIENCE_S: Final = 5.0  # How long one may take to ask, or to listen.
_POLL_S: Final = 0.2  # How long closing may take.
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
def serving(address: Address, registry: CollectorRegistry, alive: Check, ready: Check) -> Iterator[Address]:
    """Serve until the end of the context, which is given the address that was taken.

    Raises RefusedError where it cannot be had.
    """
    handler = type(
        "Handler", (_Handler,), {"registry": registry, "checks": {"/healthz": alive, "/readyz": ready}}
    )
    server = _opened(address, handler)
    thread = Thread(target=server.serve_forever, args=(_POLL_S,), name="weiguard-http", daemon=True)
    thread.start()
    try:
        yield Address(address.host, server.socket.getsockname()[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _opened(address: Address, handler: type[MetricsHandler]) -> _Server:
    try:
        kind, _, _, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _Server(kind, place, handler)
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RefusedError(
            FLAG,
            f"{address}: “{said.lower()}”",
            "an address of this machine with a free port",
            "name another",
        ) from None


class _Server(ThreadingMixIn, TCPServer):
    """One thread a connection, and few connections."""

    allow_reuse_address = True  # After a restart the port is free at once; one that is listened on is not.
    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS

    def __init__(self, family: socket.AddressFamily, place: Any, handler: type[MetricsHandler]) -> None:
        self.address_family = family
        self._free = BoundedSemaphore(CONNECTIONS)
        super().__init__(place, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # http.server's signature
        error = sys.exception()
        if not isinstance(error, OSError):  # Who hangs up, or is too slow, is no fault of ours.
            _log.error("weiguard: a request could not be answered: %r", error)


class _Handler(MetricsHandler):
    """The routes."""

    timeout = PATIENCE_S
    checks: Mapping[str, Check]

    def do_GET(self) -> None:  # noqa: N802  # http.server's name
        path = urlsplit(self.path).path
        check = self.checks.get(path)
        if path == "/metrics":
            super().do_GET()
        elif check is not None:
            is_so, text = check()
            self._answer(HTTPStatus.OK if is_so else HTTPStatus.SERVICE_UNAVAILABLE, text)
        else:
            self._answer(HTTPStatus.NOT_FOUND, f"here are /metrics, {' and '.join(self.checks)}")

    def _answer(self, status: HTTPStatus, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "weiguard"
