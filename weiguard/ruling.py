"""The rule set as people look at it: a list, one rule, its problems, its hash."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitoring.describing import row, whole
from monitoring.wording.rule_page import page
from monitoring.wording.words import LEVELS, Language
from rules.loading import SHIPPED, load
from rules.migrating import undeclared
from rules.model import Rule, RuleSet
from rules.problems import Problem, RuleProblems
from rules.suggesting import nearest
from streams.refusing import RefusedError
from weiguard.failing import FOUND, counted, say
from weiguard.preparing import load_rules, load_sound, match_patterns
from weiguard.settings import Settings
from weiguard.words import DOUBTFUL, RULE_LIST, SHADOW, language


def list_rules(settings: Settings, *, json: bool) -> None:
    """Write the rules asked for, one a row."""
    found = selected(load_rules(settings), settings.only)
    if json:
        _json([row(rule) for rule in found])
        return
    lang = settings.lang or language(os.environ)
    table = Table(*RULE_LIST[lang], box=None, pad_edge=False)
    for rule in found:
        each = row(rule)
        shadow = f" ({SHADOW[lang]})" if each["shadow"] else ""
        table.add_row(
            rule.id,
            Text(each["title"][lang] + shadow),
            ", ".join(each["on"]),
            " ".join(LEVELS[lang][level] for level in each["levels"]),
            Text(f"{rule.source} ({rule.confidence})"),
        )
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=240)).print(table)


def selected(rules: RuleSet, patterns: Sequence[str]) -> list[Rule]:
    """Return the rules that match a pattern, or all; raises RefusedError where none does."""
    match_patterns("rules", patterns, rules.rules())
    return [
        rule
        for name, rule in rules.rules().items()
        if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


def show_rule(id: str, settings: Settings, *, json: bool) -> None:
    """Write one rule. Raises RefusedError where there is none of that id."""
    rules = load_rules(settings)
    rule = rules.rules().get(id)
    if rule is None:
        near = nearest(id.upper(), rules.rules())
        raise RefusedError(
            "rules show",
            f"no rule {id}",
            "a rule's id",
            f"did you mean {near}?" if near else "`weiguard rules list` names them all",
        )
    found = whole(rule, rules.limits)
    if json:
        _json(found)
        return
    lang = settings.lang or language(os.environ)
    for line in page(found, lang):
        sys.stdout.write(line + "\n")


def check_rules(settings: Settings, against: Path | None, *, strict: bool, json: bool) -> int:
    """Write all problems and warnings of a rule set; return the exit status. Raises RefusedError without a folder.

    `against`: the rules it will replace in a running engine; a rule must say how it migrates where its windows differ.
    Warnings have both languages, problems are in English. `strict`: a warning too makes the status 1.
    """
    lang = settings.lang or language(os.environ)
    folder = settings.rules or SHIPPED
    if not folder.is_dir():
        raise RefusedError(
            "rules check", f"{folder}, which is no folder", "a folder of rule files", "name one"
        )
    try:
        rules = _loaded(folder, against)
    except RuleProblems as error:
        # Warnings are not told: what looks unused may be used in a part that could not be read.
        _tell({"problem": error.problems}, lang, json=json)
        many = len(error.problems)
        say(f"{many:,} 个错误" if lang == "zh" else counted(many, "problem"))
        return FOUND
    later = tuple(_not_yet(rule) for rule in rules.rules().values() if rule.later)
    _tell({"warning": rules.warnings, "later": later}, lang, json=json)
    say(_checked(rules, lang))
    return FOUND if strict and rules.warnings else 0


def _loaded(folder: Path, against: Path | None) -> RuleSet:
    rules = load(folder, strict_tests=True)
    before = load_sound(against, "--against", "name the rules that run now") if against is not None else rules
    if problems := undeclared(before, rules):
        raise RuleProblems(problems)
    return rules


def _checked(rules: RuleSet, lang: Language) -> str:
    """Return the last line about a rule set without problems."""
    sizes = len(rules.rules()), len(rules.limits), len(rules.lexicons), len(rules.warnings)
    if lang == "zh":
        return "{} 条规则，{} 个限额，{} 个词表：没有错误，{} 个提醒".format(*(f"{size:,}" for size in sizes))
    nouns = ("rule", "limit", "term list", "warning")
    one, two, three, four = map(counted, sizes, nouns)
    return f"{one}, {two}, {three}: no problems, {four}"


def _not_yet(rule: Rule) -> Problem:
    """Return what is to be said of a rule that is right and does not run yet."""
    parts = ", ".join(rule.later)
    chinese = (parts, "能够运行的写法", "规则没有错误，但暂不判定")
    return Problem(
        rule.at,
        rule.id,
        parts,
        "constructs that run",
        "the rule is right, but is left out for now",
        {"zh": chinese},
    )


def _tell(found: Mapping[str, tuple[Problem, ...]], lang: Language, *, json: bool) -> None:
    """Write problems to standard output, and what does not stop the rules to stderr; as JSON all of it together."""
    if json:
        _json([{"kind": kind, **_plain(each, lang)} for kind, some in found.items() for each in some])
        return
    for each in found.get("problem", ()):
        sys.stdout.write(f"{each.shown(lang)}\n")
    for kind in ("warning", "later"):
        for each in found.get(kind, ()):
            say(f"{DOUBTFUL[lang][kind]}: {each.shown(lang)}")


def _plain(problem: Problem, lang: Language) -> dict[str, Any]:
    at = problem.at
    found, expected, mend = problem.words(lang)
    return {
        "file": at.file, "line": at.line, "column": at.column, "subject": problem.subject, "found": found,
        "expected": expected, "mend": mend,
    }  # fmt: skip


def print_hash(settings: Settings) -> None:
    """Write the content hash."""
    sys.stdout.write(load_rules(settings).hash + "\n")


def _json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
