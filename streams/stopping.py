"""How a run is asked to stop: between two batches, or while it waits for its source, never inside a batch.

An exception in the middle of a batch would leave the engine ahead of the store. So a signal only leaves a note; while
a source is read, when there is nothing to lose, it also breaks the wait.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from streams.ports import Block

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """A note that somebody wants the run to end; the second note in a row ends it at once."""

    def __init__(self) -> None:
        self.asked: int | None = None  # The signal that asked.
        self._waiting = False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal break what is done inside: raises KeyboardInterrupt there."""
        self._waiting = True
        try:
            if self.asked is not None:
                raise KeyboardInterrupt
            yield
        finally:
            self._waiting = False

    def _note(self, number: int, _: FrameType | None) -> None:
        again = self.asked is not None
        self.asked = number
        if self._waiting or again:
            raise KeyboardInterrupt

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as notes; only in the main thread."""
        before = [(number, signal.signal(number, self._note)) for number in _SIGNALS]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)


def next_block(blocks: Iterator[Block], stop: Stop) -> Block | None:
    """Return a source's next block; None at its end, or where somebody asked to stop."""
    try:
        with stop.waiting():
            return next(blocks, None)
    except KeyboardInterrupt:
        if stop.asked is None:
            raise
        return None
