"""Logging in, by a password or by a link that works once, and logging out."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import RedirectResponse, Response

from monitoring.web.answers import Refusal
from monitoring.web.console.guard import Guard
from monitoring.web.console.pages import Pages
from monitoring.web.console.throttle import Throttle
from monitoring.web.console.visit import Visit
from streams.refusing import RefusedError

_AT_ONCE: Final = 2  # Hashes that are computed at a time: each takes 64 MiB.
_AGAIN_S: Final = 5


class Login:
    """Where people log in and out."""

    def __init__(self, pages: Pages, guard: Guard, throttle: Throttle | None = None) -> None:
        self._pages, self._guard = pages, guard
        self._throttle = throttle or Throttle()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def page(self, visit: Visit) -> Response:
        """Show the form; or, where nobody can log in yet, how to make a user."""
        if visit.session is not None:
            return RedirectResponse(_within(visit.request.query_params.get("next", "")), 303)
        if self._guard.users is None:
            return self._pages.show(visit, "no_users.html", invites=self._guard.sessions.invites)
        return self._form(visit, visit.request.query_params.get("next", ""))

    async def log_in(self, visit: Visit) -> Response:
        """Log in who has the right password. Raises Refusal."""
        users = self._guard.users
        if users is None:
            return self._pages.show(visit, "no_users.html", invites=self._guard.sessions.invites)
        name, password = visit.form.get("name", "")[:64], visit.form.get("password", "")
        own, address = f"user {name}", f"address {self._guard.address(visit.request)}"
        wait = self._throttle.begin(own, address)
        if wait:
            response = self._form(visit, visit.form.get("next", ""), "login_wait", 429)
            response.headers["Retry-After"] = str(wait)
            return response
        try:
            async with self._slots:
                user = await asyncio.to_thread(users.verified, name, password)
        except RefusedError as error:
            raise Refusal(503, error, _AGAIN_S) from None
        if user is None:
            return self._form(visit, visit.form.get("next", ""), "login_wrong", 401)
        self._throttle.right(own, address)
        response = RedirectResponse(_within(visit.form.get("next", "")), 303)
        self._guard.begin(visit, response, self._guard.sessions.begin(user))
        return response

    async def once(self, visit: Visit) -> Response:
        """Log in who was given a link, the first time it is opened. Raises Refusal."""
        user = self._guard.sessions.accept(visit.request.path_params["token"])
        if user is None:
            raise Refusal(
                403,
                RefusedError("the link", "one that was used already, or never given", "one that works once"),
            )
        response = RedirectResponse("/", 303)
        self._guard.begin(visit, response, self._guard.sessions.begin(user))
        return response

    async def log_out(self, visit: Visit) -> Response:
        """Log out."""
        response = RedirectResponse("/login", 303)
        self._guard.end(visit, response)
        return response

    def _form(self, visit: Visit, to: str, wrong: str = "", status: int = 200) -> Response:
        return self._pages.show(visit, "login.html", status, to=_within(to), wrong=wrong)


def _within(to: str) -> str:
    """Return a path of this console, whatever a link says: nobody is sent on to another host."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else "/"
