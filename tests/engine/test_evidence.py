"""The evidence of an alert: how many events contributed, the first and the last of them."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.engine.driving import event, fed, payment, program, stands
from tests.logs.arrival import Line
from tests.logs.strategies import arrivals


def failures(count: int, begin: int = 0) -> list[Line]:
    return [event(f"f{n:02}", "login.attempted", f"10:{begin + n // 2:02}:{n % 2 * 30:02}", result="failure")
            for n in range(count)]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "level", "first", "last"),
    [
        pytest.param(5, "warn", ["f00", "f01", "f02", "f03", "f04"], [], id="five are all named, once"),
        pytest.param(10, "critical", ["f00", "f01", "f02", "f03", "f04"], ["f05", "f06", "f07", "f08", "f09"],
                     id="ten are all named"),
        pytest.param(14, "critical", ["f00", "f01", "f02", "f03", "f04"], ["f05", "f06", "f07", "f08", "f09"],
                     id="what came after the crossing is no evidence of it"),
    ],
)  # fmt: skip
def test_a_window_names_what_is_in_it(count: int, level: str, first: list[str], last: list[str]) -> None:
    (alert,) = stands(fed(failures(count), program("LOG-05")).engine)
    assert alert["level"] == level
    assert alert["evidence"] == {"count": len(first) + len(last), "first": first, "last": last}


def test_more_than_ten_are_counted_and_not_all_named() -> None:
    log = [payment(f"p{n:02}", f"09:{n:02}", 200_000) for n in range(20)]
    (record,) = fed(log, program("COL-01")).records
    assert record.evidence == {
        "count": 20, "first": ["p00", "p01", "p02", "p03", "p04"], "last": ["p15", "p16", "p17", "p18", "p19"],
    }  # fmt: skip


def test_what_left_the_window_is_no_evidence() -> None:
    """Eleven minutes before the fifth, the first has left the ten minutes."""
    log = [event("old", "login.attempted", "09:49", result="failure"), *failures(5)]
    (record,) = fed(log, program("LOG-05")).records
    assert record.evidence["first"] == ["f00", "f01", "f02", "f03", "f04"]


def test_yesterday_is_no_evidence_for_today() -> None:
    log = [payment("a", "d1 23:59", 3_999_999), payment("b", "d2 00:00", 4_000_000)]
    (record,) = fed(log, program("COL-01")).records
    assert record.evidence == {"count": 1, "first": ["b"], "last": []}


def test_an_alert_about_one_event_names_it() -> None:
    log = [event("r", "account.registered", "08:00", account="M1", kind="merchant_ordinary", owner_id="O3"),
           payment("p", "10:00", 5_000_001, account="M1")]  # fmt: skip
    (record,) = fed(log, program("COL-06")).records
    assert record.evidence == {"count": 1, "first": ["p"], "last": []}


def test_other_events_of_the_key_are_no_evidence() -> None:
    """A successful login stands among the failures and counts for none of them."""
    log = failures(5)
    log.insert(2, event("ok", "login.attempted", "10:00:45", result="success"))
    (record,) = fed(log, program("LOG-05")).records
    assert "ok" not in record.evidence["first"]


@given(pair=arrivals(least=40))
def test_evidence_names_events_of_the_log_up_to_the_trigger(pair: tuple[list[Line], list[Line]]) -> None:
    for log in pair:
        names = {(line["tenant"], line["id"]) for line in log}
        for record in fed(log).records:
            shown = [*record.evidence["first"], *record.evidence["last"]]
            assert {(record.tenant, name) for name in shown} <= names
            count = record.evidence["count"]
            assert len(record.evidence["first"]) == min(count, 5)
            assert len(record.evidence["last"]) == (5 if count > 5 else 0), (
                "where five are all, the first say it"
            )
            assert shown[-1] == record.trigger["id"]


def post(name: str, at: str, account: str, arrives: str = "", **data: str) -> Line:
    """Return a post; three accounts of one owner with one picture within the hour are critical."""
    return event(name, "post.published", at, arrives, account=account, post_id=name, channel="video", **data)


def test_what_was_said_keeps_its_evidence_when_a_late_event_ends_its_episode() -> None:
    """What contributed has left the tail long ago; the alert's crossing did not move, so nothing is said."""
    picture = {"simhash": "00000000000000ff"}
    known = [event(f"r-{who}", "account.registered", "d1 08:00", account=who, kind="personal", owner_id="O1")
             for who in ("A1", "A2", "A3")]  # fmt: skip
    raising = [post(f"p{n}", f"d1 10:0{n}", f"A{n}", **picture) for n in (1, 2, 3)]
    others = [post(f"n{n:02}", f"d3 08:{n:02}", "A1") for n in range(40)]
    late = post("late", "d3 08:05", "A1", "+0d 09:00", **picture)
    run = fed([*known, *raising, *others, late], program("PST-03"))
    assert [(record.state, record.evidence["count"]) for record in run.records] == [("raised", 3)]
