"""Constructs that type-check and do not run yet are named, and the rules that need them left out of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.loading import load
from rules.model import Rule, RuleSet
from rules.planning.compiling import compile_rules
from rules.planning.later import constructs
from tests.engine.driving import program, shipped
from tests.rules.planning.generated import GOLDEN

# In the place of the measure of RUN-01: what does not run yet.
MEASURE = "failures: {count: event, over: 10m}"


def with_measure(folder: Path, measure: str) -> RuleSet:
    """Load the small rules with another measure in RUN-01."""
    for path in (GOLDEN / "rules").iterdir():
        (folder / path.name).write_text(path.read_text("utf-8").replace(MEASURE, measure), "utf-8")
    return load(folder)


def test_every_rule_of_the_catalogue_runs() -> None:
    waiting: dict[str, tuple[str, ...]] = {name: constructs(rule) for name, rule in shipped().rules().items()}
    assert {name: names for name, names in waiting.items() if names} == {}
    assert set(program().rules) == set(shipped().rules())


@pytest.mark.parametrize(
    ("measure", "named"),
    [
        pytest.param("failures: {count: event, over: day, after: 72h}", ("after",), id="a matured cohort"),
    ],
)
def test_what_does_not_run_yet_is_named_and_left_out(
    measure: str, named: tuple[str, ...], tmp_path: Path
) -> None:
    rules = with_measure(tmp_path, measure)
    waits: Rule = rules.rules()["RUN-01"]
    assert constructs(waits) == named
    assert set(compile_rules(rules).rules) == {"ONE-01", "DAY-01", "DAY-02"}


def test_what_runs_needs_nothing(tmp_path: Path) -> None:
    rules = with_measure(tmp_path, MEASURE)
    assert all(constructs(rule) == () for rule in rules.rules().values())
    assert "RUN-01" in compile_rules(rules).rules
