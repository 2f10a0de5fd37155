"""Delivers until it is stopped: looks for new records, sends what is due, and takes note of how that ended.

It runs beside whoever decides, in a process of its own, and only reads the database: nothing here can hold up a
decision.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from monitoring.delivery.dispatching import Dispatcher
from monitoring.delivery.letters import Letter
from monitoring.delivery.outcomes import Outcome

POLL_S: Final = 0.5  # How often it looks for new records, and at what waits.
Send: TypeAlias = Callable[[Letter], Awaitable[Outcome]]
Heard: TypeAlias = Callable[[Letter, Outcome], None]


class Delivering:
    """One dispatcher at work."""

    def __init__(self, dispatcher: Dispatcher, send: Send, heard: Heard) -> None:
        """`heard` is told of every attempt and what it came to."""
        self._dispatcher, self._send, self._heard = dispatcher, send, heard
        self._tasks: set[asyncio.Task[None]] = set()
        self._bell = asyncio.Event()
        self._stopped = False
        self.caught_up = False

    def stop(self) -> None:
        """Send nothing new; what is on its way is waited for."""
        self._stopped = True
        self._bell.set()

    async def run(self, *, once: bool = False) -> None:
        """Deliver until it is stopped; `once`: until nothing is due any more.

        Raises RefusedError where the database or the queue is not as it must be.
        """
        looked_s, added = -POLL_S, 0
        try:
            while not self._stopped:
                self._bell.clear()
                if time.monotonic() - looked_s >= POLL_S:  # However many messages end in between.
                    looked_s, added = time.monotonic(), self._dispatcher.read_on()
                letters = self._dispatcher.due(_now_us())
                self._tasks |= {asyncio.create_task(self._one(letter)) for letter in letters}
                self.caught_up = not added
                if once and not letters and not added and not self._tasks:
                    return
                await self._rest()
                for task in [task for task in self._tasks if task.done()]:
                    self._tasks.remove(task)
                    task.result()
        finally:
            await asyncio.gather(*self._tasks)

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._bell.wait()

    async def _one(self, letter: Letter) -> None:
        try:
            outcome = await self._send(letter)
            self._heard(letter, self._dispatcher.settle(letter, outcome, _now_us()))
        finally:
            self._bell.set()


def _now_us() -> int:
    return time.time_ns() // 1_000
