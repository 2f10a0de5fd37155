"""The period that a yearly, quarterly or monthly reminder is armed for: `2026`, `2026Q1`, `2026-03`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from engine.windows import CalendarUnit, Zone, first_day, next_first_day


class Period(NamedTuple):
    """One period: its name, its first and its last day (YYYY-MM-DD), its year."""

    id: str
    start: str
    end: str
    year: int


_NAMED: Final = re.compile(r"(\d{4})(?:Q([1-4])|-(0[1-9]|1[0-2]))?")


def named_period(name: str, zone: Zone) -> tuple[int, int] | None:
    """Return start and end (microseconds, half-open) of the period of a name; None where it names none."""
    found = _NAMED.fullmatch(name)
    if found is None or not 1970 <= int(found[1]) < date.max.year:
        return None
    month = int(found[3] or (int(found[2]) * 3 - 2 if found[2] else 1))
    unit: CalendarUnit = "quarter" if found[2] else "month" if found[3] else "year"
    return zone.window(unit, zone.midnight(date(int(found[1]), month, 1)))


def period_of(unit: CalendarUnit, us: int, zone: Zone) -> Period:
    """Return the period of a unit that holds an instant (microseconds) in a zone."""
    first = first_day(unit, zone.local(us).date())
    last = next_first_day(unit, first) - timedelta(days=1)
    names = {
        "year": f"{first:%Y}",
        "quarter": f"{first:%Y}Q{(first.month + 2) // 3}",
        "month": f"{first:%Y-%m}",
    }
    return Period(names[unit], first.isoformat(), last.isoformat(), first.year)
