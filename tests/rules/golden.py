"""Golden mistakes: one file of sections, each a small change to the sample rules and the words it must give.

=== the name of the mistake
- the text that is taken out of the sample
+ the text that is put in its place
---
the problems, as a user reads them
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rules.loading import load
from rules.problems import RuleProblems

GOLDEN = Path(__file__).parent.parent / "golden" / "rules"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One section: `changes` are pairs of what stands in the sample and what stands there instead."""

    name: str
    changes: tuple[tuple[str, str], ...]
    words: str

    def written(self) -> str:
        """Return the section as it stands in the file."""
        lines = [f"=== {self.name}"]
        for old, new in self.changes:
            lines += [f"- {line}" for line in old.split("\n")] + [
                f"+ {line}" for line in new.split("\n") if new
            ]
        return "\n".join([*lines, "---", self.words, ""])


def mistakes(path: Path) -> Iterator[Mistake]:
    """Read the sections of a golden file."""
    for section in path.read_text(encoding="utf-8").split("=== ")[1:]:
        head, _, words = section.partition("\n---\n")
        name, *lines = head.split("\n")
        changes: list[tuple[list[str], list[str]]] = []
        for line in lines:
            if line.startswith("-") and (not changes or changes[-1][1]):
                changes.append(([], []))
            changes[-1][line.startswith("+")].append(line[2:])
        pairs = tuple(("\n".join(old), "\n".join(new)) for old, new in changes)
        yield Mistake(name, pairs, words.rstrip("\n"))


def problems_of(mistake: Mistake, folder: Path) -> str:
    """Write the changed sample into a folder, load it, and return what a user reads."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in (GOLDEN / "base").iterdir()}
    for old, new in mistake.changes:
        holders = [name for name, text in texts.items() if text.count(old) == 1]
        assert len(holders) == 1, f"{old!r} must stand once in the sample, not {len(holders)} times"
        texts[holders[0]] = texts[holders[0]].replace(old, new)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    try:
        rules = load(folder)
    except RuleProblems as refused:
        return str(refused)
    return "\n".join(f"warning: {warning}" for warning in rules.warnings) or "nothing is wrong"
