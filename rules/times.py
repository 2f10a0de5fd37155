"""What CEL's own operators and functions do to instants and durations.

Instants are microseconds since 1970 in UTC, durations microseconds. The runtime counts nanoseconds; a text finer than a
microsecond has no value here, since rounding it could move a boundary. Where the runtime's arithmetic saturates at 64
bits of nanoseconds, so does this one: both must give one answer. Every function is total: None where CEL has an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.standard import INT_MAX, INT_MIN, SPACE

TIME_MIN: Final = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z
TIME_MAX: Final = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
SPAN_MAX: Final = 315_576_000_000_999_999  # The greatest duration a text may name: 10,000 years.
SPAN_BOUND: Final = INT_MAX // 1000  # 64 bits of nanoseconds in microseconds.

_US = timedelta(microseconds=1)
_DAY = 86_400_000_000
_CYCLE_DAYS = 146_097
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"([0-9]{1,9})-([0-9]{1,2})-([0-9]{1,2})T([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?)",
    re.ASCII | re.IGNORECASE,
)
_SPAN_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|ms|s|m|h|d)", re.ASCII)
_OFFSET = re.compile(r"([+-]?)([0-9]{1,2}):([0-9]{2})", re.ASCII)
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
}


def _clamped(us: int) -> int:
    """Return a duration in nanoseconds, held to 64 bits as the runtime does before it adds."""
    return max(INT_MIN, min(INT_MAX, us * 1000))


def _span_of(nanoseconds: int) -> int | None:
    return nanoseconds // 1000 if INT_MIN <= nanoseconds <= INT_MAX else None


def add_spans(a: int, b: int) -> int | None:
    """Add two durations; None beyond 292 years."""
    return _span_of(_clamped(a) + _clamped(b))


def subtract_spans(a: int, b: int) -> int | None:
    """Subtract one duration from another; None beyond 292 years."""
    return _span_of(_clamped(a) - _clamped(b))


def between(a: int, b: int) -> int | None:
    """Return the duration from instant `b` to instant `a`; None beyond 292 years."""
    return _span_of((a - b) * 1000)


def later(instant: int, span: int) -> int | None:
    """Return the instant a duration later; None outside the years 1 to 9999."""
    moved = instant + span
    return moved if TIME_MIN <= moved <= TIME_MAX else None


def earlier(instant: int, span: int) -> int | None:
    """Return the instant a duration earlier; None outside the years 1 to 9999."""
    if span * 1000 <= INT_MIN:  # The runtime negates 64 bits of nanoseconds first.
        return None
    return later((instant * 1000 - _clamped(span)) // 1000, 0)


def _fraction(us: int) -> str:
    """Microseconds after the point in groups of three digits; nothing for none."""
    if us == 0:
        return ""
    return f".{us // 1000:03d}" if us % 1000 == 0 else f".{us:06d}"


def text_of_span(us: int) -> str:
    """Write a duration in seconds: `3600s`, `-1.500s`."""
    return f"{'-' if us < 0 else ''}{abs(us) // 10**6}{_fraction(abs(us) % 10**6)}s"


def text_of_time(us: int) -> str:
    """Write an instant as RFC 3339 in UTC."""
    moment = _EPOCH + timedelta(microseconds=us)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{_fraction(us % 10**6)}Z"


def time_of_int(seconds: int) -> int | None:
    """Return the instant so many seconds after 1970; None outside the years 1 to 9999."""
    return later(seconds * 10**6, 0)


def time_of_text(text: str) -> int | None:
    """Read an RFC 3339 instant as leniently as the runtime does; None where it is none or finer than a microsecond."""
    found = _INSTANT.fullmatch(text.strip(SPACE))
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    digits = (found[7] or "")[:9].ljust(9, "0")
    if hour > 23 or minute > 59 or second > 60 or not 1 <= year <= 9999 or digits[6:] != "000":
        return None
    east = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0), seconds=int(found[11] or 0))
    if (found[9] or "00") > "23" or (found[10] or "00") > "59" or (found[11] or "00") > "59":
        return None
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    # A leap second is the second after it, and carries no fraction.
    us = second * 10**6 + (int(digits[:6]) if second < 60 else 0)
    return later(
        (moment - _EPOCH) // timedelta(microseconds=1) + us, (-east if found[8] == "+" else east) // _US
    )


def span_of_text(text: str) -> int | None:
    """Read a duration: `1h30m`, `1.5s`, `7d`; None where it is none or finer than a microsecond."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if body == "0":
        return 0
    at, total = 0, 0
    while at < len(body):
        part = _SPAN_PART.match(body, at)
        if not part or not (part[1] or part[2]) or len(part[1]) > 18:
            return None
        unit, decimals = _NANOSECONDS[part[3]], (part[2] or "")[:15]
        total += int(part[1] or 0) * unit + int(decimals or 0) * unit // 10 ** len(decimals)
        at = part.end()
    if not body or total % 1000 or total // 1000 > SPAN_MAX:
        return None
    return sign * total // 1000


# Parts of an instant


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo | None:
    """Find a zone by IANA name or as `+08:00`; None where there is none."""
    if offset := _OFFSET.fullmatch(name):
        minutes = (int(offset[2]) * 60 + int(offset[3])) * (-1 if offset[1] == "-" else 1)
        return timezone(timedelta(minutes=minutes)) if abs(minutes) < 1440 else None
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


_PARTS: Final[dict[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
    "getMilliseconds": lambda moment: moment.microsecond // 1000,
}


def part(name: str, us: int, zone: str = "") -> int | None:
    """Return a part of an instant by CEL's name for it; months, days of week and year count from 0 as in CEL."""
    info = _zone(zone)
    if info is None:
        return None
    # A calendar repeats after 400 years: step aside where the zone's clock leaves the years that Python has.
    cycles = 1 if us < TIME_MIN + _DAY else -1 if us > TIME_MAX - _DAY else 0
    moment = _EPOCH + timedelta(microseconds=us, days=cycles * _CYCLE_DAYS)
    found = _PARTS[name](moment.astimezone(info))
    return found - cycles * 400 if name == "getFullYear" else found


def span_part(name: str, us: int) -> int:
    """Return a duration in whole hours, minutes or seconds, or its milliseconds beyond the second; towards zero."""
    sign = -1 if us < 0 else 1
    if name == "getMilliseconds":
        return sign * (abs(us) % 10**6 // 1000)
    return sign * (
        abs(us) // {"getHours": 3_600_000_000, "getMinutes": 60_000_000, "getSeconds": 1_000_000}[name]
    )
