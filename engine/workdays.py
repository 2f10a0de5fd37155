"""Working days in mainland China: weekdays without public holidays, and the weekends worked in exchange.

The days come from a package that holds the State Council's yearly notice, so they end where the notices end. Beyond,
every weekday counts, and the answer says that it is approximate. Days are counted from 1970-01-01.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from chinese_calendar import is_workday

_ORIGIN: Final = date(1970, 1, 1).toordinal()
_LAST: Final = date.max.toordinal() - _ORIGIN
_FIRST: Final = date.min.toordinal() - _ORIGIN


@lru_cache(maxsize=8_192)
def worked(days: int) -> tuple[bool, bool]:
    """Return whether a day is worked, and whether that is approximate because no notice covers its year."""
    day = date.fromordinal(_ORIGIN + days)
    try:
        return bool(is_workday(day)), False
    except NotImplementedError:  # What the package raises outside its years.
        return day.weekday() < 5, True


def workday_before(days: int, count: int) -> tuple[int, bool]:
    """Return the day `count` working days before a day, and whether it is approximate; 0 is the day itself."""
    return _step(days, count, -1)


def workday_after(days: int, count: int) -> tuple[int, bool]:
    """Return the day `count` working days after a day, and whether it is approximate; 0 is the day itself."""
    return _step(days, count, 1)


@lru_cache(maxsize=8_192)  # Licences of one day end alike.
def _step(days: int, count: int, direction: int) -> tuple[int, bool]:
    """Walk day by day; stop at the ends of the calendar, approximate."""
    approximate = False
    while count > 0:
        if not _FIRST <= days + direction <= _LAST:
            return days, True
        days += direction
        counts, guessed = worked(days)
        count -= counts
        approximate = approximate or guessed
    return days, approximate
