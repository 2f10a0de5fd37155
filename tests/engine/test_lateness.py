"""A late contribution: inserted, guarded, refolded; the alerts end as if it had come in time.

The named cases are those that a prototype of the engine got wrong.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note

from engine.fold import Settings
from engine.instants import micros
from engine.program import Program
from tests.engine.driving import Run, brief, event, fed, payment, program, stands
from tests.engine.soundness import check
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS

UNGUARDED = Settings(guards=False)


def failure(name: str, at: str, arrives: str = "") -> Line:
    """Return a failed login: five within ten minutes warn, ten are critical."""
    return event(name, "login.attempted", at, arrives, result="failure", device_id="D1")


def failures(first: int, count: int, begin: int, step: int = 1, arrives: str = "") -> list[Line]:
    """Return failed logins, one every `step` minutes from 10:`begin` on."""
    return [failure(f"f{first + n:02}", f"10:{begin + n * step:02}", arrives) for n in range(count)]


def in_time(log: list[Line]) -> list[Line]:
    """Return the log as it would have come without delay, the clock at its end where it was."""
    end = max(line["receivedtime"] for line in log)
    last = {
        "specversion": "1.0",
        "id": "end",
        "source": "test",
        "type": "clock.tick",
        "tenant": "t1",
        "time": end,
    }
    ordered = sorted(log, key=lambda line: (micros(line["time"]), line["source"], line["id"]))
    return [*({**line, "receivedtime": line["time"]} for line in ordered), last]


def settled(log: list[Line], rules: Program, settings: Settings = Settings()) -> Run:  # noqa: B008  # frozen
    """Feed a log and check that it ends where it does in time, and that what is remembered agrees with itself."""
    run = fed(log, rules, settings)
    check(run.engine)
    assert stands(run.engine) == stands(fed(in_time(log), rules).engine)
    return run


both = pytest.mark.parametrize("settings", [Settings(), UNGUARDED], ids=["guarded", "unguarded"])

# --- what a prototype got wrong --------------------------------------------------------------------------------------


@both
def test_a_withdrawn_critical_falls_back_to_its_own_earlier_warning(settings: Settings) -> None:
    """Late reference data makes one payment a merchant's: the day is below critical again, and its warning stands."""
    log = [
        payment("a", "09:00", 4_000_000, account="A1"),
        payment("b", "10:00", 1_000_001, account="A1"),
        event("r", "account.registered", "09:30", "11:00", kind="merchant_ordinary", owner_id="O1"),
    ]
    run = settled(log, program("COL-01"), settings)
    assert brief(run.records) == [
        ("raised", "warn", "a"),
        ("escalated", "critical", "b"),
        ("lowered", "warn", "a"),
    ]
    assert [record.values["collected"] for record in run.records] == [4_000_000, 5_000_001, 4_000_000]
    assert run.records[-1].late


@both
def test_an_episode_is_alive_only_where_counting_says_so(settings: Settings) -> None:
    """Five failures warn; the next trigger is an hour later, so the journal has no end of the episode yet.

    Five late ones in between are an episode of their own: the old one was over, whatever the journal still says.
    """
    log = [*failures(0, 5, 0), *[failure(f"l{n}", f"10:{30 + n}", "12:00") for n in range(5)]]
    run = settled(log, program("LOG-05"), settings)
    assert brief(run.records) == [("raised", "warn", "f04"), ("raised", "warn", "l4")]
    assert {record.window["start"][11:16] for record in run.records} == {"10:04", "10:34"}


@both
def test_the_peak_of_a_window_covers_what_came_before_the_late_payment(settings: Settings) -> None:
    """The day stands at 39,999.99 and a late fen reaches the warning: the guard must know of every earlier payment."""
    log = [
        payment("a", "08:00", 2_000_000),
        payment("b", "20:00", 1_999_999),
        payment("next day", "d2 01:00", 1),
        payment("late", "12:00", 1, "d2 02:00"),
    ]
    run = settled(log, program("COL-01"), settings)
    assert brief(run.records) == [("raised", "warn", "b")]
    assert run.records[0].window["start"][:10] == "2026-03-09"


@both
def test_the_peak_of_a_window_falls_with_no_refund_and_no_withdrawal(settings: Settings) -> None:
    """Turnover goes up, down by a refund, and up by a late payment into the time before the refund."""
    refund: dict[str, Any] = {"refund_id": "R", "transaction_id": "T-a", "amount_fen": 5_000_000}
    owner = event("o", "owner.registered", "07:00", account=None, owner_id="O2", kind="natural",
                  registered=False, vat_status="none")  # fmt: skip
    account = event("r", "account.registered", "07:00", kind="personal", owner_id="O2")
    log = [
        owner, account,
        payment("a", "08:00", 7_999_999),
        event("r1", "payment.refunded", "09:00", **refund),
        payment("late", "08:30", 1, "12:00"),
    ]  # fmt: skip
    run = settled(log, program("TAX-01"), settings)
    assert brief(run.records) == [("raised", "warn", "late")]


