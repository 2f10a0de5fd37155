"""What a rule is to the oracle: cases with their triggers, measures, levels and deadlines, expressions ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.oracle.cel import Expression, expression

Raw: TypeAlias = dict[str, Any]  # A YAML mapping.
LEVELS = ("info", "warn", "critical")  # Lowest first.


@dataclass(frozen=True, slots=True)
class Dimension:
    """A part of a key."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Over:
    """A window: `kind` is calendar, rolling, within, units, ever, since, or open: intervals that `closer` ends."""

    kind: str
    unit: str = ""
    length: int = 0  # Microseconds, or a number of units.
    step: str = ""
    closer: str = ""
    by: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """One aggregate; `of` empty means the case's own triggers, `per` None the rule's key."""

    name: str
    aggregate: str
    values: tuple[Expression, ...]
    record: bool
    of: tuple[str, ...]
    where: Expression | None
    per: tuple[Dimension, ...] | None
    over: Over
    before: bool
    at_least: Expression | None
    quantile: float
    other: bool
    near: tuple[Expression, Expression] | None
    each: str
    lets: dict[str, Expression]
    score: str = ""
    after: int = 0  # Microseconds until an event enters.


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a sequence."""

    name: str
    events: tuple[str, ...]
    where: Expression | None
    within: int


@dataclass(frozen=True, slots=True)
class Expect:
    """An answer that must come."""

    events: tuple[str, ...]
    where: Expression | None
    by: tuple[tuple[str, Expression], ...]
    business: bool
    arm: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of a ladder; `sign` is -1 before the date and 1 after it."""

    level: str
    days: Expression
    sign: int


@dataclass(frozen=True, slots=True)
class Remind:
    """A ladder around a date."""

    date: Expression
    rungs: tuple[Rung, ...]
    unless: tuple[str, ...]
    where: Expression | None
    workdays: bool = False
    every: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What decides."""

    rule: str
    name: str
    on: tuple[str, ...]
    sequence: tuple[Step, ...]
    where: Expression | None
    per: tuple[Dimension, ...]
    measures: dict[str, Measure]
    lets: dict[str, Expression]
    levels: tuple[tuple[str, Expression], ...]  # Highest first.
    expect: Expect | None
    remind: Remind | None
    alert: str  # event, day … year, episode, ever, since, deadline
    used: tuple[Measure, ...]  # The measures its levels read.
    since: str = ""
    every: str = ""  # The calendar unit at whose boundaries it is judged.

    def reads(self, text: Expression) -> set[str]:
        """Return every name an expression reads, through lets."""
        return names_read(text, self.lets)

    def watches(self) -> list[Expression]:
        """Return the conditions on derived facts that this case reads, True ones for no condition."""
        always = expression("true")
        found = [self.where or always] if _derived(self.on) else []
        found += [m.where or always for m in self.measures.values() if _derived(m.of)]
        return found + [step.where or always for step in self.sequence if _derived(step.events)]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule and the tests written beside it."""

    id: str
    cases: tuple[Case, ...]
    trials: tuple[Raw, ...]
    shadow: bool = False


def _derived(types: tuple[str, ...]) -> bool:
    return any(kind == "alert.raised" or kind.startswith("expectation.") for kind in types)


def names_read(text: Expression, lets: dict[str, Expression]) -> set[str]:
    """All names, `prev.lat` also as `prev`, `x.given` also as `x`."""
    seen: set[str] = set()
    waiting = set(text.names)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        waiting.add(name.removesuffix(".given"))
        root = name.partition(".")[0]
        waiting.add(root)
        if name in lets:
            waiting |= lets[name].names
    return seen
