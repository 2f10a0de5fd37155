"""Law 8: a threshold, a term list, a limit or a sentence shown to a user is never in Python."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from engine.program import Program
from rules.loading import SHIPPED, load
from rules.planning.compiling import compile_rules
from tests.engine.driving import brief, event, fed, payment, program, shipped, tick
from tests.logs.arrival import Line
from tests.tidy.tree import ROOT

CHINESE: Final = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
# What may hold Chinese, and why. Words of the command line are no rule's: no decision and no alert shows them.
MAY_BE_CHINESE: Final = {
    "rules/doubts.py": "what is warned of, said to those who write rules; no alert shows it",
    "rules/evasion.py": "finds advice to evade in both languages, whatever the catalogue says",
    "rules/messages.py": "the units that a duration is told in",
    "rules/places/addresses.py": "the name that the address data has for China; no alert shows it",
    "rules/problems.py": "the wide space that puts a caret under Chinese text",
}
DECIDING: Final = ("engine", "rules", "streams")  # The packages that a decision passes through.
A_SECOND: Final = 1_000_000  # In microseconds: a round limit may be as much.
A_LIMIT: Final = 10_000  # Fen; numbers up to it stand for too many other things to be told apart.


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of some packages, by its path from the root; the demo's shops are a source of events."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("streams/sources/shops/"):
                yield name, ast.parse(path.read_text("utf-8"), name)


def texts_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield every text of a module with its line, docstrings left out."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    prose = {id(node.body[0].value) for node in ast.walk(tree)
             if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def numbers_of(tree: ast.Module) -> Iterator[tuple[int, int | float]]:
    """Yield every number of a module with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            yield node.lineno, node.value


def test_no_chinese_sentence_stands_in_python() -> None:
    found = {
        name: [f"{name}:{line}: {text}" for line, text in texts_of(tree) if CHINESE.search(text)]
        for name, tree in modules(*DECIDING)
    }
    assert {name: lines for name, lines in found.items() if lines and name not in MAY_BE_CHINESE} == {}
    assert all(found[name] for name in MAY_BE_CHINESE), (
        "an exception that is not needed is taken from the list"
    )


def test_no_sentence_of_the_catalogue_stands_in_python() -> None:
    sentences = {text for rule in shipped().rules().values() for text in rule.title.values()}
    sentences |= {part for rule in shipped().rules().values() for case in rule.cases
                  for words in (*case.message.values(), *case.action.values())
                  for part in words.parts if isinstance(part, str) and len(part) > 12}  # fmt: skip
    for name, tree in modules("engine", "rules", "streams", "monitoring", "weiguard"):
        for line, text in texts_of(tree):
            assert text not in sentences, f"{name}:{line}"


def test_no_limit_on_money_stands_in_python() -> None:
    limits = {
        limit.value: name
        for name, limit in shipped().limits.items()
        if limit.unit == "fen" and isinstance(limit.value, int) and limit.value > A_LIMIT
    }
    assert len(limits) > 10
    found = [
        f"{name}:{line}: {number} is {limits[int(number)]}"
        for name, tree in modules("engine", "rules", "streams", "monitoring", "weiguard")
        for line, number in numbers_of(tree)
        if number in limits and number != A_SECOND
    ]
    assert found == []


def test_no_rule_is_named_in_python() -> None:
    """No code knows a rule: what it must know of one stands in the rule."""
    rules = set(shipped().rules())
    for name, tree in modules("engine", "rules", "streams", "monitoring"):
        for line, text in texts_of(tree):
            assert text not in rules, f"{name}:{line}: {text}"


# --- another number, another decision --------------------------------------------------------------------------------


def with_changed(folder: Path, file: str, old: str, new: str) -> Program:
    """Compile a copy of the catalogue in which one text stands instead of another."""
    for part in ("catalog", "limits", "lexicons"):
        if (SHIPPED / part).exists():
            shutil.copytree(SHIPPED / part, folder / part)
    path = folder / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), "utf-8")
    return compile_rules(load(folder))


PAID: Final = [payment("a", "10:00", 4_999_900), payment("b", "11:00", 100)]
ASKED: Final = [
    event("q", "message.received", "10:00", conversation_id="V1", chat="direct"),
    tick("10:04"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "log", "rule", "before", "after"),
    [
        pytest.param(
            "limits/collection.yaml", "personal_daily: {value: 5000000", "personal_daily: {value: 4999999",
            PAID, "COL-01", [("raised", "warn", "a")], [("raised", "warn", "a"), ("escalated", "critical", "b")],
            id="a limit one fen lower",
        ),
        pytest.param(
            "limits/collection.yaml", "personal_daily_warn: {value: 4000000", "personal_daily_warn: {value: 5000000",
            PAID, "COL-01", [("raised", "warn", "a")], [("raised", "warn", "b")],
            id="a warning later",
        ),
        pytest.param(
            "catalog/collection.yaml", "warn: collected >= limit.personal_daily_warn",
            "info: collected >= limit.personal_daily_warn",
            PAID, "COL-01", [("raised", "warn", "a")], [("raised", "info", "a")],
            id="another level",
        ),
        pytest.param(
            "catalog/collection.yaml", "critical: collected > limit.personal_daily\n",
            "critical: collected >= limit.personal_daily\n",
            PAID, "COL-01", [("raised", "warn", "a")], [("raised", "warn", "a"), ("escalated", "critical", "b")],
            id="another comparator",
        ),
        pytest.param(
            "limits/service.yaml", "reply_direct_warn: {value: 3m", "reply_direct_warn: {value: 4m",
            ASKED, "SLA-01", [("raised", "warn", "q")], [],
            id="a later deadline",
        ),
    ],
)  # fmt: skip
def test_a_change_of_the_data_changes_the_decision(
    tmp_path: Path,
    file: str,
    old: str,
    new: str,
    log: list[Line],
    rule: str,
    before: list[tuple[str, str, str]],
    after: list[tuple[str, str, str]],
) -> None:
    changed = with_changed(tmp_path, file, old, new)
    assert said_of(rule, log, program()) == before
    assert said_of(rule, log, changed) == after
    assert changed.ruleset != program().ruleset, "what can change a decision is in the one hash"


def said_of(rule: str, log: list[Line], rules: Program) -> list[tuple[str, str, str]]:
    """Return what a rule says of a log."""
    return brief(record for record in fed(log, rules).records if record.rule == rule)


def test_another_sentence_is_shown_as_it_is_written(tmp_path: Path) -> None:
    changed = with_changed(
        tmp_path,
        "catalog/collection.yaml",
        "本账号今日已收款 {collected|yuan} 元",
        "收了 {collected|yuan} 元",
    )
    first, second = (
        next(record for record in fed(PAID, rules).records if record.rule == "COL-01")
        for rules in (program(), changed)
    )
    assert first.message["zh"].startswith("本账号今日已收款 49,999.00 元")
    assert second.message["zh"].startswith("收了 49,999.00 元")
    assert (first.id, first.at, first.values) == (second.id, second.at, second.values)


def test_a_tenant_that_sets_a_limit_is_decided_by_it_from_then_on() -> None:
    lowered = event("l", "limit_profile.set", "09:00", account=None, limit="personal_daily", value=4_999_999)
    other = [{**line, "tenant": "t2"} for line in PAID]
    records = fed([lowered, *PAID, *other], program("COL-01")).records
    assert [(record.tenant, record.level, record.limits["personal_daily"]) for record in records] == [
        ("t1", "warn", 4_999_999),
        ("t1", "critical", 4_999_999),
        ("t2", "warn", 5_000_000),
    ]
