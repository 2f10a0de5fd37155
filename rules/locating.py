"""The nodes of a rule file: values, lists and mappings, each with its file, line and column.

A value also knows where each of its characters was written, so that a fault inside an expression points at the word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from rules.aligning import positions
from rules.location import Location


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file, by lines."""

    file: str
    text: str
    lines: tuple[str, ...] = field(repr=False)

    def at(self, line: int, column: int) -> Location:
        """Return a place; line and column count from 0 here."""
        text = self.lines[line] if line < len(self.lines) else ""
        return Location(self.file, line + 1, column + 1, text)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, truth value or nothing. `text` is what was written, `value` what it means."""

    text: str
    value: str | int | float | bool | None
    at: Location
    source: Source = field(repr=False, compare=False)
    start: int = 0  # Code points from the start of the file to the first and past the last character.
    end: int = 0
    style: str = ""  # "" plain, or one of ' " | >

    def place(self, offset: int) -> Location:
        """Return the place in the file of a code point of `text`, also where it is quoted, folded or escaped."""
        raw = self.source.text[self.start : self.end]
        index = self.start + positions(raw, self.text, self.style)[min(offset, len(self.text))]
        line = self.source.text.count("\n", 0, index)
        return self.source.at(line, index - (self.source.text.rfind("\n", 0, index) + 1))

    def excerpt(self, start: int, end: int) -> Excerpt:
        """Return a part of the text that still knows its place."""
        return Excerpt(self.text[start:end], self.place(start), self, start)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a scalar's text, such as a placeholder's name."""

    text: str
    at: Location
    whole: Scalar
    start: int

    def place(self, offset: int) -> Location:
        """Return the place in the file of a code point of this part."""
        return self.whole.place(self.start + offset)


class Written(Protocol):
    """Any text that knows where each of its characters stands."""

    @property
    def text(self) -> str:
        """What was written."""

    @property
    def at(self) -> Location:
        """Where it starts."""

    def place(self, offset: int) -> Location:
        """Return the place in the file of a code point of the text."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Part, ...]
    at: Location


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping with names as keys, in the order of the file."""

    fields: dict[str, Part]
    keys: dict[str, Location]  # Where each name stands.
    at: Location


Part: TypeAlias = Scalar | Items | Fields
