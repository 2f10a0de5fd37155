"""The pure functions of the rule language, written from LANGUAGE section 6 and the formulas of the catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.oracle.instants import SECOND, duration, local, micros
from tests.oracle.undecided import Undecided

EARTH_KM = 6371.0088


def percent(part: int, whole: int) -> float:
    """One rounded division, times hundred inside it."""
    if whole == 0:
        raise Undecided("division by zero")
    return part * 100 / whole


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Haversine on the mean sphere."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def speed_kmh(km: float, us: int) -> float:
    """Kilometres an hour; less than a second counts as one."""
    return km / (max(us, SECOND) / (3_600 * SECOND))


def hour_probability(histogram: dict[int, int], hour: int) -> float:
    """Share of an hour in a day's profile, smoothed over its neighbours (catalogue, section 4)."""
    around = histogram.get((hour - 1) % 24, 0) + histogram.get((hour + 1) % 24, 0)
    return (0.5 * histogram.get(hour, 0) + 0.25 * around + 0.5) / (sum(histogram.values()) + 12)


def robust_z(x: float, series: list[float]) -> float:
    """Distance from the median in units of 1.4826 median absolute deviations."""
    if not series:
        raise Undecided("an empty series")
    middle = _median(list(series))
    spread = 1.4826 * _median([abs(item - middle) for item in series])
    if spread == 0:
        raise Undecided("no spread")
    return (x - middle) / spread


def day(text: str) -> date:
    """Read a date; a text that is none has no value."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Undecided(f"not a date: {text!r}") from None


def add_years(text: str, years: int) -> str:
    """Move a date by whole years; where that day does not exist, the month's last (Civil Code 202)."""
    start = day(text)
    try:
        return start.replace(year=start.year + years).isoformat()
    except ValueError:
        return start.replace(year=start.year + years, day=28).isoformat()


def age(birth: str, us: int) -> int:
    """Whole years of age on the day of an instant."""
    born, today = day(birth), local(us).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def fee(fen: int, bp: int) -> int:
    """Take a rate of an amount, rounded half up."""
    return (fen * bp + 5_000) // 10_000


def _median(items: list[float]) -> float:
    return sorted(items)[(len(items) - 1) // 2]


PURE: dict[str, Callable[..., Any]] = {
    "percent": percent,
    "distance_km": distance_km,
    "speed_kmh": speed_kmh,
    "hour_probability": hour_probability,
    "robust_z": robust_z,
    "add_years": add_years,
    "age": age,
    "fee": fee,
    "abs": abs,
    "floor_zero": lambda x: max(x, type(x)(0)),
    "hour": lambda us: local(us).hour,
    "date": lambda us: local(us).date().isoformat(),
    "days_between": lambda a, b: (day(b) - day(a)).days,
    "add_days": lambda text, n: (day(text) + timedelta(days=n)).isoformat(),
    "double": float,
    "int": int,
    "string": str,
    "size": len,
    "duration": duration,
    "timestamp": micros,
    "contains": lambda text, part: part in text,
    "startsWith": lambda text, part: text.startswith(part),
    "endsWith": lambda text, part: text.endswith(part),
}
