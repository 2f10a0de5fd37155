"""Every mistake in a rule file gives words that are pinned: the place, what was found and expected, how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.location import Location
from rules.problems import Findings, Problem, RuleProblems, in_order
from tests.rules.golden import GOLDEN, Mistake, mistakes, problems_of

MISTAKES = list(mistakes(GOLDEN / "problems.txt"))


@pytest.mark.parametrize("mistake", [pytest.param(each, id=each.name) for each in MISTAKES])
def test_the_words_of_a_mistake(mistake: Mistake, tmp_path: Path) -> None:
    assert problems_of(mistake, tmp_path) == mistake.words


def test_the_sample_itself_has_none(tmp_path: Path) -> None:
    assert problems_of(Mistake("none", (), ""), tmp_path) == "nothing is wrong"


def test_there_is_a_mistake_of_every_kind() -> None:
    """The file is read to its end: a section that went missing would go unnoticed."""
    assert len(MISTAKES) > 70
    assert all(mistake.words and mistake.changes for mistake in MISTAKES)
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)


def test_a_caret_stands_below_its_place_beside_chinese() -> None:
    problem = Problem(Location("a.yaml", 3, 5, "收款 x > y"), "COL-01", "x", "a limit", "name it")
    assert str(problem).split("\n")[1:] == ["  收款 x > y", "  　　  ^ name it"]


def test_a_long_line_is_cut_around_the_place() -> None:
    line = "a" * 300 + "HERE" + "b" * 300
    shown, caret = str(Problem(Location("a.yaml", 1, 301, line), "", "x", "y", "z")).split("\n")[1:]
    assert len(shown) < 110
    assert shown[caret.index("^")] == "H"


def test_problems_come_in_the_order_of_the_files_each_once() -> None:
    late, early = (Problem(Location("b.yaml", line, 1), "", "x", "y", "z") for line in (9, 2))
    other = Problem(Location("a.yaml", 5, 1), "", "x", "y", "z")
    assert in_order([late, early, other, late]) == (other, early, late)


def test_all_problems_are_told_at_once() -> None:
    findings = Findings()
    desk = findings.about("COL-01")
    desk.refuse(Location("a.yaml", 1, 1), "x", "y", "z")
    desk.about("where").refuse(Location("a.yaml", 2, 1), "x", "y", "z")
    told = RuleProblems(findings.problems)
    assert [problem.subject for problem in told.problems] == ["COL-01", "COL-01 where"]
    assert str(told).count("found x") == 2
