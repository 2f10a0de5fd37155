"""The body of a request, read whole within a bound of bytes and of time."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from monitoring.web.answers import Refusal
from streams.refusing import RefusedError
from streams.sources.received import BODY

PATIENCE_S: Final = 30.0  # How long a body may take to come.


async def body_of(request: Request, most: int) -> bytes:
    """Return the body; raises Refusal where it is packed, longer than `most` bytes, or too slow."""
    packed = request.headers.get("content-encoding", "identity")
    if packed != "identity":
        raise Refusal(415, RefusedError("content-encoding", repr(packed), "none", "send it unpacked"))
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most:
        raise _too_long(most)
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise _too_long(most)
                pieces.append(piece)
    except TimeoutError:
        why = RefusedError(
            BODY, f"that it is not whole after {PATIENCE_S:.0f} s", "all of it", "send it again"
        )
        raise Refusal(408, why) from None
    except ClientDisconnect:
        raise Refusal(400, RefusedError(BODY, "its end before all of it was there")) from None
    return b"".join(pieces)


def _too_long(most: int) -> Refusal:
    return Refusal(413, RefusedError(BODY, "more", f"at most {most:,} bytes", "send it in parts"))
