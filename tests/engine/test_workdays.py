"""Working days: the published holidays, the weekends worked in exchange, and what happens where the data ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.workdays import workday_after, workday_before, worked

ORIGIN = date(1970, 1, 1)


def days(text: str) -> int:
    return (date.fromisoformat(text) - ORIGIN).days


def text(count: int) -> str:
    return (ORIGIN + timedelta(days=count)).isoformat()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2026-03-09", (True, False), id="a Monday"),
        pytest.param("2026-03-08", (False, False), id="a Sunday"),
        pytest.param("2026-10-01", (False, False), id="National Day, a Thursday"),
        pytest.param("2026-02-14", (True, False), id="a Saturday worked in exchange"),
        pytest.param("2027-10-01", (True, True), id="no notice yet: a weekday counts, approximately"),
        pytest.param("2003-01-04", (False, True), id="before the first notice, a Saturday"),
    ],
)
def test_a_day_is_worked_or_not(day: str, expected: tuple[bool, bool]) -> None:
    assert worked(days(day)) == expected


@pytest.mark.parametrize(
    ("count", "before"), [(90, "2026-08-21"), (30, "2026-11-19"), (15, "2026-12-10"), (0, "2026-12-31")]
)
def test_days_before_the_end_of_2026(count: int, before: str) -> None:
    found, approximate = workday_before(days("2026-12-31"), count)
    assert (text(found), approximate) == (before, False)


def test_a_count_that_leaves_the_data_says_so() -> None:
    assert workday_before(days("2027-01-10"), 3) == (days("2027-01-06"), True)
    assert workday_after(days("2026-12-30"), 2)[1]


def test_the_calendar_ends() -> None:
    assert workday_after(days("9999-12-31"), 5) == (days("9999-12-31"), True)
    assert workday_before(days("0001-01-01"), 5) == (days("0001-01-01"), True)


@given(st.integers(days("2005-01-01"), days("2026-06-30")), st.integers(1, 100))
def test_as_many_worked_days_lie_between(start: int, count: int) -> None:
    end, _ = workday_after(start, count)
    assert worked(end)[0]
    assert sum(worked(day)[0] for day in range(start + 1, end + 1)) == count
    back, _ = workday_before(end + 1, count)
    assert sum(worked(day)[0] for day in range(back, end + 1)) == count
