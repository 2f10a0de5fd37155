"""The end of a step: what stands against what was said, at most one record an alert; and rules that watch others."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, note

from engine.alert import Record, change_between
from tests.engine.driving import brief, event, fed, payment, program
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS

(STOOD,) = fed([payment("a", "10:00", 4_000_000)], program("COL-01")).records


def like(**changed: object) -> Record:
    """Return the record with some fields different."""
    return msgspec.structs.replace(STOOD, **changed)


GONE = like(state="retracted")


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        pytest.param(None, STOOD, "raised", id="nothing was said"),
        pytest.param(None, None, None, id="nothing was said and nothing stands"),
        pytest.param(GONE, STOOD, "raised", id="it was taken back before"),
        pytest.param(GONE, None, None, id="taken back, it stays so"),
        pytest.param(STOOD, None, "retracted", id="it stands no longer"),
        pytest.param(STOOD, like(level="critical"), "escalated", id="a higher level"),
        pytest.param(STOOD, like(level="info"), "lowered", id="a lower level"),
        pytest.param(STOOD, STOOD, None, id="nothing changed"),
        pytest.param(STOOD, like(at="2026-03-09T09:00:00+08:00"), "amended", id="the crossing moved"),
        pytest.param(STOOD, like(trigger={"source": "test", "id": "b"}), "amended", id="to another event"),
        pytest.param(STOOD, like(values={"collected": 4_000_001}), "amended", id="another value"),
        pytest.param(STOOD, like(limits={}), "amended", id="another limit"),
        pytest.param(STOOD, like(evidence={"count": 2, "first": ["a"], "last": []}), "amended",
                     id="another event counts"),
        pytest.param(STOOD, like(cause={"source": "test", "id": "x"}), None, id="another cause is no change"),
        pytest.param(STOOD, like(raised_at="2026-03-10T00:00:00+08:00"), None, id="nor is another clock"),
    ],
)  # fmt: skip
def test_a_change_has_its_name(before: Record | None, after: Record | None, state: str | None) -> None:
    assert change_between(before, after) == state


@given(seed=SEEDS)
def test_an_event_gives_an_alert_at_most_one_record_and_a_timer_too(seed: int) -> None:
    """A step is one event or one timer: only deadlines of the same alert may follow each other for one input."""
    note(f"seed {seed}")
    log = shuffle_within_lateness(make_log(seed, 100), seed)
    for outcome in fed(log).outcomes:
        ids = [record.id for record in outcome.records if record.window["kind"] != "deadline"]
        assert len(set(ids)) == len(ids)
        places = [(record.id, record.at) for record in outcome.records]
        assert len(set(places)) >= len(places) - sum(
            record.state == "retracted" for record in outcome.records
        )


def test_records_of_a_step_are_in_the_order_of_place_and_rule() -> None:
    records = fed([payment("a", "10:00", 50_000_000, cross_border=True, cash=True)]).records
    assert len(records) > 4
    order = [(record.at, record.rule, record.window.get("case", "")) for record in records]
    assert order == sorted(order)


def test_an_alert_goes_on_counting_its_records() -> None:
    log = [
        payment("a", "09:00", 4_000_000),
        payment("b", "10:00", 1_000_001),
        event("r", "account.registered", "08:00", "11:00", kind="merchant_ordinary", owner_id="O1"),
        event("s", "account.registered", "08:30", "12:00", kind="personal", owner_id="O1"),
    ]
    records = fed(log, program("COL-01")).records
    assert [(record.record, record.state) for record in records] == [
        (1, "raised"), (2, "escalated"), (3, "retracted"), (4, "raised"),
    ]  # fmt: skip
    assert len({record.id for record in records}) == 1


# --- rules that read alerts ------------------------------------------------------------------------------------------


def login(name: str, at: str, device: str, arrives: str = "") -> Line:
    return event(name, "login.attempted", at, arrives, result="success", device_id=device)


def payout(name: str, at: str) -> Line:
    return event(name, "payout.sent", at, payout_id=name, amount_fen=100)


NEW_DEVICE = [login("l1", "09:00", "D1"), login("l2", "10:00", "D2")]  # LOG-02 warns at the second.


@pytest.mark.parametrize(
    ("log", "triggers"),
    [
        pytest.param([*NEW_DEVICE, payout("p", "10:10")], ["p"], id="a payout after the alert"),
        pytest.param([*NEW_DEVICE, payout("p", "10:30")], ["p"], id="thirty minutes after it, inclusive"),
        pytest.param([*NEW_DEVICE, payout("p", "10:30:01")], [], id="a second more"),
        pytest.param([*NEW_DEVICE, payout("p", "09:59")], [], id="before it"),
        pytest.param([NEW_DEVICE[0], payout("p", "10:10")], [], id="without an alert"),
        pytest.param([*NEW_DEVICE, payout("p", "10:10"), payout("o", "10:20")], ["p", "o"], id="each payout by itself"),
        pytest.param([NEW_DEVICE[0], payout("p", "10:10"), login("l2", "10:00", "D2", "11:00")], ["p"],
                     id="the alert is late: the payout is judged again"),
        pytest.param([*NEW_DEVICE, payout("p", "10:10"), login("l0", "08:00", "D2", "11:00")], [],
                     id="the alert is taken back: so is what followed"),
    ],
)  # fmt: skip
def test_an_alert_is_an_event_for_the_rules_that_watch_it(log: list[Line], triggers: list[str]) -> None:
    run = fed(log, program("LOG-15"))
    assert {record.rule for record in run.records} <= {"LOG-15"}, "what is only watched is not written"
    assert {record.trigger["id"] for record in run.engine.standing()} == set(triggers)


def test_what_an_alert_takes_with_it_goes_in_the_same_step() -> None:
    run = fed([*NEW_DEVICE, payout("p", "10:10"), login("l0", "08:00", "D2", "11:00")], program("LOG-*"))
    last = run.outcomes[-1].records
    gone = sorted((record.rule, record.state) for record in last if record.state == "retracted")
    assert gone == [("LOG-02", "retracted"), ("LOG-15", "retracted")]
    assert {record.cause["id"] for record in last} == {"l0"}
    assert brief(record for record in last if record.rule == "LOG-02")[0][1] == "warn"
