"""What can be seen of a run from outside while it runs, and what can be sent to it.

It is loaded only where somebody asks for it: the HTTP server and the metrics take longer to load than a short log takes
to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from monitoring.counting import said
from monitoring.metrics import Metrics
from monitoring.serving import Address, serving
from monitoring.web.application import Served
from monitoring.web.console.console import Lodging
from monitoring.web.console.users import Users
from monitoring.web.tokens import Tokens
from streams.commit import Committed
from streams.embedded import Runner
from streams.sources.arriving import Arriving
from streams.stores.sqlite import SqliteStore
from weiguard.failing import say
from weiguard.settings import Settings
from weiguard.signing import login


@dataclass(slots=True)
class Window:
    """The metrics of a run, what is sent to it, and whether it is ready."""

    metrics: Metrics
    arriving: Arriving
    served: Served | None = None
    runner: Runner | None = None
    url: str = ""  # Where browsers find the console.

    def open(self, runner: Runner, store: SqliteStore) -> None:
        """Show a runner that stands where its store ends."""
        self.metrics.watch(runner.engine, said(each.body for each in store.standing()))
        self.metrics.audit = runner.audit
        self.runner = runner
        assert self.served is not None, "it is served as long as it is there"
        self.served.open(runner, store.path)

    def observe(self, committed: Committed) -> None:
        """Hear of a batch that is durable now."""
        self.metrics.observe(committed)
        if self.served is not None:
            self.served.observe(committed)

    def ready(self) -> tuple[bool, str]:
        """Say whether the runner has come to the end of its sources."""
        if self.runner is None:
            return False, "the database is being opened"
        return (True, "caught up") if self.runner.caught_up else (False, "reading the sources")


@contextmanager
def shown(address: Address, ruleset: str, settings: Settings) -> Iterator[Window]:
    """Serve a run; raises RefusedError where the address cannot be had, or a file of tokens or users cannot be read."""
    where: list[Address] = []

    def opened() -> None:
        say(f"weiguard: events are taken on http://{where[0]}/v1/events; Ctrl-C ends it")

    window = Window(Metrics(ruleset, version("weiguard")), Arriving(opened))
    tokens = Tokens(settings.tokens) if settings.tokens is not None else None
    users = Users(settings.users) if settings.users is not None else None
    lodging = Lodging(users, settings.public_url)
    served = Served(window.metrics, window.ready, window.arriving, tokens, login, lodging)
    window.served = served
    try:
        with serving(address, served.app, served.feed.end) as taken:
            where.append(taken)
            window.url = settings.public_url or f"http://{taken}"
            say(f"weiguard: console on {window.url}/")
            say(f"weiguard: metrics on http://{taken}/metrics")
            try:
                yield window
            finally:
                window.arriving.close()
    finally:
        served.close()
