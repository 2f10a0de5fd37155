"""What can be seen of a run from outside while it runs, and how it stays to be seen.

It is loaded only where somebody asks for it: the HTTP server and the metrics take longer to load than a short log takes
to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from threading import Event

from monitoring.counting import said
from monitoring.metrics import Metrics
from monitoring.serving import Address, serving
from streams.embedded import Runner
from streams.stopping import Stop
from streams.stores.sqlite import SqliteStore
from weiguard.failing import say


@dataclass(slots=True)
class Window:
    """The metrics of a run, and whether it is ready."""

    metrics: Metrics
    runner: Runner | None = None

    def open(self, runner: Runner, store: SqliteStore) -> None:
        """Show a runner that stands where its store ends."""
        self.metrics.watch(runner.engine, said(each.body for each in store.standing()))
        self.metrics.audit = runner.audit
        self.runner = runner

    def ready(self) -> tuple[bool, str]:
        """Say whether the runner has come to the end of its sources."""
        if self.runner is None:
            return False, "the database is being opened"
        return (True, "caught up") if self.runner.caught_up else (False, "reading the sources")

    @staticmethod
    def stay(stop: Stop) -> None:
        """Leave it open until somebody asks to stop."""
        say("weiguard: the sources are read to their ends; Ctrl-C ends it")
        with suppress(KeyboardInterrupt), stop.waiting():
            Event().wait()


@contextmanager
def shown(address: Address, ruleset: str) -> Iterator[Window]:
    """Serve metrics and health; raises RefusedError where the address cannot be had."""
    window = Window(Metrics(ruleset, version("weiguard")))
    with serving(address, window.metrics.registry, lambda: (True, "alive"), window.ready) as taken:
        say(f"weiguard: metrics on http://{taken}/metrics")
        yield window
