"""What differs between two rule sets: everything that says something, and no layout."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from monitoring.comparing import compared
from monitoring.differences import Counts
from rules.loading import SHIPPED, load
from rules.location import Location
from rules.model import Over, Pack, Rule, RuleSet
from rules.tree import Call, Const, ListOf, Name
from tests.weiguard.sessions import GOLDEN

# What follows from something else that is compared, or says nothing: by class and field.
DERIVED: Final = {
    ("Rule", "id"): "another rule",
    ("Rule", "trials"): "counted",
    ("Rule", "later"): "follows from the cases",
    ("Rule", "at"): "a place",
    ("Case", "rule"): "the rule's id",
    ("Case", "at"): "a place",
    ("Dimension", "fan_out"): "follows from the expression's type",
    ("Measure", "record"): "follows from the aggregate",
    ("Measure", "fields"): "follows from what is read",
    ("Measure", "inner"): "shown where no expression is",
    ("Measure", "member"): "named by each",
    ("Measure", "type"): "follows from the aggregate",
    ("Measure", "unit"): "follows from the aggregate",
    ("Measure", "at"): "a place",
    **{("Expression", name): "follows from the source" for name in ("tree", "type", "unit", "at", "names")},
    ("Placeholder", "value"): "follows from the name",
    ("Text", "language"): "the key under which it stands",
}
# Which fields of a window say something, by its kind; a kind is another shape, and so changes with them.
MATTERS: Final = {
    "calendar": ("unit",), "rolling": ("us",), "within": ("us",), "units": ("count", "unit"), "since": ("step",),
    "period": ("period",), "open": ("us", "closer", "by"),
}  # fmt: skip


def changes(value: Any, name: tuple[str, str]) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield a value with one thing in it changed, each with the class and field of what was."""
    if isinstance(value, Location | Const | Name | ListOf | Call):
        return
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            inner = (type(value).__name__, field.name)
            idle = isinstance(value, Over) and field.name not in MATTERS.get(value.kind, ())
            if inner not in DERIVED and not idle:
                for label, changed in changes(getattr(value, field.name), inner):
                    yield label, replace(value, **{field.name: changed})
    elif isinstance(value, tuple):
        for n, each in enumerate(value):
            for label, changed in changes(each, name):
                yield label, (*value[:n], changed, *value[n + 1 :])
    elif isinstance(value, dict):
        for key, each in value.items():
            for label, changed in changes(each, name):
                yield label, {**value, key: changed}
    elif isinstance(value, bool):
        yield name, not value
    elif isinstance(value, int | float):
        yield name, value + 1_000_000
    elif isinstance(value, str) and value:
        yield name, f"{value}x"


# Words of a fixed list, where another is another shape.
KINDS: Final = {
    ("Over", "kind"),
    ("Over", "unit"),
    ("Case", "every"),
    ("Remind", "every"),
    ("Case", "levels"),
}


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load(SHIPPED)


def alone(rule: Rule) -> RuleSet:
    return RuleSet((Pack("alone", {}, (rule,)),), {})


