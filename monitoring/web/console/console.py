"""The web console: its pages by address, each with the right that it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from starlette.routing import Route

from monitoring.web.console.alert_page import AlertPage
from monitoring.web.console.guard import Guard, Shown
from monitoring.web.console.list_page import ListPage
from monitoring.web.console.login import Login
from monitoring.web.console.pages import Pages, Static
from monitoring.web.console.roles import Right
from monitoring.web.console.sessions import Sessions
from monitoring.web.console.users import User, Users
from monitoring.web.desk import Desk
from monitoring.web.feed import Feed


@dataclass(frozen=True, slots=True)
class Lodging:
    """Who may come in, and how. `public_url`: under which address browsers come, as behind a proxy."""

    users: Users | None = None
    public_url: str | None = None


class Console:
    """What people see in a browser."""

    def __init__(self, desk: Desk, feed: Feed, lodging: Lodging, zone: Callable[[], ZoneInfo]) -> None:
        self._sessions = Sessions()
        static = Static()
        pages = Pages(static)
        guard = Guard(pages, self._sessions, lodging.users, lodging.public_url)
        login = Login(pages, guard)
        alerts, alert = ListPage(desk, pages, feed, guard, zone), AlertPage(desk, pages)
        get, post = ["GET"], ["POST"]
        self.open = [
            Route("/login", guard.open(login.page), methods=get),
            Route("/login", guard.open(login.log_in), methods=post),
            Route("/login/once/{token}", guard.open(login.once), methods=get),
            Route("/static/{name}", static.file),
        ]
        shown: list[tuple[Right, str, Shown, list[str]]] = [
            ("alerts", "/", alerts.page, get),
            ("alerts", "/feed", alerts.feed, get),
            ("alerts", "/alerts/{alert}", alert.page, get),
            ("alerts", "/alerts/{alert}/proof", alert.proof, get),
            ("alerts", "/alerts/{alert}/replay", alert.replay, post),
            ("health", "/logout", login.log_out, post),
        ]
        # The right that each page or call takes, beside its route.
        self.guarded = [
            (right, Route(path, guard.page(right, show), methods=methods))
            for right, path, show, methods in shown
        ]

    @property
    def routes(self) -> list[Route]:
        """All of them."""
        return [*self.open, *(route for _, route in self.guarded)]

    def invite(self, name: str) -> str:
        """Return the path that logs somebody in once, with the rights of who watches over the rules."""
        return f"/login/once/{self._sessions.invite(User(name, 'compliance'))}"
