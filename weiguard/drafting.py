"""The text of a new rule: from the template, or after a rule that there is, with the limits and term lists it reads."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from string import Template
from typing import Any, Final

from ruamel.yaml import YAML

from monitoring.describing import lexicons_of, limits_of, whole
from rules.inserting import entries, root_of
from rules.loading import SHIPPED
from rules.loading.files import files_of, lexicons_folder
from rules.locating import Fields, Items, Scalar
from rules.model import Rule, RuleSet
from streams.refusing import RefusedError

TEMPLATE: Final = SHIPPED / "template"
_SHARED: Final = ("measure", "let")  # What a pack says for its rules.
_WIDTH: Final = 4_096  # No line is broken that was whole.


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as text that begins with its dash, and by name the limits and term lists it reads, as text too."""

    id: str
    rule: str
    limits: dict[str, str] = field(default_factory=dict)
    lexicons: dict[str, str] = field(default_factory=dict)


def from_template(id: str, today: date) -> Draft:
    """Return a rule that holds together and whose tests pass, for its author to change."""
    stem = id.lower().replace("-", "_")
    names = {"id": id, "warn": f"{stem}_warn", "most": f"{stem}_most", "today": today.isoformat()}
    rule, limits = (
        Template((TEMPLATE / file).read_text("utf-8")).substitute(names)
        for file in ("rule.yaml.in", "limits.yaml.in")
    )
    return Draft(id, rule, {line.split(":")[0]: f"{line}\n" for line in limits.splitlines()})


def after(id: str, like: Rule, rules: RuleSet, folder: Path) -> Draft:
    """Return a copy of a rule under another id; `rules` are those of `folder`, which has it.

    What its pack says for all its rules it says for itself. Raises RefusedError where it stands in brackets.
    """
    described = whole(like, rules.limits)
    path = folder / like.at.file
    text = path.read_text("utf-8")
    root = root_of(text, like.at.file)
    return Draft(
        id,
        _renamed(_with_shared(_entry(like, text, root), like, text, root), id),
        _limits(limits_of(described["cases"]), folder),
        {
            name: (lexicons_folder(folder) / f"{name}.txt").read_text("utf-8")
            for name in lexicons_of(described["cases"])
        },
    )


def _entry(rule: Rule, text: str, root: Fields) -> str:
    """Return a rule as its file has it."""
    found = entries(text, root, "rules")
    if found is None:
        raise RefusedError(
            "--like",
            f"{rule.id} at {rule.at}, in brackets",
            "a rule whose lines are its own",
            "write the rules of that file as a list with dashes, or name another rule",
        )
    part = root.fields["rules"]
    assert isinstance(part, Items), "it was loaded"
    return found[[each.at for each in part.items].index(rule.at)]


def _renamed(rule: str, id: str) -> str:
    """Return the text of a rule with another id."""
    text = f"rules:\n{rule}"
    part = root_of(text, "rule").fields["rules"]
    assert isinstance(part, Items), "a list of one"
    (first,) = part.items
    assert isinstance(first, Fields), "a rule"
    old = first.fields["id"]
    assert isinstance(old, Scalar), "an id"
    return (text[: old.start] + id + text[old.end :]).removeprefix("rules:\n")


def _with_shared(rule: str, like: Rule, text: str, root: Fields) -> str:
    """Return a rule's text with what it reads of its pack put into it; the same text where that is nothing."""
    used = {each.name for case in like.cases for each in case.measures}
    used |= {each.name for case in like.cases for each in case.lets}
    if used.isdisjoint(name for kind in _SHARED for name in _names(root.fields.get(kind))):
        return rule
    yaml = YAML()
    yaml.width, yaml.preserve_quotes = _WIDTH, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    (node,) = yaml.load(rule)
    own = {name for part in (node, *node.get("cases", ())) for kind in _SHARED for name in part.get(kind, ())}
    for kind in _SHARED:
        lines = entries(text, root, kind) if kind in root.fields else []
        names = _names(root.fields.get(kind))
        wanted = {
            name: entry for name, entry in zip(names, lines or (), strict=bool(lines)) if name in used - own
        }
        if wanted:
            _put(node, kind, yaml.load("".join(wanted.values())))
    out = io.StringIO()
    yaml.dump([node], out)
    return textwrap.dedent(out.getvalue())


def _names(part: object) -> list[str]:
    return list(part.fields) if isinstance(part, Fields) else []


def _put(node: Any, kind: str, taken: Mapping[str, Any]) -> None:
    """Put definitions into a rule, where such stand: above what it decides."""
    if kind in node:
        for name, value in reversed(list(taken.items())):
            node[kind].insert(0, name, value)
        return
    keys = list(node)
    deciding = next((each for each in ("levels", "expect", "remind", "cases", "message") if each in keys), "")
    node.insert(keys.index(deciding) if deciding else len(keys), kind, dict(taken))


def _limits(names: list[str], folder: Path) -> dict[str, str]:
    """Return limits as their files have them; those in brackets are left out: a shipped file has none."""
    found: dict[str, str] = {}
    for path in files_of(folder):
        text = path.read_text("utf-8")
        if path.suffix == ".txt" or not any(f"{name}:" in text for name in names):
            continue
        root = root_of(text, path.name)
        written = dict(
            zip(_names(root.fields.get("limits")), entries(text, root, "limits") or (), strict=False)
        )
        found |= {name: written[name] for name in names if name in written}
    return found
