"""The business clock, against counting open seconds one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.business import LATEST, business_deadline
from engine.windows import SECOND, Zone

CHINA = Zone("Asia/Shanghai")


def us(text: str) -> int:
    return (datetime.fromisoformat(f"{text}+08:00") - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


@pytest.mark.parametrize(
    ("start", "seconds", "due"),
    [
        pytest.param("2026-03-09T10:00:00", 180, "2026-03-09T10:03:00", id="inside the hours"),
        pytest.param("2026-03-09T21:59:30", 180, "2026-03-10T09:02:30", id="thirty seconds today, the rest tomorrow"),
        pytest.param("2026-03-09T23:00:00", 180, "2026-03-10T09:03:00", id="a message at night waits for opening"),
        pytest.param("2026-03-09T08:00:00", 180, "2026-03-09T09:03:00", id="so does one in the early morning"),
        pytest.param("2026-03-09T09:00:00", 180, "2026-03-09T09:03:00", id="open at nine sharp"),
        pytest.param("2026-03-09T22:00:00", 180, "2026-03-10T09:03:00", id="closed at twenty-two sharp"),
        pytest.param("2026-03-09T21:57:00", 180, "2026-03-09T22:00:00", id="due at closing time, not next morning"),
        pytest.param("2026-03-09T12:00:00", 13 * 3600, "2026-03-10T12:00:00", id="a whole day of thirteen hours"),
        pytest.param("2026-03-07T12:00:00", 26 * 3600, "2026-03-09T12:00:00", id="weekends are open"),
        pytest.param("2026-03-09T12:00:00.25", 180, "2026-03-09T12:03:00.25", id="fractions are kept"),
        pytest.param("2026-03-09T23:00:00", 0, "2026-03-10T09:00:00", id="no time at all is due when it opens"),
    ],
)  # fmt: skip
def test_deadlines(start: str, seconds: int, due: str) -> None:
    assert business_deadline(us(start), seconds * SECOND, CHINA) == us(due)


def test_other_hours() -> None:
    assert business_deadline(us("2026-03-09T17:59:00"), 120 * SECOND, CHINA, (480, 1080)) == us(
        "2026-03-10T08:01:00"
    )
    assert business_deadline(us("2026-03-09T23:59:00"), 120 * SECOND, CHINA, (0, 1440)) == us(
        "2026-03-10T00:01:00"
    )


def test_a_deadline_beyond_all_calendars_never_comes() -> None:
    assert business_deadline(us("2026-03-09T10:00:00"), 1 << 62, CHINA) == LATEST


def test_a_change_of_summer_time_at_night_moves_no_business_hour() -> None:
    berlin = Zone("Europe/Berlin")
    start = int(datetime(2026, 3, 28, 21, 59, tzinfo=berlin.info).timestamp()) * SECOND
    due = int(datetime(2026, 3, 29, 9, 1, tzinfo=berlin.info).timestamp()) * SECOND
    assert business_deadline(start, 120 * SECOND, berlin) == due


@given(st.integers(0, 3 * 86_400), st.integers(1, 30 * 3600))
def test_exactly_so_many_open_seconds_pass(after: int, seconds: int) -> None:
    start = us("2026-03-09T00:00:00") + after * SECOND
    due = business_deadline(start, seconds * SECOND, CHINA)
    midnight = us("2026-03-09T00:00:00")
    opens, closes = 9 * 3600, 22 * 3600
    passed = 0
    for day in range(8):
        day_start = midnight + day * 86_400 * SECOND
        low, high = max(start, day_start + opens * SECOND), min(due, day_start + closes * SECOND)
        passed += max(0, high - low)
    assert passed == seconds * SECOND
    local = (due - midnight) // SECOND % 86_400
    assert opens < local <= closes
