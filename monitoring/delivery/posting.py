"""Sends a letter over HTTP, and waits only so long: TLS is verified, no redirect followed, no proxy or cookie used."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

import httpx2

from monitoring.delivery.formats import FORMATS
from monitoring.delivery.letters import Answer, Letter
from monitoring.delivery.outcomes import Dead, Failed, Outcome

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
WHOLE_S: Final = 20.0  # For all of it: one who answers a byte at a time is silent too.
_MOST_BYTES: Final = 1 << 16  # Of an answer; the rest is not read.
_AGENT: Final = {"user-agent": "weiguard", "accept-encoding": "identity"}


class Postman:
    """Connections to receivers, closed at the end of the context."""

    def __init__(self, whole_s: float = WHOLE_S) -> None:
        self._whole_s = whole_s
        timeout = httpx2.Timeout(READ_S, connect=CONNECT_S)
        self._client = httpx2.AsyncClient(
            timeout=timeout, headers=_AGENT, follow_redirects=False, trust_env=False
        )

    async def send(self, letter: Letter) -> Outcome:
        """Send a letter once; return what its receiver made of it."""
        writes = FORMATS[letter.route.to.kind]
        post = writes.compose(letter)
        try:
            async with asyncio.timeout(self._whole_s):
                answer = await self._asked(post.url, post.headers, post.body)
        except TimeoutError:
            return Failed(f"no answer within {self._whole_s:g} s")
        except httpx2.InvalidURL:
            return Dead("an address that cannot be used")
        except httpx2.TransportError as error:
            return Failed(_words(error))
        return writes.judge(answer, letter.now_us)

    async def _asked(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        async with self._client.stream("POST", url, headers=headers, content=body) as answer:
            self._client.cookies.clear()
            read = b""
            async for chunk in answer.aiter_raw():
                read += chunk
                if len(read) >= _MOST_BYTES:
                    break
            return Answer(answer.status_code, answer.headers.get("retry-after", ""), read[:_MOST_BYTES])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()


def _words(error: httpx2.TransportError) -> str:
    """Return a failure in words that name no address: its path may be a secret."""
    match error:
        case httpx2.TimeoutException():
            return "no answer in time"
        case httpx2.ConnectError():
            text = str(error)
            return (
                "a certificate that does not hold" if "CERTIFICATE_VERIFY_FAILED" in text else "no connection"
            )
        case _:
            return "a connection that broke"
