"""How long what is kept can be read, by law and policy: data with sources (retention.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

from rules.durations import duration_us

Kind: TypeAlias = Literal["addresses", "audit"]
KINDS: Final[tuple[Kind, ...]] = ("addresses", "audit")


@dataclass(frozen=True, slots=True)
class Term:
    """How long something is kept where nothing else is set, and between which durations that may be moved."""

    kept: str
    least: str
    most: str
    confidence: str
    reviewed: str
    source: dict[str, str]  # By language.

    def allows(self, us: int) -> bool:
        """Return whether a duration, in microseconds, is one that may be set."""
        return _micros(self.least) <= us <= _micros(self.most)


@cache
def terms() -> dict[Kind, Term]:
    """Return all terms."""
    found = tomllib.loads(files("streams.sealing").joinpath("retention.toml").read_text(encoding="utf-8"))
    return {kind: Term(**{**found[kind], "reviewed": str(found[kind]["reviewed"])}) for kind in KINDS}


def kept_us(kind: Kind) -> int:
    """Return how long something is kept where nothing else is set, in microseconds."""
    return _micros(terms()[kind].kept)


def _micros(text: str) -> int:
    us = duration_us(text)
    assert us is not None, "the file's durations can be read"
    return us
