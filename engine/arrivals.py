"""What came inside the lateness, by the hour of its time: a late change of reference data may touch any of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.program import KIND, SUB, TIME, Contribution, Position
from engine.windows import HOUR


class Arrivals:
    """Contributions by the hour they are of, and in each hour asked for by the entities that they looked up."""

    __slots__ = ("_hours", "newest_us")

    def __init__(self, items: Iterable[Contribution] = ()) -> None:
        self._hours: dict[int, _Hour] = {}
        self.newest_us = -1  # The time of the last of them in the tenant's order.
        for item in items:
            self.add(item)

    def add(self, item: Contribution) -> None:
        """Take one in."""
        at = item[TIME]
        held = self._hours.get(at // HOUR)
        if held is None:
            held = self._hours[at // HOUR] = _Hour()
        held.items.append(item)
        if at > self.newest_us:  # noqa: PLR1730  # quicker than a call, once an event
            self.newest_us = at

    def after(self, place: Position) -> Iterator[Contribution]:
        """Yield those after a place, hour by hour; within one as they came."""
        for hour in self._since(place):
            yield from (item for item in hour.items if item[: SUB + 1] > place)

    def readers(
        self, kind: str, columns: dict[int, tuple[int, ...]], name: str, place: Position
    ) -> Iterator[Contribution]:
        """Yield those after a place that looked an entity up. `columns`: by type of event, where names stand."""
        for hour in self._since(place):
            yield from (item for item in hour.of(kind, columns).get(name, ()) if item[: SUB + 1] > place)

    def _since(self, place: Position) -> list[_Hour]:
        first = place[TIME] // HOUR
        return [self._hours[hour] for hour in sorted(hour for hour in self._hours if hour >= first)]

    def replace(self, changed: dict[Position, Contribution]) -> None:
        """Put others in the place of those at these positions."""
        for number in {place[TIME] // HOUR for place in changed} & self._hours.keys():
            hour = self._hours[number]
            hour.items[:] = [changed.get(item[: SUB + 1], item) for item in hour.items]
            hour.known.clear()

    def forget(self, horizon: int) -> list[Contribution]:
        """Drop the hours that ended before a time; return what was in them."""
        over = [hour for hour in self._hours if (hour + 1) * HOUR <= horizon]
        return [item for hour in over for item in self._hours.pop(hour).items]

    def __len__(self) -> int:
        return sum(len(hour.items) for hour in self._hours.values())


class _Hour:
    """The contributions of one hour as they came, and by kind of entity: how many were looked at, and by its name.

    Thousands of registrations may be of one microsecond, and each asks who looked it up: so none looks at all of them.
    """

    __slots__ = ("items", "known")

    def __init__(self) -> None:
        self.items: list[Contribution] = []
        self.known: dict[str, tuple[int, dict[Any, list[Contribution]]]] = {}

    def of(self, kind: str, columns: dict[int, tuple[int, ...]]) -> dict[Any, list[Contribution]]:
        """Return the contributions that looked up entities of a kind, by the entity's name."""
        looked_at, found = self.known.get(kind) or (0, {})
        if looked_at < len(self.items):
            for item in self.items[looked_at:]:
                for name in {item[column] for column in columns.get(item[KIND], ())}:
                    found.setdefault(name, []).append(item)
            self.known[kind] = (len(self.items), found)
        return found
