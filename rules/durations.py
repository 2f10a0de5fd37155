"""Durations as rule files write them: `30s`, `10m`, `24h`, `7d`. A day has 24 hours; inside they are microseconds."""

from __future__ import annotations

import re
from typing import Final

SECOND_US: Final = 1_000_000
UNITS_US: Final = {"s": SECOND_US, "m": 60 * SECOND_US, "h": 3_600 * SECOND_US, "d": 86_400 * SECOND_US}
LONGEST_US: Final = (
    36_525 * 86_400 * SECOND_US
)  # A hundred years: more is a slip, and would overflow instants.

_DURATION = re.compile(r"([0-9]{1,9})([smhd])\Z")


def duration_us(text: str) -> int | None:
    """Return a duration in microseconds, or None where the text is none or longer than a hundred years."""
    match = _DURATION.match(text)
    if match is None:
        return None
    span = int(match[1]) * UNITS_US[match[2]]
    return span if span <= LONGEST_US else None


def duration_text(span_us: int) -> str:
    """Return the shortest writing of whole seconds, `90s` for 90,000,000 µs; the inverse of `duration_us`."""
    assert span_us % SECOND_US == 0, "rule files write whole seconds"
    for unit in ("d", "h", "m"):
        if span_us and span_us % UNITS_US[unit] == 0:
            return f"{span_us // UNITS_US[unit]}{unit}"
    return f"{span_us // SECOND_US}s"
