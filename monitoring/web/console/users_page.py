"""Who may log in: for admins to see. The file is changed by `weiguard users`, so the console cannot be made to."""

from __future__ import annotations

from starlette.responses import Response

from monitoring.web.console.guard import Guard
from monitoring.web.console.pages import Pages
from monitoring.web.console.roles import RIGHTS
from monitoring.web.console.visit import Visit


class UsersPage:
    """The users and what each role may do."""

    def __init__(self, pages: Pages, guard: Guard) -> None:
        self._pages, self._guard = pages, guard

    async def page(self, visit: Visit) -> Response:
        """List them. Raises RefusedError where their file cannot be read."""
        users = self._guard.users.look() if self._guard.users is not None else ()
        return self._pages.show(visit, "users.html", users=users, rights=RIGHTS)
