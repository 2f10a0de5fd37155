"""The made-up shops: the same seed, the same bytes; a cast, a history, and every story inside ordinary trade."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any, TypeAlias

import pytest

from streams.sources.shops import FIRST_DAY, events
from streams.sources.shops.cast import CASTINGS
from streams.sources.shops.moments import SECOND, clock, instant, midnight
from streams.sources.shops.stories import STORIES

Event: TypeAlias = dict[str, Any]


@pytest.fixture(scope="module")
def log() -> list[Event]:
    return [json.loads(line) for line in events(seed=7)]


def today(log: list[Event], kind: str, **fields: object) -> list[Event]:
    return [
        event
        for event in log
        if event["type"] == kind
        and event["time"].startswith(FIRST_DAY.isoformat())
        and all(event["data"].get(name) == value for name, value in fields.items())
    ]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert list(events(seed=3)) == list(events(seed=3))


def test_another_seed_gives_another_day() -> None:
    assert list(events(seed=3)) != list(events(seed=4))


def test_arrivals_never_step_back(log: list[Event]) -> None:
    arrivals = [datetime.fromisoformat(event["receivedtime"]) for event in log]
    assert arrivals == sorted(arrivals)


def test_accounts_are_of_every_kind_that_trades(log: list[Event]) -> None:
    kinds = {event["data"]["kind"] for event in log if event["type"] == "account.registered"}
    assert kinds == {kind for casting in CASTINGS for kind in casting.kinds}
    assert len(kinds) == 9


def test_owners_are_of_every_kind(log: list[Event]) -> None:
    owners = [event["data"] for event in log if event["type"] == "owner.registered"]
    assert {owner["kind"] for owner in owners} == {"natural", "individual_business", "enterprise"}
    assert len(owners) == len(CASTINGS)


def test_every_account_is_registered_before_it_acts(log: list[Event]) -> None:
    first = {event["subject"]: event["time"] for event in log if event["type"] == "account.registered"}
    early = [
        e for e in log if "subject" in e and e["type"] != "order.created" and e["time"] < first[e["subject"]]
    ]
    assert early == []


def test_months_of_logins_stand_before_the_day(log: list[Event]) -> None:
    before: Counter[str] = Counter()
    for event in log:
        if event["type"] == "login.attempted" and event["time"] < FIRST_DAY.isoformat():
            before[event["subject"]] += 1
    assert sum(count >= 20 for count in before.values()) >= 30


@pytest.mark.parametrize("size", [12_000, 15_001])
def test_size_is_met_by_ordinary_trade(size: int) -> None:
    found = sum(1 for _ in events(size=size))
    assert size <= found <= size + 2  # The last sale may bring its order and its refund.


def test_a_small_size_keeps_the_stories_whole() -> None:
    log = [json.loads(line) for line in events(size=1)]
    assert len(today(log, "fund.frozen")) == 1


@pytest.mark.parametrize("shops", [1, 3, 25])
def test_a_cast_of_any_size_can_be_told(shops: int) -> None:
    log = [json.loads(line) for line in events(shops=shops, days=2)]
    assert sum(event["type"] == "owner.registered" for event in log) == shops


@pytest.mark.parametrize("bad", [{"shops": 0}, {"days": 0}, {"size": 0}, {"size": -1}])
def test_nothing_to_tell_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="start at 1"):
        events(**bad)


def test_every_rule_family_has_a_story() -> None:
    families = {rule[:3] for story in STORIES for rule in story.rules}
    assert families == {"COL", "AML", "MTX", "TAX", "FRD", "PST", "SLA", "LOG", "QUA", "ENG"}


def test_a_personal_account_passes_its_daily_limit(log: list[Event]) -> None:
    sums: defaultdict[str, int] = defaultdict(int)
    for event in today(log, "payment.received", method="transfer"):
        sums[event["subject"]] += int(event["data"]["amount_fen"])
    assert sums["personal-01-0"] > 50_000_00


def test_one_notification_comes_three_times_and_once_from_the_bill(log: list[Event]) -> None:
    copies = Counter((event["source"], event["id"]) for event in log)
    assert [count for count in copies.values() if count > 1] == [3]
    transactions = Counter(
        event["data"]["transaction_id"] for event in log if event["type"] == "payment.received"
    )
    assert sorted(count for count in transactions.values() if count > 1) == [2, 4]


def test_one_event_is_far_ahead_and_one_is_too_late_to_fold(log: list[Event]) -> None:
    hours = [
        (datetime.fromisoformat(e["receivedtime"]) - datetime.fromisoformat(e["time"])).total_seconds() / 3600
        for e in log
    ]
    assert sum(hour < -0.5 for hour in hours) == 1
    assert sum(hour > 25 for hour in hours) == 1


def test_some_payments_arrive_hours_late_but_in_time(log: list[Event]) -> None:
    delays = [
        (datetime.fromisoformat(e["receivedtime"]) - datetime.fromisoformat(e["time"])).total_seconds()
        for e in log
        if e["type"] == "payment.received"
    ]
    assert sum(3600 < delay < 25 * 3600 for delay in delays) >= 10


def test_a_question_stays_without_an_answer(log: list[Event]) -> None:
    asked = {event["data"]["conversation_id"] for event in log if event["type"] == "message.received"}
    answered = {event["data"]["conversation_id"] for event in log if event["type"] == "message.sent"}
    assert len(asked - answered) == 1


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(0, "1970-01-01T08:00:00+08:00", id="the beginning of the count is eight in the morning"),
        pytest.param(
            midnight(FIRST_DAY), "2026-03-10T00:00:00+08:00", id="a day begins at midnight in China"
        ),
        pytest.param(
            midnight(FIRST_DAY) - 1, "2026-03-09T23:59:59.999+08:00", id="and not a millisecond before"
        ),
        pytest.param(clock("00:01:02") + 16 * 3600 * SECOND, "1970-01-02T00:01:02+08:00", id="seconds"),
    ],
)
def test_instants_are_shown_with_the_offset_of_china(moment: int, text: str) -> None:
    assert instant(moment) == text
