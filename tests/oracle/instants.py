"""Instants, dates and windows by the standard library's own calendar: int microseconds UTC, zone Asia/Shanghai."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
SECOND = 1_000_000
DAY = 86_400 * SECOND
OPENS, CLOSES = time(9), time(22)  # Business hours, every day.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_UNITS = {"ms": 1_000, "s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": DAY}


@lru_cache(maxsize=100_000)
def micros(text: str) -> int:
    """Read RFC 3339 with an offset; raise ValueError otherwise. Digits below the microsecond are cut off."""
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not RFC 3339 with an offset: {text!r}")
    day, clock, fraction, offset = match.groups()
    offset = "+00:00" if offset in "Zz" else offset
    whole = datetime.fromisoformat(f"{day}T{clock}{offset}")
    return (whole - _EPOCH) // timedelta(microseconds=1) + int((fraction or ".0")[1:7].ljust(6, "0"))


@lru_cache(maxsize=100_000)
def rfc3339(us: int) -> str:
    """Write an instant with the zone's offset; a fraction only where there is one."""
    seconds, rest = divmod(us, SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).astimezone(ZONE).isoformat()
    return f"{text[:19]}.{rest:06d}".rstrip("0") + text[19:] if rest else text


@lru_cache(maxsize=100_000)
def local(us: int) -> datetime:
    """Return the wall clock in the zone."""
    return (_EPOCH + timedelta(microseconds=us)).astimezone(ZONE)


def midnight(day: date) -> int:
    """Return the first instant of a day in the zone."""
    return _instant(datetime.combine(day, time(), ZONE))


def duration(text: str) -> int:
    """Read `30s`, `10m`, `24h`, `7d` as microseconds."""
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    return int(match[1]) * _UNITS[match[2]]


@lru_cache(maxsize=100_000)
def calendar(unit: str, us: int, shift: int = 0) -> tuple[int, int]:
    """Return `[start, end)` of the day, week, month, quarter or year of an instant, or of one `shift` units away."""
    day = local(us).date()
    if unit in ("day", "week"):
        length = 1 if unit == "day" else 7
        first = day - timedelta(days=day.weekday() if unit == "week" else 0)
        first += timedelta(days=length * shift)
        return midnight(first), midnight(first + timedelta(days=length))
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    start = (day.year * 12 + day.month - 1) // months * months + months * shift
    return midnight(_first_of(start)), midnight(_first_of(start + months))


def business(us: int, length: int) -> int:
    """Return the instant at which `length` microseconds of business hours have passed since an instant."""
    day = local(us).date()
    while True:
        opens = _instant(datetime.combine(day, OPENS, ZONE))
        closes = _instant(datetime.combine(day, CLOSES, ZONE))
        us = max(us, opens)
        if us < closes and us + length <= closes:
            return us + length
        length -= max(0, closes - us)
        day += timedelta(days=1)


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _instant(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
