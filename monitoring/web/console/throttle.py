"""Slows down who guesses: after a few wrong tries under a name, or from an address, nothing is tried for a while."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from math import ceil
from typing import Final

WRONG: Final = 5
SPAN_S: Final = 900.0
_MOST: Final = 20_000  # Names that are remembered; whoever was wrong longest ago is forgotten first.


class Throttle:
    """Counts tries that failed, by name."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now`: a clock in seconds."""
        self._now = now
        self._wrong: dict[str, deque[float]] = {}

    def begin(self, *names: str) -> int:
        """Count a try under some names as wrong until it is right; return 0, or in how many seconds one may try again.

        It is counted before it is looked at, so that many at once are no more than one after the other.
        """
        now = self._now()
        waits = [tries[0] + SPAN_S - now for name in names if len(tries := self._recent(name, now)) >= WRONG]
        if waits:
            return max(1, ceil(max(waits)))
        for name in names:
            tries = self._recent(name, now)
            self._wrong.pop(name, None)  # It goes to the end of those that are remembered.
            self._wrong[name] = deque((*tries, now))
        while len(self._wrong) > _MOST:
            del self._wrong[next(iter(self._wrong))]
        return 0

    def right(self, own: str, *others: str) -> None:
        """Forget what was wrong under one's own name, and under the others only this try."""
        self._wrong.pop(own, None)
        for name in others:
            tries = self._wrong.get(name)
            if tries:
                tries.pop()
                if not tries:
                    del self._wrong[name]

    def _recent(self, name: str, now: float) -> deque[float]:
        tries = self._wrong.get(name, deque())
        while tries and tries[0] <= now - SPAN_S:
            tries.popleft()
        return tries
