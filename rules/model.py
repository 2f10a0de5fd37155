"""A rule set after loading: every rule with its cases spread out, every expression checked.

`loading.py` makes these values from the YAML files; `planning.py` turns them into a program. Nothing here knows YAML or
Python source. A `Case` is one rule, or one of its `cases:` with the rule's fields filled in; it is what decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rules.lexicons import Lexicon
from rules.location import Location
from rules.problems import Problem
from rules.tree import Node, TypeName

Level: TypeAlias = Literal["info", "warn", "critical"]
Language: TypeAlias = Literal["zh", "en"]
Words: TypeAlias = dict[Language, str]
Calendar: TypeAlias = Literal["day", "week", "month", "quarter", "year"]

# What a value counts: fen count days workdays years bp px ms bits lines chars percent times km km_h z probability
# duration terms text date time; "" where it counts nothing. Decides how a value is shown and put into a record.
Unit: TypeAlias = str
LimitValue: TypeAlias = int | float | str | list[str]


@dataclass(frozen=True, slots=True)
class Expression:
    """One checked CEL expression."""

    source: str
    tree: Node
    type: TypeName
    unit: Unit
    at: Location
    names: frozenset[str]  # Every variable it reads, lets not expanded.


@dataclass(frozen=True, slots=True)
class Dimension:
    """One part of a key. `fan_out`: the expression is a list, and the trigger counts once for each element."""

    name: str
    value: Expression  # A named dimension `payer` has the expression `event.payer_id`.
    fan_out: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """A window. `kind` says which fields matter.

    calendar: `unit`. rolling: `(t-us, t]`. within: `[t-us, t]`. units: `count` of `unit`, this one and those before
    it, `us` at most (with the measure's `before`: the complete ones before it). ever. since: `step`. period: `period`.
    open: intervals open at t, closed by `closer` events equal in `by`, forgotten after `us`. instant: no window at all.
    """

    kind: Literal["calendar", "rolling", "within", "units", "ever", "since", "period", "open"]
    unit: Calendar | None = None
    us: int = 0
    count: int = 0
    step: str = ""
    period: Expression | None = None
    closer: str = ""
    by: Expression | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One aggregate over the events of a key.

    `of` empty: the case's own triggers (its `on` and `where`), narrowed by `where`. `each`: aggregate of the measure
    named by `inner`, taken per calendar unit or per member of a dimension.
    """

    name: str
    aggregate: Literal[
        "count", "sum", "min", "max", "median", "quantile", "distinct", "first", "last", "previous", "series",
        "histogram", "spread", "score",
    ]  # fmt: skip
    value: tuple[
        Expression, ...
    ]  # One; two for spread; the features for score; none for count and for `of: event`.
    record: bool  # first/last/previous of `event`: read as `name.field`.
    of: tuple[str, ...]
    where: Expression | None
    per: tuple[Dimension, ...]
    over: Over
    type: TypeName
    unit: Unit
    at: Location
    before: bool = False
    after_us: int = 0
    at_least: Expression | None = None
    quantile: float = 0.0
    score: str = ""
    other: str = ""  # "account": only events whose account differs from the trigger's.
    near: str = ""  # A dimension: only events whose value is within `near_within` bits of the trigger's.
    near_within: Expression | None = None
    each: str = ""
    inner: str = (
        ""  # Empty where `each` aggregates an expression of several measures; `value` then reads them.
    )
    member: Dimension | None = None  # `each: account`: what the inner measure is taken for each of.
    fields: frozenset[str] = frozenset()  # For `record`: the fields read, as in `prev.lat`.


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence."""

    name: str
    events: tuple[str, ...]
    where: Expression | None
    within_us: int = 0  # Greatest distance from the step before, inclusive; 0 on the first step.


@dataclass(frozen=True, slots=True)
class Expect:
    """An answer that must come."""

    events: tuple[str, ...]
    where: Expression | None  # Reads `armed.*` and `event.*`.
    by: tuple[tuple[Level, Expression], ...]  # Durations, shortest first.
    business: bool = False
    arm: Literal["each", "first", "latest"] = "each"


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of a ladder: so many days before (negative) or after the date."""

    level: Level
    days: Expression
    after: bool


@dataclass(frozen=True, slots=True)
class Remind:
    """A ladder of reminders around a date."""

    date: Expression
    rungs: tuple[Rung, ...]
    workdays: bool = False
    unless_events: tuple[str, ...] = ()
    unless_where: Expression | None = None
    every: Calendar | None = None


@dataclass(frozen=True, slots=True)
class Let:
    """A name for an expression; `value.names` may hold measures and other lets."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{name|format}` inside a text. `value` is the name as an expression; a dimension's name has the dimension's."""

    name: str
    format: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Text:
    """A text in one language, cut into plain strings and placeholders."""

    parts: tuple[str | Placeholder, ...]
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class Case:
    """What decides. Exactly one of `on`, `sequence`, `every`, `intake` triggers it."""

    rule: str
    name: str  # "" where the rule has no cases.
    at: Location
    on: tuple[str, ...]
    sequence: tuple[Step, ...]
    every: Calendar | None
    intake: bool
    where: Expression | None
    per: tuple[Dimension, ...]  # Empty: a per-event key.
    measures: tuple[Measure, ...]  # Only those in use, the pack's among them, inner ones before outer.
    lets: tuple[Let, ...]  # Only those in use, in an order in which each reads earlier ones only.
    levels: tuple[tuple[Level, Expression], ...]  # Lowest first; empty with expect and remind.
    expect: Expect | None
    remind: Remind | None
    alert: Literal["event", "day", "week", "month", "quarter", "year", "episode", "ever", "deadline"]
    message: dict[Language, Text]
    action: dict[Language, Text]


@dataclass(frozen=True, slots=True)
class Trial:
    """A test written inside a rule file, as plain data; `trials.py` runs it."""

    name: str
    given: tuple[dict[str, object], ...]
    expect: tuple[dict[str, object], ...]
    until: str
    at: Location


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue."""

    id: str
    pack: str
    title: Words
    who: tuple[str, ...]
    source: str
    confidence: str
    tags: tuple[str, ...]
    note: str
    shadow: bool
    effective_from: str
    until: str
    cases: tuple[Case, ...]
    trials: tuple[Trial, ...]
    at: Location
    migrate: str = ""  # restart or refold: what becomes of its windows where it replaces another of its id.
    later: tuple[str, ...] = ()  # Constructs it needs that do not run yet, by name ("every", "near", …).


@dataclass(frozen=True, slots=True)
class Pack:
    """A file of rules."""

    name: str
    title: Words
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold: value (or one per kind), unit, and where it comes from.

    `value` is int, float, str or list[str] as the unit says, a duration in microseconds, None where it must be set by
    a tenant. `table` holds one value per kind.
    """

    name: str
    unit: Unit
    value: LimitValue | None
    table: dict[str, int | float | str] | None
    source: str
    confidence: str
    reviewed: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All packs, limits and lexicons, and the one hash over all that can change a decision."""

    packs: tuple[Pack, ...]
    limits: dict[str, Limit]
    lexicons: dict[str, Lexicon] = field(default_factory=dict)
    hash: str = ""
    warnings: tuple[Problem, ...] = ()  # What is allowed and probably not meant.

    def rules(self) -> dict[str, Rule]:
        """Return every rule by id, in the order of the files."""
        return {rule.id: rule for pack in self.packs for rule in pack.rules}
