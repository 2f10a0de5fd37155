"""Two rule sets compared: what a reader of rules must know before one takes the other's place."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from monitoring.comparing import compared
from monitoring.differences import Differences, Sorted
from rules.loading import SHIPPED
from rules.model import RuleSet
from streams.refusing import RefusedError
from weiguard.diff_page import counts_text, page
from weiguard.failing import FOUND, counted, say
from weiguard.preparing import load_sound
from weiguard.settings import Settings
from weiguard.words import language


def compare_rules(folders: list[Path], settings: Settings, *, json: bool, exit_code: bool) -> int:
    """Write how a rule set differs from another; return the exit status, 1 for a difference only with `exit_code`.

    The last folder is the new one; where there is one alone the old one is the shipped catalogue. Raises RefusedError
    for more folders, and for one that holds no rule set.
    """
    if len(folders) > 2:
        given = ", ".join(map(str, folders))
        raise RefusedError("rules diff", given, "one folder or two", "name the old one, then the new one")
    old, new = (_rules(folder) for folder in ([SHIPPED, *folders])[-2:])
    found = compared(old, new)
    if json:
        hashes = {"old": old.hash, "new": new.hash}
        sys.stdout.write(msgspec.json.encode({**hashes, **msgspec.to_builtins(found)}).decode() + "\n")
    else:
        for line in page(found, settings.lang or language(os.environ)):
            sys.stdout.write(line + "\n")
    say(_summary(found, old, new))
    return FOUND if found and exit_code else 0


def _rules(folder: Path) -> RuleSet:
    if not folder.is_dir():
        raise RefusedError(
            "rules diff", f"{folder}, which is no folder", "a folder of rule files", "name one"
        )
    return load_sound(folder, "rules diff", "mend them first, then compare")


def _summary(found: Differences, old: RuleSet, new: RuleSet) -> str:
    """Return how much differs, kind by kind."""
    kinds: dict[str, Sorted[Any]] = {
        "rules": found.rules,
        "limits": found.limits,
        "term lists": found.lexicons,
        "packs": found.packs,
    }
    said = [f"{name}: {counts_text(each.counts(), 'en')}" for name, each in kinds.items() if each]
    sizes = f"{counted(len(old.rules()), 'rule')} before, {len(new.rules()):,} after"
    return f"{sizes}; {'; '.join(said) or 'no difference'}"
