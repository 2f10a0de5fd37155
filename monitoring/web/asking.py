"""The parameters of a request: each known by name, and refused with its name where it is wrong."""

from __future__ import annotations

from typing import Final, get_args

from starlette.requests import Request

from engine.alert import State
from engine.program import LEVELS
from monitoring.filtering import Filters, Handled
from monitoring.web.answers import Refusal
from monitoring.web.tokens import Token
from streams.handling import STATES
from streams.refusing import RefusedError

FILTERS: Final = ("rule", "level", "state", "tenant", "owner", "key", "since", "until")
HANDLED: Final = ("handling", "assignee")
_MANY: Final = ("rule", "level", "state", "tenant")
_VALUES: Final = {"level": LEVELS[1:], "state": get_args(State)}


def check_names(request: Request, *known: str) -> None:
    """Raise RefusedError where a parameter is none, or stands there twice and may not."""
    for name in request.query_params:
        if name not in known:
            raise RefusedError(f"?{name}", "a parameter", f"one of {', '.join(known)}", "leave it out")
        if name not in (*_MANY, "handling") and len(request.query_params.getlist(name)) > 1:
            raise RefusedError(f"?{name}", "it twice", "it once", "leave one out")


def filters_of(request: Request, token: Token) -> Filters:
    """Return which records are asked for, and may be shown. Raises RefusedError, Refusal."""
    given = request.query_params
    for name, values in _VALUES.items():
        for value in given.getlist(name):
            if value not in values:
                raise RefusedError(
                    f"?{name}", repr(value), f"one of {', '.join(values)}", "write one of these"
                )
    patterns = {f"{name}s": given.getlist(name) for name in _MANY}
    found = Filters.of(
        patterns, given.get("key"), given.get("since"), given.get("until"), given.get("owner"), flag="?"
    )
    return found.within(tenants_for(token, found.tenants))


def handled_of(request: Request) -> Handled:
    """Return how alerts must be handled; several states by commas or one by one. Raises RefusedError."""
    given = request.query_params
    states = tuple(state for text in given.getlist("handling") for state in text.split(","))
    for state in states:
        if state not in STATES:
            raise RefusedError("?handling", repr(state), f"one of {', '.join(STATES)}", "write one of these")
    return Handled(states, given.get("assignee"))


def tenants_for(token: Token, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return whose records may be shown, of those that are asked for; empty: all. Raises Refusal."""
    for tenant in asked:
        if not token.touches(tenant):
            why = RefusedError("?tenant", repr(tenant), f"one of the token {token.name}", "leave it out")
            raise Refusal(403, why)
    return asked or token.tenants or ()


def whole_of(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Return a parameter that is a whole number. Raises RefusedError."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and least <= int(text) <= most):
        raise RefusedError(f"?{name}", repr(text), f"a whole number from {least:,} to {most:,}", "write one")
    return int(text)
