"""Calendar windows: the day, week, month, quarter or year of an instant, in the tenant's zone.

A window is half-open, [start, end), in UTC microseconds: 00:00:00 opens the new day. Zones are known here and nowhere
else, so no two rules can disagree about where a day ends.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.instants import ahead_us, day_text

CalendarUnit: TypeAlias = Literal["day", "week", "month", "quarter", "year"]
UNITS: Final[tuple[CalendarUnit, ...]] = ("day", "week", "month", "quarter", "year")

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

# How long a window is at most: a day, and an hour more where the clocks are set back.
LONGEST_US: Final[dict[CalendarUnit, int]] = {
    unit: days * DAY + HOUR for unit, days in zip(UNITS, (1, 7, 31, 92, 366), strict=True)
}
_DAY_ONE: Final = date(1970, 1, 1).toordinal()
_LAST_DAY: Final = date.max.toordinal() - 1
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def first_day(unit: CalendarUnit, day: date) -> date:
    """Return the first day of the window that holds a day; weeks begin on Monday."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS[unit]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def next_first_day(unit: CalendarUnit, first: date) -> date:
    """Return the first day of the window after the one that begins on `first`."""
    if unit == "day":
        return first + timedelta(days=1)
    if unit == "week":
        return first + timedelta(days=7)
    month = first.month - 1 + _MONTHS[unit]
    year = first.year + month // 12
    return date(year, month % 12 + 1, 1) if year <= date.max.year else date.max


class Zone:
    """A time zone with the windows met so far, so that the next instant in one costs a look-up."""

    __slots__ = ("_back", "_bounds", "_midnights", "_starts", "info", "key")

    # Enough for every day of a century; a log that needs more only pays for making them again.
    LIMIT: Final = 40_000

    def __init__(self, key: str) -> None:
        """Take an IANA name; raise `zoneinfo.ZoneInfoNotFoundError` where there is none."""
        self.key = key
        self.info = ZoneInfo(key)
        self._starts: dict[str, list[int]] = {unit: [] for unit in UNITS}
        self._midnights: dict[int, int] = {}
        self._back: dict[tuple[CalendarUnit, int, int], int] = {}
        self._bounds: dict[str, list[tuple[int, int]]] = {unit: [] for unit in UNITS}

    def window(self, unit: CalendarUnit, us: int) -> tuple[int, int]:
        """Return start and end of the window that holds an instant, all in UTC microseconds."""
        starts, bounds = self._starts[unit], self._bounds[unit]
        at = bisect_right(starts, us) - 1
        if at >= 0 and us < bounds[at][1]:
            return bounds[at]
        made = self._make(unit, us)
        if len(starts) >= self.LIMIT:
            starts.clear()
            bounds.clear()
        at = bisect_right(starts, made[0])
        starts.insert(at, made[0])
        bounds.insert(at, made)
        return made

    def _make(self, unit: CalendarUnit, us: int) -> tuple[int, int]:
        first = first_day(unit, self.local(us).date())
        return self.midnight(first), self.midnight(next_first_day(unit, first))

    def units_back(self, unit: CalendarUnit, us: int, count: int) -> int:
        """Return the start of the window that is so many before the one that holds an instant."""
        start = self.window(unit, us)[0]
        place = (unit, start, count)
        found = self._back.get(place)
        if found is None:
            if len(self._back) >= self.LIMIT:
                self._back.clear()
            found = start
            for _ in range(count):
                found = self.window(unit, found - 1)[0]
            self._back[place] = found
        return found

    def local(self, us: int) -> datetime:
        """Return the zone's wall clock at an instant."""
        return datetime.fromtimestamp(us // SECOND, self.info).replace(microsecond=us % SECOND)

    def hour(self, us: int) -> int:
        """Return the hour of the zone's wall clock, 0 to 23."""
        return (us + ahead_us(us, self.info)) // HOUR % 24

    def day(self, us: int) -> str:
        """Return the date of the zone's wall clock, `YYYY-MM-DD`."""
        return day_text((us + ahead_us(us, self.info)) // DAY)

    def midnight(self, day: date) -> int:
        """Return the instant at which a day begins, in UTC microseconds."""
        start = datetime(day.year, day.month, day.day, tzinfo=self.info)
        return int(start.timestamp()) * SECOND

    def midnight_of(self, days: int) -> int:
        """Return the instant at which a day begins, given as days since 1970-01-01."""
        found = self._midnights.get(days)
        if found is None:
            if len(self._midnights) >= self.LIMIT:
                self._midnights.clear()
            day = date.fromordinal(min(max(days + _DAY_ONE, 2), _LAST_DAY))
            found = self._midnights[days] = self.midnight(day)
        return found
