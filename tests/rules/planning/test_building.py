"""The plan: equal things are one, however many rules speak of them."""

from __future__ import annotations

import pytest

from rules.planning.building import build, select
from rules.planning.compiling import compile_rules
from rules.planning.plan import Plan
from tests.engine.driving import fed, payment, program, shipped
from tests.rules.planning.generated import small, small_rules


def plan_of(*only: str) -> Plan:
    return build(small_rules(), only)


def test_equal_measures_of_two_rules_are_one_slot() -> None:
    """DAY-01 calls it collected and DAY-02 taken: the sum of an account's day is kept once."""
    (group,) = plan_of("DAY-*").groups
    assert [unit.case.rule for unit in group.units] == ["DAY-01", "DAY-02"]
    first, second = group.units
    assert first.bounds["collected"].state is second.bounds["taken"].state
    assert sorted(state.aggregate for state in group.states.values()) == ["count", "sum"]


def test_equal_filters_are_one_bit() -> None:
    plan = plan_of("DAY-*")
    assert [unit.trigger.bit for unit in plan.units] == [1, 1]
    assert len(plan.streams.all) == 1


def test_different_keys_and_events_are_different_cells() -> None:
    plan = plan_of()
    assert [[unit.case.rule for unit in group.units] for group in plan.groups] == [
        ["DAY-01", "DAY-02"],
        ["RUN-01"],
    ]
    assert [unit.case.rule for unit in plan.units if unit.group < 0] == ["ONE-01"]


def test_a_shared_slot_is_folded_once_and_read_by_both() -> None:
    cell = small("DAY-*").source.partition("def roll_")[0]
    assert cell.count("self.m") == len({"items", "most", "m0", "m1"} - {"items"})
    log = [payment(f"p{n}", f"09:0{n}", 1_000_001) for n in range(5)]
    assert [record.rule for record in fed(log, small("DAY-*")).records] == ["DAY-01", "DAY-02"]


def test_together_or_alone_a_rule_says_the_same() -> None:
    """Sharing changes no record but the hash it names, which is that of the whole set either way."""
    log = [payment(f"p{n}", f"09:0{n}", 1_000_001) for n in range(8)]
    together = fed(log, small()).records
    for rule in ("DAY-01", "DAY-02", "ONE-01"):
        assert fed(log, small(rule)).records == [record for record in together if record.rule == rule]


@pytest.mark.parametrize(
    ("first", "second", "measures"),
    [("COL-05", "COL-05", 2), ("LOG-02", "LOG-03", 1)],
    ids=["two measures of one rule", "the logins of two rules"],
)
def test_the_catalogue_shares(first: str, second: str, measures: int) -> None:
    plan = build(shipped(), (first, second))
    states = {rule: {id(bound.state) for unit in plan.units if unit.case.rule == rule for bound in unit.bounds.values()}
              for rule in (first, second)}  # fmt: skip
    assert len(states[first] & states[second]) >= measures


def test_the_whole_catalogue_needs_fewer_states_than_measures() -> None:
    plan = build(shipped(), ())
    bounds = sum(len(unit.bounds) for unit in plan.units)
    states = {id(bound.state) for unit in plan.units for bound in unit.bounds.values()}
    assert len(states) <= bounds - 10


ALL = {"ONE-01", "DAY-01", "RUN-01", "DAY-02"}

# --- what is chosen --------------------------------------------------------------------------------------------------


def test_what_a_rule_watches_is_decided_and_not_written() -> None:
    chosen = select(shipped(), ("LOG-15",))
    assert {rule for rule, written in chosen.items() if written} == {"LOG-15"}
    assert {rule for rule, written in chosen.items() if not written} == {
        "LOG-01",
        "LOG-02",
        "LOG-06",
        "LOG-10",
    }
    written = {face.rule: face.written for face in program("LOG-15").faces}
    assert written["LOG-15"]
    assert not written["LOG-02"]


@pytest.mark.parametrize(
    ("only", "rules"),
    [(("DAY-01",), {"DAY-01"}), (("DAY-*",), {"DAY-01", "DAY-02"}), (("*-01", "DAY-02"), ALL), ((), ALL)],
    ids=["an id", "a pattern", "several", "none is all"],
)  # fmt: skip
def test_rules_are_chosen_by_patterns(only: tuple[str, ...], rules: set[str]) -> None:
    assert set(compile_rules(small_rules(), only).rules) == rules


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    with pytest.raises(LookupError, match="no rule matches XYZ-\\*"):
        compile_rules(small_rules(), ("XYZ-*",))
