"""Instants and days, against the standard library over the whole range."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.instants import day_number, day_text, hash_of, micros, rfc3339

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND
LAST_US = (datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
ZONES = tuple(ZoneInfo(key) for key in ("Asia/Shanghai", "UTC", "America/St_Johns", "Australia/Lord_Howe"))


def moments() -> st.SearchStrategy[datetime]:
    """Every instant of the range with every offset of whole minutes that keeps its own date inside it."""
    wall_clocks = st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 31, 23, 59, 59))  # noqa: DTZ001 - given zones
    offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    return st.builds(lambda wall, zone: wall.replace(tzinfo=zone), wall_clocks, offsets)


@given(moments())
def test_an_instant_is_what_the_calendar_says(moment: datetime) -> None:
    expected = (moment - EPOCH) // timedelta(microseconds=1)
    assert micros(moment.isoformat()) == expected
    assert micros(moment.isoformat()) == expected, "and again, from what was remembered"


@given(moments(), st.integers(0, 59))
def test_what_is_remembered_of_a_minute_holds_for_all_of_it(moment: datetime, second: int) -> None:
    first = micros(moment.replace(second=0, microsecond=0).isoformat())
    assert micros(moment.replace(second=second, microsecond=0).isoformat()) == first + second * SECOND


@given(st.integers(DAY, LAST_US - DAY), st.sampled_from(ZONES))
@example(DAY, ZONES[2])
@example(LAST_US - DAY, ZONES[0])
def test_what_is_written_is_read_back(us: int, zone: ZoneInfo) -> None:
    assert micros(rfc3339(us, zone)) == us


@given(st.integers(0, LAST_US), st.sampled_from(ZONES))
def test_what_is_written_is_the_wall_clock_with_its_offset(us: int, zone: ZoneInfo) -> None:
    moment = (EPOCH + timedelta(microseconds=us)).astimezone(zone)
    assert datetime.fromisoformat(rfc3339(us, zone)) == moment
    assert rfc3339(us, zone)[:19] == moment.isoformat()[:19]


@pytest.mark.parametrize(
    ("us", "zone", "text"),
    [
        pytest.param(0, "Asia/Shanghai", "1970-01-01T08:00:00+08:00", id="the beginning"),
        pytest.param(0, "UTC", "1970-01-01T00:00:00+00:00", id="UTC has an offset like all others"),
        pytest.param(500_000, "UTC", "1970-01-01T00:00:00.5+00:00", id="no zeros after a fraction"),
        pytest.param(1, "UTC", "1970-01-01T00:00:00.000001+00:00", id="one microsecond"),
        pytest.param(0, "America/St_Johns", "1969-12-31T20:30:00-03:30", id="half hours west"),
        pytest.param(520_000_000 * SECOND, "Asia/Shanghai", "1986-06-24T21:26:40+09:00", id="China's summer time"),
        pytest.param(0, "Africa/Monrovia", "1969-12-31T23:16:00-00:44", id="an offset with seconds, in whole minutes"),
    ],
)  # fmt: skip
def test_writing(us: int, zone: str, text: str) -> None:
    assert rfc3339(us, ZoneInfo(zone)) == text
    assert datetime.fromisoformat(text) == EPOCH + timedelta(microseconds=us)


@pytest.mark.parametrize(
    ("text", "us"),
    [
        pytest.param("1970-01-01T00:00:00Z", 0, id="the first instant"),
        pytest.param("1970-01-01T08:00:00+08:00", 0, id="the first instant in China"),
        pytest.param("1970-01-01T00:00:00.000001Z", 1, id="a microsecond"),
        pytest.param("1970-01-01T00:00:00.0000019Z", 1, id="finer fractions are cut off, not rounded"),
        pytest.param("1970-01-01T00:00:00.9999999999999999999Z", 999_999, id="however fine they are"),
        pytest.param("1970-01-01T00:00:00.5Z", 500_000, id="one digit of fraction"),
        pytest.param("1970-01-01t00:00:01z", SECOND, id="lower-case letters"),
        pytest.param("1970-01-01 00:00:01Z", SECOND, id="a space between date and time, as RFC 3339 allows"),
        pytest.param("1970-01-01T00:00:01-00:00", SECOND, id="-00:00 is UTC of an unknown place"),
        pytest.param("1972-02-29T00:00:00Z", 789 * 86_400 * SECOND, id="a leap day"),
        pytest.param("1970-01-02T23:59:59+23:59", 86_459 * SECOND, id="the greatest offset"),
        pytest.param("9998-12-31T23:59:59Z", LAST_US, id="the last second"),
    ],
)
def test_reading(text: str, us: int) -> None:
    assert micros(text) == us


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("yesterday", id="a word"),
        pytest.param("2026-03-10T09:00:00", id="no offset"),
        pytest.param("2026-03-10", id="a date"),
        pytest.param("2026-03-10T09:00Z", id="no seconds"),
        pytest.param("2026-03-10T09:00:00.Z", id="a point and no fraction"),
        pytest.param("2026-03-10T09:00:00,5Z", id="a comma for a point"),
        pytest.param("2026-02-30T09:00:00Z", id="no such day"),
        pytest.param("2026-02-29T09:00:00Z", id="a leap day in another year"),
        pytest.param("2026-13-01T09:00:00Z", id="a thirteenth month"),
        pytest.param("2026-00-10T09:00:00Z", id="a month nought"),
        pytest.param("2026-03-10T24:00:00Z", id="hour 24"),
        pytest.param("2026-03-10T09:60:00Z", id="minute 60"),
        pytest.param("2016-12-31T23:59:60Z", id="a leap second"),
        pytest.param("2026-03-10T09:00:00+24:00", id="an offset of a day"),
        pytest.param("2026-03-10T09:00:00+08:60", id="sixty minutes of offset"),
        pytest.param("2026-03-10T09:00:00+0800", id="an offset without a colon"),
        pytest.param("2026-03-10T09:00:00+08", id="an offset of hours alone"),
        pytest.param("2026-03-10T09:00:00+08:00:00", id="an offset with seconds"),
        pytest.param("2026-03-10T09:00:00ZZ", id="two zones"),
        pytest.param("2026-03-10T09:00:00Z\n", id="a newline behind"),
        pytest.param(" 2026-03-10T09:00:00Z", id="a space before"),
        pytest.param("2026-W11-2T09:00:00Z", id="a week date"),
        pytest.param("20260310T090000Z", id="the basic format"),
        pytest.param("1969-12-31T23:59:59Z", id="before the first year"),
        pytest.param("1970-01-01T00:00:00+08:00", id="1970 in China, 1969 in UTC"),
        pytest.param("9999-01-01T00:00:00Z", id="after the last year"),
        pytest.param("+12026-03-10T09:00:00Z", id="a year of five digits"),
        pytest.param("２０２６-03-10T09:00:00Z", id="digits of another script"),
        pytest.param("2026-03-10T09:00:00−08:00", id="a minus sign that is no hyphen"),
        pytest.param("2026-03-10T09:00:00\x00+08:00", id="a NUL character"),
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    for _ in range(2):  # What was refused once is not remembered as an instant.
        with pytest.raises(ValueError):  # noqa: PT011 - what it says is said by the caller
            micros(text)


@given(st.text(alphabet="0123456789-:+TZtz. ", max_size=32))
def test_any_text_is_an_instant_or_a_value_error(text: str) -> None:
    try:
        us = micros(text)
    except ValueError:
        return
    assert 0 <= us <= LAST_US + 86_400 * SECOND


@given(st.dates())
def test_days_and_their_numbers(day: date) -> None:
    number = day_number(day.isoformat())
    assert number == (day - date(1970, 1, 1)).days
    assert day_text(number) == day.isoformat()


@pytest.mark.parametrize(
    "text", ["2026-02-30", "0000-01-01", "2026-W11-2", "20260310", "2026-3-10", "", "2026-03-10T00:00:00Z"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - what it says is said by the caller
        day_number(text)


def test_the_hash_of_an_address_is_its_sha_256() -> None:
    # Computed with `printf 192.0.2.1 | sha256sum`.
    assert hash_of("192.0.2.1") == "37fcff24bf62035b2b08020afc08b4fecd4fcffce57ab23518e3561ff0fe76b9"
