"""Times as the tests of a rule file write them: `09:00`, `d5 10:00`, `2026-05-01 10:00`, `+1d 09:00`.

Day 1 is a Monday, so that weeks and weekends can be told from the number; everything is in the tests' zone.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final

from rules.messages import SHANGHAI

FIRST_DAY: Final = date(2026, 3, 9)  # A Monday.

_CLOCK: Final = (
    r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
    r"(:(?P<second>[0-5][0-9])(\.(?P<fraction>[0-9]{1,6}))?)?"
)
_MOMENT: Final = re.compile(
    rf"((d(?P<n>[1-9][0-9]{{0,3}})|(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}))( |\Z))?({_CLOCK})?\Z"
)
_LATER: Final = re.compile(rf"\+(?P<days>[0-9]{{1,3}})d {_CLOCK}\Z")


def moment(text: str) -> datetime | None:
    """Return an instant of a test, at 00:00 where no time of day is given; None where the text is none."""
    match = _MOMENT.match(text)
    if match is None or not text:
        return None
    try:
        day = date.fromisoformat(match["date"]) if match["date"] else FIRST_DAY
        day += timedelta(days=int(match["n"] or 1) - 1)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, _clock(match), SHANGHAI)


def received(text: str, at: datetime) -> datetime | None:
    """Return when an event of time `at` arrives: `+1d 09:00` (that time, so many days on), or an instant."""
    match = _LATER.match(text)
    if match is not None:
        return datetime.combine(at.date() + timedelta(days=int(match["days"])), _clock(match), SHANGHAI)
    return moment(text)


def _clock(match: re.Match[str]) -> time:
    fraction = (match["fraction"] or "").ljust(6, "0")
    return time(int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0), int(fraction))
