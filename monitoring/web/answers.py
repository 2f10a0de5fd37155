"""How answers look: JSON, and refusals that say what was found, where, what was expected and how to mend it."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from streams.refusing import RefusedError

JSON = "application/json"


class Refusal(Exception):  # noqa: N818  # it is an answer, and no fault
    """An answer that refuses a request. `seconds`: when it is worth to come again."""

    def __init__(self, status: int, why: RefusedError, seconds: int | None = None) -> None:
        super().__init__(str(why))
        self.status, self.why, self.seconds = status, why, seconds


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer in JSON."""
    return Response(msgspec.json.encode(body), status, headers, JSON)


def refuse(_: Request, error: Exception) -> Response:
    """Return the answer that a refusal is."""
    if isinstance(error, Refusal):
        headers = {} if error.seconds is None else {"Retry-After": str(error.seconds)}
        if error.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="weiguard"'
        return _told(error.status, error.why, headers)
    if isinstance(error, RefusedError):
        return _told(400, error, {})
    assert isinstance(error, HTTPException)
    body = {"error": error.detail}
    return answer(body, error.status_code, dict(error.headers or {}))


def _told(status: int, why: RefusedError, headers: dict[str, str]) -> Response:
    return answer(told(why), status, headers)


def told(why: RefusedError) -> dict[str, Any]:
    """Return the body of a refusal."""
    return {
        "error": str(why), "where": why.where, "found": why.found, "expected": why.expected, "mend": why.mend,
    }  # fmt: skip
