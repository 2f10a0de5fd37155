"""The web console: its pages by address, each with the right that it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from starlette.routing import Route

from monitoring.web.acts import Acts
from monitoring.web.audit import Audit
from monitoring.web.console.alert_page import AlertPage
from monitoring.web.console.audit_page import AuditPage
from monitoring.web.console.guard import Guard, Shown
from monitoring.web.console.handling_page import HandlingPage
from monitoring.web.console.health_page import HealthPage, Vitals
from monitoring.web.console.list_page import ListPage
from monitoring.web.console.login import Login
from monitoring.web.console.pages import Pages, Static
from monitoring.web.console.quarantine import Quarantine
from monitoring.web.console.roles import Right
from monitoring.web.console.rule_pages import RulePages
from monitoring.web.console.sessions import Sessions
from monitoring.web.console.users import User, Users
from monitoring.web.console.users_page import UsersPage
from monitoring.web.desk import Desk
from monitoring.web.feed import Feed


@dataclass(frozen=True, slots=True)
class Lodging:
    """Who may come in, and how. `public_url`: under which address browsers come, as behind a proxy."""

    users: Users | None = None
    public_url: str | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What the console shows, and by what it acts."""

    desk: Desk
    feed: Feed
    acts: Acts
    audit: Audit
    vitals: Vitals
    zone: Callable[[], ZoneInfo]


class Console:
    """What people see in a browser."""

    def __init__(self, house: House, lodging: Lodging) -> None:
        """`house`: what is shown; `lodging`: who may come in."""
        self._sessions = Sessions()
        static = Static()
        pages = Pages(static)
        guard = Guard(pages, self._sessions, lodging.users, lodging.public_url)
        login = Login(pages, guard)
        desk = house.desk
        alerts, alert = (
            ListPage(desk, pages, house.feed, guard, house.zone),
            AlertPage(desk, pages, house.zone),
        )
        handling = HandlingPage(desk, pages, house.acts, house.zone)
        rules, health = (
            RulePages(desk, pages, house.vitals.runner),
            HealthPage(desk, pages, house.vitals, house.zone),
        )
        refused = Quarantine(desk, pages, house.vitals.arriving)
        audit = AuditPage(desk, pages, house.audit, house.zone)
        users = UsersPage(pages, guard)
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
            ("act", "/acts", handling.act, post),
            ("rules", "/rules", rules.page, get),
            ("rules", "/rules/{rule}", rules.one, get),
            ("quarantine", "/quarantine", refused.page, get),
            ("quarantine", "/quarantine/{number}", refused.one, get),
            ("quarantine", "/quarantine/{number}", refused.mend, post),
            ("audit", "/audit", audit.page, get),
            ("audit", "/audit", audit.ask, post),
            ("audit", "/audit/export", audit.export, post),
            ("audit", "/audit/verify", audit.verify, post),
            ("health", "/health", health.page, get),
            ("users", "/users", users.page, get),
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
