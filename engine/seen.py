"""What a tenant has seen: the same fact twice, or two facts under one name.

Inputs are remembered whole, by identity `(source, id)` and by natural key `(type, key, "")`, in generations as long as
the lateness. A generation is dropped once everything in it is too far behind the clock to come again in time: a copy
that comes later than that is `late`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Name: TypeAlias = tuple[str, ...]
Generation: TypeAlias = dict[Name, bytes]

SWEEP: Final = 64  # Entries of a dropped generation given back a call, so that no input pays for all.


class Seen:
    """Identities and natural keys of one tenant. `generations` are searched in turn; there are rarely more than two."""

    __slots__ = ("_by_number", "_span_us", "dying", "generations", "now", "until_us")

    def __init__(self, lateness_us: int) -> None:
        self._span_us = max(lateness_us, 1)
        self._by_number: dict[int, Generation] = {}
        self.dying: list[Generation] = []
        self.generations: tuple[Generation, ...] = ()
        self.now: Generation = {}
        self.until_us = -1  # Inputs before this instant go into `now`.

    def generation(self, at_us: int) -> Generation:
        """Return where an input as old as `at_us` is remembered."""
        number = at_us // self._span_us
        found = self._by_number.get(number)
        if found is None:
            found = self._by_number[number] = {}
            self.generations = tuple(self._by_number[key] for key in sorted(self._by_number, reverse=True))
        return found

    def turn(self, clock_us: int) -> None:
        """Let `now` be the generation of the clock, and drop those that the clock has passed by the lateness."""
        self.now = self.generation(clock_us)
        number = clock_us // self._span_us
        self.until_us = (number + 1) * self._span_us
        for old in [old for old in self._by_number if old < number - 1]:
            self.dying.append(self._by_number.pop(old))
        self.generations = tuple(self._by_number[key] for key in sorted(self._by_number, reverse=True))

    def sweep(self) -> None:
        """Give back a few entries of what was dropped."""
        if self.dying:
            dying = self.dying[-1]
            for _ in range(min(SWEEP, len(dying))):
                dying.popitem()
            if not dying:
                self.dying.pop()
