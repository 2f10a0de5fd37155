"""The period that a yearly, quarterly or monthly reminder is armed for: `2026`, `2026Q1`, `2026-03`."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from engine.windows import CalendarUnit, Zone, first_day, next_first_day


class Period(NamedTuple):
    """One period: its name, its first and its last day (YYYY-MM-DD), its year."""

    id: str
    start: str
    end: str
    year: int


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
