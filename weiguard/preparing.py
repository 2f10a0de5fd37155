"""From settings to a program: the rule set is loaded and compiled for the rules asked for; what is odd is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from engine.fold import Engine
from engine.fold import Settings as EngineSettings
from engine.program import Program
from rules.loading import SHIPPED, load
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from streams.refusing import RefusedError
from weiguard.failing import counted, say
from weiguard.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rule set, its program, and what the engine is told."""

    rules: RuleSet
    program: Program
    settings: EngineSettings

    def engine(self) -> Engine:
        """Return a new engine."""
        return Engine(self.program, self.settings)


def prepare(settings: Settings, *, keep: bool = False) -> Prepared:
    """Load and compile. Raises RefusedError or RuleProblems. `keep`: the engine remembers every alert that stands."""
    rules = load_rules(settings)
    match_patterns("--only", settings.only, rules)
    program = compile_rules(rules, settings.only)
    _tell_left_out(rules, program, settings)
    return Prepared(rules, program, settings.for_engine(keep=keep))


def _tell_left_out(rules: RuleSet, program: Program, settings: Settings) -> None:
    """Say which rules are not decided because they need what does not run yet; they type-check all the same."""
    wanted = [
        rule
        for name, rule in rules.rules().items()
        if not settings.only or any(fnmatchcase(name, pattern) for pattern in settings.only)
    ]
    left = [rule for rule in wanted if rule.id not in program.rules]
    if left:
        needs = "; ".join(f"{rule.id} ({', '.join(rule.later) or 'a rule it reads'})" for rule in left)
        say(f"weiguard: {counted(len(left), 'rule')} not decided, for what does not run yet: {needs}")


def load_rules(settings: Settings) -> RuleSet:
    """Load the rule set asked for, or the shipped one."""
    return load(rules_folder(settings))


def rules_folder(settings: Settings) -> Path:
    """Return the folder of the rule set asked for, or of the shipped one. Raises RefusedError where it is none."""
    if settings.rules is None:
        return SHIPPED
    if not settings.rules.is_dir():
        raise RefusedError(
            "--rules",
            f"{settings.rules}, which is no folder",
            "a folder of rule files",
            "name one, or leave it out for the shipped rules",
        )
    return settings.rules


def match_patterns(where: str, patterns: Sequence[str], rules: RuleSet) -> None:
    """Say which patterns match no rule. Raises RefusedError where that is all of them."""
    unmatched = [each for each in patterns if not any(fnmatchcase(name, each) for name in rules.rules())]
    if unmatched and len(unmatched) == len(patterns):
        raise RefusedError(
            where,
            f"{', '.join(unmatched)}, which matches no rule",
            "ids or patterns such as COL-01 or 'COL-*'",
            "`weiguard rules list` names them all",
        )
    for pattern in unmatched:
        say(f"weiguard: {where}: {pattern} matches no rule; the others do")
