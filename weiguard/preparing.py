"""From settings to a program: the rule set loaded, compiled for the rules asked for, and what is odd about the call told."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from engine.fold import Engine
from engine.fold import Settings as EngineSettings
from engine.program import Program
from rules.loading import SHIPPED, load
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from streams.refusing import RefusedError
from weiguard.failing import say
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
    ids = list(rules.rules())
    unmatched = [pattern for pattern in settings.only if not any(fnmatchcase(id, pattern) for id in ids)]
    if unmatched and len(unmatched) == len(settings.only):
        raise RefusedError(
            "--only", f"{', '.join(unmatched)}, which matches no rule", "ids or patterns such as COL-01 or 'COL-*'", "`weiguard rules list` names them all"
        )
    for pattern in unmatched:
        say(f"weiguard: --only: {pattern} matches no rule; the others are decided")
    return Prepared(rules, compile_rules(rules, settings.only), settings.for_engine(keep=keep))


def load_rules(settings: Settings) -> RuleSet:
    """Load the rule set asked for, or the shipped one."""
    if settings.rules is None:
        return load(SHIPPED)
    if not settings.rules.is_dir():
        raise RefusedError("--rules", f"{settings.rules}, which is no folder", "a folder of rule files", "name one, or leave it out for the shipped rules")
    return load(settings.rules)
