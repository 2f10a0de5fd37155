"""The show: the months before the day are read without a pause; then the day runs faster than life.

Every alert of the day is printed as it is raised. The summary says what became of every event, and which alerts stand.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console

from engine.fold import Engine
from rules.loading import load
from rules.planning.compiling import compile_rules
from streams.sources.shops import FIRST_DAY, HISTORY_DAYS, events
from weiguard.commands.demo_pace import Pace, arrival, default_speed
from weiguard.commands.demo_screen import Language, Screen, language

SHOPS = 12
EVENTS_A_SHOP = 1_500  # Where more events are asked for than this, there are more shops, not busier ones.
OPENING = datetime.fromisoformat(f"{FIRST_DAY}T00:00:00+08:00")
INTERRUPTED = 130  # The exit status of a program that Ctrl-C ended.


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller asked for; None leaves it to the demo."""

    seed: int = 7
    speed: float | None = None
    size: int | None = None
    lang: Language | None = None
    once: bool = False


def show(wishes: Wishes, console: Console | None = None) -> int:
    """Play the demo and return the exit status."""
    console = console or Console()
    engine = Engine(compile_rules(load()))
    screen = Screen(console, wishes.lang or language(os.environ), engine.program.rules)
    shops = max(SHOPS, (wishes.size or 0) // EVENTS_A_SHOP)
    lines = list(events(wishes.seed, shops, size=wishes.size))
    screen.say(
        "opening", shops=shops, events=f"{len(lines):,}", seed=wishes.seed, days=HISTORY_DAYS, day=FIRST_DAY
    )
    speed = default_speed(terminal=console.is_terminal) if wishes.speed is None else wishes.speed
    play = Play(engine, screen)
    status = 0
    try:
        play.run(Pace(speed, OPENING).paced(iter(lines)))
    except KeyboardInterrupt:
        screen.say("stopped")
        status = INTERRUPTED
    play.close()
    if not wishes.once and status == 0:
        screen.say("console")
    return status


@dataclass(slots=True)
class Play:
    """One run of the demo: the engine, the screen, and what has happened so far."""

    engine: Engine
    screen: Screen
    decided: int = 0
    before: int = 0  # Records of the history, which are counted and not shown.
    decide_s: float = 0.0
    opened: bool = False

    def run(self, lines: Iterator[bytes]) -> None:
        """Decide every line; print what the day's lines raise, and only count what the history's do."""
        for line in lines:
            if not self.opened and arrival(line) >= OPENING:
                self.opened = True
                self.screen.say("history", events=f"{self.decided:,}", alerts=f"{self.before:,}")
            began = time.process_time()
            records = self.engine.feed(line).records
            self.decide_s += time.process_time() - began
            self.decided += 1
            if not self.opened:
                self.before += len(records)
                continue
            for record in records:
                self.screen.alert(record)

    def close(self) -> None:
        """Print the summary of what was decided."""
        self.screen.summary(self.engine.tally.by_disposition(), self.engine.standing())
        rate = self.decided / self.decide_s if self.decide_s else 0.0
        self.screen.say(
            "rate", events=f"{self.decided:,}", seconds=f"{self.decide_s:.2f}", rate=f"{rate:,.0f}"
        )
