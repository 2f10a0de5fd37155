"""No threshold or comparison of a rule can change unnoticed, and shaken tests are decided as the definitions say."""

from __future__ import annotations

import pytest

from rules.loading import SHIPPED
from rules.model import Rule
from tests.engine.driving import shipped
from tests.mutation import mutants, survivors
from tests.perturbing import disagreement

RULES = list(shipped().rules().values())
SHAKES = 3  # Of each test; `make shake ARGS='--runs 100'` tries more.


def _id(rule: Rule) -> str:
    return rule.id


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_every_mutant_is_noticed(rule: Rule) -> None:
    assert survivors(SHIPPED, rule.id)[1] == [], f"python -m tests.mutation {rule.id}"


def test_a_mutant_is_a_change() -> None:
    """What the test above rests on: there is much to notice."""
    assert sum(1 for rule in RULES for _ in mutants(shipped(), rule)) > len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_shaken_tests_are_decided_as_the_definitions_say(rule: Rule) -> None:
    for seed in range(SHAKES):
        for number, trial in enumerate(rule.trials):
            said = disagreement(SHIPPED, rule, number, seed)
            assert said == "", f"{trial.name}: python -m tests.perturbing {rule.id} --seed {seed} --runs 1"
