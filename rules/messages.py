"""The words people read: texts with `{name|format}` placeholders, checked at load, filled in when an alert is written.

Values come as they stand in a record: money in fen, percent in basis points, kilometres in metres, speeds in metres an
hour, `times` and z in thousandths, probability in parts per million, durations and instants in microseconds, dates as
`YYYY-MM-DD`. Both languages write numbers alike, so that a figure can be compared at a glance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from rules.model import Language, Text
from rules.tree import TypeName

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
ABSENT: Final = "—"  # A value that the event does not have.

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder as written: its name, its format ("" for none) and where both stand in the text."""

    name: str
    format: str
    name_offset: int
    format_offset: int


@dataclass(frozen=True, slots=True)
class Format:
    """Which types and units a format shows; the unit "" stands for a value without one."""

    types: tuple[TypeName, ...]
    units: tuple[str, ...]


FORMATS: Final = {
    "yuan": Format(("int",), ("fen", "")),
    "percent": Format(("double", "int"), ("percent", "bp", "")),
    "bp": Format(("int",), ("bp", "")),
    "count": Format(("int",), ("count", "px", "lines", "chars", "bits", "ms", "")),
    "date": Format(("string", "timestamp"), ("date", "time", "")),
    "time": Format(("timestamp",), ("time", "")),
    "days": Format(("int",), ("days", "workdays", "")),
    "km": Format(("double",), ("km", "")),
    "km_h": Format(("double",), ("km_h", "")),
    "times": Format(("double",), ("times", "z", "")),
    "duration": Format(("duration",), ("duration", "")),
    "text": Format(("string",), ("text", "date", "")),
}

# Without a format only what reads the same as a number or a word may be shown.
BARE: Final[tuple[TypeName, ...]] = ("int", "string")

_SPANS: Final = (
    (86_400_000_000, "天", "day"),
    (3_600_000_000, "小时", "hour"),
    (60_000_000, "分钟", "minute"),
    (1_000_000, "秒", "second"),
)


def cut(text: str) -> tuple[tuple[str | Slot, ...], int | None]:
    """Cut a text into strings and placeholders; also return the offset of the first brace that belongs to none."""
    parts: list[str | Slot] = []
    end = 0
    stray: int | None = None
    for match in _PLACEHOLDER.finditer(text):
        parts.append(text[end : match.start()])
        name, bar, form = match[1].partition("|")
        parts.append(
            Slot(name.strip(), form.strip() if bar else "", match.start(1), match.start(1) + len(name) + 1)
        )
        end = match.end()
    parts.append(text[end:])
    position = 0
    for part in parts:
        if isinstance(part, str):
            start = text.index(part, position)
            position = start + len(part)
            for brace in "{}":
                if stray is None and brace in part:
                    stray = start + part.index(brace)
    return tuple(part for part in parts if part != ""), stray


def render(text: Text, values: Mapping[str, object], zone: tzinfo = SHANGHAI) -> str:
    """Return a text with its values filled in; `values` is keyed by the placeholders' names.

    A value that is None or missing shows as a dash: a message never fails because a field was absent.
    """
    return filler(text)(values, zone)


def filler(text: Text) -> Callable[[Mapping[str, object], tzinfo], str]:
    """Return the function that fills in a text as `render` does; one that is used often is prepared once."""
    whole = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in text.parts)
    slots = [
        (part.name, _shower(part.format, text.language)) for part in text.parts if not isinstance(part, str)
    ]

    def fill(values: Mapping[str, object], zone: tzinfo) -> str:
        get = values.get
        return whole % tuple([show(get(name), zone) for name, show in slots])

    return fill


def _shower(form: str, language: Language) -> Callable[[object, tzinfo], str]:
    """Return the function that shows a value as a format says."""
    shown = _SHOWN[form]

    def show(value: object, zone: tzinfo) -> str:
        if value.__class__ is str:
            return value
        if value is None:
            return ABSENT
        if isinstance(value, int):
            return shown(value, language, zone)
        if isinstance(value, list | tuple):
            return ("、" if language == "zh" else ", ").join(str(each) for each in value)
        return str(value)

    return show


def _yuan(value: int) -> str:
    return f"{'-' if value < 0 else ''}{abs(value) // 100:,}.{abs(value) % 100:02d}"


@lru_cache(maxsize=4_096)  # Both languages say it alike.
def _time(value: int, zone: tzinfo) -> str:
    moment = _local(value, zone)
    return moment.isoformat(" ", "seconds")[:19] if moment.second else moment.isoformat(" ", "minutes")[:16]


@lru_cache(maxsize=4_096)
def _date(value: int, zone: tzinfo) -> str:
    return _local(value, zone).date().isoformat()


def _duration(value: int, language: Language) -> str:
    """Show the two greatest units, the rest cut off: 1 day 1 hour. Below a second, thousandths of one."""
    left, sign = abs(value), "-" if value < 0 else ""
    if left < 1_000_000:
        return f"{sign}{_decimal(left // 1_000, 1_000)} {'秒' if language == 'zh' else 'seconds'}"
    shown: list[str] = []
    for span, chinese, english in _SPANS:
        count, left = divmod(left, span)
        if count:
            shown.append(_counted(count, chinese, english, language))
        if len(shown) == 2 or (shown and not count):
            break
    return sign + " ".join(shown)


def _counted(count: int, chinese: str, english: str, language: Language) -> str:
    if language == "zh":
        return f"{count:,} {chinese}"
    return f"{count:,} {english}{'' if abs(count) == 1 else 's'}"


def _half_even(value: int, divisor: int) -> int:
    """Divide whole numbers, rounding half to even, as records do."""
    quotient, rest = divmod(value, divisor)
    return quotient + (2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1))


def _decimal(value: int, scale: int) -> str:
    """Write value / scale exactly, with thousands separators and no trailing zeros."""
    whole, rest = divmod(abs(value), scale)
    digits = f"{rest:0{len(str(scale)) - 1}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole:,}{'.' if digits else ''}{digits}"


def _local(us: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=us)).astimezone(zone)


_SHOWN: Final[dict[str, Callable[[int, Language, tzinfo], str]]] = {
    "": lambda value, _, __: str(value),
    "text": lambda value, _, __: str(value),
    "yuan": lambda value, _, __: _yuan(value),
    "percent": lambda value, _, __: f"{_decimal(_half_even(value, 10), 10)}%",
    "bp": lambda value, _, __: f"{_decimal(value, 100)}%",
    "count": lambda value, _, __: f"{value:,}",
    "days": lambda value, language, _: _counted(value, "天", "day", language),
    "km": lambda value, language, _: (
        f"{_decimal(_half_even(value, 100), 10)} {'公里' if language == 'zh' else 'km'}"
    ),
    "km_h": lambda value, language, _: (
        f"{_half_even(value, 1_000):,} {'公里/小时' if language == 'zh' else 'km/h'}"
    ),
    "times": lambda value, language, _: (
        f"{_decimal(_half_even(value, 100), 10)} {'倍' if language == 'zh' else 'times'}"
    ),
    "duration": lambda value, language, _: _duration(value, language),
    "date": lambda value, _, zone: _date(value, zone),
    "time": lambda value, _, zone: _time(value, zone),
}
