"""How a name is read in generated Python: a local of the event's function, or a column of a contribution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from rules.emitted import Emitted, Reading
from rules.emitting import Emitter
from rules.functions import EVENT_TIMES
from rules.model import Limit
from rules.planning.fields import LIMITS, PLACED, optional, prefix_of, shift_of
from rules.planning.names import signature
from rules.tree import Name, Node

WHOLE: Final = (1 << 53) - 1  # An event's integers lie within ±WHOLE.


def local(name: str) -> str:
    """Return the local variable that holds a value: `event.amount_fen` → `event_amount_fen`."""
    return name.replace(".", "_").replace("@", "at_")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads names for one place in the generated code.

    `columns` None: from locals.
    """

    kinds: tuple[str, ...]
    limits: dict[str, Limit]
    columns: dict[str, int] | None = None
    var: str = "p"
    dynamic: bool = False
    steps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    named: dict[str, Reading] = field(default_factory=dict)  # Measures and lets.
    memo: dict[str, Emitted] = field(default_factory=dict)
    serial: Iterator[int] = field(
        default_factory=count
    )  # Numbers emitters, so that no two share a temporary.

    def __call__(self, name: str) -> Reading:
        """Return how a name is read."""
        if name in self.named:
            return self.named[name]
        if prefix_of(name) == "limit":
            return self._limit(name.removeprefix("limit."))
        text = self.text(name)
        if name in PLACED:
            return Reading(text, None, *(EVENT_TIMES if name == "event.time" else (None, None)))
        given = f"{text} is not None" if optional(name, self.kinds, self.steps) else None
        return Reading(text, given, -WHOLE, WHOLE)

    def text(self, name: str) -> str:
        """Return the text that reads a value, whether or not it is there."""
        shift = shift_of(self.kinds[0]) if self.kinds else 0
        if name == "event.time" and shift:
            return f"({'t' if self.columns is None else f'{self.var}[0]'} + {shift})"
        if self.columns is None:
            here = {
                "event.time": "t",
                "event.source": "src",
                "event.id": "id",
                "event.type": repr(self.kinds[0]),
            }
            return here.get(name) or local(name)
        if name in PLACED:
            return PLACED[name].format(self.var)
        return f"{self.var}[{self.columns[name]}]"

    def _limit(self, name: str) -> Reading:
        limit = self.limits[name]
        value = constant(limit)
        low, high = (value, value) if isinstance(value, int) else (None, None)
        plain = f"LIMIT_{name}" if isinstance(value, (dict, tuple)) else repr(value)
        if not self.dynamic:
            return Reading(plain, "False" if value is None else None, low, high)
        held = self.text(LIMITS)
        text = f"({plain} if {held} is None else {held}.get({name!r}, {plain}))"
        return Reading(text, f"{text} is not None" if value is None else None, -WHOLE, WHOLE)

    def emitter(self) -> Emitter:
        """Return an emitter that reads names this way."""
        return Emitter(self, prefix=f"t{next(self.serial)}_")

    def value(self, tree: Node) -> Emitted:
        """Return a tree as Python; asked again for the same tree, the same text, so that its conditions cover it."""
        name = signature(tree)
        found = self.memo.get(name)
        if found is None:
            found = self.memo[name] = self.emitter().value(tree)
        return found

    def knowing(self, named: dict[str, Reading]) -> Reader:
        """Return a reader that knows these measures and lets as well."""
        return replace(self, named={**self.named, **named}, memo={})


def constant(limit: Limit) -> object:
    """Return a limit's value as it stands in generated code: tables as dicts, lists as tuples."""
    if limit.table is not None:
        return dict(limit.table)
    return tuple(limit.value) if isinstance(limit.value, list) else limit.value


def true(trees: tuple[Node, ...], read: Reader) -> str:
    """Return a Python condition that holds where all of these hold."""
    return " and ".join(f"({read.emitter().true(tree)})" for tree in trees) or "True"


def false(trees: tuple[Node, ...], read: Reader) -> str:
    """Return a Python condition that holds where one of these is false."""
    return " or ".join(f"({read.emitter().false(tree)})" for tree in trees) or "False"


def certain(tree: Node, read: Reader) -> bool:
    """Return whether a tree can never be undecided: it reads only what is there, and nothing in it can fail."""
    if isinstance(tree, Name):
        return tree.name.endswith(".given") or read(tree.name).given is None
    parts = getattr(tree, "args", getattr(tree, "items", ()))
    function = getattr(tree, "function", "")
    return (function in _SURE or not function) and all(certain(part, read) for part in parts)


_SURE: Final = frozenset(
    (
        "_&&_",
        "_||_",
        "!_",
        "_?_:_",
        "_==_",
        "_!=_",
        "_<_",
        "_<=_",
        "_>_",
        "_>=_",
        "@in",
        "contains",
        "startsWith",
    )
)
