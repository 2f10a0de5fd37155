"""`/metrics` for Prometheus, `/healthz` and `/readyz` for whoever keeps the process alive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, make_asgi_app
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.serving import Check


class _Metrics:
    """The client library's own application, which leaves out how long its answer is: HTTP/1.0 has no other end."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._app: ASGIApp = make_asgi_app(registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun: Message = {}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
                return
            length = str(len(message["body"])).encode()
            await send({**begun, "headers": [*begun["headers"], (b"content-length", length)]})
            await send(message)

        await self._app(scope, receive, sending)


def health(registry: CollectorRegistry, alive: Check, ready: Check) -> list[Route]:
    """Return the routes; the checks are asked anew each time."""
    return [
        Route("/metrics", _Metrics(registry), methods=["GET"]),
        Route("/healthz", _checked(alive)),
        Route("/readyz", _checked(ready)),
    ]


def _checked(check: Check) -> Callable[[Request], Awaitable[Response]]:
    async def asked(_: Request) -> Response:
        is_so, text = check()
        return PlainTextResponse(f"{text}\n", 200 if is_so else 503)

    return asked
