"""What came inside the lateness, by the hour of its time: a late change of reference data may touch any of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.program import SUB, TIME, Contribution, Position
from engine.windows import HOUR


class Arrivals:
    """Contributions by the hour they are of, so that a change which comes minutes late looks at minutes of them."""

    __slots__ = ("_hours", "newest_us")

    def __init__(self, items: Iterable[Contribution] = ()) -> None:
        self._hours: dict[int, list[Contribution]] = {}
        self.newest_us = -1  # The time of the last of them in the tenant's order.
        for item in items:
            self.add(item)

    def add(self, item: Contribution) -> None:
        """Take one in."""
        at = item[TIME]
        held = self._hours.get(at // HOUR)
        if held is None:
            self._hours[at // HOUR] = [item]
        else:
            held.append(item)
        if at > self.newest_us:  # noqa: PLR1730  # quicker than a call, once an event
            self.newest_us = at

    def after(self, place: Position) -> Iterator[Contribution]:
        """Yield those after a place, hour by hour; within one as they came."""
        if place[TIME] > self.newest_us:
            return
        first = place[TIME] // HOUR
        for hour in sorted(hour for hour in self._hours if hour >= first):
            yield from (item for item in self._hours[hour] if item[: SUB + 1] > place)

    def replace(self, changed: dict[Position, Contribution]) -> None:
        """Put others in the place of those at these positions."""
        for hour in {place[TIME] // HOUR for place in changed} & self._hours.keys():
            held = self._hours[hour]
            held[:] = [changed.get(item[: SUB + 1], item) for item in held]

    def forget(self, horizon: int) -> list[Contribution]:
        """Drop the hours that ended before a time; return what was in them."""
        over = [hour for hour in self._hours if (hour + 1) * HOUR <= horizon]
        return [item for hour in over for item in self._hours.pop(hour)]

    def __len__(self) -> int:
        return sum(map(len, self._hours.values()))
