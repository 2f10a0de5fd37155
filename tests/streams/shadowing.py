"""The shipped rules with some of them as shadows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from engine.program import Program
from rules.planning.compiling import compile_rules
from tests.engine.driving import shipped

# Decided by event, window, episode and deadline, told of arrival, and one that watches others; all fire in made logs.
SOME: Final = frozenset({"COL-04", "COL-11", "LOG-04", "PST-03", "SLA-01", "TAX-05", "ENG-03", "ENG-07"})


@cache
def shadowed(shadows: frozenset[str] | None) -> Program:
    """Compile the shipped rules with some of them, None for all, as shadows; they keep their hash, to be compared."""
    rules = shipped()
    packs = tuple(
        replace(
            pack,
            rules=tuple(replace(rule, shadow=shadows is None or rule.id in shadows) for rule in pack.rules),
        )
        for pack in rules.packs
    )
    return compile_rules(replace(rules, packs=packs))
