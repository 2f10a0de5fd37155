"""Calendar windows in several zones: they tile time, begin at midnight, and hold the instant they were asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.windows import DAY, HOUR, MINUTE, SECOND, UNITS, CalendarUnit, Zone, first_day, next_first_day

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEYS = ("Asia/Shanghai", "UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia")
ZONES = {key: Zone(key) for key in KEYS}
LAST_US = (datetime(9998, 12, 30, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
INSTANTS = st.integers(DAY, LAST_US) | st.integers(0, 100).map(
    lambda days: 1_700_000_000 * SECOND + days * DAY
)


def us(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("unit", "at", "start", "end"),
    [
        pytest.param("day", "2026-03-10T00:00:00+08:00", "2026-03-10", "2026-03-11", id="midnight opens the new day"),
        pytest.param("day", "2026-03-10T23:59:59.999999+08:00", "2026-03-10", "2026-03-11", id="its last microsecond"),
        pytest.param("day", "2026-03-09T16:00:00+00:00", "2026-03-10", "2026-03-11", id="midnight said in UTC"),
        pytest.param("week", "2026-03-08T23:59:59+08:00", "2026-03-02", "2026-03-09", id="Sunday ends the week"),
        pytest.param("week", "2026-03-09T00:00:00+08:00", "2026-03-09", "2026-03-16", id="Monday begins it"),
        pytest.param("week", "2026-01-01T12:00:00+08:00", "2025-12-29", "2026-01-05", id="a week of two years"),
        pytest.param("month", "2024-02-29T12:00:00+08:00", "2024-02-01", "2024-03-01", id="a leap February"),
        pytest.param("month", "2026-12-31T23:59:59+08:00", "2026-12-01", "2027-01-01", id="December"),
        pytest.param("quarter", "2026-03-31T23:59:59+08:00", "2026-01-01", "2026-04-01", id="the first quarter's end"),
        pytest.param("quarter", "2026-10-01T00:00:00+08:00", "2026-10-01", "2027-01-01", id="the last quarter"),
        pytest.param("year", "2026-06-30T12:00:00+08:00", "2026-01-01", "2027-01-01", id="a year"),
        pytest.param("year", "2025-12-31T16:00:00+00:00", "2026-01-01", "2027-01-01", id="New Year comes earlier here"),
    ],
)  # fmt: skip
def test_windows_in_china(unit: CalendarUnit, at: str, start: str, end: str) -> None:
    window = (us(f"{start}T00:00:00+08:00"), us(f"{end}T00:00:00+08:00"))
    assert Zone("Asia/Shanghai").window(unit, us(at)) == window


@pytest.mark.parametrize(
    ("zone", "at", "hours"),
    [
        pytest.param("Europe/Berlin", "2026-03-29T12:00:00+02:00", 23, id="the day that loses an hour"),
        pytest.param("Europe/Berlin", "2026-10-25T12:00:00+01:00", 25, id="the day that gains one"),
        pytest.param("Australia/Lord_Howe", "2026-04-05T12:00:00+10:30", 24.5, id="half an hour more"),
        pytest.param("Asia/Shanghai", "1991-04-14T12:00:00+09:00", 23, id="China's last summer time"),
    ],
)
def test_days_of_other_lengths(zone: str, at: str, hours: float) -> None:
    start, end = Zone(zone).window("day", us(at))
    assert (end - start) / HOUR == hours


def test_a_day_that_a_zone_left_out_holds_nothing() -> None:
    """Samoa went from 29 to 31 December 2011."""
    before = Zone("Pacific/Apia").window("day", us("2011-12-29T23:59:59-10:00"))
    after = Zone("Pacific/Apia").window("day", us("2011-12-31T00:00:00+14:00"))
    assert before[0] < before[1] <= after[0] < after[1]


@given(INSTANTS, st.sampled_from(KEYS), st.sampled_from(UNITS))
def test_a_window_holds_its_instant_and_the_next_begins_where_it_ends(
    at: int, key: str, unit: CalendarUnit
) -> None:
    zone = ZONES[key]
    start, end = zone.window(unit, at)
    assert start <= at < end
    assert zone.window(unit, start) == (start, end) == zone.window(unit, end - 1)
    assert zone.window(unit, end)[0] == end
    assert Zone(key).window(unit, at) == (start, end), "whatever was asked before"


@given(INSTANTS, st.sampled_from(KEYS))
def test_greater_windows_are_made_of_whole_days(at: int, key: str) -> None:
    zone = ZONES[key]
    days = zone.window("day", at)
    for unit in UNITS:
        start, end = zone.window(unit, at)
        assert start <= days[0] < days[1] <= end
        local = zone.local(start)
        assert (local.hour, local.minute, local.second) == (0, 0, 0)


@given(INSTANTS, st.sampled_from(KEYS))
def test_the_wall_clock(at: int, key: str) -> None:
    zone = ZONES[key]
    expected = (EPOCH + timedelta(microseconds=at)).astimezone(zone.info)
    assert zone.local(at) == expected
    assert zone.local(at).utcoffset() == expected.utcoffset()
    assert zone.hour(at) == expected.hour


@given(st.dates(date(1970, 1, 2), date(9998, 12, 30)), st.sampled_from(KEYS))
def test_a_midnight_by_its_number(day: date, key: str) -> None:
    zone = ZONES[key]
    assert zone.midnight_of((day - date(1970, 1, 1)).days) == zone.midnight(day)


@given(st.dates(max_value=date(9998, 12, 31)), st.sampled_from(UNITS))
def test_first_days_follow_each_other(day: date, unit: CalendarUnit) -> None:
    first = first_day(unit, day)
    after = next_first_day(unit, first)
    assert first <= day < after
    assert first_day(unit, after) == after
    assert first_day(unit, after - timedelta(days=1)) == first


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Zone, "LIMIT", 10)
    zone = Zone("Asia/Shanghai")
    for day in range(1, 60):
        at = day * DAY + 5 * MINUTE
        start, end = zone.window("day", at)
        assert end - start == DAY
        assert zone.hour(at) == 8
        assert zone.midnight_of(day) == day * DAY - 8 * HOUR


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError, match="Asia/Peking"):
        Zone("Asia/Peking")
