"""Who may ask: whoever bears a token with the right scope, or on this machine itself anybody who is no web page.

A browser lets any page send requests to 127.0.0.1, under a name that page chose. So without a token a request must name
this machine, must come from no other origin, and must not have come through a proxy.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from starlette.requests import Request

from monitoring.web.answers import Refusal
from monitoring.web.tokens import SCOPES, Scope, Token, Tokens
from streams.refusing import RefusedError

LOCAL: Final = Token("local", "", SCOPES)
_AGAIN_S: Final = 5
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_HOW: Final = "send `Authorization: Bearer …` with a token that `weiguard tokens add` made"


class Access:
    """Lets in whoever may do something."""

    def __init__(self, tokens: Tokens | None) -> None:
        self._tokens = tokens

    def check(self, request: Request, scope: Scope) -> Token:
        """Return by what right a request is made. Raises Refusal."""
        kind, _, bearer = request.headers.get("authorization", "").partition(" ")
        if not bearer:
            if _is_local(request):
                return LOCAL
            raise Refusal(401, RefusedError("authorization", "none", "a bearer token", _HOW))
        token = None
        if kind.lower() == "bearer" and self._tokens is not None:
            try:
                self._tokens.look()
            except RefusedError as error:
                raise Refusal(503, error, _AGAIN_S) from None
            token = self._tokens.of(bearer.strip())
        if token is None:
            raise Refusal(
                401, RefusedError("authorization", "a token that nobody gave", "a bearer token", _HOW)
            )
        if scope not in token.scopes:
            granted = ", ".join(token.scopes) or "nothing"
            mend = "use another token, or make one with that scope"
            raise Refusal(
                403, RefusedError(f"the token {token.name}", f"the right to {granted}", scope, mend)
            )
        return token


def _is_local(request: Request) -> bool:
    """Return whether a request was made on this machine, by no web page of another's."""
    headers = request.headers
    host = headers.get("host", "")
    origin = headers.get("origin")
    return (
        request.client is not None
        and _is_loopback(request.client.host)
        and (_name(host) == "localhost" or _is_loopback(_name(host)))
        and origin in (None, f"http://{host}")
        and not any(name in headers for name in _FORWARDED)
    )


def _name(host: str) -> str:
    """Return a host without its port and brackets."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
