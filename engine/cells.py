"""What a key remembers: the tail of its contributions, the head of every measure, and the journal of what fired.

The compiler derives one class a kind of key from `Cell`, with a slot for each measure's head. The same class serves as
scratch: a state rewound to a place in the tail, on which `step` runs again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from engine.program import ENDED, SETTLED, Contribution, Key, Mark, Position

if TYPE_CHECKING:
    from engine.tenant import Tenant

# The journal of a cell in which nothing fired; never written.
EMPTY: Final[dict[int, dict[Any, list[Mark]]]] = {}
LEAST: Final = 16  # A tail this short is left alone until its key has been idle.


class Cell:
    """One key's state. `items` is sorted by position; `journal` maps case → sub-key → marks in order."""

    __slots__ = ("items", "journal", "key", "last", "most")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.items: list[Contribution] = []
        self.journal: dict[int, dict[Any, list[Mark]]] = EMPTY
        self.last = -1  # No contribution is later than this; one that is goes to the end of the tail unasked.
        self.most = LEAST  # Once the tail is longer, what is out of reach is dropped.

    def marks(self, case: int, sub: Any) -> list[Mark]:
        """Return a case's marks under a sub-key, to be changed; most cells never hold any."""
        if self.journal is EMPTY:
            self.journal = {}
        return self.journal.setdefault(case, {}).setdefault(sub, [])


class Recalling(Cell):
    """A cell that remembers what was last read off the complete part of its tail, by measure; never kept on a disk."""

    __slots__ = ("memo",)
    memo: dict[str, tuple[Any, ...]]


def marks_from(marks: list[Mark], position: Position | tuple[int]) -> int:
    """Return the index of the first mark at or after a position."""
    return bisect_left(marks, position, key=_position)


def marks_after(marks: list[Mark], position: Position) -> int:
    """Return the index of the first mark after a position."""
    return bisect_right(marks, position, key=_position)


def _position(mark: Mark) -> Position:
    return mark[0]


def episode_at(marks: list[Mark], position: Position) -> tuple[int, int] | None:
    """Return (start in microseconds, level) of the episode alive just before a position, if one is."""
    at = marks_from(marks, position)
    if at == 0:
        return None
    _, level, start, _, _ = marks[at - 1]
    return None if level == ENDED else (start, level)


def level_in(marks: list[Mark], group: Any, position: Position) -> int:
    """Return the level a window had reached just before a position; SETTLED where nothing can follow."""
    at = marks_from(marks, position)
    if at == 0 or marks[at - 1][2] != group:
        return 0
    level = marks[at - 1][1]
    return SETTLED if level < 0 else level


def standing_of(marks: list[Mark], group: Any) -> Mark | None:
    """Return the mark that sets the standing of a group: the first at its highest level."""
    found: Mark | None = None
    for mark in reversed(marks):
        if mark[2] == group and mark[1] > 0 and (found is None or mark[1] >= found[1]):
            found = mark
    return found


def cells_of(tenant: Tenant) -> Iterator[Cell]:
    """Yield every cell of a tenant in which something fired."""
    yield tenant.plain
    for cells in tenant.cells:
        yield from (cell for cell in cells.values() if isinstance(cell, Cell) and cell.journal)
