"""Rule files as text: an entry taken out of one, or put into one, with every other character left as it is.

To write a file anew from what was read would lose its layout and comments, which are its author's.
"""

from __future__ import annotations

import textwrap

from rules.locating import Fields, Items
from rules.location import Location
from rules.parsing import read_bytes
from rules.problems import Desk, Findings, RuleProblems


def root_of(text: str, file: str) -> Fields:
    """Read one file. Raises RuleProblems."""
    findings = Findings()
    root = read_bytes(text.encode(), file, Desk(findings))
    if root is None or findings.problems:
        raise RuleProblems(findings.problems)
    return root


def entries(text: str, root: Fields, section: str) -> list[str] | None:
    """Return each entry of a list or mapping as it is written, dedented; None where it stands in brackets.

    `root` is the file as read. Comments above an entry go with the one before it.
    """
    lines = text.split("\n")
    starts = [at.line - 1 for at in _places(root, section)]
    if not starts or not _in_lines(root, section, lines):
        return None
    ends = [*starts[1:], _end(root, section, lines)]
    return [_trimmed(lines[start:end]) for start, end in zip(starts, ends, strict=True)]


def appended(text: str, root: Fields, section: str, entry: str) -> str | None:
    """Return a file with an entry put at the end of a list or mapping; None where that stands in brackets.

    `root` is the file as read. An entry of a list begins with its dash.
    """
    lines = text.split("\n")
    places = _places(root, section)
    if not places or not _in_lines(root, section, lines):
        return None
    first = lines[places[0].line - 1]
    indent = first[: len(first) - len(first.lstrip())]
    end = _end(root, section, lines)
    gap = [""] if isinstance(root.fields[section], Items) else []
    rest = lines[end:] if any(lines[end:]) else [""]
    return "\n".join([*lines[:end], *gap, *textwrap.indent(entry.rstrip("\n"), indent).split("\n"), *rest])


def _places(root: Fields, section: str) -> list[Location]:
    """Return where each entry begins: the first name behind a dash, or a name."""
    part = root.fields.get(section)
    if isinstance(part, Items):
        return [each.at for each in part.items]
    return list(part.keys.values()) if isinstance(part, Fields) else []


def _in_lines(root: Fields, section: str, lines: list[str]) -> bool:
    """Return whether each entry begins a line, a list's with its dash, and none stands in brackets."""
    dash = "-" if isinstance(root.fields[section], Items) else ""
    opening = lines[root.keys[section].line - 1].split(":", 1)[-1].split("#")[0].strip()
    before = [lines[at.line - 1][: at.column - 1].strip() for at in _places(root, section)]
    return not opening and all(each == dash for each in before)


def _end(root: Fields, section: str, lines: list[str]) -> int:
    """Return the line, from 0, behind the last one of a section: comments at the margin belong to what follows."""
    start = root.keys[section].line
    after = [at.line - 1 for at in root.keys.values() if at.line > start]
    end = min(after, default=len(lines))
    while end > start and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _trimmed(lines: list[str]) -> str:
    """Return an entry's lines, dedented, without the blank lines and comments at its end."""
    kept = list(lines)
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith("#")):
        kept.pop()
    return textwrap.dedent("\n".join(kept)) + "\n"