def test_no_field_of_a_rule_changes_unseen(shipped: RuleSet) -> None:
    seen: dict[tuple[str, str], int] = {}
    for rule in shipped.rules().values():
        before = alone(rule)
        for label, changed in changes(rule, ("Rule", "")):
            if seen.setdefault(label, 0) < 4:
                seen[label] += 1
                found = compared(before, alone(changed))
                assert [each.id for each in found.rules.changed] == [rule.id], (rule.id, label)
    # Once each at least, so that the walk above cannot go past them.
    assert {
        ("Expression", "source"), ("Measure", "aggregate"), ("Step", "within_us"), ("Expect", "arm"),
        ("Rule", "source"), ("Rung", "after"), ("Remind", "workdays"), ("Case", "on"), ("Rule", "shadow"),
        ("Dimension", "name"),
    } <= seen.keys()  # fmt: skip


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / "mine", tmp_path / "mine")
    (tmp_path / "mine/lexicons").mkdir()
    (tmp_path / "mine/lexicons/words.txt").write_text("最好\nexcept: 最好吃\n第一\n", "utf-8")
    return tmp_path / "mine"


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_layout_is_no_difference(mine: Path) -> None:
    before = load(mine)
    yaml = YAML()
    content = yaml.load((mine / "takings.yaml").read_text("utf-8"))
    content["rules"].reverse()
    content["rules"].yaml_set_start_comment("The same, written otherwise.")
    yaml.default_flow_style = False
    with (mine / "renamed.yml").open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    (mine / "takings.yaml").unlink()
    edit(mine, "renamed.yml", "taken / payers", "taken/payers  # each")
    edit(mine, "lexicons/words.txt", "第一\n", "")
    edit(mine, "lexicons/words.txt", "最好\n", "# Terms\n第一\n最好\n")
    assert not compared(before, load(mine))


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        pytest.param("{sum: event.amount_fen,", "{max: event.amount_fen,", ["measure taken"], id="an aggregate"),
        pytest.param("taken >= limit", "taken > limit", ["levels warn"], id="a comparison"),
        pytest.param("    per: account\n", "    per: payer\n", ["per"], id="a key"),
        pytest.param("当日收款", "每日收款", ["title zh"], id="a title"),
        pytest.param("until tomorrow", "at once", ["action en"], id="an action"),
        pytest.param("    tags: [money]\n", "", ["tags"], id="a field taken out"),
        pytest.param("    tags:", "    shadow: true\n    tags:", ["shadow"], id="a field put in"),
        pytest.param("{warn: limit.answer}", "{critical: limit.answer}", ["expect critical", "expect warn"],
                     id="a level"),
        pytest.param("event: message.sent", "event: message.opened", ["expect"], id="an answer"),
        pytest.param("    per: conversation\n", "    per: conversation\n    where: event.vip\n", ["where"],
                     id="a filter"),
    ],
)  # fmt: skip
def test_the_part_that_changed_is_named(mine: Path, old: str, new: str, parts: list[str]) -> None:
    before = load(mine)
    edit(mine, "takings.yaml", old, new)
    (found,) = compared(before, load(mine)).rules.changed
    assert [" ".join(part.part) for part in found.parts] == parts


def test_tests_are_counted(mine: Path) -> None:
    before = load(mine)
    edit(mine, "takings.yaml", "below the limit nothing happens", "one fen below")
    edit(mine, "takings.yaml", 'until: "09:10:01"', 'until: "09:10:02"')
    found = compared(before, load(mine)).rules.changed
    assert [(each.id, each.parts, each.tests) for each in found] == [
        ("TAK-01", (), Counts(added=1, removed=1)),
        ("TAK-02", (), Counts(changed=1)),
    ]


def test_limits_name_their_readers(mine: Path) -> None:
    before = load(mine)
    edit(mine, "limits.yaml", "value: 10m", "value: 600s")  # The same length in other words.
    edit(mine, "limits.yaml", "source: guessed, confidence: D", "source: asked, confidence: D")
    edit(
        mine,
        "limits.yaml",
        "limits:\n",
        "limits:\n  spare: {value: 1, unit: count, source: x, confidence: D, reviewed: 2026-01-01}\n",
    )
    found = compared(before, load(mine)).limits
    assert [(each.name, each.changed, each.rules) for each in found.changed] == [
        ("each_most", ("source",), ("TAK-01",)),
        ("answer", ("source",), ("TAK-02",)),
    ]
    assert [(each.name, each.rules) for each in found.added] == [("spare", ())]
    back = compared(load(mine), before).limits
    assert [each.name for each in back.removed] == ["spare"]


def test_terms_and_their_contexts(mine: Path) -> None:
    before = load(mine)
    edit(mine, "lexicons/words.txt", "最好吃", "最好吃 | 最好看")
    edit(mine, "lexicons/words.txt", "第一", "唯一")
    (found,) = compared(before, load(mine)).lexicons.changed
    assert (found.added, found.removed, found.exempted) == (("唯一",), ("第一",), ("最好",))


def test_rules_and_packs_come_and_go(mine: Path) -> None:
    before = load(mine)
    edit(mine, "takings.yaml", "id: TAK-02", "id: TAK-03")
    edit(mine, "takings.yaml", "pack: takings", "pack: money")
    found = compared(before, load(mine))
    assert [row["id"] for row in found.rules.added] == ["TAK-03"]
    assert [row["id"] for row in found.rules.removed] == ["TAK-02"]
    assert (found.packs.added, found.packs.removed) == (("money",), ("takings",))
    assert [part.part for part in found.rules.changed[0].parts] == [("pack",)]


def test_lexicons_of_the_shipped_rules_have_readers(shipped: RuleSet) -> None:
    found = compared(replace(shipped, lexicons={}), shipped)
    assert len(found.lexicons.added) == len(shipped.lexicons)
    assert all(each.rules for each in found.lexicons.added)
