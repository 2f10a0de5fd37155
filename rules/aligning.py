"""Where each character of a YAML scalar stands in the file.

A scalar's value is not what was written: quotes, escapes, folded lines and indentation are gone. To point at one
character of an expression, value and writing are walked side by side.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n[ \t]*|.)")


def positions(raw: str, text: str, style: str) -> list[int]:
    """Return for each code point of `text`, and for its end, the index in `raw` where it was written.

    `raw` is the writing with its quotes, or a block with its header. `style` is "" (plain), a quote, | or >.
    """
    index = _start(raw, style)
    found: list[int] = []
    for char in text:
        index = _skip(raw, index, char, style)
        found.append(min(index, len(raw)))
        index = _past(raw, index, char, style)
    return [*found, min(index, len(raw))]


def _start(raw: str, style: str) -> int:
    """Return where the content starts: past the quote, or past the line of a block's header."""
    if style in ("|", ">"):
        return raw.find("\n") + 1
    return 1 if style else 0


def _skip(raw: str, index: int, char: str, style: str) -> int:
    """Pass over what has no character of its own in the value: indentation and escaped line ends."""
    if style == '"':
        while (escape := _ESCAPE.match(raw, index)) and escape[1].startswith("\n"):
            index = escape.end()
    if char in " \n":
        return index
    while index < len(raw) and raw[index] in " \t\n":
        index += 1
    return index


def _past(raw: str, index: int, char: str, style: str) -> int:
    """Return the index after the writing of one character."""
    if style == '"' and (escape := _ESCAPE.match(raw, index)):
        return escape.end()
    if style == "'" and raw.startswith("''", index):
        return index + 2
    if char == " " and raw.startswith("\n", index):
        return index + 1  # A folded line end; the indentation after it is skipped with the next character.
    return index + 1
