"""What a number counts. CEL has one int; this keeps fen from being compared with a count.

A unit follows from the names that an expression reads and goes up the checked tree. An empty unit means "anything": a
literal, a name without a unit, a ratio. Only numbers have units here; dates, instants and durations have types enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from rules.functions import FUNCTIONS
from rules.tree import Call, Const, ListOf, Name, Node

_COMPARISONS: Final = {"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"}
_SAME: Final = {"_+_", "_-_", "_%_"}
_KEEP: Final = {"-_", "int", "double", "dyn"}
_OF_TYPE: Final = {"timestamp": "time", "duration": "duration"}
_SCALARS: Final = {"count", "times", ""}  # So many times a thing is still that thing.


@dataclass(slots=True)
class Units:
    """Walks a tree, returns units, and collects (offset, found) wherever two units meet that do not mix."""

    unit_of: Callable[[str], str]
    faults: list[tuple[int, str]] = field(default_factory=list)

    def of(self, node: Node) -> str:
        """Return the unit of a node; look into all of it."""
        match node:
            case Const():
                return ""
            case Name(name=name):
                return self.unit_of(name)
            case ListOf(items=items):
                return next((unit for unit in [self.of(item) for item in items] if unit), "")
            case Call():
                unit = self._call(node, [self.of(arg) for arg in node.args])
                return _OF_TYPE.get(node.type, unit)

    def _call(self, node: Call, units: list[str]) -> str:
        name = node.function
        if name in FUNCTIONS:
            return self._function(node, units)
        if name in _COMPARISONS:
            self._meet(node, units, "compares")
            return ""
        if name == "@in":
            if node.args[1].type.startswith("list("):
                self._meet(node, units, "looks for")
            return ""
        if name in _SAME:
            return self._meet(node, units, {"_+_": "adds", "_-_": "subtracts", "_%_": "divides"}[name])
        if name == "_?_:_":
            return self._meet(node, units[1:], "chooses between")
        if name in _KEEP or name == "_[_]":
            return units[0]
        return _product(name, units)

    def _function(self, node: Call, units: list[str]) -> str:
        function = FUNCTIONS[node.function]
        if node.function == "percent":
            self._meet(node, units, "takes a percentage of")
        return units[0] if function.unit == "=" else function.unit

    def _meet(self, node: Call, units: list[str], verb: str) -> str:
        """Report two units that differ; return the one there is."""
        named = [unit for unit in units if unit]
        if len(set(named)) > 1 and _is_number(node.args[-1]):
            self.faults.append((node.offset, f"{verb} {named[0]} with {named[1]}"))
        return named[0] if named else ""


def _is_number(node: Node) -> bool:
    return node.type in {"int", "double", "list(int)", "list(double)"}


def _product(name: str, units: list[str]) -> str:
    """Return the unit of a product or quotient: a number of times a thing is that thing, a ratio counts nothing."""
    if name not in {"_*_", "_/_"}:
        return ""
    left, right = units
    if left == right and name == "_/_":
        return ""
    if name == "_*_" and "times" in (left, right):
        return right if left == "times" else left
    if right in _SCALARS:
        return left or (right if name == "_*_" else "")
    if name == "_*_" and left in _SCALARS:
        return right
    return ""
