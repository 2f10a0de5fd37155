"""Law 2: the engine reads no clock, chance or environment. What is due fires because an event was past it."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold import Engine
from engine.instants import micros, rfc3339
from engine.keeping import StateError
from tests.engine.driving import brief, event, fed, just_before, payment, program, raw_of, tick
from tests.logs.arrival import Line
from tests.logs.making import make_log
from tests.logs.strategies import logs
from tests.weiguard.calling import start

CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime", "gmtime")
# Questions asked on a working morning: a warning after three minutes, critical after five.
QUESTION = event("q", "message.received", "10:00", conversation_id="V1", chat="direct")
WARNED = "2026-03-09T10:03:00+08:00"


def test_nothing_fires_until_an_event_carries_the_time_past_the_deadline() -> None:
    run = fed([QUESTION], program("SLA-01"))
    assert run.records == []
    assert run.feed([tick("10:03", "at the deadline")]).records == []
    past = {**tick("10:03", "past it"), "time": "2026-03-09T10:03:00.000001+08:00"}
    past["receivedtime"] = past["time"]
    assert brief(run.feed([past]).records) == [("raised", "warn", "q")]
    (record,) = run.records
    assert (record.at, record.raised_at) == (WARNED, past["time"])
    assert record.cause == {"source": "test", "id": "past it"}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        pytest.param("clock.tick", {}, id="a tick"),
        pytest.param(
            "payment.received", {"transaction_id": "T", "payer_id": "P", "amount_fen": 1}, id="a payment"
        ),
        pytest.param("no.such.type", {"x": 1}, id="an event of a type that nobody knows"),
    ],
)
def test_any_event_carries_the_time(kind: str, data: dict[str, Any]) -> None:
    run = fed([QUESTION, event("later", kind, "10:04", account="A2", **data)], program("SLA-01"))
    assert brief(run.records) == [("raised", "warn", "q")]


def test_the_time_of_arrival_moves_the_clock_and_not_the_time_of_the_event() -> None:
    behind = event("behind", "message.sent", "09:00", "10:04", conversation_id="V2")
    assert brief(fed([QUESTION, behind], program("SLA-01")).records) == [("raised", "warn", "q")]


def test_an_unreadable_line_moves_no_clock() -> None:
    broken = raw_of({**tick("12:00"), "id": 7})
    run = fed([QUESTION, broken], program("SLA-01"))
    assert (run.records, run.outcomes[-1].disposition) == ([], "quarantined")
    assert run.engine.clock("t1") == micros(QUESTION["receivedtime"])


def test_a_tick_of_another_tenant_moves_no_clock() -> None:
    run = fed([QUESTION, {**tick("12:00"), "tenant": "t2"}], program("SLA-01"))
    assert run.records == []
    everybody = {name: value for name, value in tick("12:00", "all").items() if name != "tenant"}
    assert len(run.feed([everybody]).records) == 2, "a tick without a tenant is everybody's"


@given(log=logs(least=30))
def test_what_is_due_is_past_when_it_fires(log: list[Line]) -> None:
    """A deadline or a boundary lies before the clock, and the clock is the largest arrival so far."""
    run = fed(log)
    clocks: dict[str, int] = {}
    for outcome in run.outcomes:
        for record in outcome.records:
            if record.window["kind"] == "deadline" and record.state in ("raised", "escalated"):
                assert micros(record.at) < outcome.clock_us or micros(record.at) == just_at(
                    record.trigger, log
                )
        if outcome.tenant:
            assert outcome.clock_us >= clocks.get(outcome.tenant, 0), "a clock never goes back"
            clocks[outcome.tenant] = outcome.clock_us


@pytest.mark.parametrize(
    "log",
    [
        pytest.param([payment("a", "10:00", 5_000_001)], id="the first event of all"),
        pytest.param([payment("a", "09:00", 1), payment("b", "10:00", 5_000_001)], id="in order"),
        pytest.param(
            [payment("a", "09:00", 1, "09:30"), payment("b", "08:00", 5_000_001, "11:00")], id="late"
        ),
        pytest.param([QUESTION, tick("12:00")], id="at a deadline"),
    ],
)
def test_a_record_is_raised_at_the_clock_that_its_cause_set(log: list[Line]) -> None:
    run = fed(log)
    assert run.records
    for record in run.records:
        assert record.raised_at == log[-1]["receivedtime"] == instant(run.engine.clock("t1"))


def instant(clock_us: int | None) -> str:
    """Return a clock as records write it."""
    assert clock_us is not None
    return rfc3339(clock_us, ZoneInfo("Asia/Shanghai"))


def just_at(trigger: Mapping[str, object], log: list[Line]) -> int:
    """Return the time of the event that armed a ladder: one wholly in the past speaks at arming."""
    named = (trigger["source"], trigger["id"])
    return next(micros(str(line["time"])) for line in log if (line["source"], line["id"]) == named)


@given(log=logs(least=30), skew=st.sampled_from([0.0, 1e9, 4e9]))
def test_the_clock_on_the_wall_says_nothing(log: list[Line], skew: float) -> None:
    calm = fed(log).said
    engine = Engine(program())
    with pytest.MonkeyPatch.context() as patch:
        for name in CLOCKS:
            patch.setattr(time, name, lambda *_, _skew=skew: pytest.fail(f"a clock was read at {_skew}"))
        for name in ("random", "randrange", "choice", "getrandbits"):
            patch.setattr(random, name, lambda *_: pytest.fail("chance was asked"))
        outcomes = [engine.feed(raw_of(line)) for line in log]
    assert [(each.disposition, each.reason, len(each.records)) for each in outcomes] == [
        (disposition, reason, len(records)) for disposition, reason, records in calm
    ]


def three_freezes() -> list[Line]:
    """Return a log whose last line raises three alerts of one rule, key and place: only their windows differ."""
    owner = [event(f"r-{who}", "account.registered", "d1 08:00", account=who, kind="personal", owner_id="O",
                   Tenant="t9") for who in ("B1", "B2")]  # fmt: skip
    paid = [payment(f"p{n}", f"d2 10:0{n}", 1, account="B1", payer_id=f"P{n}", Tenant="t9") for n in range(3)]
    frozen = [
        event(f"f{n}", "fund.frozen", f"d2 11:0{n}", account="B1", case_id=f"C{n}", Tenant="t9")
        for n in range(3)
    ]
    moved = [
        payment(f"m{n}", f"d2 12:0{n}", 1, account="B2", payer_id=f"P{n}", Tenant="t9") for n in range(3)
    ]
    late = {**paid[2], "receivedtime": "2026-03-10T20:00:00+08:00"}
    return [*owner, *paid[:2], *frozen, *moved, late]


def test_neither_zone_nor_hash_seed_nor_language_of_a_process_says_anything(tmp_path: Path) -> None:
    """Sets of texts come out in another order under another hash seed; local times under another TZ."""
    lines = [raw_of(line) for seed in (11, 12, 13) for line in make_log(seed, 120)]
    lines += map(raw_of, three_freezes())
    (tmp_path / "log").write_bytes(b"\n".join(lines))
    surroundings = [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "2", "TZ": "America/New_York", "LC_ALL": "zh_CN.UTF-8", "WEIGUARD_LANG": "zh"},
    ]
    running = [start("replay", "log", cwd=tmp_path, **each) for each in surroundings]
    first, second = (each.communicate(timeout=120)[0] for each in running)
    assert first == second != b""
    assert first.splitlines() == [record for _, _, records in fed(lines).said for record in records]


def test_state_that_is_read_back_brings_no_code_and_no_chance() -> None:
    """A restart takes its state from bytes; bytes that name code are refused, not run."""
    engine = Engine(program())
    with pytest.raises(StateError, match="expected plain values only"):
        engine.restore([(b"cos\nsystem\n(S'true'\ntR.", b"")])


def test_a_microsecond_is_the_least_time_there_is() -> None:
    assert micros(WARNED) - micros(just_before(WARNED)) == 1
