"""A, then B within T: chains bound by looking back, in whatever order their steps arrived.

MTX-05: payers of an account paid another account of the same owner within 72 hours of its freeze; three of them are
critical. One alert belongs to one freeze.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold import Settings
from engine.instants import micros
from tests.engine.driving import brief, event, fed, payment, program, stands
from tests.engine.soundness import check
from tests.logs.arrival import Line

RULES = program("MTX-05")
KNOWN = [event(f"r-{name}", "account.registered", "d1 08:00", account=name, kind="personal", owner_id=owner)
         for name, owner in (("A21", "O2"), ("A22", "O2"), ("A1", "O1"))]  # fmt: skip


def paid(name: str, at: str, payer: str, account: str = "A21") -> Line:
    return payment(name, at, 100, account=account, payer_id=payer)


def frozen(name: str, at: str, account: str = "A21") -> Line:
    return event(name, "fund.frozen", at, account=account, case_id=name)


PAID = [paid(f"p{n}", f"d2 1{n}:00", f"P{n}") for n in range(3)]
FROZEN = frozen("z", "d3 10:00")
MOVED = [paid(f"m{n}", f"d4 1{n}:00", f"P{n}", "A22") for n in range(3)]
WHOLE = [*KNOWN, *PAID, FROZEN, *MOVED]
FIRED = [("raised", "critical", "m2")]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        pytest.param(WHOLE, FIRED, id="three payers went on to another account"),
        pytest.param([*KNOWN, *PAID, FROZEN, *MOVED[:2]], [], id="two are not three"),
        pytest.param([*KNOWN, *PAID, FROZEN, *MOVED[:2], paid("m9", "d4 13:00", "P9", "A22")], [],
                     id="a payer who had not paid before is no third"),
        pytest.param([*KNOWN, *PAID, FROZEN, *MOVED[:2], paid("m9", "d4 13:00", "P2")], [],
                     id="nor is one who stays with the frozen account"),
        pytest.param([*KNOWN, *PAID, FROZEN, *MOVED[:2], paid("m9", "d4 13:00", "P2", "A1")], [],
                     id="nor one who pays another owner"),
        pytest.param([*KNOWN, *PAID, FROZEN, *MOVED[:2], paid("m9", "d6 10:00", "P2", "A22")],
                     [("raised", "critical", "m9")],
                     id="72 hours after the freeze is within: the distance is inclusive"),
        pytest.param([*KNOWN, *PAID, FROZEN, *MOVED[:2], paid("m9", "d6 10:00:01", "P2", "A22")], [],
                     id="a second later is not"),
        pytest.param([*KNOWN, *[paid(f"m{n}", f"d2 1{n}:00", f"P{n}", "A22") for n in range(3)], FROZEN,
                      *[paid(f"p{n}", f"d4 1{n}:00", f"P{n}") for n in range(3)]], [],
                     id="the steps in another order are no chain"),
        pytest.param([*KNOWN, *PAID, frozen("z", "d3 10:00", "A22"), *MOVED], [], id="another account was frozen"),
        pytest.param([*KNOWN, *PAID, frozen("y", "d3 09:00"), FROZEN, *MOVED],
                     [("raised", "critical", "m2"), ("raised", "critical", "m2")], id="two freezes are two alerts"),
    ],
)  # fmt: skip
def test_a_chain(log: list[Line], said: list[tuple[str, str, str]]) -> None:
    ordered: list[Line] = sorted(log, key=lambda line: str(line["time"]))
    run = fed(ordered, RULES)
    assert brief(run.records) == said
    for record in run.records:
        assert record.window["kind"] == "event"
        assert record.key == {"owner": "O2"}


def test_the_alert_belongs_to_the_freeze() -> None:
    (record,) = fed(WHOLE, RULES).records
    assert record.window == {"kind": "event", "source": "test", "id": "z"}
    assert (record.trigger["id"], record.values["payers"]) == ("m2", 3)


def arriving(order: Sequence[Line]) -> list[Line]:
    """Return lines as they come within the lateness of seven days, in this order, once all of them have happened."""
    return [
        {**line, "receivedtime": f"2026-03-13T00:00:{number:02}+08:00"} for number, line in enumerate(order)
    ]


WEEK = Settings(lateness_us=7 * 86_400_000_000)


@given(order=st.permutations(WHOLE))
def test_a_chain_is_bound_whatever_step_comes_last(order: list[Line]) -> None:
    """Payments, freeze and even the registrations in any order: the end is that of the log in order."""
    late = arriving(order)
    run = fed(late, RULES, WEEK)
    check(run.engine)
    in_order = fed(arriving(sorted(WHOLE, key=lambda line: (micros(line["time"]), line["id"]))), RULES, WEEK)
    assert stands(run.engine) == stands(in_order.engine)
    assert [each["trigger"]["id"] for each in stands(run.engine)] == ["m2"]


@pytest.mark.parametrize(
    "late", [PAID[2], FROZEN, MOVED[2]], ids=["the first step", "the second", "the last"]
)
def test_a_late_step_completes_the_chain(late: Line) -> None:
    rest = [line for line in WHOLE if line is not late]
    run = fed(arriving([*rest, late]), RULES, WEEK)
    assert brief(run.records) == FIRED
    assert run.records[0].cause["id"] == late["id"]


def test_a_second_freeze_has_an_alert_and_evidence_of_its_own() -> None:
    """Each freeze has its own alert, and its own evidence: a second one changes nothing of the first."""
    second = frozen("y", "d3 12:00")
    run = fed(arriving([*WHOLE, second]), RULES, WEEK)
    assert [(record.state, record.window["id"]) for record in run.records] == [
        ("raised", "z"),
        ("raised", "y"),
    ]


def test_a_late_registration_breaks_a_chain() -> None:
    """The account of the second payments turns out to be another owner's: what was said is taken back."""
    other = event("late", "account.registered", "d1 09:00", account="A22", kind="personal", owner_id="O1")
    run = fed(arriving([*WHOLE, other]), RULES, WEEK)
    assert brief(run.records) == [*FIRED, ("retracted", "critical", "m2")]
    check(run.engine)


def test_every_pair_of_late_steps_ends_alike() -> None:
    wanted = stands(fed(arriving(WHOLE), RULES, WEEK).engine)
    for first, second in itertools.combinations([*PAID, FROZEN, *MOVED], 2):
        rest = [line for line in WHOLE if line not in (first, second)]
        for order in ([*rest, first, second], [*rest, second, first]):
            assert stands(fed(arriving(order), RULES, WEEK).engine) == wanted
