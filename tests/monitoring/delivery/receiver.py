"""A receiver on loopback that answers as it is told: with a status, late, never, or by hanging up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: its path, its headers in small letters, its body, and when it came (monotonic seconds)."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def said(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def id(self) -> str:
        """What a webhook is told to know a message again by."""
        return self.headers["webhook-id"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. Status 0 hangs up; `trickles` sends a byte every 50 ms and has no end."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    after_s: float = 0
    trickles: bool = False


Script = Callable[[Heard], Reply]


@dataclass(slots=True)
class Receiver:
    """What was heard so far, and where."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    script: Script = lambda _: Reply()

    def wait(self, holds: Callable[[list[Heard]], bool], within_s: float = 30) -> list[Heard]:
        """Wait until enough was heard."""
        end = time.monotonic() + within_s
        while not holds(self.heard):
            assert time.monotonic() < end, f"{len(self.heard)} requests after {within_s:g} s"
            time.sleep(0.01)
        return list(self.heard)


@contextmanager
def receiving(script: Script | None = None) -> Iterator[Receiver]:
    """Listen on a free port until the end."""
    receiver = Receiver()
    if script is not None:
        receiver.script = script

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # as the library calls it
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.path, headers, body, time.monotonic())
            reply = receiver.script(heard)
            receiver.heard.append(heard)
            time.sleep(reply.after_s)
            if not reply.status:
                self.close_connection = True
                self.connection.close()
                return
            try:
                self._answer(reply)
            except OSError:
                self.close_connection = True  # Nobody listens any more.

        def _answer(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(10**6 if reply.trickles else len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            while reply.trickles:
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.05)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
