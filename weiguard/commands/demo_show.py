"""The show: the months before the day are read without a pause; then the day runs faster than life.

It is the embedded engine over a database of its own, which goes when the show is over. Every alert of the day is
printed as it is raised. The summary says what became of every event, and which alerts stand. Metrics are there from the
first event on and, unless only the show is wanted, until Ctrl-C.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from engine.fold import Engine
from monitoring.describing import texts
from monitoring.serving import Address
from monitoring.wording.words import Language
from rules.loading import load
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from streams.audit.keys import make_signer
from streams.commit import Committed
from streams.embedded import Runner
from streams.ports import Block, Observer
from streams.refusing import RefusedError
from streams.sources.shops import FIRST_DAY, HISTORY_DAYS, events
from streams.stores.deciding import decided_by
from streams.stores.sqlite import open_store
from weiguard.commands.demo_pace import Pace, arrival, default_speed
from weiguard.commands.demo_screen import Screen
from weiguard.listening import Window, shown
from weiguard.settings import Settings
from weiguard.words import language

SHOPS = 12
EVENTS_A_SHOP = 1_500  # Where more events are asked for than this, there are more shops, not busier ones.
OPENING = datetime.fromisoformat(f"{FIRST_DAY}T00:00:00+08:00")
ADDRESS = Address("127.0.0.1", 8787)
INTERRUPTED = 130  # The exit status of a program that Ctrl-C ended.


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller asked for; None leaves it to the demo."""

    seed: int = 7
    speed: float | None = None
    size: int | None = None
    lang: Language | None = None
    once: bool = False


def stay(runner: Runner, window: Window) -> None:
    """Take what is sent until Ctrl-C. Its clock stands where the day ended: no tick goes into the log."""
    with suppress(KeyboardInterrupt):
        runner.run([window.arriving])


def show(
    wishes: Wishes, console: Console | None = None, wait: Callable[[Runner, Window], None] = stay
) -> int:
    """Play the demo and return the exit status. `wait` ends when nobody looks any more."""
    console = console or Console()
    rules = load()
    engine = Engine(compile_rules(rules))
    screen = Screen(console, wishes.lang or language(os.environ), engine.program.rules)
    shops = max(SHOPS, (wishes.size or 0) // EVENTS_A_SHOP)
    lines = list(events(wishes.seed, shops, size=wishes.size))
    screen.say(
        "opening", shops=shops, events=f"{len(lines):,}", seed=wishes.seed, days=HISTORY_DAYS, day=FIRST_DAY
    )
    speed = default_speed(terminal=console.is_terminal) if wishes.speed is None else wishes.speed
    play = Play(engine, screen)
    with ExitStack() as stack:
        window = None if wishes.once else _seen(stack, engine.program.ruleset)
        finished = _decide(play, rules, window, Pace(speed, OPENING).batches(lines), wait)
    return 0 if finished else INTERRUPTED


def _seen(stack: ExitStack, ruleset: str) -> Window:
    """Serve metrics where the contract says, or at any free port: a demo needs nothing prepared."""
    try:
        return stack.enter_context(shown(ADDRESS, ruleset, Settings()))
    except RefusedError:
        return stack.enter_context(shown(Address(ADDRESS.host, 0), ruleset, Settings()))


def _decide(
    play: Play,
    rules: RuleSet,
    window: Window | None,
    batches: Iterable[list[bytes]],
    wait: Callable[[Runner, Window], None],
) -> bool:
    """Decide over a database that goes afterwards; return whether all of it was decided."""
    engine = play.engine
    by = decided_by(engine.program, engine.settings)
    with (
        TemporaryDirectory(prefix="weiguard-demo-") as folder,
        open_store(Path(folder) / "demo.db", by, texts(rules, engine.program)) as store,
    ):
        observers: list[Observer] = [play.hear]
        if window is not None:
            observers.append(window.observe)
        runner = Runner(store, engine, observers=observers, signer=make_signer(None))
        if window is not None:
            window.open(runner, store)
        try:
            play.run(runner, batches)
        except KeyboardInterrupt:
            play.screen.say("stopped")
            play.close()
            return False
        play.close()
        if window is not None:
            assert window.served is not None, "it is served as long as it is there"
            play.screen.say("console", link=f"{window.url}{window.served.console.invite('demo')}")
            runner.caught_up = True
            wait(runner, window)
    return True


@dataclass(slots=True)
class Play:
    """One run of the demo: the engine, the screen, and what has happened so far."""

    engine: Engine
    screen: Screen
    dispositions: Counter[str] = field(default_factory=Counter)
    before: int = 0  # Records of the history, which are counted and not shown.
    decide_s: float = 0.0
    opened: bool = False

    def run(self, runner: Runner, batches: Iterable[list[bytes]]) -> None:
        """Decide and commit batch by batch."""
        for lines in batches:
            if not self.opened and arrival(lines[0]) >= OPENING:
                self.opened = True
                self.screen.say("history", events=f"{self.dispositions.total():,}", alerts=f"{self.before:,}")
            began = time.process_time()
            runner.take("demo", Block(lines, None))
            self.decide_s += time.process_time() - began

    def hear(self, committed: Committed) -> None:
        """Print what the day's lines raised, and only count what the history's did."""
        self.dispositions.update(committed.dispositions)
        if not self.opened:
            self.before += len(committed.records)
            return
        for record in committed.records:
            self.screen.alert(record)

    def close(self) -> None:
        """Print the summary of what was decided."""
        self.screen.summary(self.dispositions, self.engine.standing())
        events = self.dispositions.total()
        rate = events / self.decide_s if self.decide_s else 0.0
        self.screen.say("rate", events=f"{events:,}", seconds=f"{self.decide_s:.2f}", rate=f"{rate:,.0f}")
