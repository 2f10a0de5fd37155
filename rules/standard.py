"""What CEL's own operators and functions do to values that are known only when a rule runs.

Every function is total: where CEL gives an error it returns None, and the compiled rule goes on as "no value". Instants
are microseconds since 1970 in UTC, durations microseconds. The runtime counts nanoseconds; a text finer than a
microsecond has no value here, since rounding it could move a boundary. Where the runtime's arithmetic saturates at
64 bits of nanoseconds, so does this one: both must give one answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

INT_MIN: Final = -(1 << 63)
INT_MAX: Final = (1 << 63) - 1
TIME_MIN: Final = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z
TIME_MAX: Final = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
SPAN_MAX: Final = 315_576_000_000_999_999  # The greatest duration a text may name: 10,000 years.

_DAY = 86_400_000_000
_CYCLE_DAYS = 146_097
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPACE = " \t\n\v\f\r"
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
_HEXADECIMAL = re.compile(
    r"[+-]?0x([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(p[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE
)
_NAMED = re.compile(r"([+-]?)(?:(inf|infinity)|nan(?:\([0-9a-z_]*\))?)", re.ASCII | re.IGNORECASE)
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
_TRUTHS = {"true": True, "True": True, "TRUE": True, "t": True, "1": True,
           "false": False, "False": False, "FALSE": False, "f": False, "0": False}  # fmt: skip


# Arithmetic


def div(a: int, b: int) -> int | None:
    """Divide towards zero; None for a zero divisor and where the quotient leaves 64 bits."""
    if b == 0:
        return None
    quotient = abs(a) // abs(b)
    result = quotient if (a < 0) == (b < 0) else -quotient
    return result if result <= INT_MAX else None


def mod(a: int, b: int) -> int | None:
    """Return the rest of `div`, with the sign of `a`; None where the division has no value."""
    if b == 0 or (a == INT_MIN and b == -1):
        return None
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def quotient(a: float, b: float) -> float:
    """Divide two doubles as IEEE 754 says: by zero gives an infinity or NaN, never an error."""
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:  # noqa: PLR0124 (NaN differs from itself)
        return -math.nan if a == 0.0 else a  # The sign that x86 gives; it shows in string().
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


# Instants and durations, in microseconds


def _clamped(us: int) -> int:
    """A duration in nanoseconds, held to 64 bits as the runtime does before it adds."""
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


# Conversions


def int_of_double(x: float) -> int | None:
    """Cut the fraction off; None for NaN and outside 64 bits."""
    return int(x) if -(2.0**63) < x < 2.0**63 else None


def int_of_text(text: str) -> int | None:
    """Read a decimal integer; None where the text is none or leaves 64 bits."""
    digits = text.strip(_SPACE)
    if len(digits) > 4000 or not _INTEGER.fullmatch(digits):
        return None
    value = int(digits)
    return value if INT_MIN <= value <= INT_MAX else None


def double_of_text(text: str) -> float | None:
    """Read a double: decimal, hexadecimal, inf or nan; None where the text is none of them."""
    digits = text.strip(_SPACE)
    if named := _NAMED.fullmatch(digits):
        return math.copysign(math.inf if named[2] else math.nan, -1.0 if named[1] == "-" else 1.0)
    if _DECIMAL.fullmatch(digits):
        return float(digits)
    return _hexadecimal(digits) if _HEXADECIMAL.fullmatch(digits) else None


def _hexadecimal(digits: str) -> float:
    try:
        return float.fromhex(digits)
    except OverflowError:
        return math.inf if not digits.startswith("-") else -math.inf


def bool_of_text(text: str) -> bool | None:
    """Read true or false; None for other texts."""
    return _TRUTHS.get(text)


def text_of_double(x: float) -> str:
    """Write the shortest digits that read back the same, with an exponent below 1e-4 and from 1e6."""
    if math.isnan(x) or math.isinf(x):
        sign = "-" if math.copysign(1.0, x) < 0 else ""
        return sign + ("nan" if math.isnan(x) else "inf")
    sign, digits, exponent = Decimal(repr(x)).normalize().as_tuple()
    assert isinstance(exponent, int), "a finite number has an exponent"
    figures = "".join(map(str, digits))
    power = exponent + len(figures) - 1 if x else 0
    if power < -4 or power >= 6:
        point = "." if len(figures) > 1 else ""
        text = f"{figures[0]}{point}{figures[1:]}e{power:+03d}"
    elif power < 0:
        text = f"0.{'0' * (-power - 1)}{figures}"
    else:
        whole = figures[: power + 1].ljust(power + 1, "0")
        text = whole + ("." + figures[power + 1 :] if len(figures) > power + 1 else "")
    return ("-" if sign else "") + text


def text_of_bool(x: bool) -> str:  # noqa: FBT001 (the value itself)
    """Write true or false."""
    return "true" if x else "false"


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
    found = _INSTANT.fullmatch(text.strip(_SPACE))
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


_US = timedelta(microseconds=1)


def span_of_text(text: str) -> int | None:
    """Read a duration: CEL's `1h30m`, `1.5s`, and days as in `7d`; None where it is none or finer than a microsecond."""
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
    """A zone by IANA name or as `+08:00`; None where there is none."""
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
