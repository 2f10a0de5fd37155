"""The demo's pace: how the shops' day is stretched over the seconds of whoever watches."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from streams.ports import BLOCK_LINES

ARRIVAL = re.compile(rb'"receivedtime":"([^"]+)"')
WATCHED_SECONDS = 20.0  # About how long the whole lasts on a terminal.


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of the shops' clock per second of the watcher; 0 is flat out. Nothing before `opening` is paced."""

    speed: float
    opening: datetime
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def batches(self, lines: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Hand out lines in the order given, none before its moment: those together that are due together.

        No batch has more than BLOCK_LINES lines, or lines of the history and of the day.
        """
        due: list[bytes] = []
        began: float | None = None
        for line in lines:
            gone = (arrival(line) - self.opening).total_seconds()
            begins = gone >= 0 and began is None
            moment = 0.0
            if gone >= 0:
                began = self.now() if began is None else began
                moment = began + gone / self.speed if self.speed > 0 else 0.0
            if due and (begins or len(due) == BLOCK_LINES or moment > self.now()):
                yield due
                due = []
            if moment > self.now():
                self.sleep(moment - self.now())
            due.append(line)
        if due:
            yield due


def default_speed(*, terminal: bool, days: int = 1) -> float:
    """Return the speed where none was asked for: the days told in twenty seconds on a terminal, flat out elsewhere."""
    return days * 86_400 / WATCHED_SECONDS if terminal else 0.0


def arrival(line: bytes) -> datetime:
    """Return when a line of the made-up shops arrived."""
    found = ARRIVAL.search(line)
    assert found is not None, "every line of the shops says when it arrived"
    return datetime.fromisoformat(found[1].decode())
