"""The plan of a program: kinds of events with their columns, filters with their bits, cells with their states, cases.

Equal things are one: two filters with one signature share a bit, two measures that agree in events, filter, key, window
and aggregate share a state, and cases that share a stream of one key share a cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.model import Case, Measure, RuleSet
from rules.planning.names import canonical, names_in, signature
from rules.tree import Node


@dataclass(slots=True)
class Filter:
    """A condition on one event: conjuncts over its fields and as-of values."""

    name: str  # Its signature; empty where it lets everything through.
    trees: tuple[Node, ...]
    counter: int = -1  # Where events that it cannot decide are counted.
    cases: list[str] = field(
        default_factory=list
    )  # Rules whose own filter it is, for counting undecided events.

    @property
    def names(self) -> set[str]:
        """Return what it reads."""
        return set().union(*map(names_in, self.trees)) if self.trees else set()


@dataclass(slots=True)
class Stream:
    """Events of some types that pass a filter. `bit` is its place in a contribution's flags."""

    kinds: tuple[str, ...]
    filter: Filter
    bit: int


@dataclass(frozen=True, slots=True)
class Part:
    """One dimension of a key, as a canonical tree.

    `others`: the event types that a measure counts under the same key, by a tree of their own.
    """

    name: str
    tree: Node
    fan_out: bool = False
    others: tuple[tuple[str, Node], ...] = ()

    @property
    def signature(self) -> str:
        """Return a text equal for equal dimensions."""
        elsewhere = "".join(f";{kind}={signature(tree)}" for kind, tree in self.others)
        return f"{self.name}={signature(self.tree)}{elsewhere}"

    def on(self, kind: str) -> Part:
        """Return the dimension as events of a type bring it."""
        tree = dict(self.others).get(kind)
        return self if tree is None else Part(self.name, tree)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a scan takes from the tail: the values of one stream, and for `each` what becomes of those of one unit."""

    name: str
    aggregate: str
    stream: Stream
    sub: tuple[Part, ...]
    value: tuple[Node, ...]
    quantile: float = 0.0


@dataclass(slots=True)
class State:
    """A measure's head in a cell."""

    slot: str
    aggregate: str
    stream: Stream
    sub: tuple[Part, ...]
    value: tuple[Node, ...]
    window: str  # Slot prefix of its window: "" for ever, d… calendar, w… rolling.
    measure: Measure
    inner: str = ""  # For `each`: count or sum per member.
    peak: bool = False  # Its highest value in the window is kept, for the guard of late events.
    scan: str = ""  # The function that reads it off the tail, where it keeps no head.
    taken: tuple[Taken, ...] = ()  # What that function takes.
    us: int = 0  # How long its window is, where it rolls.
    closer: Stream | None = None  # Of intervals: the events that close one.

    @property
    def mask(self) -> int:
        """Return the flags of all events that it depends on."""
        bits = self.stream.bit | (self.closer.bit if self.closer else 0)
        for each in self.taken:
            bits |= each.stream.bit
        return bits


@dataclass(slots=True)
class Window:
    """A window of a cell class: a calendar unit, or one that rolls on with its closed or open left edge.

    What rolls is `us` long, or as long as `count` of `unit` are, this one and those before it, and at most `us`.
    """

    prefix: str
    calendar: str = ""
    us: int = 0
    closed: bool = False  # `within` and units: the left edge is inside.
    unit: str = ""
    count: int = 0

    def edge(self, at: str) -> str:
        """Return the text of the left edge of the window that ends at an instant."""
        return (
            f"T.zone.units_back({self.unit!r}, {at}, {self.count - 1})" if self.unit else f"{at} - {self.us}"
        )


@dataclass(slots=True)
class Bound:
    """How a case reads a measure: its state, before or after the trigger enters, and from what count on."""

    measure: Measure
    state: State
    least: Node | None

    @property
    def asks(self) -> set[str]:
        """Return what reading it needs of the trigger: a finer key, and what a scan compares with."""
        names = {name for part in self.state.sub for name in names_in(part.tree)}
        if self.measure.other:
            names.add("event.account")
        if self.measure.near:
            names.add(f"event.{self.measure.near}")
        if self.measure.over.period is not None:
            names |= names_in(canonical(self.measure.over.period.tree))
        if self.measure.score:
            names |= {name for tree in self.state.value for name in names_in(tree)}
        return names


@dataclass(slots=True)
class Unit:
    """A case as planned: trigger, key, lets and levels as canonical trees."""

    case: Case
    index: int
    trigger: Stream
    key: tuple[Part, ...]
    lets: dict[str, Node]
    levels: tuple[tuple[int, Node], ...]
    shown: tuple[str, ...] = ()
    home: tuple[Part, ...] = ()
    sub: tuple[Part, ...] = ()
    bounds: dict[str, Bound] = field(default_factory=dict)
    gates: dict[str, int | float] = field(default_factory=dict)  # Measure → what every level needs of it.
    kind: str = ""  # event, calendar, episode, since, deadline
    slot: str = ""
    watched: bool = False
    written: bool = True
    expected: bool = False  # Another rule reads what became of its expectations.
    group: int = -1  # The cell class; -1 for a case that needs none.
    answers: Stream | None = None  # Of a deadline: the events that can answer.
    place: int = -1  # Of a deadline or sequence: its place among the cells.

    @property
    def endless(self) -> bool:
        """Whether its episode never ends: `alert: ever`."""
        return self.case.alert == "ever"

    @property
    def top(self) -> int:
        """Return the highest level it has."""
        return max((level for level, _ in self.levels), default=3)


@dataclass(slots=True)
class Group:
    """A cell class as planned."""

    index: int
    home: tuple[Part, ...]
    units: list[Unit] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    streams: dict[int, Stream] = field(default_factory=dict)

    def bits(self, kind: str) -> int:
        """Return the flags by which events of a kind belong to it."""
        return sum(stream.bit for stream in self.streams.values() if kind in stream.kinds)

    @property
    def kinds(self) -> list[str]:
        """Return the event types it holds."""
        return sorted({kind for stream in self.streams.values() for kind in stream.kinds})


@dataclass(slots=True)
class Lookup:
    """A call that asks the engine, such as `qualified(…)`, computed once an event and kept in a column."""

    name: str
    tree: Node


class Streams:
    """Every filter and stream of the program, each once."""

    def __init__(self) -> None:
        self.filters: dict[str, Filter] = {}
        self.all: dict[tuple[tuple[str, ...], str], Stream] = {}

    def of(self, kinds: tuple[str, ...], *trees: Node | None) -> Stream:
        """Return the one stream of these types that passes all of these filters."""
        parts = {signature(tree): tree for tree in trees if tree is not None}
        name = "&&".join(sorted(parts))
        passing = self.filters.setdefault(name, Filter(name, tuple(parts[key] for key in sorted(parts))))
        kinds = tuple(sorted(set(kinds)))
        found = self.all.get((kinds, name))
        if found is None:
            found = self.all[kinds, name] = Stream(kinds, passing, 1 << len(self.all))
        return found

    def on(self, kind: str) -> list[Stream]:
        """Return the streams an event type belongs to."""
        return [stream for stream in self.all.values() if kind in stream.kinds]


@dataclass(slots=True)
class Plan:
    """Everything the generator writes Python for."""

    rules: RuleSet
    streams: Streams = field(default_factory=Streams)
    units: list[Unit] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
