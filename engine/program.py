"""What rules compile to: all that the engine knows of them.

A program is plain data and generated functions. The engine drives them; it never asks what a rule means. The parts:

- A **contribution** is one decided event as the rules see it: a tuple `(time, source, id, sub, kind, flags, columns…)`.
  The first four are its place in the tenant's order (`sub` is empty but for derived facts, which stand directly after
  the event that caused them). `flags` has a bit for every filter that the event passes. Columns hold the fields and
  as-of values that some rule reads later; one tuple is shared by all cells.
- A **cell class** says what is remembered of one kind of key: its cells' slots, the functions that put a contribution
  into a cell's head and take it out again.
- A **family** is a set of cases of one cell class that are folded together: `step` folds one contribution in order,
  `rewind` gives the state just before a place in the tail. The in-order path and the late one run the same `step`.
- A **face** is what a record says of a case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from engine.boundaries import Every
    from engine.deadlines import Deadline
    from engine.ripening import Ripening
    from engine.sequences import Sequence
    from engine.tenant import Tenant
    from engine.windows import Zone

Contribution: TypeAlias = tuple[
    Any, ...
]  # (time, source, id, sub, kind, flags, columns…): the columns differ by kind.
Position: TypeAlias = tuple[int, str, str, str]
Shown: TypeAlias = tuple[Any, ...]  # The values a record shows, in the face's order.
Key: TypeAlias = tuple[Any, ...]

TIME: Final = 0
SOURCE: Final = 1
ID: Final = 2
SUB: Final = 3
KIND: Final = 4
FLAGS: Final = 5
COLUMNS: Final = 6

AFTER_ALL: Final = (
    "\U0010ffff"  # Sorts after every source: what stands there comes after the events of its time.
)

LEVELS: Final = ("", "info", "warn", "critical")
ENDED: Final = 0  # The level of a mark that closes an episode.
DEAD: Final = -1  # The level of a mark after which no level can hold in its window any more.
SETTLED: Final = 9  # The state of a case that nothing later in its window can change.

# One thing a step found: case, sub-key, group (window, episode or event), position, level, shown values, (source, id).
Mark: TypeAlias = tuple[Position, int, Any, Shown, tuple[str, str]]
Found: TypeAlias = tuple[int, Any, Mark]  # (case index, sub-key, mark)

AlertKind: TypeAlias = Literal["event", "calendar", "episode", "since", "ever", "deadline"]


def named(item: Contribution) -> tuple[str, str]:
    """Return (source, id) of the event that a contribution stands for.

    A fact that a deadline gave rise to stands at no event's place: its sub ends with what triggered the alert.
    """
    if item[SUB] and not item[ID]:
        _, source, name = item[SUB].rsplit("\x00", 2)
        return source, name
    # What enters a measure later comes after all events of that time.
    return item[SOURCE].removeprefix(AFTER_ALL), item[ID]


class Words(NamedTuple):
    """What a record says for people: bound values, limits, and the texts in both languages."""

    values: dict[str, Any]
    limits: dict[str, Any]
    message: dict[str, str]
    action: dict[str, str]


@dataclass(frozen=True, slots=True)
class Face:
    """What a record says of a case: its rule, its key, its window and its words."""

    index: int
    rule: str
    case: str
    alert: AlertKind
    window: str  # The contract's window kind: event, day, …, rolling, deadline, asof.
    dimensions: tuple[str, ...]
    key: Callable[[Key, Any], tuple[Any, ...]]  # Of a cell's key and a sub-key: the values of the dimensions.
    words: Callable[[int, Shown, dict[str, Any], Zone], Words]
    top: int  # The highest level it has.
    slot: str = ""  # Where a cell keeps the case's standing in its head; empty for event alerts.
    subbed: bool = False  # Its standing is kept by sub-key.
    evidence_us: int = 0  # How far back contributing events are named; 0: only the trigger.
    evidence_mask: int = 0
    since: int = -1  # The column that holds the step since which a case counts.
    calendar: str = ""
    watched: bool = False  # Another rule reads its alerts.
    written: bool = True  # False where it is decided only because another rule watches it.
    shadow: bool = False
    fades: bool = False  # Its episode is over once its windows are empty.
    boundary: bool = (
        False  # Its marks stand at the last microsecond before the boundaries at which it is judged.
    )


def decided_at(face: Face, mark: Mark) -> Position:
    """Return a mark's place in the order; a boundary stands before all events of its time."""
    return (mark[0][TIME] + 1, "", "", "") if face.boundary else mark[0]


@dataclass(frozen=True, slots=True)
class Gate:
    """A necessary condition of every level above one: what a measure must have reached.

    `slot` is the head slot with its highest value in the window, `past` its place in what is saved of a window; an
    empty slot stands for the number of contributions near, those with a flag of `counted`.
    """

    least: int | float
    slot: str = ""
    past: int = 0
    counted: int = 0


