"""The oracle passes the tests written inside the rule files, by its own reading of their conventions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.oracle.deciding import decide
from tests.oracle.rulefile import read_rules
from tests.oracle.trials import expected, instant, trial_log
from tests.oracle.undecided import Unsupported

RULES = Path(__file__).parents[2] / "rules"


def _trials() -> list[Any]:
    files = read_rules(RULES)
    found = []
    for name in files.raw:
        try:
            rule = files.rule(name)
        except Unsupported:
            continue  # What the oracle leaves out is pinned below.
        found += [pytest.param(name, trial, id=f"{name}: {trial['name']}") for trial in rule.trials]
    return found


@pytest.mark.parametrize(("name", "trial"), _trials())
def test_a_rule_does_what_its_own_tests_say(name: str, trial: dict[str, Any]) -> None:
    lines, until = trial_log(read_rules(RULES).rule(name), trial)
    outcome = decide(lines, RULES, only={name}, until=until)
    found = sorted((one["at"], one["level"]) for one in outcome.crossings)
    assert found == expected(trial)


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
