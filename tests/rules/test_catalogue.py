"""The shipped rules: each compiles alone, runs whole, and passes the tests that its file gives it."""

from __future__ import annotations

import pytest

from rules.loading import load
from rules.model import Rule, RuleSet
from rules.planning.compiling import compile_rules
from rules.planning.later import constructs
from rules.trials import Crossing
from weiguard.testing import try_rule

SHIPPED = load()
RULES = list(SHIPPED.rules().values())


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return SHIPPED


@pytest.fixture(params=RULES, ids=lambda rule: str(rule.id))
def rule(request: pytest.FixtureRequest) -> Rule:
    found = request.param
    assert isinstance(found, Rule)
    return found


def test_it_passes_the_tests_in_its_file(shipped: RuleSet, rule: Rule) -> None:
    tried = list(try_rule(shipped, rule))
    assert [each.trial.name for each in tried] == [trial.name for trial in rule.trials]
    assert {each.trial.name: each.found for each in tried} == {
        each.trial.name: each.expected for each in tried
    }
    assert {each.trial.name: each.refused for each in tried if each.refused} == {}


def test_it_compiles_alone(shipped: RuleSet, rule: Rule) -> None:
    assert rule.id in compile_rules(shipped, (rule.id,)).rules


def test_all_of_it_runs(rule: Rule) -> None:
    assert constructs(rule) == ()
    assert rule.later == ()


def test_it_has_a_test_in_which_it_fires_and_one_beside(rule: Rule) -> None:
    assert len(rule.trials) > 1
    assert any(trial.expect for trial in rule.trials)


def test_the_whole_catalogue_is_one_program(shipped: RuleSet) -> None:
    assert list(compile_rules(shipped).rules) == [rule.id for rule in RULES]


def test_a_test_that_expects_too_much_does_not_pass(shipped: RuleSet) -> None:
    """What every test above rests on: a crossing that does not come is missed."""
    first = next(try_rule(shipped, RULES[0]))
    assert first.passed
    more = Crossing("2026-03-09T23:00:00+08:00", "critical")
    assert first.found != (*first.expected, more)


def test_a_pattern_that_matches_no_rule_is_an_error(shipped: RuleSet) -> None:
    with pytest.raises(LookupError):
        compile_rules(shipped, ("XYZ-*",))
