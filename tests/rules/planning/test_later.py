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
        text = path.read_text("utf-8").replace(MEASURE, measure)
        if "let: {more:" in measure:
            text = text.replace("warn: failures >= limit.burst", "warn: more >= limit.burst")
        (folder / path.name).write_text(text, "utf-8")
    return load(folder)


def test_every_rule_of_the_catalogue_runs() -> None:
    waiting: dict[str, tuple[str, ...]] = {name: constructs(rule) for name, rule in shipped().rules().items()}
    assert {name: names for name, names in waiting.items() if names} == {}
    assert set(program().rules) == set(shipped().rules())


@pytest.mark.parametrize(
    ("measure", "named"),
    [
        pytest.param(
            "failures: {count: event, over: day, after: 72h}",
            ("after in a rule that events trigger",),
            id="a matured cohort",
        ),
        pytest.param(
            "failures: {count: event, of: session.started, per: {account: event.device_id}, over: 10m}\n"
            "      all: {count: event, of: [login.attempted, session.started], per: {account: event.ip}, over: 10m}\n"
            "    let: {more: failures + all}",
            ("a dimension that one event type brings in two ways",),
            id="one event under two expressions of one dimension",
        ),
        pytest.param(
            "failures: {count: event, of: session.started, per: {account: event.device_id}, over: 10m}\n"
            "      all: {count: event, per: {ip: event.ip}, over: 10m}\n"
            "    let: {more: failures + all}",
            (
                "a dimension of a finer key that event types bring in different ways",
                "a measure of another key",
            ),
            id="events under different expressions of a dimension that not all measures have",
        ),
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
