"""Where something stands in a rule file, so that every problem can point at it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; line and column count from 1, columns in characters."""

    file: str
    line: int
    column: int
    text: str = ""  # The line itself.

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
