"""All routes of a runner, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitoring.metrics import Metrics
from monitoring.serving import Check
from monitoring.web.access import Access
from monitoring.web.acts import Acts
from monitoring.web.alerts import Alerts
from monitoring.web.answers import Refusal, answer, refuse
from monitoring.web.audit import Audit
from monitoring.web.console.console import Console, House, Lodging
from monitoring.web.console.health_page import Vitals
from monitoring.web.desk import Desk, unopened
from monitoring.web.feed import Feed
from monitoring.web.health import health
from monitoring.web.intake import Intake
from monitoring.web.openapi import document
from monitoring.web.tlog import Tlog
from monitoring.web.tokens import Tokens
from streams.commit import Committed
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.sources.arriving import Arriving


def bare(registry: CollectorRegistry, alive: Check, ready: Check) -> Starlette:
    """Return the application of a process that shows its health and its metrics alone."""
    return _application(health(registry, alive, ready))


class Served:
    """The application of a runner on a database, and what it hears of the runner."""

    def __init__(
        self,
        metrics: Metrics,
        ready: Check,
        arriving: Arriving | None,
        tokens: Tokens | None,
        login: Callable[[], str],
        lodging: Lodging | None = None,
    ) -> None:
        """`lodging`: who may log in to the console; without it nobody but who is invited."""
        access = Access(tokens)
        self._desk = Desk()
        self.runner: Runner | None = None
        self.feed = Feed(self._desk, access)
        self._audit = Audit(self._desk, access, arriving, login)
        self.acts = Acts(self._desk, access, arriving, login)
        intake, alerts, tlog = Intake(arriving, access), Alerts(self._desk, access), Tlog(self._desk, access)
        metrics.listening = lambda: self.feed.clients
        metrics.waiting = lambda: arriving.depth if arriving is not None else 0
        vitals = Vitals(ready, arriving, lambda: self.feed.clients, lambda: self.runner)
        self.console = Console(
            House(self._desk, self.feed, self.acts, self._audit, vitals, self._zone), lodging or Lodging()
        )
        self.app = _application(
            [
                *health(metrics.registry, lambda: (True, "alive"), ready),
                Route("/v1/events", intake.take, methods=["POST"]),
                Route("/v1/alerts", alerts.page),
                Route("/v1/alerts/acts", self.acts.many, methods=["POST"]),
                Route("/v1/alerts/{alert}", alerts.one),
                Route("/v1/alerts/{alert}/{act}", self.acts.one, methods=["POST"]),
                Route("/v1/feed", self.feed.listen),
                Route("/v1/audit", self._audit.query),
                Route("/v1/openapi.json", _openapi),
                Route("/tlog/{path:path}", tlog.file),
                *self.console.routes,
            ]
        )

    def open(self, runner: Runner, path: Path) -> None:
        """Show a runner that stands where its database ends."""
        self.runner = self._audit.runner = self.acts.runner = runner
        self._desk.open(path, runner.engine.clock)

    def _zone(self) -> ZoneInfo:
        if self.runner is None:
            raise unopened()
        return ZoneInfo(self.runner.engine.settings.zone)

    def observe(self, committed: Committed) -> None:
        """Hear of a batch that is durable now."""
        if committed.records:
            self.feed.ring()

    def close(self) -> None:
        """Let the database go."""
        self._desk.close()


def _application(routes: list[Route]) -> Starlette:
    handlers = {Refusal: refuse, RefusedError: refuse, HTTPException: refuse, 404: _nothing(routes)}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False  # Nobody is sent on to a host that a request named.
    return app


def _nothing(routes: list[Route]) -> Callable[[Request, Exception], Response]:
    paths = [route.path for route in routes]

    def handle(_: Request, __: Exception) -> Response:
        return answer({"error": f"nothing here; here are {', '.join(paths)}"}, 404)

    return handle


async def _openapi(_: Request) -> Response:
    return answer(document())
