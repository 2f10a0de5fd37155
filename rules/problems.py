"""What is wrong with a rule file, where, and how to mend it.

A problem points at one place and ends with the way out. All problems of all files are shown at once, in the order of
the files, so that a writer mends them in one go.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.doubts import Said, said
from rules.location import Location

_LONGEST = 600  # Characters of what was found that are shown.
_SHOWN = 96  # Columns of a line that are shown around the place; the rest is cut.


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a rule file and the way to mend it.

    `subject` names the rule and the part of it ("COL-01 levels warn"), or is empty where no rule is concerned.
    `others` has its words in languages other than English: warnings have them, mistakes do not.
    """

    at: Location
    subject: str
    found: str
    expected: str
    mend: str
    others: Mapping[str, Said] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return self.shown("en")

    def words(self, language: str) -> Said:
        """Return what was found, what was expected and how to mend it."""
        return self.others.get(language, (self.found, self.expected, self.mend))

    def shown(self, language: str) -> str:
        """Return it as a reader of a language sees it; English where it has no other words."""
        subject = f" {self.subject}:" if self.subject else ""
        found, expected, mend = self.words(language)
        words = (
            f"发现：{found}；应为：{expected}"
            if language in self.others
            else f"found {found}; expected {expected}"
        )
        heading = f"{self.at}:{subject} {words}"
        if not self.at.text.strip():
            return f"{heading}\n  {mend}"
        line, caret = _excerpt(self.at.text, self.at.column)
        return f"{heading}\n  {line}\n  {caret} {mend}"


class RuleProblems(ValueError):  # noqa: N818  # it is a list of problems, and reads as one
    """The rules of a folder cannot be used; `problems` says all that is wrong with them."""

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> None:
        self.problems = in_order(problems)
        self.warnings = in_order(warnings)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Findings:
    """Collects the problems and warnings of one load."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def about(self, subject: str) -> Desk:
        """Return a desk that files its findings under this subject."""
        return Desk(self, subject)


@dataclass(frozen=True, slots=True)
class Desk:
    """Files findings about one subject."""

    findings: Findings
    subject: str = ""

    def about(self, part: str) -> Desk:
        """Return a desk for a part of the subject: "COL-01", then "COL-01 levels warn"."""
        return Desk(self.findings, f"{self.subject} {part}".strip())

    def refuse(self, at: Location, found: str, expected: str, mend: str) -> None:
        """Note a mistake: the rules cannot be used."""
        self.findings.problems.append(
            Problem(at, _shown(self.subject), _shown(found), _shown(expected), _shown(mend))
        )

    def warn(self, at: Location, doubt: str, *, refused: bool = False, **names: str) -> None:
        """Note something that is allowed and probably not meant, by its name in `rules.doubts`.

        `refused`: here it is not allowed either, and counts as a mistake.
        """
        words = said(doubt, **{name: _shown(text) for name, text in names.items()})
        others = {language: text for language, text in words.items() if language != "en"}
        kind = self.findings.problems if refused else self.findings.warnings
        kind.append(Problem(at, _shown(self.subject), *words["en"], others))


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort by file, line and column, each problem once (a shared text may be read by several cases)."""
    places = {(p.at.file, p.at.line, p.at.column, p.subject, p.found, p.expected): p for p in problems}
    return tuple(places[place] for place in sorted(places))


def _excerpt(text: str, column: int) -> tuple[str, str]:
    """Return the line, cut around the column if it is long, and the blanks that carry a caret below it."""
    start = 0 if len(text) <= _SHOWN else max(0, min(column - 1 - _SHOWN // 2, len(text) - _SHOWN))
    end = min(len(text), start + _SHOWN)
    before = "".join(_blank(char) for char in text[start : column - 1])
    left, right = "…" if start else "", "…" if end < len(text) else ""
    return f"{left}{_printable(text[start:end])}{right}", f"{' ' if start else ''}{before}^"


def _blank(char: str) -> str:
    """Return a blank as wide as the character in a terminal: Chinese ones take two columns."""
    return "\u3000" if unicodedata.east_asian_width(char) in "WF" else " "


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
