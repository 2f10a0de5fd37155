"""What topics must be, setting by setting, at the boundary of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.kafka.judging import (
    KINDS,
    Asked,
    Finding,
    Kind,
    Topic,
    judge,
    least_retention_ms,
    names,
    new_settings,
)
from streams.kafka.naming import Cluster

CLUSTER = Cluster(("k1:9092",), "shop")
HOUR_US = 3_600 * 10**6
ASKED = Asked(lateness_us=25 * HOUR_US)
WEEK_MS = 7 * 86_400_000


def well(copies: int = 3) -> dict[Kind, Topic]:
    """Return topics as they are made."""
    return {kind: Topic(name, 4, copies, new_settings(kind, copies)) for kind, name in names(CLUSTER).items()}


def with_setting(topic: Topic, setting: str, value: str) -> Topic:
    return replace(topic, settings={**topic.settings, setting: value})


def findings(found: dict[Kind, Topic], asked: Asked = ASKED) -> list[Finding]:
    return [finding for judged in judge(CLUSTER, found, asked) for finding in judged.findings]


def summed(found: list[Finding]) -> list[tuple[str, str, bool]]:
    return [(each.topic.removeprefix("shop."), each.setting, each.loses) for each in found]


def test_topics_as_they_are_made_are_well() -> None:
    assert findings(well()) == []


@pytest.mark.parametrize(
    ("copies", "why"),
    [
        pytest.param(1, "takes the only copy with it", id="one copy is warned of"),
        pytest.param(2, "leaves one copy", id="two copies are warned of"),
    ],
)
def test_few_copies_are_warned_of_and_not_refused(copies: int, why: str) -> None:
    found = findings(well(copies))
    assert summed(found) == [(kind, "replication", False) for kind in KINDS]
    assert all(why in each.why for each in found)


THREE_YEARS_MS = 1095 * 86_400_000
AFTER_74_H_MS = 74 * 3_600_000


@pytest.mark.parametrize(
    ("kind", "setting", "value", "loses"),
    [
        pytest.param("events", "cleanup.policy", "compact", True, id="compaction eats events"),
        pytest.param("events", "cleanup.policy", "compact,delete", True, id="so it does beside deletion"),
        pytest.param("events", "cleanup.policy", "", None, id="what is never cleaned loses nothing"),
        pytest.param("alerts", "cleanup.policy", "delete,compact", True, id="compaction eats alerts"),
        pytest.param("quarantine", "cleanup.policy", "compact", True, id="compaction eats the quarantine"),
        pytest.param("state", "cleanup.policy", "compact, delete", True, id="deletion eats state"),
        pytest.param("state", "cleanup.policy", "delete", True, id="state is compacted"),
        pytest.param("state", "cleanup.policy", "", True, id="state that is never cleaned has no bound"),
        pytest.param("state", "retention.ms", "1", None, id="compacted state has no retention"),
        pytest.param(
            "events", "retention.ms", str(AFTER_74_H_MS), None, id="twice the lateness and a day will do"
        ),
        pytest.param(
            "events", "retention.ms", str(AFTER_74_H_MS - 1), True, id="a millisecond less will not"
        ),
        pytest.param("events", "retention.bytes", str(1 << 40), True, id="a bound in bytes is none in time"),
        pytest.param(
            "alerts", "retention.ms", str(THREE_YEARS_MS), False, id="three years of alerts are warned of"
        ),
        pytest.param(
            "alerts", "retention.ms", str(THREE_YEARS_MS - 1), True, id="less is less than the law asks for"
        ),
        pytest.param("quarantine", "retention.ms", str(WEEK_MS), False, id="a week of quarantine is"),
        pytest.param("quarantine", "retention.ms", str(WEEK_MS - 1), True, id="and of quarantine"),
        pytest.param("quarantine", "retention.bytes", "1000", True, id="quarantine has no bound in bytes"),
        pytest.param("state", "max.message.bytes", str(2 << 20), None, id="2 MiB will do"),
        pytest.param("state", "max.message.bytes", str((2 << 20) - 1), True, id="a byte less will not"),
        pytest.param("events", "min.insync.replicas", "1", True, id="one copy of three is not acknowledged"),
        pytest.param("events", "min.insync.replicas", "3", None, id="three of three may be asked for"),
        pytest.param("events", "min.insync.replicas", "4", True, id="four of three can never be had"),
        pytest.param("alerts", "unclean.leader.election.enable", "true", True, id="a lagging leader loses"),
    ],
)
def test_a_setting(kind: Kind, setting: str, value: str, loses: bool | None) -> None:
    found = well()
    found[kind] = with_setting(found[kind], setting, value)
    expected = [] if loses is None else [(kind, setting, loses)]
    got = findings(found)
    assert summed(got) == expected
    assert [each.value for each in got] == [
        new_settings(kind, 3)[setting] if loses else None for _ in expected
    ]


def test_one_copy_cannot_be_asked_to_be_two() -> None:
    found = well(1)
    found["state"] = with_setting(found["state"], "min.insync.replicas", "2")
    (stuck,) = [each for each in findings(found) if each.loses]
    assert (stuck.setting, stuck.expected, stuck.value) == ("min.insync.replicas", "1", "1")


@pytest.mark.parametrize(
    ("partitions", "asked", "wrong"),
    [
        pytest.param({}, None, [], id="what is there will do where nothing is asked"),
        pytest.param({}, 4, [], id="as many as are asked for"),
        pytest.param({}, 8, list(KINDS), id="more than there are"),
        pytest.param({"state": 3}, None, ["state"], id="state of fewer partitions than its log"),
        pytest.param({"state": 5}, None, ["state"], id="state of more"),
        pytest.param(
            {"alerts": 1, "quarantine": 9}, None, [], id="alerts and quarantine may have other numbers"
        ),
    ],
)
def test_partitions(partitions: dict[Kind, int], asked: int | None, wrong: list[str]) -> None:
    found = {kind: replace(topic, partitions=partitions.get(kind, 4)) for kind, topic in well().items()}
    got = findings(found, replace(ASKED, partitions=asked))
    assert summed(got) == [(kind, "partitions", True) for kind in wrong]
    assert all(each.stays and "--prefix" in each.mend for each in got)


@pytest.mark.parametrize(
    ("missing", "stays"),
    [
        pytest.param(KINDS, [False] * 4, id="a new set is made"),
        pytest.param(("state",), [False], id="state can be computed anew"),
        pytest.param(("events",), [True], id="state without its log is of another log"),
        pytest.param(("events", "state"), [False, False], id="without both one can begin anew"),
    ],
)
def test_missing_topics(missing: tuple[Kind, ...], stays: list[bool]) -> None:
    got = findings({kind: topic for kind, topic in well().items() if kind not in missing})
    assert summed(got) == [(kind, "topic", True) for kind in missing]
    assert [each.stays for each in got] == stays


def test_retention_is_rounded_up_to_whole_milliseconds() -> None:
    assert least_retention_ms(1) == 86_400_001


def test_a_finding_reads_as_one_sentence() -> None:
    found = well()
    found["events"] = with_setting(found["events"], "retention.ms", "3600000")
    (finding,) = findings(found)
    assert str(finding) == (
        "shop.events: retention.ms: found 3600000; expected -1, or at least 266400000 (74 h), because a restart reads "
        "the input back over twice the lateness before the last checkpoint; `weiguard topics` sets it to -1"
    )
