"""The tests of a rule file become logs by fixed conventions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from engine.decoding import decode
from engine.event import UnknownEvent
from rules.loading import load
from rules.location import Location
from rules.model import Rule, Trial
from rules.moments import moment, received
from rules.trials import Crossing, crossings_of, events_of, expectations_of, trigger_type

RULES = load()


def trial(*given: Mapping[str, object], until: str = "", expect: tuple[dict[str, object], ...] = ()) -> Trial:
    return Trial("a test", tuple(map(dict, given)), expect, until, Location("a.yaml", 1, 1))


def log(rule: str, *given: Mapping[str, object], until: str = "") -> list[dict[str, Any]]:
    return [json.loads(line) for line in events_of(trial(*given, until=until), RULES.rules()[rule])]


def told(rule: str, *given: Mapping[str, object]) -> list[dict[str, Any]]:
    """Return the lines of a test without the world that it stands in."""
    return [event for event in log(rule, *given) if not event["id"].startswith(("ref-", "mx-"))]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("09:00", "2026-03-09T09:00:00"),
        ("09:00:30", "2026-03-09T09:00:30"),
        ("23:59:59.5", "2026-03-09T23:59:59.500000"),
        ("d1 09:00", "2026-03-09T09:00:00"),
        ("d8", "2026-03-16T00:00:00"),
        ("d181 07:20:01", "2026-09-05T07:20:01"),
        ("2028-02-29", "2028-02-29T00:00:00"),
        ("2028-02-29 23:59:59", "2028-02-29T23:59:59"),
    ],
)
def test_a_time_of_a_test(text: str, iso: str) -> None:
    found = moment(text)
    assert found is not None
    assert found.isoformat() == f"{iso}+08:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9:00",
        "24:00",
        "09:60",
        "d0 09:00",
        "d1 9",
        "2027-02-29",
        "2026-3-9",
        "09:00 ",
        "d1  09:00",
        "now",
        "+1d",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("+1d 09:00", "2026-03-10T09:00:00"),
        ("+0d 23:30:05", "2026-03-09T23:30:05"),
        ("d3 10:00", "2026-03-11T10:00:00"),
        ("+1d", None),
        ("later", None),
    ],
)
def test_when_an_event_arrives(text: str, iso: str | None) -> None:
    found = received(text, datetime.fromisoformat("2026-03-09T13:00:00+08:00"))
    assert (found.isoformat() if found else None) == (f"{iso}+08:00" if iso else None)


def test_an_event_says_only_what_matters() -> None:
    (event,) = told("COL-01", {"at": "09:00", "amount": "39999.99"})
    assert event == {
        "specversion": "1.0",
        "id": "e0001",
        "source": "test",
        "type": "payment.received",
        "time": "2026-03-09T09:00:00+08:00",
        "receivedtime": "2026-03-09T09:00:00+08:00",
        "subject": "A1",
        "data": {
            "transaction_id": "transaction-e0001",
            "amount_fen": 3_999_999,
            "payer_id": "P-transaction-e0001",
        },
    }


def test_each_payment_has_its_own_payer_and_each_repetition_its_own_time() -> None:
    events = told("COL-07", {"at": "10:00:00", "repeat": "3", "step": "30s"})
    assert [event["time"][11:19] for event in events] == ["10:00:00", "10:00:30", "10:01:00"]
    assert len({event["data"]["payer_id"] for event in events}) == 3
    assert len({event["id"] for event in events}) == 3


def test_one_transaction_told_twice_is_one_fact() -> None:
    first, second = told("COL-01", *({"at": "10:00", "transaction_id": "T1"},) * 2)
    assert first["data"] == second["data"]


def test_lines_stand_in_the_order_of_arrival() -> None:
    events = told("COL-01", {"at": "08:00", "received": "+1d 09:00"}, {"at": "21:00"})
    assert [event["time"][11:16] for event in events] == ["21:00", "08:00"]


def test_the_world_holds_what_the_test_names() -> None:
    lines = log(
        "COL-01",
        {"at": "09:00", "account": "A21"},
        {"at": "10:00", "account": "M1"},
        {"at": "11:00", "account": "X"},
    )
    world = {event["id"]: event["data"] for event in lines if event["id"].startswith("ref-")}
    assert world == {
        "ref-O2": {"owner_id": "O2", "kind": "natural", "registered": False, "vat_status": "none"},
        "ref-O3": {"owner_id": "O3", "kind": "enterprise", "registered": True, "vat_status": "general"},
        "ref-A21": {"kind": "personal", "owner_id": "O2"},
        "ref-M1": {"kind": "merchant_ordinary", "owner_id": "O3"},
    }
    assert lines[0]["time"] == "2020-01-01T00:00:00+08:00"


def test_a_test_may_register_its_own() -> None:
    given = {
        "at": "08:00",
        "type": "account.registered",
        "account": "A1",
        "kind": "service",
        "owner_id": "O9",
    }
    lines = log("COL-01", given, {"at": "09:00"})
    assert [event["id"] for event in lines] == ["e0001", "e0002"]


def test_a_limit_profile_names_its_account_in_the_data() -> None:
    given = {
        "at": "08:00",
        "type": "limit_profile.set",
        "limit": "personal_daily",
        "value": 1,
        "account": "A1",
    }
    (event,) = told("COL-01", given)
    assert (event["data"]["account"], event.get("subject")) == ("A1", None)


def test_the_clock_runs_on_to_until() -> None:
    last = log("SLA-01", {"at": "10:00"}, until="10:06")[-1]
    assert (last["type"], last["receivedtime"]) == ("clock.tick", "2026-03-09T10:06:00+08:00")


def test_every_line_of_every_shipped_test_can_be_read() -> None:
    """A test whose events were quarantined would prove nothing."""
    lines = 0
    for rule in RULES.rules().values():
        for each in rule.trials:
            for line in events_of(each, rule):
                event = decode(line)
                assert hasattr(event, "kind"), f"{rule.id} {each.name}: {event}"
                assert not isinstance(event, UnknownEvent)
                lines += 1
    assert lines > 2_000


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("COL-01", "payment.received"),
        ("MTX-05", "payment.received"),
        ("LOG-15", "payout.sent"),
        ("ENG-02", ""),
    ],
)
def test_the_type_of_an_event_that_says_none(rule: str, kind: str) -> None:
    assert trigger_type(RULES.rules()[rule]) == kind


def test_expectations_are_sorted_instants() -> None:
    expected = expectations_of(
        trial(expect=({"at": "d2 09:00", "level": "warn"}, {"at": "10:00:00.5", "level": "critical"}))
    )
    assert expected == (
        Crossing("2026-03-09T10:00:00.5+08:00", "critical"),
        Crossing("2026-03-10T09:00:00+08:00", "warn"),
    )


def record(
    state: str, level: str, hour: int, alert: str = "a1", rule: str = "COL-01", trigger: str = ""
) -> dict[str, Any]:
    at = f"2026-03-09T{hour:02d}:00:00+08:00"
    by = {"source": "test", "id": trigger or f"e{hour}"}
    return {"id": alert, "rule": rule, "state": state, "level": level, "at": at, "trigger": by}


@pytest.mark.parametrize(
    ("records", "standing"),
    [
        pytest.param([record("raised", "warn", 9), record("escalated", "critical", 10)], ["09 warn", "10 critical"],
                     id="a critical that was a warning first is two"),
        pytest.param([record("raised", "warn", 9), record("escalated", "critical", 9)], ["09 critical"],
                     id="a late event makes it critical where it stands"),
        pytest.param([record("raised", "warn", 9), record("escalated", "critical", 9, trigger="e2")],
                     ["09 critical", "09 warn"], id="two events of one instant"),
        pytest.param([record("raised", "warn", 9), record("amended", "warn", 8)], ["08 warn"], id="moved"),
        pytest.param([record("raised", "warn", 9), record("retracted", "warn", 9)], [], id="taken back"),
        pytest.param([record("raised", "warn", 9), record("escalated", "critical", 10), record("lowered", "warn", 9)],
                     ["09 warn"], id="lowered"),
        pytest.param([record("raised", "critical", 9), record("lowered", "warn", 9)], ["09 warn"],
                     id="lowered at once"),
        pytest.param([record("raised", "warn", 9), record("raised", "warn", 8, "a2")], ["08 warn", "09 warn"],
                     id="two"),
        pytest.param([record("raised", "warn", 9, rule="COL-02")], [], id="another rule's"),
    ],
)  # fmt: skip
def test_crossings_that_stand(records: list[dict[str, Any]], standing: list[str]) -> None:
    found = crossings_of(records, "COL-01")
    assert [f"{crossing.at[11:13]} {crossing.level}" for crossing in found] == standing


def test_every_shipped_rule_has_a_firing_test_and_a_silent_boundary() -> None:
    for rule in RULES.rules().values():
        assert any(each.expect for each in rule.trials), rule.id
        assert len(rule.trials) >= 2, f"{rule.id} has no boundary"


def _rule(rule: Rule) -> str:
    return rule.id


@pytest.mark.parametrize("rule", RULES.rules().values(), ids=_rule)
def test_the_names_of_a_rules_tests_are_its_own(rule: Rule) -> None:
    names = [each.name for each in rule.trials]
    assert len(set(names)) == len(names)
