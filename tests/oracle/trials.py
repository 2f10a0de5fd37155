"""What the tests written inside rule files expect, by the conventions of their times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from tests.oracle.instants import micros, rfc3339

FIRST_DAY = date(2026, 3, 9)  # `d1`, a Monday.


def expected(expect: Iterable[Mapping[str, object]]) -> list[tuple[str, str]]:
    """Return the raises and escalations a test asks for, as (instant, level), sorted."""
    return sorted((rfc3339(instant(str(one["at"]))), str(one["level"])) for one in expect)


def instant(text: str) -> int:
    """Read `09:00`, `d5 10:00`, `2026-03-09`, `2026-03-09 10:00:30` or any with seconds."""
    match = re.fullmatch(r"(?:d(\d+)|(\d{4}-\d\d-\d\d))?[ T]?(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?", str(text))
    assert match is not None, f"no time of a test: {text!r}"
    day = date.fromisoformat(match[2]) if match[2] else FIRST_DAY + timedelta(days=int(match[1] or 1) - 1)
    clock = match[3] or "00:00"
    return micros(f"{day.isoformat()}T{clock if len(clock) > 5 else clock + ':00'}+08:00")
