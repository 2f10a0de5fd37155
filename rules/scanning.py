"""Finds names and calls in the text of an expression before the runtime reads it.

Three things must be known first: which names to declare, whether a macro is called (the runtime expands them away),
and whether `.given` is asked of a name. This is a scanner, not a parser: it skips strings and comments and stops there.
It also tells whether two texts differ in more than their layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|[rRbB]{0,2}(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}))"""
    r"""|(?P<raw>(?:[rR][bB]?|[bB][rR])(?:"[^"\n]*"|'[^'\n]*'))"""
    r"""|(?P<text>[bB]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))"""
    r"""|(?P<number>\d(?:[\w.]|(?<=[eE])[+-])*)"""
    r"""|(?P<path>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)(?P<call>\s*\()?""",
    re.ASCII,
)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Path:
    """A dotted name in a source: where it stands, whether it is called, whether it follows a value (`"x".size`)."""

    name: str
    offset: int
    called: bool
    member: bool


def paths(source: str) -> Iterator[Path]:
    """Yield every dotted name of a source outside its strings and comments, in order."""
    for found in _TOKEN.finditer(source):
        if path := found["path"]:
            before = source[: found.start()].rstrip()
            yield Path(_SPACES.sub("", path), found.start(), bool(found["call"]), before.endswith("."))


def squeezed(source: str) -> str:
    """Return a source with one blank between its words and signs, and without comments: `a>=b` is `a >= b`."""
    parts: list[str] = []
    end = 0
    for found in _TOKEN.finditer(source):
        parts.append("".join(source[end : found.start()].split()))
        end = found.end()
        text = found.group()
        if path := found["path"]:
            parts += [_SPACES.sub("", path), "(" if found["call"] else ""]
        elif not text.startswith("//"):
            parts.append(text)
    parts.append("".join(source[end:].split()))
    return " ".join(filter(None, parts))
