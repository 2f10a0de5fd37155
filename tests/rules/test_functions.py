"""The language's own functions at their boundaries; dates and distances against independent calculations."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.windows import Zone
from rules import functions
from rules.functions import EVENT_TIMES, FUNCTIONS
from rules.operators import NAMESPACE

CHINA = Zone("Asia/Shanghai")
dates = st.dates(date(1900, 1, 1), date(2200, 12, 31))


def us(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "hour", "day"),
    [
        ("2026-03-10T00:00:00+08:00", 0, "2026-03-10"),
        ("2026-03-09T23:59:59.999999+08:00", 23, "2026-03-09"),
        ("2026-03-09T16:00:00+00:00", 0, "2026-03-10"),
        ("1986-07-01T00:00:00+09:00", 0, "1986-07-01"),
    ],
)
def test_hours_and_dates_are_the_zones(text: str, hour: int, day: str) -> None:
    assert functions.hour(us(text), CHINA) == hour
    assert functions.date_of(us(text), CHINA) == day


@given(st.integers(*EVENT_TIMES))
def test_hours_and_dates_never_fail_for_events(t: int) -> None:
    assert functions.hour(t, CHINA) is not None
    assert functions.date_of(t, CHINA) is not None


@pytest.mark.parametrize(
    ("birth", "at", "years"),
    [
        ("2010-03-10", "2026-03-09T23:59:59+08:00", 15),
        ("2010-03-10", "2026-03-10T00:00:00+08:00", 16),
        ("2008-02-29", "2026-02-28T23:59:59+08:00", 17),
        ("2008-02-29", "2026-03-01T00:00:00+08:00", 18),
        ("2010-02-30", "2026-03-10T00:00:00+08:00", None),
    ],
)
def test_age_is_in_full_years(birth: str, at: str, years: int | None) -> None:
    assert functions.age(birth, us(at), CHINA) == years


@pytest.mark.parametrize(
    ("day", "years", "end"),
    [
        ("2024-02-29", 5, "2029-02-28"),
        ("2024-02-29", 4, "2028-02-29"),
        ("2024-03-01", 5, "2029-03-01"),
        ("2024-12-31", 1, "2025-12-31"),
        ("9999-01-01", 1, None),
        ("2024-02-30", 1, None),
        ("20240301", 1, None),
    ],
)
def test_a_term_of_years_ends_as_the_civil_code_says(day: str, years: int, end: str | None) -> None:
    assert functions.add_years(day, years) == end


@given(dates, st.integers(-3000, 3000))
def test_days_between_undoes_add_days(day: date, days: int) -> None:
    moved = functions.add_days(day.isoformat(), days)
    assert moved == (day + timedelta(days=days)).isoformat()
    assert functions.days_between(day.isoformat(), moved) == days


@pytest.mark.parametrize(
    ("day", "days"),
    [("2026-02-30", 1), ("9999-12-31", 1), ("0001-01-01", -1), ("", 1), ("2026-01-01", 1 << 62)],
)
def test_a_date_that_does_not_exist_is_no_value(day: str, days: int) -> None:
    assert functions.add_days(day, days) is None


@given(st.integers(-(1 << 53), 1 << 53), st.integers(-(1 << 53), 1 << 53).filter(bool))
def test_percent_is_one_rounded_division(part: int, whole: int) -> None:
    assert functions.percent(part, whole) == float(Fraction(100 * part, whole))


def test_percent_meets_its_limit_exactly() -> None:
    assert [part for part in range(101) if functions.percent(part, 100) != float(part)] == []
    assert functions.percent(1, 0) is None


@pytest.mark.parametrize(
    ("amount", "rate", "fee"),
    [
        (1_000, 60, 6),
        (1_083, 60, 6),
        (1_084, 60, 7),
        (83, 60, 0),
        (84, 60, 1),
        (0, 60, 0),
        (1_250, 60, 8),
        (1_249, 60, 7),
        ((1 << 53) - 1, (1 << 53) - 1, None),
    ],
)
def test_half_a_fen_of_fee_goes_up(amount: int, rate: int, fee: int | None) -> None:
    assert functions.fee(amount, rate) == fee


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((31.2304, 121.4737), (39.9042, 116.4074), 1067.311),  # Shanghai to Beijing
        ((0.0, 0.0), (0.0, 180.0), math.pi * 6371.0088),
        ((90.0, 0.0), (-90.0, 0.0), math.pi * 6371.0088),
        ((31.0, 121.0), (31.0, 121.0), 0.0),
    ],
)
def test_distances(here: tuple[float, float], there: tuple[float, float], km: float) -> None:
    assert functions.distance_km(*here, *there) == pytest.approx(km, abs=0.5)


@given(*(st.floats(allow_nan=True, allow_infinity=True) for _ in range(4)))
def test_any_place_has_a_distance_or_none(lat1: float, lon1: float, lat2: float, lon2: float) -> None:
    found = functions.distance_km(lat1, lon1, lat2, lon2)
    assert found is None or 0 <= found <= math.pi * 6371.0089


@pytest.mark.parametrize(
    ("km", "span", "speed"),
    [(900.0, 3_600_000_000, 900.0), (1.0, 0, 3_600.0), (1.0, 500_000, 3_600.0), (2.0, -5, 7_200.0)],
)
def test_a_speed_counts_one_second_at_least(km: float, span: int, speed: float) -> None:
    assert functions.speed_kmh(km, span) == speed


def test_a_robust_z_counts_spreads_from_the_lower_middle() -> None:
    series = [10, 12, 11, 13, 9, 10, 12, 40]
    assert functions.robust_z(11, series) == 0.0
    assert functions.robust_z(8, series) == pytest.approx(-3 / 1.4826)
    assert functions.robust_z(8, []) is None
    assert functions.robust_z(8, [5, 5, 5]) is None


def test_an_hours_probability_leans_on_its_neighbours() -> None:
    histogram = {9: 10, 10: 8, 23: 2}
    assert functions.hour_probability(histogram, 9) == (0.5 * 10 + 0.25 * 8 + 0.5) / (20 + 12)
    assert functions.hour_probability(histogram, 0) == (0.25 * 2 + 0.5) / 32
    assert functions.hour_probability(histogram, 24) is None
    total = sum(functions.hour_probability(histogram, hour) or 0.0 for hour in range(24))
    assert total == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("value", "absolute", "floored"),
    [(-5, 5, 0), (5, 5, 5), (0, 0, 0), (-2.5, 2.5, 0.0), (-(1 << 63), None, 0)],
)
def test_signs(value: float, absolute: float | None, floored: float) -> None:
    assert functions.absolute(value) == absolute
    assert functions.floor_zero(value) == floored


def test_every_function_of_the_language_page_is_declared() -> None:
    assert set(FUNCTIONS) == {
        "hour", "date", "age", "days_between", "add_days", "add_years", "percent", "distance_km", "speed_kmh", "fee",
        "abs", "floor_zero", "robust_z", "hour_probability", "hits", "mentions", "qualified", "consented", "listed",
    }  # fmt: skip


def test_pure_functions_have_python_and_the_others_have_none() -> None:
    assert all((each.impl is not None) == (each.kind == "pure") for each in FUNCTIONS.values())
    assert all(f"fn_{name}" in NAMESPACE for name, each in FUNCTIONS.items() if each.kind == "pure")
    assert all(each.doc.endswith(".") for each in FUNCTIONS.values())
