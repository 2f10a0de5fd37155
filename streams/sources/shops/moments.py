"""Instants of the made-up shops: whole milliseconds since 1970, shown with China's offset.

China has kept one offset, +08:00, since 1991, so a generator of recent days needs no time zone data.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

SECOND = 1000  # One second in milliseconds, like all durations here.
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
OFFSET = 8 * HOUR
UNIX_DAY = date(1970, 1, 1).toordinal()


def midnight(day: date) -> int:
    """Return the instant at which a day begins in China."""
    return (day.toordinal() - UNIX_DAY) * DAY - OFFSET


def clock(text: str) -> int:
    """Return the milliseconds from midnight to `HH:MM` or `HH:MM:SS`."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return hours * HOUR + minutes * MINUTE + (seconds[0] * SECOND if seconds else 0)


def instant(moment: int) -> str:
    """Return an instant as RFC 3339; milliseconds appear only where there are any."""
    days, rest = divmod(moment + OFFSET, DAY)
    seconds, fraction = divmod(rest, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    tail = f".{fraction:03d}" if fraction else ""
    return f"{_date_text(days)}T{hour:02d}:{minute:02d}:{second:02d}{tail}+08:00"


def day_text(day: date, days: int = 0) -> str:
    """Return a date so many days later, as `YYYY-MM-DD`."""
    return (day + timedelta(days=days)).isoformat()


@lru_cache(maxsize=1024)
def _date_text(days: int) -> str:
    return date.fromordinal(UNIX_DAY + days).isoformat()
