"""The oracle passes the tests written inside the rule files, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules.model import Rule, Trial
from rules.trials import events_of
from tests.engine.driving import shipped
from tests.oracle.deciding import decide
from tests.oracle.rulefile import read_rules
from tests.oracle.trials import expected, instant

RULES = Path(__file__).parents[2] / "rules"


def _trials() -> list[Any]:
    return [
        pytest.param(rule, trial, id=f"{rule.id}: {trial.name}")
        for rule in shipped().rules().values()
        for trial in rule.trials
    ]


@pytest.mark.parametrize(("rule", "trial"), _trials())
def test_a_rule_does_what_its_own_tests_say(rule: Rule, trial: Trial) -> None:
    lines = [msgspec.json.decode(raw) for raw in events_of(trial, rule)]
    outcome = decide(lines, RULES, only={rule.id})
    found = sorted((one["at"], one["level"]) for one in outcome.crossings)
    assert found == expected(trial.expect)


def test_every_shipped_rule_is_evaluated() -> None:
    """A shipped rule the oracle cannot read would be compared with nothing."""
    files = read_rules(RULES)
    assert files.raw, "no rule files found"
    for name in files.raw:
        files.rule(name)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("09:00", "d1 09:00:00"),
        ("d1 09:00", "2026-03-09 09:00"),
        ("d31", "2026-04-08"),
        ("2026-03-09", "d1 00:00"),
    ],
)
def test_times_of_a_trial(text: str, same: str) -> None:
    assert instant(text) == instant(same)
