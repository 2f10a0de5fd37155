"""The oracle gives what the scenarios expect: they come from another evaluator, written from the catalogue alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.deciding import decide
from tests.oracle.rulefile import read_rules

RULES = Path(__file__).parents[2] / "rules"
SCENARIOS = Path(__file__).parents[1] / "data" / "scenarios"
NAMES = sorted(path.name.removesuffix(".expect.json") for path in SCENARIOS.glob("*.expect.json"))


def read_scenario(name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a scenario's lines in order of arrival, and what is expected of them."""
    lines = (SCENARIOS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    expected: dict[str, Any] = json.loads((SCENARIOS / f"{name}.expect.json").read_text(encoding="utf-8"))
    return [json.loads(line) for line in lines], expected


def test_all_scenarios_are_here() -> None:
    assert NAMES == ["S01a", "S01b", "S02", "S03", "S04", "S06", "S08", "S10", "S11"]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_raises_what_it_must_and_nothing_else(name: str) -> None:
    """The scenarios are in order of time, so that every raise and escalation of the sorted log is also a record."""
    lines, expected = read_scenario(name)
    known = set(expected["only"]) & read_rules(RULES).raw.keys()
    outcome = decide(lines, RULES, only=known, until=expected.get("until"))
    wanted = [record for record in expected["records"] if record["rule"] in known]
    assert wanted, f"no rule of {name} is in the catalogue"
    left = list(outcome.crossings)
    missing = [record for record in wanted if not _take(left, record)]
    assert (missing, left) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_the_standing_alerts_are_the_highest_of_what_was_raised(name: str) -> None:
    lines, expected = read_scenario(name)
    known = set(expected["only"]) & read_rules(RULES).raw.keys()
    outcome = decide(lines, RULES, only=known, until=expected.get("until"))
    tops = [one for one in outcome.crossings if not any(_outranks(other, one) for other in outcome.crossings)]
    assert sorted(_brief(one) for one in outcome.standing) == sorted(_brief(one) for one in tops)


def test_duplicates_and_conflicts_are_told_apart() -> None:
    lines, _ = read_scenario("S04")
    outcome = decide(lines, RULES, only={"ENG-04"})
    assert outcome.dispositions == {"decided": 34, "duplicate": 2, "conflict": 1}


def _take(left: list[dict[str, Any]], record: dict[str, Any]) -> bool:
    """Remove the first crossing that a record matches; say whether there was one."""
    for crossing in left:
        if _matches(record, crossing):
            left.remove(crossing)
            return True
    return False


def _matches(record: dict[str, Any], crossing: dict[str, Any]) -> bool:
    return (
        (record["rule"], record["level"]) == (crossing["rule"], crossing["level"])
        and sorted(map(str, record["key"])) == sorted(map(str, crossing["key"].values()))
        and record.get("cause", crossing["trigger"]["id"]) == crossing["trigger"]["id"]
        and str(crossing["at"]).startswith(record.get("on", ""))
    )


def _outranks(other: dict[str, Any], one: dict[str, Any]) -> bool:
    """Only in COL-01's two-level scenarios does one alert have two crossings: a later one of the same day and key."""
    same = (other["rule"], other["key"], other["at"][:10]) == (one["rule"], one["key"], one["at"][:10])
    return same and (one["level"], other["level"]) == ("warn", "critical")


def _brief(one: dict[str, Any]) -> tuple[str, ...]:
    return one["rule"], one["level"], repr(one["key"]), one["at"], one["trigger"]["id"]
