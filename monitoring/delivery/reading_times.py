"""The parts of a routes file that speak of time: spans, digests, quiet hours."""

from __future__ import annotations

from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from monitoring.delivery.routes import DigestRule, Quiet
from rules.durations import duration_us
from rules.locating import Part, Scalar
from rules.problems import Desk
from rules.schema import LEVELS, fields, flag, one_of, required, scalar, texts

_ZONE: Final = "Asia/Shanghai"
_DIGEST: Final = ("after", "within", "every")
_QUIET: Final = ("from", "until", "zone", "except", "days_off")
_MINUTE_US: Final = 60 * 10**6
MOST_AFTER: Final = 1_000


def span(part: Part | None, desk: Desk, bounds: tuple[str, str], default_us: int) -> int:
    """Return a length of time in microseconds between two bounds, or the default."""
    found = scalar(part, desk)
    if found is None:
        return default_us
    us, low, high = duration_us(found.text), duration_us(bounds[0]), duration_us(bounds[1])
    assert low is not None, "bounds are durations"
    assert high is not None, "bounds are durations"
    if us is None or not low <= us <= high:
        desk.refuse(
            found.at,
            found.text,
            f"a duration from {bounds[0]} to {bounds[1]}",
            "write it like 30s, 10m or 24h",
        )
        return default_us
    return us


def count(part: Part | None, desk: Desk, most: int, default: int) -> int:
    """Return a whole number from 1 to a bound, or the default."""
    found = scalar(part, desk)
    if found is None:
        return default
    if not isinstance(found.value, int) or isinstance(found.value, bool) or not 1 <= found.value <= most:
        desk.refuse(
            found.at, found.text, f"a whole number from 1 to {most:,}", "write another, without quotes"
        )
        return default
    return found.value


def read_digest(part: Part, desk: Desk) -> DigestRule:
    """Read when records are gathered."""
    found = fields(part, desk, _DIGEST)
    return DigestRule(
        after=count(found.get("after"), desk.about("after"), MOST_AFTER, 10),
        within_us=span(found.get("within"), desk.about("within"), ("1s", "1h"), _MINUTE_US),
        every_us=span(found.get("every"), desk.about("every"), ("1s", "1d"), 10 * _MINUTE_US),
    )


def read_quiet(part: Part, desk: Desk) -> Quiet:
    """Read when nobody is to be disturbed."""
    found = fields(part, desk, _QUIET)
    days_off = flag(found.get("days_off"), desk.about("days_off"))
    hours = None
    if not days_off or {"from", "until"} & found.keys():
        required(part, found, desk, ("from", "until"))
        begin, end = (_time(found.get(name), desk.about(name)) for name in ("from", "until"))
        if begin is not None and end is not None:
            hours = (begin, end)
        if begin is not None and begin == end:
            desk.refuse(found["until"].at, f"until {end:%H:%M} too", "another time than from", "change one")
    here = desk.about("except")
    levels = tuple(one_of(each, here, LEVELS) for each in texts(found.get("except"), here))
    return Quiet(_zone(found.get("zone"), desk.about("zone")), hours, days_off, levels)


def _time(part: Part | None, desk: Desk) -> time | None:
    found = scalar(part, desk)
    if found is None:
        return None
    try:
        if len(found.text) == len("22:00"):
            return time.fromisoformat(found.text)
    except ValueError:
        pass
    desk.refuse(found.at, found.text, "a time of day", 'write it like "22:00"')
    return None


def _zone(part: Part | None, desk: Desk) -> ZoneInfo:
    found: Scalar | None = scalar(part, desk)
    try:
        return ZoneInfo(found.text if found is not None else _ZONE)
    except (OSError, ValueError, KeyError):
        assert found is not None, "the default is a zone"
        desk.refuse(found.at, found.text, "a time zone", f"write it like {_ZONE}")
        return ZoneInfo(_ZONE)
