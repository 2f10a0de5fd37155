"""The statements that a catalogue began with, and what each became: rules, or information and why.

A rule set may have them in `seed/statements.yaml`; they decide nothing and are in no hash. A statement names rules by
id or pattern, also such as are not built yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from rules.model import Words
from rules.parsing import read_bytes
from rules.problems import Desk, Findings, RuleProblems
from rules.schema import LANGUAGES, fields, items, required, text, texts, words

PLACE: Final = Path("seed") / "statements.yaml"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its number in the text, its words, the rules it became, and a note; one of the two at least."""

    id: str
    says: Words
    rules: tuple[str, ...]
    note: Words

    def leads_to(self, rule: str) -> bool:
        """Return whether a rule, by its id, comes from here."""
        return any(fnmatchcase(rule, pattern) for pattern in self.rules)


@dataclass(frozen=True, slots=True)
class Seed:
    """The text's name, and its statements in its order."""

    source: Words
    statements: tuple[Statement, ...]


def read_statements(folder: Path) -> Seed | None:
    """Read the statements of a rule set; None where it has none. Raises RuleProblems with all that is wrong."""
    path = folder / PLACE
    if not path.is_file():
        return None
    findings = Findings()
    desk = Desk(findings)
    root = read_bytes(path.read_bytes(), PLACE.as_posix(), desk)
    found = fields(root, desk, ("source", "statements"))
    if root is not None:
        required(root, found, desk, ("source", "statements"))
    source = words(found.get("source"), desk, root.at) if root is not None and "source" in found else {}
    statements: list[Statement] = []
    for part in items(found.get("statements"), desk):
        entry = fields(part, desk, ("id", *LANGUAGES, "rules", "note"))
        required(part, entry, desk, ("id", *LANGUAGES))
        number = text(entry.get("id"), desk)
        here = desk.about(number)
        if not entry.keys() & {"rules", "note"}:
            here.refuse(
                part.at, "neither rules nor a note", "what became of it", "write note: {zh: …, en: …}"
            )
        if any(number == other.id for other in statements):
            here.refuse(
                part.at, f"the statement {number} again", "each number once", "give one another number"
            )
        statements.append(
            Statement(
                id=number,
                says={language: text(entry.get(language), here) for language in LANGUAGES},
                rules=tuple(each.text for each in texts(entry.get("rules"), here)),
                note=words(entry["note"], here, part.at) if "note" in entry else {},
            )
        )
    if findings.problems:
        raise RuleProblems(findings.problems)
    return Seed(source, tuple(statements))
