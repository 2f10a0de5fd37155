"""What differs between two rule sets, as values: whole rules, parts of rules, limits, term lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from rules.model import Words

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a rule: `part` is the way to it (`levels`, `warn`), `case` empty where the rule has none.

    None is the value of a part that is not there.
    """

    case: str
    part: tuple[str, ...]
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were added, removed and changed."""

    added: int = 0
    removed: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that both sets have. Without parts only its tests changed."""

    id: str
    title: Words
    parts: tuple[Part, ...]
    tests: Counts


@dataclass(frozen=True, slots=True)
class LimitEnd:
    """A limit that only one set has, and which of its rules read it."""

    name: str
    limit: dict[str, Any]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit that both sets have; `changed` names the fields that differ, `rules` who reads it in either."""

    name: str
    before: dict[str, Any]
    after: dict[str, Any]
    changed: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LexiconChange:
    """A term list: terms added and removed, and terms whose exempting contexts changed; who reads it in either set."""

    name: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    exempted: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sorted(Generic[Value]):
    """What only the new set has, what only the old one had, and what differs; `Value` tells of a difference."""

    added: tuple[Any, ...] = ()
    removed: tuple[Any, ...] = ()
    changed: tuple[Value, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.added or self.removed or self.changed)

    def counts(self) -> Counts:
        """Return how many there are of each."""
        return Counts(len(self.added), len(self.removed), len(self.changed))


@dataclass(frozen=True, slots=True)
class Differences:
    """Everything in which two rule sets differ. Whole rules are rows of a list, whole limits `LimitEnd`s."""

    packs: Sorted[dict[str, Any]] = field(default_factory=Sorted)
    rules: Sorted[RuleChange] = field(default_factory=Sorted)
    limits: Sorted[LimitChange] = field(default_factory=Sorted)
    lexicons: Sorted[LexiconChange] = field(default_factory=Sorted)

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.packs or self.rules or self.limits or self.lexicons)
