"""Instants and days as texts and as whole numbers: UTC microseconds, days since 1970."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ONE: Final = date(1970, 1, 1).toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)
_SHAPE: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_FIRST, _LAST = 1970, 9998


def micros(text: str) -> int:
    """Return an RFC 3339 instant as UTC microseconds since 1970; finer fractions are cut off.

    Raises ValueError where it is none, has no offset, names no real date, or lies outside 1970 to 9998 (by its own
    date, and not before 1970 in UTC). A leap second has no instant of its own and is refused.
    """
    # The seconds change with every event; date, minute and offset rarely do.
    try:
        return _MINUTES[text[:16] + text[19:]] + _SECONDS[text[16:19]]
    except KeyError:
        return _any(text)


_MINUTES_KEPT: Final = 8_192
_MINUTES: Final[dict[str, int]] = {}  # Date, minute and offset → the instant at which the minute begins.
_SECONDS: Final = {f":{second:02}": second * 1_000_000 for second in range(60)}


def _any(text: str) -> int:
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, minute, second, fraction, offset = match.groups()
    key = text[:16] + offset
    start = _MINUTES.get(key)
    if start is None:
        start = _minute(day, minute, offset)
        if len(_MINUTES) >= _MINUTES_KEPT:
            _MINUTES.clear()
        _MINUTES[key] = start
    return start + int(second) * 1_000_000 + (int(f"{fraction[:6]:0<6}") if fraction else 0)


def _minute(day: str, minute: str, offset: str) -> int:
    plain = datetime.fromisoformat(f"{day}T{minute}:00{'+00:00' if offset in 'Zz' else offset}")
    us = (plain - _EPOCH) // _MICROSECOND
    if us < 0 or not _FIRST <= plain.year <= _LAST:
        raise ValueError(f"{day}T{minute}{offset}")
    return us


def rfc3339(us: int, zone: ZoneInfo) -> str:
    """Return an instant with the zone's offset at that time; a fraction only where there is one.

    RFC 3339 knows no seconds in an offset, which one zone had until 1972: there the offset is cut to the minute.
    """
    moment = (_EPOCH + timedelta(microseconds=us)).astimezone(zone)
    offset = moment.utcoffset()
    if offset is not None and offset.seconds % 60:
        moment = moment.astimezone(timezone(timedelta(minutes=int(offset / _MINUTE))))
    if not moment.microsecond:
        return moment.isoformat()
    whole = moment.isoformat(timespec="microseconds")
    return whole[:26].rstrip("0") + whole[26:]


def day_number(day: str) -> int:
    """Return a `YYYY-MM-DD` date as days since 1970-01-01; raises ValueError where there is no such date."""
    if day[4:5] != "-" or day[7:8] != "-":  # ISO 8601 knows weeks too; the contract does not.
        raise ValueError(day)
    return date.fromisoformat(day).toordinal() - _DAY_ONE


def day_text(days: int) -> str:
    """Return days since 1970-01-01 as `YYYY-MM-DD`."""
    return date.fromordinal(days + _DAY_ONE).isoformat()


def hash_of(address: str) -> str:
    """Return the hash by which rules tell addresses apart where the source sent none: SHA-256, hexadecimal."""
    return sha256(address.encode()).hexdigest()
