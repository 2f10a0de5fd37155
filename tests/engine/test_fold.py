"""The heart: one input, one disposition, its records; first the event, then the clock, then what is due."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from engine.fold import Engine, Settings
from engine.instants import micros
from tests.engine.driving import ABOUT_ARRIVAL, brief, event, fed, payment, program, stands, tick
from tests.engine.soundness import check
from tests.logs.arrival import LATENESS, Line, shuffle_within_lateness
from tests.logs.draft import HOUR
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS, logs

UNGUARDED = Settings(guards=False)


def question(name: str, at: str, chat: str) -> Line:
    """Return a customer's message; it waits for an answer."""
    return event(name, "message.received", at, conversation_id=chat, chat="direct")


def answer(name: str, at: str, chat: str, arrives: str = "") -> Line:
    """Return the answer to it."""
    return event(name, "message.sent", at, arrives, conversation_id=chat)


# --- dispositions ----------------------------------------------------------------------------------------------------

FIRST = payment("a", "d1 10:00", 100)


@pytest.mark.parametrize(
    ("second", "disposition"),
    [
        pytest.param(payment("b", "d1 11:00", 100), "decided", id="another fact"),
        pytest.param(FIRST, "duplicate", id="the same line"),
        pytest.param({**FIRST, "receivedtime": "2026-03-09T12:00:00+08:00"}, "duplicate", id="the same, later"),
        pytest.param(payment("a", "d1 10:00", 101), "conflict", id="the same name, another amount"),
        pytest.param(payment("a", "d1 10:00", 100, fee_fen=1), "duplicate", id="a copy that knows more"),
        pytest.param(payment("b", "d1 10:00", 100, transaction_id="T-a", payer_id="P-a"), "duplicate",
                     id="another name, the same natural key"),
        pytest.param(payment("a", "d1 10:00", 100, Source="bill", account="A2"), "conflict",
                     id="the same natural key, another account"),
        pytest.param(payment("a", "d1 10:00", 100, Tenant="t2"), "decided", id="the same in another tenant"),
        pytest.param(payment("b", "d1 10:00", 1, "d2 11:00"), "decided", id="25 hours late, to the second"),
        pytest.param({**payment("b", "d1 10:00", 1), "receivedtime": "2026-03-10T11:00:00.000001+08:00"}, "late",
                     id="a microsecond later than that"),
        pytest.param({**FIRST, "receivedtime": "2026-03-10T12:00:00+08:00"}, "late", id="a copy later than that"),
        pytest.param({**payment("b", "d1 11:05", 1), "receivedtime": "2026-03-09T11:00:00+08:00"}, "decided",
                     id="five minutes ahead"),
        pytest.param({**payment("b", "d1 11:06", 1), "receivedtime": "2026-03-09T11:00:00+08:00"}, "quarantined",
                     id="six minutes ahead"),
        pytest.param(b"{", "quarantined", id="no JSON"),
        pytest.param(event("x", "no.such.type", "d1 11:00"), "decided", id="a type that nobody knows"),
    ],
)  # fmt: skip
def test_an_input_has_its_disposition(second: Line | bytes, disposition: str) -> None:
    run = fed([FIRST, second])
    assert [outcome.disposition for outcome in run.outcomes] == ["decided", disposition]
    assert run.engine.tally.inputs == 2


@pytest.mark.parametrize(
    ("settings", "disposition"),
    [(Settings(), "late"), (Settings(lateness_us=72 * HOUR), "decided"),
     (Settings(lateness_of={"t1": 72 * HOUR}), "decided"), (Settings(lateness_of={"t2": 72 * HOUR}), "late")],
    ids=["25 hours", "72 hours for all", "72 hours for this tenant", "72 hours for another"],
)  # fmt: skip
def test_how_late_is_late_is_a_setting(settings: Settings, disposition: str) -> None:
    run = fed([FIRST, payment("b", "d1 09:00", 1, "d3 09:00")], settings=settings)
    assert run.outcomes[1].disposition == disposition


@given(seed=SEEDS, copies=st.integers(1, 20))
def test_duplicates_change_nothing(seed: int, copies: int) -> None:
    """A decided line may come again at any moment: only rules about arrival may speak of it."""
    note(f"seed {seed}")
    rng = random.Random(seed)
    log = make_log(seed, 70)
    first = fed(log)
    decided = [
        line for line, outcome in zip(log, first.outcomes, strict=True) if outcome.disposition == "decided"
    ]
    doubled = list(log)
    for _ in range(copies):
        line = rng.choice(decided)
        again = rng.randrange(doubled.index(line), len(doubled)) + 1
        # It arrives with what came last of its tenant and could be read, so that the clock stands where it stood.
        before = [
            each for each in doubled[:again] if each["tenant"] == line["tenant"] and each["id"] != "bad"
        ]
        arrived = max(each["receivedtime"] for each in before)
        doubled.insert(again, {**line, "receivedtime": arrived})
    second = fed(doubled)
    kept = [record for record in first.records if record.rule not in ABOUT_ARRIVAL]
    assert [record for record in second.records if record.rule not in ABOUT_ARRIVAL] == kept
    assert second.engine.tally.by_disposition()["decided"] == len(decided)


# --- event, clock, timers --------------------------------------------------------------------------------------------


