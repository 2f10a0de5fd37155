"""What enters a measure a while after its time, and the boundaries at which it is counted: the records, one by one."""

from __future__ import annotations

from typing import Final

import pytest

from engine.fold import Engine, Settings
from engine.program import Program
from tests.engine.driving import Run, brief, event, fed, program, raw_of, tick
from tests.logs.arrival import Line

RULE: Final = "FUN-01"
MATCHED: Final = "TAX-05"


def asked(at: str, count: int = 20, arrives: str = "", account: str = "A1", day: str = "") -> list[Line]:
    """Return friend requests, all at one time."""
    return [
        event(f"q{day}{n}", "friend.request_sent", at, arrives, account, request_id=f"R{day}{n}")
        for n in range(count)
    ]


def decided(at: str, count: int, arrives: str = "", account: str = "A1") -> list[Line]:
    """Return as many of those accepted."""
    return [
        event(
            f"d{n}", "friend.request_decided", at, arrives, account, request_id=f"R{n}", decision="accepted"
        )
        for n in range(count)
    ]


def rules() -> Program:
    """Return the program of the one rule."""
    return program(RULE)


def said(log: list[Line]) -> list[tuple[str, str, str]]:
    """Return what became of a log: each record's state, level and instant."""
    return [(each.state, each.level, each.at[5:16]) for each in fed(log, rules()).records]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        pytest.param(
            [*asked("d1 09:00"), tick("d5 00:00")], [], id="a boundary is met once the clock is past it"
        ),
        pytest.param(
            [*asked("d1 09:00"), tick("d5 00:00:01")],
            [("raised", "warn", "03-13T00:00")],
            id="the first boundary after 72 hours",
        ),
        pytest.param(
            [*asked("d1 09:00"), tick("d20 00:00")],
            [("raised", "warn", "03-13T00:00")],
            id="a clock that jumps past all boundaries tells it once",
        ),
        pytest.param(
            [*asked("d1 09:00"), *asked("d8 09:00", day="x"), tick("d25 00:00")],
            [("raised", "warn", "03-13T00:00")],
            id="a second batch before the first is out of sight goes on with it",
        ),
        pytest.param(
            [*asked("d1 09:00"), *asked("d9 09:00", day="x"), tick("d25 00:00")],
            [("raised", "warn", "03-13T00:00"), ("raised", "warn", "03-21T00:00")],
            id="one after it is told anew",
        ),
        pytest.param(
            [*asked("d1 09:00", 19), tick("d5 08:00"), *asked("d1 10:00", 1, "+4d 10:00", day="x")],
            [],
            id="later than the lateness is not decided",
        ),
        pytest.param(
            [*asked("d1 09:00"), tick("d5 01:00"), *decided("d4 08:00", 4, "+1d 01:30"), tick("d5 02:00")],
            [("raised", "warn", "03-13T00:00"), ("amended", "warn", "03-13T00:00")][:1]
            + [("amended", "warn", "03-13T00:00")] * 2
            + [("lowered", "info", "03-13T00:00"), ("amended", "info", "03-13T00:00")],
            id="each late decision changes what stands",
        ),
        pytest.param(
            [*asked("d1 09:00"), tick("d5 01:00"), *decided("d4 09:00:01", 4, "+1d 01:30"), tick("d5 02:00")],
            [("raised", "warn", "03-13T00:00")],
            id="a decision after the 72 hours changes nothing",
        ),
    ],
)
def test_what_is_told_of_requests(log: list[Line], told: list[tuple[str, str, str]]) -> None:
    assert said(log) == told


def test_the_trigger_is_the_last_event_in_sight_and_the_evidence_names_what_entered() -> None:
    (record,) = fed([*asked("d1 09:00"), tick("d5 00:00:01")], rules()).records
    assert record.trigger["id"] == "q9"  # The last of one instant, in the order of ids.
    assert record.evidence["count"] == 20
    assert set(record.evidence["first"]) | set(record.evidence["last"]) <= {f"q{n}" for n in range(20)}
    assert record.window == {"kind": "rolling", "start": "2026-03-13T00:00:00+08:00", "end": None}
    assert record.late is False
    assert record.cause == {"source": "test", "id": "tick"}


def test_a_payment_belongs_to_the_owner_it_was_made_to() -> None:
    """The account has another owner by the time its payments enter."""
    paid = [
        event(f"p{n}", "payment.received", "d1 09:00", transaction_id=f"T{n}", amount_fen=100, payer_id="P")
        for n in range(20)
    ]
    before = event("r1", "account.registered", "d1 08:00", kind="personal", owner_id="O1")
    after = event("r2", "account.registered", "d3 08:00", kind="personal", owner_id="O2")
    (record,) = fed([before, *paid, after, tick("d9 00:00:01")], program(MATCHED)).records
    assert record.key == {"owner": "O1"}


def test_an_owner_told_of_late_takes_along_what_entered() -> None:
    """With a lateness longer than the delay the payments have entered before it is known whose they are."""
    settings = Settings(lateness_us=20 * 86_400_000_000)
    paid = [
        event(f"p{n}", "payment.received", "d1 09:00", transaction_id=f"T{n}", amount_fen=100, payer_id="P")
        for n in range(20)
    ]
    late = event("r1", "account.registered", "d1 08:00", "+9d 00:00", kind="personal", owner_id="O1")
    run = fed([*paid, tick("d9 01:00"), late], program(MATCHED), settings)
    told = {(each.state, each.key["owner"]) for each in run.records}
    assert told == {("raised", "A1"), ("retracted", "A1"), ("raised", "O1")}


def test_state_shrinks_once_nothing_can_be_seen() -> None:
    run = fed([*asked("d1 09:00"), *decided("d2 09:00", 20), tick("d20 00:00")], rules())
    tenant = run.engine.tenants["t1"]
    for day in range(21, 80):
        for hour in range(24):
            run.feed([tick(f"d{day} {hour:02}:30", f"t{day}-{hour}")])
    assert not any(tenant.cells)
    assert not any(tenant.waiting.values())
    assert not any(tenant.ahead.values())
    assert not tenant.timers
    assert not tenant.requests


def test_what_waits_goes_on_waiting_over_a_restart() -> None:
    log = [raw_of(line) for line in [*asked("d1 09:00"), *decided("d2 09:00", 3), tick("d5 00:00:01")]]
    kept = Settings(keep=False)
    whole = Run(Engine(rules(), kept)).feed(log)
    before = Engine(rules(), kept)
    before.track()
    Run(before).feed(log[:-1])
    again = Engine(rules(), kept)
    again.track()
    again.restore([(name, value) for name, value in before.checkpoint() if value is not None])
    assert Run(again).feed(log[-1:]).said == whole.said[-1:]
    assert brief(whole.records) == [("raised", "info", "q9")]
