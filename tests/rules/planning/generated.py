"""The Python that small rules compile to, pinned so that a reviewer sees what a change of the compiler emits.

`python -m tests.rules.planning.generated` writes the files anew.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Final

from engine.program import Program
from rules.loading import load
from rules.model import RuleSet
from rules.planning.compiling import compile_rules

GOLDEN: Final = Path(__file__).parents[2] / "golden" / "planning"
# One rule for each way of being decided: on one event alone, in a calendar window, in a rolling one.
PINNED: Final = ("ONE-01", "DAY-01", "RUN-01")


@cache
def small_rules() -> RuleSet:
    """Load the small rules."""
    return load(GOLDEN / "rules")


def small(*only: str) -> Program:
    """Compile some of the small rules."""
    return compile_rules(small_rules(), only)


def path_of(rule: str) -> Path:
    """Return where a rule's Python is pinned."""
    return GOLDEN / f"{rule}.txt"


def pinned(rule: str) -> str:
    """Return a rule's Python as its file should hold it."""
    return "\n".join(line.rstrip() for line in small(rule).source.strip().split("\n")) + "\n"


def main() -> int:
    """Write every file anew."""
    for rule in PINNED:
        path_of(rule).write_text(pinned(rule), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
