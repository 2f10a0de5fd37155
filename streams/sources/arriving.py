"""A source that other threads put lines into, and that tells them what became of each once it is durable.

The queue is bounded: whoever comes when it is full is told so and comes again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from threading import Condition
from typing import Final, Self

from streams.commit import InputRow
from streams.ports import BLOCK_LINES, Block, Position

NAME: Final = "http"
MOST_LINES: Final = 20_000  # That wait; one request may go beyond, so that each fits where nothing waits.
MOST_BYTES: Final = 64 << 20
_WAIT_S: Final = 1.0  # How long it waits for a line before it lets the clock tick.


class FullError(Exception):
    """So much waits already that no more is taken."""


class ClosedError(Exception):
    """Nothing is taken, or nothing more: what was put and has no answer is not in the log."""


class _Put:
    """Some lines that came together, and what has become of the first of them."""

    __slots__ = ("done", "left", "rows")

    def __init__(self, lines: list[bytes]) -> None:
        self.left = deque(lines)
        self.rows: list[InputRow] = []
        self.done: Future[list[InputRow]] = Future()


class Arriving:
    """Lines as they arrive. It is open from when it is first read until it is closed."""

    name, live, lasting, size = NAME, True, False, None

    def __init__(
        self,
        opened: Callable[[], None] = lambda: None,
        most_lines: int = MOST_LINES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Wait to be read; `opened` is called then."""
        self._opened, self._most = opened, (most_lines, most_bytes)
        self._changed = Condition()
        self._waiting: deque[_Put] = deque()
        self._taken: deque[tuple[_Put, int]] = deque()  # Of the block that is decided now.
        self._lines = self._bytes = 0
        self._open = False
        self.begun = False  # Whether it was ever read: all that does not live was read before.

    @property
    def depth(self) -> int:
        """How many lines wait."""
        return self._lines

    def put(self, lines: list[bytes]) -> Future[list[InputRow]]:
        """Let lines be decided; the future has their rows, in their order, once they are durable.

        Raises FullError where too much waits, ClosedError where nothing is read; the future has ClosedError where
        reading ended before they were decided. Lines are not longer than the engine reads.
        """
        put = _Put(lines)
        if not lines:
            put.done.set_result([])
            return put.done
        with self._changed:
            self._check_open()
            if self._lines >= self._most[0] or self._bytes >= self._most[1]:
                raise FullError
            self._waiting.append(put)
            self._lines += len(lines)
            self._bytes += sum(map(len, lines))
            self._changed.notify()
        return put.done

    def blocks(self, after: Position | None) -> Iterator[Block]:  # noqa: ARG002  # what arrives cannot be read again
        """Yield what arrived, many requests together where many wait; an empty block where there is nothing."""
        with self._changed:
            self._open = self.begun = True
        self._opened()
        while True:
            with self._changed:
                if not self._waiting:
                    self._changed.wait(_WAIT_S)
                lines = self._gather()
            yield Block(lines, None, taken=self._answer if lines else None)

    def _gather(self) -> list[bytes]:
        lines: list[bytes] = []
        while self._waiting and len(lines) < BLOCK_LINES:
            put = self._waiting[0]
            count = min(len(put.left), BLOCK_LINES - len(lines))
            lines += [put.left.popleft() for _ in range(count)]
            self._taken.append((put, count))
            if not put.left:
                self._waiting.popleft()
        self._lines -= len(lines)
        self._bytes -= sum(map(len, lines))
        return lines

    def _answer(self, rows: list[InputRow]) -> None:
        """Tell those whose lines are durable now."""
        at = 0
        while self._taken:
            put, count = self._taken.popleft()
            put.rows += rows[at : at + count]
            at += count
            if not put.left:
                _settle(put.done, put.rows)

    def close(self) -> None:
        """Take nothing more, and tell those who wait that nobody decides what they put."""
        with self._changed:
            self._open = False
            left = [put.done for put in (*(put for put, _ in self._taken), *self._waiting)]
            self._taken.clear()
            self._waiting.clear()
            self._lines = self._bytes = 0
        for done in left:
            _settle(done, ClosedError())

    def _check_open(self) -> None:
        if not self._open:
            raise ClosedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _settle(done: Future[list[InputRow]], answer: list[InputRow] | ClosedError) -> None:
    """Give an answer, unless it has one or nobody waits for it any more."""
    if done.done() or not done.set_running_or_notify_cancel():
        return
    if isinstance(answer, ClosedError):
        done.set_exception(answer)
    else:
        done.set_result(answer)
