"""`POST /v1/events`: events come in, are decided, and are durable before the answer says what became of each."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.disposition import DISPOSITIONS
from engine.instants import rfc3339
from monitoring.web.access import LOCAL, Access
from monitoring.web.answers import Refusal, answer
from monitoring.web.bodies import body_of
from monitoring.web.tokens import Token
from streams.audit.entries import ACTS
from streams.commit import CODE, InputRow
from streams.refusing import RefusedError
from streams.sources.arriving import Arriving, ClosedError, FullError
from streams.sources.received import TooLongError, UnknownTypeError, lines_of

MOST_BODY: Final = 8 << 20  # Bytes.
AGAIN_S: Final = 1  # When to come again where the queue is full.
LATER_S: Final = 5  # And where nothing is taken yet.
_UTC: Final = ZoneInfo("UTC")
_QUARANTINED: Final = CODE["quarantined"]
_DEFAULT: Final = "default"
_OWN: Final = ACTS | {"clock.tick"}


class _Whose(msgspec.Struct):
    source: Any = ""
    tenant: Any = _DEFAULT
    type: Any = ""


_WHOSE: Final = msgspec.json.Decoder(_Whose)


class Intake:
    """What comes in by HTTP."""

    def __init__(self, arriving: Arriving | None, access: Access, most_body: int = MOST_BODY) -> None:
        """`arriving` None: nothing can be sent here."""
        self._arriving, self._access, self._most = arriving, access, most_body

    async def take(self, request: Request) -> Response:
        """Take events in. Raises Refusal, RefusedError where nothing of it is kept."""
        token = self._access.check(request, "ingest")
        if self._arriving is None:
            raise Refusal(
                404, RefusedError("POST /v1/events", "a run that takes no events", "one with --listen")
            )
        body = await body_of(request, self._most)
        try:
            lines = lines_of(request.headers, body, rfc3339(time.time_ns() // 1_000, _UTC))
        except UnknownTypeError as error:
            raise Refusal(415, error) from None
        except TooLongError as error:
            raise Refusal(413, error) from None
        check_whose(lines, token)
        try:
            rows = await asyncio.wrap_future(self._arriving.put(lines))
        except FullError:
            mend = f"send it again after {AGAIN_S} s; what was sent twice counts once"
            raise Refusal(429, RefusedError("the queue", "that it is full", "room", mend), AGAIN_S) from None
        except ClosedError:
            mend = f"send it again after {LATER_S} s; what was sent twice counts once"
            why = RefusedError("POST /v1/events", "that nothing is taken now", "an open intake", mend)
            raise Refusal(503, why, LATER_S) from None
        return answer(told(rows), 202)


def check_whose(lines: list[bytes], token: Token) -> None:
    """Raise Refusal where an event is of a source, of a tenant or of a kind that the token is not for.

    Weiguard's own events change limits, silence alerts and fold anew: who sends payments may not send those.
    """
    if token is LOCAL:
        return
    for number, line in enumerate(lines):
        try:
            whose = _WHOSE.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            whose = _Whose()
        tenant = _DEFAULT if whose.tenant is None else whose.tenant
        for name, value, right in (
            ("source", whose.source, token.sends(str(whose.source))),
            ("tenant", tenant, token.touches(str(tenant))),
            ("type", whose.type, "act" in token.scopes or str(whose.type) not in _OWN),
        ):
            if not right:
                mend = "use a token that is for it, or send it apart"
                why = RefusedError(
                    f"event {number}, {name}", repr(value), f"one of the token {token.name}", mend
                )
                raise Refusal(403, why)


def told(rows: list[InputRow]) -> dict[str, Any]:
    """Return what became of lines: how many had each disposition, and why some were quarantined."""
    codes = [row[5] for row in rows]
    counts: dict[str, Any] = {name: codes.count(CODE[name]) for name in DISPOSITIONS}
    reasons = [{"index": at, "reason": row[6]} for at, row in enumerate(rows) if row[5] == _QUARANTINED]
    return counts | {"reasons": reasons}
