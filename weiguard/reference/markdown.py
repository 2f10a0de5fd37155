"""Markdown, written so that no text of a rule can become markup: every special character is escaped where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

# What opens or closes markup inside a line: an underscore does beside a word, an ampersand before a name.
_SPECIAL: Final = re.compile(r"([\\`*\[\]<~$]|(?<!\w)_|_(?!\w)|&(?=[#\w]))")
_STARTS: Final = re.compile(
    r"^([-+=#>|:]|\d+(?=[.)]( |$)))"
)  # What opens a list, a heading, a quote or a table.
_TICKS: Final = re.compile(r"`+")


def plain(text: str) -> str:
    """Return a text on one line that reads as it is."""
    flat = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    start = _STARTS.match(flat)
    if start is None:
        return flat
    kept = start[1] if start[1].isdigit() else ""
    return f"{kept}\\{flat[len(kept) :]}"


def code(text: str) -> str:
    """Return a text on one line as code."""
    flat = " ".join(text.split())
    fence = _fence(flat, 1)
    inner = f" {flat} " if flat.startswith("`") or flat.endswith("`") else flat
    return f"{fence}{inner}{fence}" if flat else ""


def block(lines: Iterable[str]) -> str:
    """Return lines as they stand, with every blank kept."""
    text = "\n".join(line.rstrip() for line in lines)
    fence = _fence(text, 3)
    return f"{fence}text\n{text}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already, but for their bars."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def link(text: str, target: str) -> str:
    """Return a link to another page; the target is one of our own names."""
    return f"[{plain(text)}]({target})"


def joined(parts: Iterable[str]) -> str:
    """Return the parts of a page with an empty line between two; parts that say nothing are left out."""
    return "\n\n".join(part for part in parts if part) + "\n"


def bullets(lines: Iterable[str]) -> str:
    """Return a list; its lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def _fence(text: str, least: int) -> str:
    """Return backticks, one more than stand together in the text."""
    return "`" * max(least, *(len(run) + 1 for run in _TICKS.findall(text)), 0)


def _cell(text: str) -> str:
    """Escape every bar, in code too: a table is cut into cells before anything in them is read."""
    return text.replace("|", "\\|")
