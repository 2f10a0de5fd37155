"""What surely follows from an expression: that it never holds, or that another holds wherever it does.

Only what is simple is seen: an expression is cut at `&&` and `||` into comparisons with constants and limits, and all
comparisons of one value become one range. What is not seen is not claimed, so every answer "yes" is true, with the
limits at the values that they have in the files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeAlias

from rules.durations import duration_us
from rules.functions import FUNCTIONS
from rules.model import Limit
from rules.tree import Call, Const, ListOf, Name, Node

Value: TypeAlias = bool | int | float | str
Shape: TypeAlias = tuple[object, ...]  # A tree without its offsets.
MOST_WAYS: Final = 64  # In which an expression can hold; one with more is not judged.
_TURNED: Final = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_", "_==_": "_==_", "_!=_": "_!=_"}
_REFLEXIVE: Final = ("_<=_", "_>=_", "_==_")


@dataclass(frozen=True, slots=True)
class Range:
    """What one value may be: between two bounds, one of a list where there is one, and none of those left out."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False  # The bound itself is outside.
    open_high: bool = False
    among: frozenset[Value] | None = None
    without: frozenset[Value] = frozenset()

    def holds(self, value: Value) -> bool:
        """Return whether a value lies inside."""
        if (self.among is not None and value not in self.among) or value in self.without:
            return False
        if isinstance(value, str):
            return True
        return (value > self.low or (value == self.low and not self.open_low)) and (
            value < self.high or (value == self.high and not self.open_high)
        )

    def empty(self) -> bool:
        """Return whether nothing lies inside."""
        if self.among is not None:
            return not any(self.holds(value) for value in self.among)
        return self.low > self.high or (self.low == self.high and not self.holds(self.low))

    def inside(self, other: Range) -> bool:
        """Return whether all of it surely lies inside another."""
        if self.among is not None:
            return all(other.holds(value) for value in self.among if self.holds(value))
        above = self.low > other.low or (self.low == other.low and self.open_low >= other.open_low)
        below = self.high < other.high or (self.high == other.high and self.open_high >= other.open_high)
        return (
            other.among is None
            and above
            and below
            and all(value in self.without or not self.holds(value) for value in other.without)
        )

    def meet(self, other: Range) -> Range:
        """Return what lies inside both."""
        low, open_low = max((self.low, self.open_low), (other.low, other.open_low))
        high, closed_high = min((self.high, not self.open_high), (other.high, not other.open_high))
        lists = [each.among for each in (self, other) if each.among is not None]
        among = frozenset.intersection(*lists) if lists else None
        return Range(low, high, open_low, not closed_high, among, self.without | other.without)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way for an expression to hold: a range for each value that is compared, and all else as it stands."""

    ranges: Mapping[Shape, Range]
    facts: frozenset[Shape]


_NOWHERE: Final = _Way({("nothing",): Range(1, 0)}, frozenset())


def never(tree: Node, limits: Mapping[str, Limit]) -> bool:
    """Return whether an expression, its lets written out, surely never holds."""
    ways = _ways(tree, limits)
    return ways is not None and not any(_possible(way) for way in ways)


def implies(one: Node, other: Node, limits: Mapping[str, Limit]) -> bool:
    """Return whether the other expression surely holds wherever the one does; lets are written out in both."""
    ways, wanted = _ways(one, limits), _ways(other, limits)
    if ways is None or wanted is None:
        return _shape(one) == _shape(other)
    return all(any(_follows(way, want) for want in wanted) for way in ways if _possible(way))


def _possible(way: _Way) -> bool:
    opposites = any(("not", fact) in way.facts for fact in way.facts)
    return not opposites and not any(each.empty() for each in way.ranges.values())


def _follows(way: _Way, want: _Way) -> bool:
    return want.facts <= way.facts and all(
        each in way.ranges and way.ranges[each].inside(wanted) for each, wanted in want.ranges.items()
    )


def _ways(tree: Node, limits: Mapping[str, Limit]) -> list[_Way] | None:
    """Return every way for an expression to hold; none where it is false, None where there are too many."""
    match tree:
        case Const(value=bool(value)):
            return [_Way({}, frozenset())] if value else []
        case Call(function="_||_", args=(left, right)):
            some, more = _ways(left, limits), _ways(right, limits)
            return None if some is None or more is None else _few([*some, *more])
        case Call(function="_&&_", args=(left, right)):
            some, more = _ways(left, limits), _ways(right, limits)
            if some is None or more is None or len(some) * len(more) > MOST_WAYS:
                return None
            return [_both(one, other) for one, other in product(some, more)]
        case Call(function="!_", args=(part,)):
            return [_Way({}, frozenset({("not", _shape(part))}))]
    return [_comparison(tree, limits) or _Way({}, frozenset({_shape(tree)}))]


def _few(ways: list[_Way]) -> list[_Way] | None:
    return ways if len(ways) <= MOST_WAYS else None


def _both(one: _Way, other: _Way) -> _Way:
    ranges = dict(one.ranges)
    for shape, each in other.ranges.items():
        ranges[shape] = ranges[shape].meet(each) if shape in ranges else each
    return _Way(ranges, one.facts | other.facts)


def _comparison(tree: Node, limits: Mapping[str, Limit]) -> _Way | None:
    """Read a comparison with a constant or a limit; None where it is none."""
    if not isinstance(tree, Call) or len(tree.args) != 2:
        return None
    left, right = tree.args
    if tree.function == "@in" and isinstance(right, ListOf):
        values = [_value(each, limits) for each in right.items]
        if _value(left, limits) is None and all(value is not None for value in values):
            listed = Range(among=frozenset(value for value in values if value is not None))
            return _Way({_shape(left): listed}, frozenset())
    if tree.function not in _TURNED:
        return None
    if _shape(left) == _shape(right):
        return None if tree.function in _REFLEXIVE else _NOWHERE
    one, two = _value(left, limits), _value(right, limits)
    if tree.function not in ("_==_", "_!=_") and (isinstance(one, str) or isinstance(two, str)):
        return None  # The order of texts is not looked at.
    if one is not None and two is not None:
        return _Way({}, frozenset()) if _range(tree.function, two, left.type).holds(one) else _NOWHERE
    if one is not None:
        return _Way({_shape(right): _range(_TURNED[tree.function], one, right.type, right)}, frozenset())
    if two is not None:
        return _Way({_shape(left): _range(tree.function, two, left.type, left)}, frozenset())
    return None


def _range(function: str, value: Value, kind: str, node: Node | None = None) -> Range:
    """Return what stands at the left of a comparison with a value; whole numbers have no room between two."""
    if isinstance(value, str):
        return Range(among=frozenset({value})) if function == "_==_" else Range(without=frozenset({value}))
    whole = kind in ("int", "duration") and isinstance(value, int)
    step, opened = (1, False) if whole else (0, True)
    match function:
        case "_==_":
            found = Range(among=frozenset({value}))
        case "_!=_":
            found = Range(without=frozenset({value}))
        case "_<_":
            found = Range(high=value - step, open_high=opened)
        case "_<=_":
            found = Range(high=value)
        case "_>_":
            found = Range(low=value + step, open_low=opened)
        case _:
            found = Range(low=value)
    if isinstance(node, Call) and node.type == "int" and node.function in FUNCTIONS:
        low, high = FUNCTIONS[node.function].results
        found = found.meet(Range(low, high))
    return found


def _value(tree: Node, limits: Mapping[str, Limit]) -> Value | None:
    """Return the value of a constant, a duration or a limit that has one value; durations in microseconds."""
    match tree:
        case Const(value=value):
            return value
        case Call(function="duration", args=(Const(value=str(text)),)):
            return duration_us(text)
        case Name(name=name) if name.startswith("limit.") and name[6:] in limits:
            held = limits[name[6:]].value
            return None if isinstance(held, list) else held
    return None


def _shape(tree: Node) -> Shape:
    match tree:
        case Const(value=value, type=kind):
            return ("const", kind, value)
        case Name(name=name):
            return ("name", name)
        case ListOf(items=items):
            return ("list", *map(_shape, items))
        case Call(overload=overload, function=function, args=args):
            return ("call", function, overload, *map(_shape, args))