# --- what late events do ---------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("log", "states"),
    [
        pytest.param(
            [*failures(0, 4, 0), failure("late", "10:02", "10:30")], ["raised"], id="a fifth raises in the past"
        ),
        pytest.param(
            [*failures(0, 5, 0), failure("late", "09:55", "10:30")], ["raised", "raised", "retracted"],
            id="a sixth before moves the start: one alert is retracted, another raised",
        ),
        pytest.param(
            [*failures(0, 5, 0), failure("late", "10:03", "10:30")], ["raised", "raised", "retracted"],
            id="a sixth in the middle moves the crossing, and the episode starts there",
        ),
        pytest.param(
            [*failures(0, 5, 0), failure("late", "10:12", "10:30")], ["raised"], id="one within changes nothing"
        ),
        pytest.param(
            [*failures(0, 9, 0), failure("late", "10:08", "10:30")], ["raised", "escalated"], id="a tenth escalates"
        ),
        pytest.param(
            [*failures(0, 4, 0), failure("late", "10:10", "10:30")], ["raised"][:0],
            id="ten minutes after the first the first is out: half-open",
        ),
        pytest.param(
            [*failures(0, 4, 0), {**failure("late", "10:10", "10:30"), "time": "2026-03-09T10:09:59.999999+08:00"}],
            ["raised"], id="a microsecond earlier it is in",
        ),
    ],
)  # fmt: skip
def test_a_rolling_window_is_refolded(log: list[Line], states: list[str], settings: Settings) -> None:
    run = settled(log, program("LOG-05"), settings)
    assert [record.state for record in run.records] == states


@both
@pytest.mark.parametrize(
    ("late", "said"),
    [
        pytest.param(payment("l", "08:30", 1, "12:00"), [("amended", "warn", "b")],
                     id="before the warning: the same crossing with another value"),
        pytest.param(payment("l", "08:30", 1_000_000, "12:00"), [("amended", "warn", "a")],
                     id="before it and large: the crossing moves back"),
        pytest.param(payment("l", "09:30", 1_000_000, "12:00"), [("amended", "warn", "l")],
                     id="between the two: the crossing is the late one's"),
        pytest.param(payment("l", "11:30", 1, "12:00"), [], id="after it: nothing to say"),
        pytest.param(payment("l", "09:30", 1_000_001, "12:00"), [("escalated", "critical", "b")],
                     id="before it and larger still: what was a warning is critical now"),
        pytest.param(payment("l", "08:30", 5_000_001, "12:00"), [("escalated", "critical", "l")],
                     id="critical by itself"),
        pytest.param(payment("l", "08:30", 5_000_001, "12:00", account="A2"), [("raised", "critical", "l")],
                     id="another account"),
    ],
)  # fmt: skip
def test_a_day_is_refolded(late: Line, said: list[tuple[str, str, str]], settings: Settings) -> None:
    log = [payment("a", "09:00", 3_000_000), payment("b", "10:00", 1_000_000), late]
    run = settled(log, program("COL-01"), settings)
    assert brief(run.records) == [("raised", "warn", "b"), *said]
    late_for_its_key = late["subject"] == "A1"
    assert [record.late for record in run.records[1:]] == [late_for_its_key] * len(said)


@both
def test_late_reference_data_moves_what_looked_it_up(settings: Settings) -> None:
    """Two accounts' payments count for their owner once both are known to be his, on the whole day."""
    log = [
        payment("a", "09:00", 3_000_000, account="A1"),
        payment("b", "10:00", 3_000_000, account="A2"),
        event("r1", "account.registered", "08:00", "11:00", account="A1", kind="personal", owner_id="O1"),
        event("r2", "account.registered", "08:00", "12:00", account="A2", kind="personal", owner_id="O1"),
    ]
    run = settled(log, program("AML-05"), settings)
    assert brief(run.records) == [("raised", "warn", "b")]
    assert (run.records[0].key, run.records[0].cause["id"]) == ({"owner": "O1"}, "r2")


@both
def test_a_registration_holds_until_the_next_one(settings: Settings) -> None:
    """A late registration reaches the payments up to the next, and none after."""
    log = [
        payment("a", "09:00", 4_000_000),
        payment("b", "12:00", 4_000_000),
        event("later", "account.registered", "11:00", kind="personal", owner_id="O1"),
        event("late", "account.registered", "08:00", "13:00", kind="merchant_ordinary", owner_id="O1"),
    ]
    run = settled(log, program("COL-01"), settings)
    assert brief(run.records)[-1] == ("lowered", "warn", "b")
    assert [record.values["collected"] for record in run.records][-1] == 4_000_000


@given(seed=SEEDS)
def test_a_late_event_is_a_step_of_its_own(seed: int) -> None:
    """However many alerts it moves, each has at most one record for it, and all name it as their cause."""
    note(f"seed {seed}")
    log = shuffle_within_lateness(make_log(seed, 100), seed)
    for line, outcome in zip(log, fed(log).outcomes, strict=True):
        moved = [record for record in outcome.records if record.late]
        assert len({record.id for record in moved}) == len(moved)
        assert {record.cause["id"] for record in outcome.records} <= {line["id"]}


def test_a_baseline_that_was_read_today_is_read_anew_once_a_day_before_has_changed() -> None:
    """Six times the usual day; a late payment doubles what is usual, and the next one today is held against that."""
    sums = [100_000, 100_000, 100_000, 300_000, 300_000, 300_000, 100_000]
    days = [payment(f"p{day}", f"d{day} 10:00", fen) for day, fen in enumerate(sums, 1)]
    known = event("r", "account.registered", "d1 08:00", kind="personal", owner_id="O1")
    run = fed([known, *days, payment("a", "d8 10:00", 600_000)], program("COL-08"))
    assert [(record.state, record.level) for record in run.records] == [("raised", "warn")]
    late = payment("late", "d7 11:00", 300_000, "+1d 10:30")
    run.feed([late, payment("b", "d8 11:00", 100_000)])
    assert [record.state for record in run.records] == ["raised", "retracted"]