def test_an_answer_in_time_that_itself_moves_the_clock_raises_nothing() -> None:
    """It was given at 10:02 and is heard of at 10:30, when the deadline is long past."""
    run = fed([question("q", "10:00", "V"), answer("a", "10:02", "V", "10:30")], program("SLA-01"))
    assert run.records == []
    assert run.feed([tick("12:00")]).records == []


def test_what_is_due_at_once_is_raised_one_by_one_each_at_its_own_deadline() -> None:
    """The clock jumps over both deadlines of both questions."""
    log = [question("q1", "10:00", "V2"), question("q2", "10:01", "V1"), tick("11:00")]
    records = fed(log, program("SLA-01")).records
    assert [
        (record.at[11:16], record.key["conversation"], record.state, record.level) for record in records
    ] == [
        ("10:03", "V2", "raised", "warn"),
        ("10:04", "V1", "raised", "warn"),
        ("10:05", "V2", "escalated", "critical"),
        ("10:06", "V1", "escalated", "critical"),
    ]


def test_deadlines_of_one_instant_go_by_key() -> None:
    chats = ["V3", "V1", "V10", "V2"]
    log = [question(f"q-{chat}", "10:00", chat) for chat in chats]
    for arrival in (log, list(reversed(log))):
        records = fed([*arrival, tick("10:04")], program("SLA-01")).records
        assert [record.key["conversation"] for record in records] == ["V1", "V10", "V2", "V3"]


def test_the_event_is_folded_before_what_is_due() -> None:
    """The payment's record comes first, although the deadline lies before it."""
    run = fed([question("q", "10:00", "V"), payment("p", "10:04", 5_000_001)], program("SLA-01", "COL-01"))
    assert [(record.rule, record.at[11:16]) for record in run.records] == [
        ("COL-01", "10:04"),
        ("SLA-01", "10:03"),
    ]


def test_a_tick_without_a_tenant_moves_every_clock() -> None:
    log = [question("q", "10:00", "V"), {**question("q", "10:00", "V"), "tenant": "t2"}]
    everybody = {name: value for name, value in tick("10:04").items() if name != "tenant"}
    run = fed([*log, everybody], program("SLA-01"))
    assert [record.tenant for record in run.records] == ["t1", "t2"]
    assert (run.outcomes[-1].tenant, run.outcomes[-1].disposition) == ("", "decided")


def test_the_clock_can_be_let_run_on() -> None:
    run = fed([question("q", "10:00", "V")], program("SLA-01"))
    (warned,) = run.engine.until(micros("2026-03-09T10:04:00+08:00"))
    assert (warned.level, warned.cause) == ("warn", {"source": "weiguard", "id": "until"})
    assert run.engine.until(micros("2026-03-09T10:02:00+08:00")) == [], "it does not run back"
    assert run.engine.clock("t1") == micros("2026-03-09T10:04:00+08:00")
    assert run.engine.clock("nobody") is None


# --- the whole -------------------------------------------------------------------------------------------------------


def short_log(seed: int) -> list[Line]:
    """Return a made log that is shorter than lateness, in some order of arrival: nothing has left its state."""
    log = make_log(seed, 90)
    if seed % 2:
        log = shuffle_within_lateness(log, seed)
    begin = micros(log[0]["receivedtime"])
    end = begin + LATENESS - HOUR
    return [
        line for line in log if begin - HOUR < micros(line["time"]) and micros(line["receivedtime"]) < end
    ]


@given(seed=SEEDS)
def test_what_is_remembered_agrees_with_itself(seed: int) -> None:
    """Tails in order, what stands is what the journals say, every head is the fold of its tail; at two moments."""
    note(f"seed {seed}")
    log = short_log(seed)
    run = fed(log[: len(log) // 2])
    check(run.engine)
    check(run.feed(log[len(log) // 2 :]).engine)


@given(seed=SEEDS)
def test_guards_only_save_work(seed: int) -> None:
    """Where a guard says that nothing can change, a refold changes nothing: the records are the same, byte for byte."""
    note(f"seed {seed}")
    log = shuffle_within_lateness(make_log(seed, 100), seed)
    guarded, unguarded = fed(log), fed(log, settings=UNGUARDED)
    assert guarded.said == unguarded.said
    assert guarded.engine.undecided == unguarded.engine.undecided


def test_guards_do_save_work() -> None:
    """If no guard ever held, the test before this one would prove nothing."""
    refolds: Counter[str] = Counter()
    for seed in range(20):
        log = shuffle_within_lateness(make_log(seed, 100, {"payments", "friends"}), seed)
        for name, settings in (("guarded", Settings()), ("unguarded", UNGUARDED)):
            refolds[name] += sum(
                tenant.refolds for tenant in fed(log, settings=settings).engine.tenants.values()
            )
    assert 0 < refolds["guarded"] < refolds["unguarded"] * 0.8


@given(log=logs(least=40))
def test_standing_is_sorted_and_can_be_asked_by_tenant(log: list[Line]) -> None:
    engine = fed(log).engine
    both: list[dict[str, Any]] = stands(engine)
    assert [each["id"] for each in both] == sorted(each["id"] for each in both)
    assert sorted(map(repr, stands(engine, "t1") + stands(engine, "t2"))) == sorted(map(repr, both))
    assert stands(engine, "nobody") == []


def test_tracking_begins_before_anything_is_fed() -> None:
    engine = Engine(program())
    engine.feed(b"")
    engine.track()
    run = fed([FIRST])
    with pytest.raises(AssertionError, match="from the beginning or not at all"):
        run.engine.track()
    assert brief(run.records) == []
