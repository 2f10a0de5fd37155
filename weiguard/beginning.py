"""`weiguard rules new`: a new rule, put into a folder of rules that holds together before and after."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from rules.loading import SHIPPED, load
from rules.loading.files import files_of
from rules.model import RuleSet
from rules.schema import NAME, RULE_ID
from rules.suggesting import nearest
from streams.refusing import RefusedError
from weiguard.drafting import Draft, after, from_template
from weiguard.failing import counted, say
from weiguard.placing import place
from weiguard.preparing import load_sound
from weiguard.settings import Settings
from weiguard.testing import try_rule

PRINTED: Final = Path("-")
_WHERE: Final = "rules new"


@dataclass(frozen=True, slots=True)
class Wish:
    """What rule is wanted: its id, perhaps its pack, perhaps the rule it starts from."""

    id: str
    pack: str | None = None
    like: str | None = None


def begin_rule(wish: Wish, settings: Settings) -> None:
    """Write a new rule, and say what to do next. Raises RefusedError, and leaves everything as it was."""
    _check_names(wish)
    folder = _folder(settings)
    mine = _loaded(folder)
    if wish.id in mine.rules():
        at = mine.rules()[wish.id].at
        raise RefusedError(_WHERE, f"{wish.id} at {at}", "a new id", "choose another, or change that rule")
    pack = wish.pack or _pack_of(wish.id, mine)
    draft = _drafted(wish, mine, folder)
    if folder == PRINTED:
        _print(draft)
        return
    _refuse_other_limits(draft, wish, mine)
    files = place(draft, pack, folder, mine)
    rules = load(folder)
    rule = rules.rules()[wish.id]
    sys.stdout.write(f"{wish.id} {files[0]}:{rule.at.line}\n")
    for path in files[1:]:
        say(f"what it reads was put into {path}")
    passed = [each.passed for each in try_rule(rules, rule)] if not rule.later else []
    tests = f"{sum(passed)} of its {counted(len(rule.trials), 'test')} pass"
    say(
        f"it holds together, and {tests}; change it, and look with `weiguard rules check {folder}` "
        f"and `weiguard rules test {wish.id} --rules {folder} --watch`"
    )


def _check_names(wish: Wish) -> None:
    if not RULE_ID.match(wish.id):
        mend = "write capitals, a dash and two to four digits"
        raise RefusedError(_WHERE, f"the id {wish.id}", "an id such as TAK-01", mend)
    if wish.pack is not None and not NAME.match(wish.pack):
        raise RefusedError("--pack", wish.pack, "small letters, digits and _", "write another name")


def _folder(settings: Settings) -> Path:
    folder = settings.rules
    if folder is None:
        raise RefusedError(
            _WHERE,
            "no folder of your own",
            "--rules DIR",
            "name one, which need not be there yet: --rules my-rules",
        )
    if folder.exists() and not folder.is_dir():
        raise RefusedError("--rules", f"{folder}, which is a file", "a folder", "name another")
    if folder.resolve() == SHIPPED and not (SHIPPED.parent / "pyproject.toml").is_file():
        raise RefusedError(
            "--rules",
            f"{folder}, the rules that came with the program, which its next version replaces",
            "a folder of your own",
            f"copy catalog, limits and lexicons: mkdir my-rules && cp -r {folder}/catalog {folder}/limits "
            f"{folder}/lexicons my-rules",
        )
    return folder


def _loaded(folder: Path) -> RuleSet:
    """Return the rules of a folder; none where it has no file yet."""
    if folder == PRINTED or not folder.is_dir() or not files_of(folder):
        return RuleSet((), {})
    return load_sound(folder, _WHERE, "mend them first, then begin a new one")


def _pack_of(id: str, rules: RuleSet) -> str:
    """Return the pack that has ids of this kind, or a name for a new one."""
    stem = id.partition("-")[0]
    packs = [rule.pack for name, rule in rules.rules().items() if name.partition("-")[0] == stem]
    return packs[0] if packs else stem.lower()


def _drafted(wish: Wish, mine: RuleSet, folder: Path) -> Draft:
    if wish.like is None:
        return from_template(wish.id, date.today())  # noqa: DTZ011  # the author's own day
    if wish.like in mine.rules():
        return after(wish.id, mine.rules()[wish.like], mine, folder)
    shipped = load(SHIPPED)
    if wish.like not in shipped.rules():
        near = nearest(wish.like.upper(), [*mine.rules(), *shipped.rules()])
        raise RefusedError(
            "--like",
            f"no rule {wish.like}",
            "a rule of yours or a shipped one",
            f"did you mean {near}?" if near else "`weiguard rules list` names them all",
        )
    return after(wish.id, shipped.rules()[wish.like], shipped, SHIPPED)


def _refuse_other_limits(draft: Draft, wish: Wish, mine: RuleSet) -> None:
    """Refuse limits of the template's names that another rule left behind: the tests count on the template's values."""
    there = [name for name in draft.limits if name in mine.limits]
    if wish.like is None and there:
        raise RefusedError(
            _WHERE,
            f"the limits {', '.join(there)}",
            "names that are free",
            "remove them, or choose another id",
        )


def _print(draft: Draft) -> None:
    """Write a draft to standard output: the rule, then what it reads, each under the name of its file."""
    sys.stdout.write(draft.rule)
    for name, text in draft.limits.items():
        sys.stdout.write(("\n# limits:\n" if name == next(iter(draft.limits)) else "") + text)
    for name, text in draft.lexicons.items():
        sys.stdout.write(f"\n# lexicons/{name}.txt:\n{text}")
