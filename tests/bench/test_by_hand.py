"""The hand-written loops, held against counts that look at every event again: slow, and too simple to be wrong."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from datetime import datetime
from typing import Any, TypeAlias

import pytest

from bench.by_hand import decide
from bench.log import Parameters, lines

Event: TypeAlias = dict[str, Any]
Found: TypeAlias = list[tuple[str, str, str]]  # Level, key, time.

DAILY = {"FRD-01": ("friend.request_sent", 20, 50), "PST-01": ("post.published", 6, 10)}
ROLLING = {
    "COL-07": ("payment.received", 20, 50),
    "FRD-02": ("friend.request_sent", 10, 15),
    "LOG-05": ("login.attempted", 5, 10),
}


@pytest.fixture(scope="module")
def log() -> list[Event]:
    parameters = Parameters(events=20_000, accounts=60, owners=20, registered=60, days=8, seed=3)
    return [json.loads(line) for line in lines(parameters)]


@pytest.fixture(scope="module")
def by_hand(log: list[Event]) -> dict[str, Found]:
    out = io.StringIO()
    decide((json.dumps(event).encode() for event in log), out)
    found: dict[str, Found] = defaultdict(list)
    for line in out.getvalue().splitlines():
        row = json.loads(line)
        found[row["rule"]].append((row["level"], row["key"], row["at"]))
    return found


def seconds(event: Event) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def personal(log: list[Event]) -> set[str]:
    return {
        e["subject"] for e in log if e["type"] == "account.registered" and e["data"]["kind"] == "personal"
    }


def owners(log: list[Event]) -> dict[str, str]:
    return {e["subject"]: e["data"]["owner_id"] for e in log if e["type"] == "account.registered"}


def of_type(log: list[Event], kind: str, rule: str = "") -> list[Event]:
    found = [event for event in log if event["type"] == kind]
    if rule in ("COL-01", "COL-07", "AML-05"):
        accounts = personal(log)
        return [event for event in found if event["subject"] in accounts]
    if rule == "LOG-05":
        return [event for event in found if event["data"]["result"] == "failure"]
    return found


def level_of(number: int, warn: int, critical: int) -> int:
    return 2 if number >= critical else 1 if number >= warn else 0


def rising(levels: list[tuple[int, str, str]]) -> Found:
    """Keep each trigger whose level is above all before it."""
    found, top = [], 0
    for level, key, at in levels:
        if level > top:
            found.append((("", "warn", "critical")[level], key, at))
            top = level
    return found


@pytest.mark.parametrize("rule", DAILY)
def test_daily_counts(rule: str, log: list[Event], by_hand: dict[str, Found]) -> None:
    kind, warn, critical = DAILY[rule]
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in of_type(log, kind):
        groups[event["subject"], event["time"][:10]].append(event["time"])
    expected: Found = []
    for (account, _), times in groups.items():
        expected += rising([(level_of(n, warn, critical), account, at) for n, at in enumerate(times, 1)])
    assert expected
    assert sorted(by_hand[rule]) == sorted(expected)


def test_daily_sums(log: list[Event], by_hand: dict[str, Found]) -> None:
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in of_type(log, "payment.received", "COL-01"):
        groups[event["subject"], event["time"][:10]].append(event)
    expected: Found = []
    for (account, _), events in groups.items():
        sums = [sum(e["data"]["amount_fen"] for e in events[: n + 1]) for n in range(len(events))]
        rows = [
            (level_of(s, 4_000_000, 5_000_001), account, e["time"]) for s, e in zip(sums, events, strict=True)
        ]
        expected += rising(rows)
    assert expected
    assert sorted(by_hand["COL-01"]) == sorted(expected)


@pytest.mark.parametrize("rule", ROLLING)
def test_rolling_counts_with_rearming(rule: str, log: list[Event], by_hand: dict[str, Found]) -> None:
    kind, warn, critical = ROLLING[rule]
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in of_type(log, kind, rule):
        groups[event["subject"]].append(event)
    expected: Found = []
    for account, events in groups.items():
        episode: list[tuple[int, str, str]] = []
        for place, event in enumerate(events):
            inside = sum(1 for e in events[:place] if seconds(e) > seconds(event) - 600)
            if inside < warn:  # Without this event nothing holds: whatever was open ends here.
                expected += rising(episode)
                episode = []
            episode.append((level_of(inside + 1, warn, critical), account, event["time"]))
        expected += rising(episode)
    assert expected
    assert sorted(by_hand[rule]) == sorted(expected)


def test_one_payer_on_several_accounts(log: list[Event], by_hand: dict[str, Found]) -> None:
    owner = owners(log)
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in of_type(log, "payment.received"):
        groups[f"{event['data']['payer_id']}|{owner[event['subject']]}"].append(event)
    expected: Found = []
    for key, events in groups.items():
        held = False
        for place, event in enumerate(events):
            inside = [e for e in events[:place] if seconds(e) > seconds(event) - 86_400]
            held = held and split(inside)
            if split([*inside, event]) and not held:
                expected.append(("critical", key, event["time"]))
            held = split([*inside, event])
    assert expected
    assert sorted(by_hand["AML-04"]) == sorted(expected)


def split(events: list[Event]) -> bool:
    total = sum(event["data"]["amount_fen"] for event in events)
    return total > 5_000_000 and len({event["subject"] for event in events}) >= 2


def test_owners_above_the_limit_with_no_account_above_it(log: list[Event], by_hand: dict[str, Found]) -> None:
    owner = owners(log)
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in of_type(log, "payment.received", "AML-05"):
        groups[owner[event["subject"]], event["time"][:10]].append(event)
    expected: Found = []
    for (key, _), events in groups.items():
        levels = []
        for place in range(len(events)):
            sums: dict[str, int] = defaultdict(int)
            for event in events[: place + 1]:
                sums[event["subject"]] += event["data"]["amount_fen"]
            holds = sum(sums.values()) > 5_000_000 and max(sums.values()) <= 5_000_000 and len(sums) >= 2
            levels.append((int(holds), key, events[place]["time"]))
        expected += rising(levels)
    assert expected
    assert sorted(by_hand["AML-05"]) == sorted(expected)
