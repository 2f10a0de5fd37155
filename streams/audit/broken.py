"""What a verification found: a place in the log that is not as it must be."""

from __future__ import annotations


class BrokenError(Exception):
    """A proof does not hold. Unlike a refusal the call is right: what it looked at is not."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        self.where, self.found, self.expected = where, found, expected
        super().__init__(f"{where}: found {found}; expected {expected}")
