"""Rules judged at calendar boundaries: with the oracle, in any order of arrival, and over restarts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, note

from engine.fold import Engine, Settings
from engine.program import Program
from rules.loading import load
from rules.planning.compiling import compile_rules
from tests.engine.driving import Run, raw_of
from tests.engine.soundness import check
from tests.laws.agreeing import by_key
from tests.logs.arrival import Line, micros
from tests.logs.strategies import SEEDS
from tests.oracle.deciding import decide
from tests.oracle.instants import rfc3339

RULES: Final = Path(__file__).parents[1] / "golden" / "engine" / "boundaries"
SECOND: Final = 1_000_000
HOUR: Final = 3_600 * SECOND
BASE: Final = micros("2026-03-12T00:00:00+08:00")  # A Thursday: the log goes over the end of a week.
ACCOUNTS: Final = ("A1", "A2", "B1")
# Times that stand exactly on, just before and just after a midnight, or a delay before one.
NEAR: Final = (
    0,
    -1,
    1,
    SECOND,
    -SECOND,
    9 * HOUR,
    -6 * HOUR,
    -6 * HOUR - 1,
    12 * HOUR,
    12 * HOUR - 1,
    -9 * HOUR,
)


@cache
def compiled() -> Program:
    """Compile the small rules once."""
    return compile_rules(load(RULES))


def made(seed: int, count: int = 60, days: int = 9) -> list[Line]:
    """Return a log of everything that the small rules read, in order of arrival, up to a day late."""
    chance = Random(seed)
    log = [_line(n, chance, days) for n in range(count)]
    copied = [line for line in log if chance.random() < 0.1]
    log += [
        {**line, "receivedtime": rfc3339(micros(line["receivedtime"]) + chance.randrange(HOUR))}
        for line in copied
    ]
    return sorted(log, key=lambda line: micros(line["receivedtime"]))


def _line(number: int, chance: Random, days: int) -> Line:
    time = BASE + chance.randrange(days) * 24 * HOUR + chance.choice((*NEAR, chance.randrange(24 * HOUR)))
    kind, data = _content(number, chance)
    line: Line = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": chance.choice(("s", "t")),
        "type": kind,
        "time": rfc3339(time),
        "receivedtime": rfc3339(time + (chance.randrange(24 * HOUR) if chance.random() < 0.4 else 0)),
        "data": data,
    }
    return (
        line
        if kind.startswith(("owner.", "clock.", "override."))
        else {**line, "subject": chance.choice(ACCOUNTS)}
    )


def _content(number: int, chance: Random) -> tuple[str, dict[str, Any]]:
    """Return a type and its data. What has a natural key has it once: which of two copies stands is another's test."""
    asked, ordered = f"R{chance.randrange(60)}", f"O{chance.randrange(60)}"
    own = {"order_id": f"O{number}", "total_fen": chance.randrange(1, 6) * 100}
    return chance.choice(
        (
            ("message.sent", {"conversation_id": f"V{chance.randrange(3)}"}),
            ("message.sent", {"conversation_id": f"V{chance.randrange(3)}"}),
            ("friend.request_sent", {"request_id": f"R{number}"}),
            ("friend.request_sent", {"request_id": f"R{number}"}),
            (
                "friend.request_decided",
                {"request_id": asked, "decision": chance.choice(("accepted", "rejected"))},
            ),
            ("friend.request_decided", {"request_id": asked, "decision": "accepted"}),
            ("order.created", own),
            ("order.created", own),
            ("inventory.moved", {"movement_id": f"M{number}", "order_id": ordered, "quantity": 1}),
            ("payment.received", _payment(number, ordered, chance)),
            ("payment.received", _payment(number, ordered, chance)),
            ("account.registered", {"kind": "personal", "owner_id": chance.choice(("P1", "P2"))}),
            ("owner.registered", _owner(chance)),
            ("limit_profile.set", _limit(chance)),
            ("override.set", _override(chance)),
            ("clock.tick", {}),
        )
    )


def _payment(number: int, order: str, chance: Random) -> dict[str, Any]:
    found = {"transaction_id": f"T{number}", "payer_id": "P", "amount_fen": chance.randrange(1, 4) * 100}
    return {**found, "order_id": order} if chance.random() < 0.8 else found


def _owner(chance: Random) -> dict[str, Any]:
    kind = chance.choice(("natural", "enterprise"))
    return {
        "owner_id": chance.choice(("P1", "P2")),
        "kind": kind,
        "registered": chance.random() < 0.5,
        "vat_status": "none",
    }


def _limit(chance: Random) -> dict[str, Any]:
    scope = chance.choice(({}, {"account": "A1"}, {"owner_id": "P1"}))
    return {"limit": "few", "value": chance.randrange(1, 4), "unit": "count", **scope}


def _override(chance: Random) -> dict[str, Any]:
    """Return an override of a limit that ends with a day, mostly."""
    ends = {"until": f"2026-03-{chance.randrange(14, 22)}"} if chance.random() < 0.8 else {}
    return {**_limit(chance), "author": "anna", "approver": "bo", **ends}


def without_limits(log: list[Line]) -> list[Line]:
    """Return a log in which nobody sets a limit, so that the fast variant of the program decides."""
    return [line for line in log if line["type"] not in ("limit_profile.set", "override.set")]


def shown(engine: Engine) -> dict[str, Any]:
    """Return what stands, as far as the oracle knows it."""
    return by_key(engine.standing())


def wanted(log: list[Line]) -> dict[str, Any]:
    """Return what stands by the definition."""
    return by_key(decide(log, RULES).standing)


def agrees(found: dict[str, Any], meant: dict[str, Any]) -> None:
    """Compare what stands; of values, those that the oracle tells."""
    assert found.keys() == meant.keys()
    for name, one in meant.items():
        values = {value: found[name]["values"].get(value) for value in one["values"]}
        assert {**found[name], "values": values} == one, name


@pytest.mark.parametrize("limited", [False, True], ids=["limits as they are", "limits that are set"])
@given(seed=SEEDS)
def test_engine_and_oracle_agree_in_any_order(limited: bool, seed: int) -> None:  # a parameter
    note(f"seed {seed}")
    log = made(seed) if limited else without_limits(made(seed))
    run = Run(Engine(compiled())).feed(map(raw_of, log))
    agrees(shown(run.engine), wanted(log))


@given(seed=SEEDS)
def test_guards_change_nothing(seed: int) -> None:
    note(f"seed {seed}")
    log = without_limits(made(seed))
    with_guards = Run(Engine(compiled())).feed(map(raw_of, log))
    without = Run(Engine(compiled(), Settings(guards=False))).feed(map(raw_of, log))
    assert with_guards.said == without.said


@given(seed=SEEDS)
def test_a_restart_changes_nothing(seed: int) -> None:
    note(f"seed {seed}")
    log = [raw_of(line) for line in made(seed)]
    half = len(log) // 2
    kept = Settings(keep=False)
    whole = Run(Engine(compiled(), kept)).feed(log)
    before = Engine(compiled(), kept)
    before.track()
    first = Run(before).feed(log[:half])
    entries = [(name, value) for name, value in before.checkpoint() if value is not None]
    again = Engine(compiled(), kept)
    again.track()
    again.restore(entries)
    for raw, outcome in zip(log[:half], first.outcomes, strict=True):
        if outcome.disposition == "decided":
            again.recall(raw, outcome.clock_us)
    assert Run(again).feed(log[half:]).said == whole.said[half:]
    check(again)
