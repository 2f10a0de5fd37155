"""Folders of rule files for hostile tests: written in one call, and loaded with what every refusal promises checked."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from rules.loading import load
from rules.model import RuleSet
from rules.problems import Problem, RuleProblems

BOUND_SECONDS: Final = 60.0  # For one folder with one file of at most a megabyte, on a slow machine.
LONGEST: Final = 4_000  # Characters of one problem as it is shown.
PACK: Final = "pack: p\ntitle: {zh: 中, en: P}\nrules:\n"
RULE: Final = """\
  - id: PAY-01
    title: {zh: 中, en: T}
    on: payment.received
    where: WHERE
    levels: {warn: 'true'}
    message: {zh: 中, en: MESSAGE}
    action: {zh: 中, en: A}
    who: [ops]
    source: s
    confidence: A
"""


def pack_of(where: str = "'true'", message: str = "M") -> str:
    """Return a pack of one rule, with a condition and an English message as they stand in YAML."""
    return PACK + RULE.replace("WHERE", where).replace("MESSAGE", message)


def where(source: str) -> str:
    """Return a pack of one rule with an expression as its condition."""
    return pack_of("'" + source.replace("'", "''") + "'")


def written(folder: Path, text: str | bytes, name: str = "one.yaml") -> Path:
    """Write one file into a folder, made where it is new; return the folder."""
    folder.mkdir(exist_ok=True)
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    (folder / name).write_bytes(raw)
    return folder


def told(folder: Path) -> RuleSet | RuleProblems:
    """Load a folder; whatever is wrong with it must be located, said in words, and found in bounded time."""
    started = time.process_time()
    found = _loaded(folder)
    assert time.process_time() - started < BOUND_SECONDS
    if isinstance(found, RuleProblems):
        assert found.problems
        for problem in found.problems:
            check(problem)
    return found


def _loaded(folder: Path) -> RuleSet | RuleProblems:
    try:
        return load(folder)
    except RuleProblems as refused:
        return refused


def check(problem: Problem) -> None:
    """Check that a problem says where it is, what is wrong and what to do, and that it can be shown."""
    assert problem.at.line >= 1
    assert problem.at.column >= 1
    assert problem.found
    assert problem.expected
    assert problem.mend
    assert str(problem).encode("utf-8"), "what is shown can be written"
    assert len(str(problem)) < LONGEST, "no problem floods the screen"
