"""Load a folder of rule files into a rule set, or say everything that is wrong with it.

Nothing is half loaded: one mistake anywhere and there is no rule set, and all mistakes of all files are told at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rules.hashing import content_hash
from rules.limits import read_limits
from rules.loading.files import Files, read_files
from rules.loading.names import Ground
from rules.loading.packs import Reader
from rules.loading.watching import refuse_circles, watched
from rules.locating import Fields
from rules.model import Pack, Rule, RuleSet
from rules.problems import Desk, Findings, RuleProblems, in_order
from rules.schema import key_at

__all__ = ["SHIPPED", "load", "watched"]

SHIPPED: Final = Path(__file__).parent.parent


def load(folder: Path = SHIPPED, *, strict_tests: bool = False) -> RuleSet:
    """Load the rules of a folder: the shipped layout (catalog/, limits/, lexicons/) or all files side by side.

    Raises RuleProblems with every problem of every file. `strict_tests` makes a problem of a rule without a test that
    fires and one that stays silent, as `rules check` does; otherwise it is among the set's warnings.
    """
    findings = Findings()
    desk = Desk(findings)
    files = read_files(folder, desk)
    limits, broken = read_limits(files.limits, desk)
    ground = Ground(limits, broken, frozenset(files.lexicons))
    reader = Reader(ground, desk, strict_tests)
    packs = tuple(pack for root in files.packs if (pack := reader.pack(root)) is not None)
    rules = _once(packs, files.packs, desk)
    refuse_circles(rules, desk)
    _warn_unused(files, ground, desk)
    if findings.problems:
        raise RuleProblems(findings.problems, findings.warnings)
    return RuleSet(
        packs=packs,
        limits=limits,
        lexicons=files.lexicons,
        hash=content_hash(files.packs, limits, files.lexicons),
        warnings=in_order(findings.warnings),
    )


def _once(packs: tuple[Pack, ...], roots: list[Fields], desk: Desk) -> dict[str, Rule]:
    """Return all rules by id; refuse an id or a pack name that stands twice, with both places."""
    rules: dict[str, Rule] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.id in rules:
                first = rules[rule.id].at
                found = f"{rule.id} again (first at {first})"
                desk.about(rule.id).refuse(rule.at, found, "each id once", "give one of the two another id")
            rules.setdefault(rule.id, rule)
    seen: dict[str, Fields] = {}
    for pack, root in zip(packs, roots, strict=False):
        if pack.name in seen:
            found = f"the pack {pack.name} again (first at {seen[pack.name].at})"
            desk.refuse(key_at(root, "pack"), found, "each pack in one file", "join the two, or rename one")
        seen.setdefault(pack.name, root)
    return rules


def _warn_unused(files: Files, ground: Ground, desk: Desk) -> None:
    """Warn of limits and lexicons that no rule reads."""
    for root in files.limits:
        table = root.fields.get("limits")
        for name, at in (table.keys if isinstance(table, Fields) else {}).items():
            if name in ground.limits and name not in ground.used_limits:
                desk.warn(at, "unused_limit", name=name)
    for name, at in files.places.items():
        if name not in ground.used_lexicons:
            desk.warn(at, "unused_lexicon", name=name)
