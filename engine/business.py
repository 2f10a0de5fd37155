"""The business clock: durations that count only the hours in which a tenant is open, by default 09:00 to 22:00.

A customer's message at 21:59:30 with three minutes to answer is due at 09:02:30 the next day; one at 23:00 is due at
09:03:00. Hours are the wall clock's, in the tenant's zone, half-open like every window: at 22:00:00 it is closed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from engine.windows import MINUTE, SECOND, Zone

OPEN: Final = (9 * 60, 22 * 60)  # Minutes of the day.
LATEST: Final = 253_402_214_400_000_000  # 9999-12-31T00:00:00Z: a deadline beyond all calendars never comes.

_US: Final = timedelta(microseconds=1)


def business_deadline(start_us: int, duration_us: int, zone: Zone, hours: tuple[int, int] = OPEN) -> int:
    """Return the instant at which so much open time has passed since `start_us`; both in UTC microseconds.

    `hours` are the minutes of the day at which the business opens and closes, the first before the second. A deadline
    that falls on closing time stands there, not at the next opening.
    """
    opens, closes = (minutes * MINUTE for minutes in hours)
    length = closes - opens
    local = zone.local(start_us)
    midnight = datetime(local.year, local.month, local.day)  # noqa: DTZ001  # the zone's wall clock
    passed = (local.replace(tzinfo=None) - midnight) // _US
    day, used = (1, 0) if passed >= closes else (0, max(0, passed - opens))
    days, rest = divmod(used + duration_us, length)
    if rest == 0 and duration_us > 0:
        days, rest = days - 1, length
    try:
        due = midnight + timedelta(days=day + days, microseconds=opens + rest)
        seconds = int(due.replace(tzinfo=zone.info, microsecond=0).timestamp())
        return seconds * SECOND + due.microsecond
    except OverflowError:
        return LATEST
