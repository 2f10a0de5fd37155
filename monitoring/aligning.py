"""What is stored held against what comes out again, both in order: which belong together, and what is left over.

Where the two are the same, one comparison of bytes is all it takes. Where they are not, what belongs together is found
by its name a little further on, so that one thing changed, lost or added is told as that and nothing behind it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import Final, Generic, TypeVar

Thing = TypeVar("Thing")
AHEAD: Final = 256  # How many stored things are looked through for one.


class Aligned(Generic[Thing]):
    """Stored things with their places, in order; each is taken once."""

    def __init__(self, stored: Iterator[tuple[int, Thing]], name: Callable[[Thing], Hashable]) -> None:
        """`name`: what a thing is called, however else it may have been changed."""
        self._stored = stored
        self._name = name
        self._ahead: deque[tuple[int, Thing, Hashable]] = deque()  # Named, as something was looked for.

    def take(self, again: Thing) -> tuple[tuple[int, Thing] | None, list[tuple[int, Thing]]]:
        """Return what is stored of a thing that came out again, None where nothing is; and what was passed over."""
        if not self._ahead:
            head = next(self._stored, None)
            if head is None or head[1] == again:
                return head, []
            self._ahead.append((*head, self._name(head[1])))
        wanted = self._name(again)
        for at in range(AHEAD):
            if at == len(self._ahead):
                more = next(self._stored, None)
                if more is None:
                    break
                self._ahead.append((*more, self._name(more[1])))
            if self._ahead[at][2] == wanted:
                passed = [self._ahead.popleft()[:2] for _ in range(at)]
                return self._ahead.popleft()[:2], passed
        return None, []

    def left(self) -> Iterator[tuple[int, Thing]]:
        """Yield what was not taken."""
        yield from (each[:2] for each in self._ahead)
        yield from self._stored
