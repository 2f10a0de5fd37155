"""Where expressions find their names: an event, the steps before it, and, for a trigger, the rule's measures."""

from __future__ import annotations

from typing import Any, Protocol

from tests.oracle.cel import Expression
from tests.oracle.events import Event
from tests.oracle.undecided import Undecided
from tests.oracle.world import ENTITIES, World

_NOTHING = object()


class MeasureReader(Protocol):
    """Gives a measure's value at the trigger in hand."""

    def __call__(self, name: str, scope: Scope) -> Any:
        """Return the value of a measure or of a record's field; raise Undecided where there is none."""


class Scope:
    """Names as of one event. Every value is looked up once."""

    __slots__ = ("event", "lets", "measure", "memo", "steps", "values", "world")

    def __init__(
        self,
        world: World,
        event: Event,
        lets: dict[str, Expression],
        steps: dict[str, Event] | None = None,
        measure: MeasureReader | None = None,
        values: dict[str, Any] | None = None,
    ) -> None:
        self.world, self.event, self.lets, self.steps = world, event, lets, steps or {}
        self.measure, self.values = measure, values or {}
        self.memo: dict[str, Any] = {}

    def read(self, name: str) -> Any:
        """Return the value of a name; raise Undecided where it has none."""
        value = self.memo.get(name)
        if value is None:
            try:
                value = self._find(name)
            except Undecided:
                value = _NOTHING
            self.memo[name] = value
        if value is _NOTHING:
            raise Undecided(name)
        return value

    def _find(self, name: str) -> Any:
        root, _, rest = name.partition(".")
        if root in self.steps:
            return self.world.read(self.steps[root], f"event.{rest}")
        if root in ENTITIES:
            return self.world.read(self.event, name)
        if name in self.values:
            return self.values[name]
        if name in self.lets:
            return self.lets[name].run(self)
        if self.measure is None:
            raise LookupError(f"{name} is nothing an expression can read here")
        return self.measure(name, self)

    def call(self, function: str, args: list[Any]) -> bool:
        """Answer a look-up function as of the event."""
        return self.world.call(self.event, function, args)
