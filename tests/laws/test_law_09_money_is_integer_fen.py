"""Law 9: no float touches an amount, and days are calendar days of the tenant's zone."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alert import encode
from engine.fold import Settings
from tests.engine.driving import fed, payment, program
from tests.logs.arrival import Line
from tests.logs.strategies import logs

WARN = 4_000_000  # Of COL-01, in fen: the day adds up to exactly 40,000.00.
MOST = 2**53 - 1  # The greatest amount there is.
BERLIN = Settings(zone="Europe/Berlin")
SHANGHAI = Settings()


def floats_in(value: Any) -> list[float]:
    """Return every float of a decoded JSON value."""
    if isinstance(value, dict | list):
        return [
            found
            for each in (value.values() if isinstance(value, dict) else value)
            for found in floats_in(each)
        ]
    return [value] if isinstance(value, float) else []


@given(log=logs(least=40))
def test_no_record_holds_a_float(log: list[Line]) -> None:
    for record in fed(log).records:
        whole = json.loads(encode(record))
        assert floats_in(whole) == []
        assert all(abs(value) < 2**53 for value in whole["values"].values() if isinstance(value, int))


@given(fen=st.lists(st.integers(1, 2**44), min_size=1, max_size=30))
def test_a_sum_is_exact(fen: list[int]) -> None:
    run = fed([payment(f"p{number:02}", "10:00", one) for number, one in enumerate(fen)], program("COL-01"))
    shown = [record.values["collected"] for record in run.records]
    sums = [sum(fen[: number + 1]) for number in range(len(fen))]
    assert all(type(value) is int and value in sums for value in shown)
    assert bool(shown) == (sum(fen) >= WARN)


@pytest.mark.parametrize(
    "amount",
    [
        pytest.param(5_000_001.0, id="a float that is whole"),
        pytest.param(50_000.01, id="yuan"),
        pytest.param("5000001", id="a text"),
        pytest.param(True, id="a truth value"),
        pytest.param(None, id="nothing"),
        pytest.param(2**63, id="more than 64 bits"),
    ],
)
def test_an_amount_that_is_no_integer_is_not_money(amount: object) -> None:
    line = payment("p", "10:00", 1)
    line["data"]["amount_fen"] = amount
    run = fed([line])
    assert (run.outcomes[0].disposition, run.records) == ("quarantined", [])
    assert "amount_fen" in run.outcomes[0].reason


def test_a_sum_past_what_json_readers_hold_exactly_is_shown_as_digits() -> None:
    run = fed([payment("a", "10:00", 1), payment("b", "11:00", MOST)], program("COL-01"))
    assert [record.values["collected"] for record in run.records] == ["9007199254740992"]


def test_a_sum_past_64_bits_is_undecided() -> None:
    """Overflow is an error of the language: what is not known does not hold, and is counted."""
    fits = [payment(f"p{number:04}", "10:00", MOST) for number in range(1024)]
    run = fed(fits, program("COL-01"))
    assert [(record.level, record.values["collected"]) for record in run.records] == [("critical", MOST)]
    assert run.engine.undecided == {}
    run.feed([payment("q", "11:00", MOST)])
    assert len(run.records) == 1
    assert run.engine.undecided == {"COL-01": 1}


@pytest.mark.parametrize(
    ("fen", "yuan"),
    [
        (WARN, "40,000.00"),
        (5_000_001, "50,000.01"),
        (5_000_010, "50,000.10"),
        (MOST, "90,071,992,547,409.91"),
    ],
)
def test_words_tell_an_amount_to_the_fen(fen: int, yuan: str) -> None:
    (record,) = fed([payment("a", "10:00", fen)], program("COL-01")).records
    assert all(f" {yuan} " in words for words in record.message.values())


def at(text: str, name: str, fen: int) -> Line:
    """Return a payment at an RFC 3339 instant."""
    return {**payment(name, "10:00", fen), "time": text, "receivedtime": text}


@pytest.mark.parametrize(
    ("settings", "first", "second", "one_day"),
    [
        pytest.param(SHANGHAI, "2026-03-09T23:59:59.999999+08:00", "2026-03-10T00:00:00+08:00", False,
                     id="00:00:00 opens the new day"),
        pytest.param(SHANGHAI, "2026-03-10T00:00:00+08:00", "2026-03-10T23:59:59.999999+08:00", True,
                     id="a day ends after its last microsecond"),
        pytest.param(SHANGHAI, "2026-03-09T15:59:59Z", "2026-03-09T16:00:00Z", False,
                     id="midnight in Shanghai is 16:00 UTC"),
        pytest.param(SHANGHAI, "2026-03-10T00:00:00Z", "2026-03-10T15:59:59Z", True,
                     id="midnight UTC is no midnight"),
        pytest.param(SHANGHAI, "2026-03-10T01:00:00+10:00", "2026-03-10T00:30:00+08:00", False,
                     id="the offset of an event names an instant, not a day"),
        pytest.param(SHANGHAI, "2024-02-29T00:00:00+08:00", "2024-02-29T23:59:59+08:00", True, id="a leap day"),
        pytest.param(SHANGHAI, "2025-12-31T23:59:59+08:00", "2026-01-01T00:00:00+08:00", False, id="a new year"),
        pytest.param(BERLIN, "2026-03-09T16:00:00Z", "2026-03-09T22:59:59Z", True,
                     id="the zone is the deployment's: Shanghai's midnight is none in Berlin"),
        pytest.param(BERLIN, "2026-03-09T22:59:59Z", "2026-03-09T23:00:00Z", False, id="winter midnight"),
        pytest.param(BERLIN, "2026-07-09T21:59:59Z", "2026-07-09T22:00:00Z", False, id="summer midnight"),
        pytest.param(BERLIN, "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", True, id="the day of 23 hours, whole"),
        pytest.param(BERLIN, "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z", False, id="the day of 23 hours ends"),
        pytest.param(BERLIN, "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", True, id="the day of 25 hours, whole"),
        pytest.param(BERLIN, "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z", False, id="the day of 25 hours ends"),
        pytest.param(BERLIN, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", True, id="the hour that comes twice"),
    ],
)  # fmt: skip
def test_days_are_the_tenants(settings: Settings, first: str, second: str, one_day: bool) -> None:
    """Two payments that reach the warning together, and only where they fall on one day."""
    log = [at(first, "a", WARN - 1), at(second, "b", 1)]
    for lines in (log, [{**log[1]}, {**log[0], "receivedtime": second}]):
        records = fed(lines, program("COL-01"), settings).records
        assert [record.level for record in records] == (["warn"] if one_day else [])


@pytest.mark.parametrize(
    ("settings", "instant", "start", "end"),
    [
        (SHANGHAI, "2026-03-09T16:00:00Z", "2026-03-10T00:00:00+08:00", "2026-03-11T00:00:00+08:00"),
        (BERLIN, "2026-03-29T10:00:00Z", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        (BERLIN, "2026-10-25T10:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
    ],
    ids=["Shanghai", "Berlin, the day of 23 hours", "Berlin, the day of 25 hours"],
)
def test_a_record_names_its_day_in_the_tenants_zone(
    settings: Settings, instant: str, start: str, end: str
) -> None:
    (record,) = fed([at(instant, "a", WARN)], program("COL-01"), settings).records
    assert record.window == {"kind": "day", "start": start, "end": end}
    assert datetime.fromisoformat(record.at) == datetime.fromisoformat(instant)
    assert (
        datetime.fromisoformat(record.at).utcoffset()
        == datetime.fromisoformat(instant).astimezone(ZoneInfo(settings.zone)).utcoffset()
    )


@given(
    minutes=st.lists(st.integers(0, 60 * 24 * 400), min_size=2, max_size=12, unique=True),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_every_day_is_the_one_the_calendar_gives(minutes: list[int], zone: str) -> None:
    """One payment over the limit a minute: one alert for each date of the zone, by the zone's own calendar."""
    begin = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    times = [begin + timedelta(minutes=each) for each in sorted(minutes)]
    log = [at(time.isoformat(), f"p{number}", WARN) for number, time in enumerate(times)]
    records = fed(log, program("COL-01"), Settings(zone=zone)).records
    raised = [record.window["start"][:10] for record in records if record.state == "raised"]
    assert raised == sorted({time.astimezone(ZoneInfo(zone)).date().isoformat() for time in times})
