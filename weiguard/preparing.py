"""From settings to a program: the rule set is loaded and compiled for the rules asked for; what is odd is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from engine.fold import Engine
from engine.fold import Settings as EngineSettings
from engine.program import Program
from rules.archiving import ArchiveError, from_archive, loaded
from rules.loading import SHIPPED, load
from rules.migrating import restarted
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from rules.problems import RuleProblems
from streams.refusing import RefusedError
from weiguard.failing import counted, say
from weiguard.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rule set, its program, and what the engine is told."""

    rules: RuleSet
    program: Program
    settings: EngineSettings
    # From when on a rule counts that began anew when rules changed, RFC 3339; see rules/migrating.py.
    since: Mapping[str, str] = field(default_factory=dict)
    archive: bytes = b""  # The files of the rule set, as they were when it was loaded.

    def engine(self) -> Engine:
        """Return a new engine."""
        return Engine(self.program, self.settings)


def prepare(settings: Settings, *, keep: bool = False) -> Prepared:
    """Load and compile. Raises RefusedError or RuleProblems. `keep`: the engine remembers every alert that stands."""
    rules, archive = loaded(rules_folder(settings))
    match_patterns("--only", settings.only, rules.rules())
    return _compiled(rules, settings, keep=keep, archive=archive)


def prepare_kept(settings: Settings, *, as_decided: bool = False) -> Prepared:
    """Load and compile as the database goes on: a rule that began anew counts from where it did.

    `as_decided`: by the rules that the database keeps, whatever the files say now. Raises RefusedError or RuleProblems.
    """
    from streams.stores.sqlite_reading import last_rules

    by, archive = last_rules(settings.db)
    if as_decided and by is not None and archive is not None:
        rules = _kept(archive, by.ruleset, settings.db)
    else:
        rules, archive = loaded(rules_folder(settings))
    match_patterns("--only", settings.only, rules.rules())
    if by is None or by.ruleset != rules.hash or not by.since:
        return _compiled(rules, settings, keep=False, archive=archive)
    compiled = _compiled(restarted(rules, by.since), settings, keep=False)
    return replace(compiled, rules=rules, since=by.since, archive=archive)


def _kept(archive: bytes, ruleset: str, db: Path) -> RuleSet:
    try:
        return from_archive(archive)
    except ArchiveError as error:
        where, mend = f"{db}: rule set {ruleset}", "restore a copy of the database"
        raise RefusedError(where, str(error), "the rule set that decided here", mend) from None


def prepare_both(settings: Settings, against: Path | None) -> tuple[Prepared, Prepared]:
    """Load and compile the rule set asked for and the one it is compared with. Raises RefusedError or RuleProblems.

    A rule that only one of them has is decided there; a pattern is wrong where neither has what it names.
    """
    other = settings.model_copy(update={"rules": against})
    sides = [(each, _load_named(each, flag)) for each, flag in ((settings, "--rules"), (other, "--against"))]
    match_patterns("--only", settings.only, {name for _, rules in sides for name in rules.rules()})
    asked, compared = (_compiled(_with_any(rules, settings.only), each, keep=False) for each, rules in sides)
    return asked, compared


def _load_named(settings: Settings, flag: str) -> RuleSet:
    try:
        return load_rules(settings, flag)
    except RuleProblems:
        say(f"weiguard: {flag} {settings.rules or SHIPPED}: the rules do not check")
        raise


def _with_any(rules: RuleSet, only: tuple[str, ...]) -> RuleSet:
    """Return the rule set, or one without rules where no pattern matches any of its own."""
    if not only or any(fnmatchcase(name, pattern) for name in rules.rules() for pattern in only):
        return rules
    return replace(rules, packs=())


def _compiled(rules: RuleSet, settings: Settings, *, keep: bool, archive: bytes | None = None) -> Prepared:
    """Compile. `archive`: what the rules were loaded from, if just that."""
    program = compile_rules(rules, settings.only if rules.packs else (), archive)
    _tell_left_out(rules, program, settings)
    return Prepared(rules, program, settings.for_engine(keep=keep), archive=archive or b"")


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


def load_rules(settings: Settings, flag: str = "--rules") -> RuleSet:
    """Load the rule set asked for, or the shipped one; `flag` is where the folder was named."""
    return loaded(rules_folder(settings, flag))[0]


def load_sound(folder: Path, where: str, mend: str) -> RuleSet:
    """Load the rules of a folder, for a command that needs them to hold together. Raises RefusedError."""
    try:
        return load(folder)
    except RuleProblems as error:
        say(str(error))
        raise RefusedError(
            where, f"{counted(len(error.problems), 'problem')} in {folder}", "rules that hold together", mend
        ) from None


def rules_folder(settings: Settings, flag: str = "--rules") -> Path:
    """Return the folder of the rule set asked for, or of the shipped one. Raises RefusedError where it is none."""
    if settings.rules is None:
        return SHIPPED
    if not settings.rules.is_dir():
        raise RefusedError(
            flag,
            f"{settings.rules}, which is no folder",
            "a folder of rule files",
            "name one, or leave it out for the shipped rules",
        )
    return settings.rules


def match_patterns(where: str, patterns: Sequence[str], ids: Iterable[str]) -> None:
    """Say which patterns match no rule. Raises RefusedError where that is all of them."""
    names = tuple(ids)
    unmatched = [each for each in patterns if not any(fnmatchcase(name, each) for name in names)]
    if unmatched and len(unmatched) == len(patterns):
        raise RefusedError(
            where,
            f"{', '.join(unmatched)}, which matches no rule",
            "ids or patterns such as COL-01 or 'COL-*'",
            "`weiguard rules list` names them all",
        )
    for pattern in unmatched:
        say(f"weiguard: {where}: {pattern} matches no rule; the others do")
