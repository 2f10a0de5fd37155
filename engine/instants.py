"""Instants and days as texts and as whole numbers: UTC microseconds, days since 1970."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ONE: Final = date(1970, 1, 1).toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY_US: Final = 86_400_000_000
_QUARTER_US: Final = 900_000_000
_SHAPE: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_FIRST, _LAST = 1970, 9998
_TWO_DAYS: Final = 172_800_000_000


def micros(text: str) -> int:
    """Return an RFC 3339 instant as UTC microseconds since 1970; finer fractions are cut off.

    Raises ValueError where it is none, has no offset, names no real date, or lies outside 1970 to 9998 (by its own
    date, and not before 1970 in UTC). A leap second has no instant of its own and is refused.
    """
    # What stands before the seconds, and the seconds with the offset, are both known but for the first time.
    try:
        return _MINUTES[text[:17]] + _SECONDS[text[17:]]
    except KeyError:
        return _any(text)


_KEPT: Final = 8_192
_MINUTES: Final[dict[str, int]] = {}  # `2026-03-10T09:15:` → the instant, as if it were UTC.
_SECONDS: Final[dict[str, int]] = {}  # `30+08:00` → what must be added to it.


def _any(text: str) -> int:
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, minute, second, fraction, offset = match.groups()
    start = _MINUTES.get(text[:17])
    if start is None:
        start = _minute(day, minute)
    ahead = _ahead(offset)
    if start < ahead:
        raise ValueError(text)  # Before 1970 in UTC.
    shift = int(second) * 1_000_000 - ahead
    if start > _TWO_DAYS:  # No offset is as great: the two parts may be put together with any others.
        _keep(_MINUTES, text[:17], start)
        if not fraction:
            _keep(_SECONDS, text[17:], shift)
    return start + shift + (int(f"{fraction[:6]:0<6}") if fraction else 0)


def _keep(known: dict[str, int], text: str, us: int) -> None:
    if len(known) >= _KEPT:
        known.clear()
    known[text] = us


def _ahead(offset: str) -> int:
    """Return how far an offset is ahead of UTC, in microseconds."""
    if offset in "Zz":
        return 0
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    return (-minutes if offset[0] == "-" else minutes) * 60_000_000


def _minute(day: str, minute: str) -> int:
    plain = datetime.fromisoformat(f"{day}T{minute}:00+00:00")
    if not _FIRST <= plain.year <= _LAST:
        raise ValueError(f"{day}T{minute}")
    return (plain - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=8_192)  # Bounds of windows and times of triggers come again and again.
def rfc3339(us: int, zone: ZoneInfo) -> str:
    """Return an instant with the zone's offset at that time; a fraction only where there is one.

    RFC 3339 knows no seconds in an offset, which one zone had until 1972: there the offset is cut to the minute.
    """
    minutes_ahead = int(ahead_us(us, zone) / 60_000_000)
    day, rest = divmod(us + minutes_ahead * 60_000_000, _DAY_US)
    second, fraction = divmod(rest, 1_000_000)
    shown = f".{fraction:06}".rstrip("0") if fraction else ""
    return f"{day_text(day)}T{_time_text(second)}{shown}{_offset_text(minutes_ahead)}"


@lru_cache(maxsize=86_400)
def _time_text(second: int) -> str:
    return f"{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"


@lru_cache
def _offset_text(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def ahead_us(us: int, zone: ZoneInfo) -> int:
    """Return how far a zone is ahead of UTC at an instant, in microseconds.

    Raises OverflowError or ValueError where it is no instant of the years 1 to 9999 there.
    """
    quarter = us // _QUARTER_US
    found = _ahead_all_through(quarter, zone)
    return found if found is not None else _ahead_at(us, zone)


@lru_cache(maxsize=65_536)
def _ahead_all_through(quarter: int, zone: ZoneInfo) -> int | None:
    """Return the same of a quarter of an hour since 1970; None where the clocks are changed within it."""
    first = _ahead_at(quarter * _QUARTER_US, zone)
    return first if first == _ahead_at((quarter + 1) * _QUARTER_US - 1, zone) else None


def _ahead_at(us: int, zone: ZoneInfo) -> int:
    offset = (_EPOCH + timedelta(microseconds=us)).astimezone(zone).utcoffset()
    assert offset is not None, "a zone knows its offset"
    return offset // _MICROSECOND


def day_number(day: str) -> int:
    """Return a `YYYY-MM-DD` date as days since 1970-01-01; raises ValueError where there is no such date."""
    if day[4:5] != "-" or day[7:8] != "-":  # ISO 8601 knows weeks too; the contract does not.
        raise ValueError(day)
    return date.fromisoformat(day).toordinal() - _DAY_ONE


@lru_cache(maxsize=8_192)
def day_text(days: int) -> str:
    """Return days since 1970-01-01 as `YYYY-MM-DD`; raises ValueError or OverflowError outside the years 1 to 9999."""
    return date.fromordinal(days + _DAY_ONE).isoformat()


def hash_of(address: str) -> str:
    """Return the hash by which rules tell addresses apart where the source sent none: SHA-256, hexadecimal."""
    return sha256(address.encode()).hexdigest()