@dataclass(frozen=True, slots=True)
class Family:
    """Cases of one cell class that are folded together."""

    kind: AlertKind
    faces: tuple[Face, ...]
    mask: int  # The flags of the contributions it folds.
    reach_us: (
        int | None
    )  # How far after a contribution its effect ends, or after its calendar window; None: at the end of the tail.
    step: Callable[[Tenant, Any, Contribution, list[Found], list[int]], None]
    rewind: Callable[[Tenant, Any, int, int], Any]
    calendar: str = ""
    window: str = ""  # The prefix of the slots that hold the calendar window's bounds.
    # By case: what must be reached before anything above level 0, 1, 2 can hold; None: not known.
    gates: tuple[tuple[Gate | None, Gate | None, Gate | None], ...] = ()
    rising: tuple[
        bool, ...
    ] = ()  # By case: it holds just where so many were counted; one more can only raise it.


@dataclass(frozen=True, slots=True)
class CellClass:
    """What is remembered of one kind of key."""

    index: int
    make: Callable[[Key], Any]
    families: tuple[Family, ...]
    insert: Callable[
        [Tenant, Any, Contribution, int], None
    ]  # Into the head, once it is in the tail at an index.
    remove: Callable[[Tenant, Any, Contribution, int], None]  # Out of the head, once it is out of the tail.
    trim: Callable[[Tenant, Any, int], None]  # Drop the first n of the tail.
    # Drop the calendar windows that end before a horizon; return whether one is left.
    forget: Callable[[Tenant, Any, int], bool]
    tail_us: int  # How long a contribution stays in the tail after its time, beyond lateness.
    # A class where one contribution alone can never fire keeps it bare; this makes the cell once a second one comes.
    open: Callable[[Tenant, Key, Contribution], Any] | None = None
    lasting: bool = False  # Its head holds what no window forgets.


@dataclass(frozen=True, slots=True)
class Handler:
    """What happens to one event type, or to one kind of derived fact."""

    kind: str
    fold: Callable[
        [Tenant, int, Any, list[Found], list[int]], None
    ]  # (tenant, time, event, found, undecided)
    make: Callable[[Tenant, int, Any], Contribution] | None = (
        None  # Of a derived fact: its contribution, unfolded.
    )
    # The same contribution with its as-of values looked up again; None where it looks nothing up.
    again: Callable[[Tenant, Contribution], Contribution] | None = None
    route: Callable[[Contribution], list[tuple[int, Key]]] | None = None  # The cells it belongs to.
    owed: Callable[[Contribution], list[tuple[int, Key]]] | None = None  # The deadlines it arms or answers.
    plain: Callable[[Tenant, Contribution, list[Found], list[int]], None] | None = (
        None  # Cases without a cell.
    )


@dataclass(frozen=True, slots=True)
class Intake:
    """A rule about how an input arrived. `refuses`: what it finds is quarantined, for the reason given."""

    face: Face
    refuses: bool
    reads_text: bool  # It asks for identity and card numbers in clear.
    seldom: bool  # It says nothing of ordinary inputs: decided, not ahead of their time, no numbers in clear.
    reason: str
    judge: Callable[[dict[str, Any]], tuple[int, tuple[Any, ...], Shown] | None]


@dataclass(frozen=True, slots=True)
class RuleFace:
    """A rule as people see it in lists."""

    id: str
    pack: str
    title: dict[str, str]
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Variant:
    """The generated functions, once with limits as constants and once with limits as of the event."""

    handlers: dict[str, Handler]  # By the types of the log's events; what the engine derives is no input.
    by_kind: tuple[Handler, ...]
    classes: tuple[CellClass, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A rule set, compiled."""

    ruleset: str
    rules: dict[str, RuleFace]
    faces: tuple[Face, ...]
    constant: Variant  # For tenants that override no limit.
    dynamic: Variant
    limit_fault: Callable[[str, Any], str]  # Why a tenant cannot set a limit to a value; empty where it can.
    limit_value: Callable[[str, Any], Any]  # The value as rules read it.
    cell_kinds: int  # Cell classes, and all else that has a place of its own, together.
    intake: tuple[Intake, ...] = ()
    looks_at_all: bool = False  # An intake rule may have something to say of any input.
    # An intake rule refuses what holds numbers in clear; it is asked where there may be some, and of no other input.
    looks_inside: bool = False
    deadline_of: dict[int, Deadline] = field(default_factory=dict)  # By place among the cells.
    every_of: dict[int, Every] = field(default_factory=dict)  # By place: what is judged at boundaries.
    ripening_of: dict[int, Ripening] = field(default_factory=dict)  # By place: what enters a while later.
    sequences: tuple[Sequence, ...] = ()
    sequence_of: dict[int, Sequence] = field(default_factory=dict)  # By place among the cells.
    # By kind of fact that some rule reads: its contribution, unfolded.
    make_fact: dict[str, Callable[[Tenant, int, Any], Contribution]] = field(default_factory=dict)
    # Entity → event type by number → the columns that name those it looks up.
    reader_columns: dict[str, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()  # The rule that each counter of undecided expressions belongs to.
    # By rule: names of dimensions and values of its records that are personal, beside those named like such fields.
    personal: dict[str, frozenset[str]] = field(default_factory=dict)
    # How far rules that tell addresses apart look back, in microseconds; those that watch alerts of theirs too.
    address_rules: dict[str, int] = field(default_factory=dict)
    shadows: frozenset[str] = frozenset()  # Rules that decide and say nothing.
    source: str = ""  # The generated Python, for tracebacks and for reading.
