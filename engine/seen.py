"""What a tenant has seen: the same fact twice, or two facts under one name.

Inputs are remembered whole, by identity and by natural key, in generations as long as the lateness: one is dropped once
everything in it is too far behind the clock to come again in time. A copy that comes later than that is `late`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SWEEP: Final = 8  # Entries of a dropped generation given back an input, so that none of them pays for all.


class Seen:
    """Identities and natural keys of one tenant."""

    __slots__ = ("_dying", "_generations", "_lateness_us")

    def __init__(self, lateness_us: int) -> None:
        self._lateness_us = max(lateness_us, 1)
        self._generations: dict[int, dict[tuple[str, str], bytes]] = {}
        self._dying: list[dict[tuple[str, str], bytes]] = []

    def first(self, name: tuple[str, str]) -> bytes | None:
        """Return the input that came first under a name, as long as it is remembered."""
        for generation in self._generations.values():
            found = generation.get(name)
            if found is not None:
                return found
        return None

    def remember(self, name: tuple[str, str], raw: bytes, at_us: int) -> None:
        """Keep an input under a name until everything as old as `at_us` would be late."""
        number = at_us // self._lateness_us
        generation = self._generations.get(number)
        if generation is None:
            generation = self._generations[number] = {}
        generation[name] = raw

    def forget(self, clock_us: int) -> None:
        """Drop generations that the clock has passed by more than the lateness, a few entries a call."""
        oldest = clock_us // self._lateness_us - 1
        if len(self._generations) > 2 and min(self._generations) < oldest:  # noqa: PLR2004  # this one and the last
            for number in [number for number in self._generations if number < oldest]:
                self._dying.append(self._generations.pop(number))
        if self._dying:
            dying = self._dying[-1]
            for _ in range(min(SWEEP, len(dying))):
                dying.popitem()
            if not dying:
                self._dying.pop()

    def all(self) -> Iterator[tuple[int, tuple[str, str], bytes]]:
        """Yield (generation, name, input) of everything remembered."""
        for number, generation in self._generations.items():
            for name, raw in generation.items():
                yield number, name, raw

    def restore(self, number: int, name: tuple[str, str], raw: bytes) -> None:
        """Take back what a checkpoint kept."""
        self._generations.setdefault(number, {})[name] = raw
