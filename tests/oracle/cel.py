"""CEL evaluated by a tree of closures: errors are exceptions, and `&&` and `||` absorb them as CEL says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from tests.oracle.cel_syntax import Node, parse
from tests.oracle.functions import PURE
from tests.oracle.undecided import Undecided

Value: TypeAlias = Any  # Whatever CEL can hold; instants and durations are int microseconds.


class Scope(Protocol):
    """Where an expression finds its names, and the functions that look something up."""

    def read(self, name: str) -> Value:
        """Return the value of a dotted name; raise Undecided where it has none."""

    def call(self, function: str, args: list[Value]) -> Value:
        """Return the answer of a look-up such as `qualified`."""


Run: TypeAlias = Callable[[Scope], Value]
LOOKUPS = frozenset({"qualified", "consented", "listed", "hits", "mentions"})


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression: its text, what it reads, the strings in it, and how to evaluate it."""

    text: str
    names: frozenset[str]
    strings: frozenset[str]  # Literals that are not compared by `!=`.
    run: Run


@lru_cache(maxsize=4096)
def expression(text: str) -> Expression:
    """Read one expression."""
    tree = parse(text)
    return Expression(text, frozenset(_names(tree)), frozenset(_strings(tree)), _build(tree))


def holds(condition: Expression | None, scope: Scope) -> bool:
    """Say whether a condition is true; an error is not."""
    if condition is None:
        return True
    try:
        return condition.run(scope) is True
    except Undecided:
        return False


def _names(node: Node) -> Iterator[str]:
    if node[0] == "name":
        yield node[1]
    for child in _children(node):
        yield from _names(child)


def _strings(node: Node) -> Iterator[str]:
    if node[0] == "const" and isinstance(node[1], str):
        yield node[1]
    if node[:2] != ("call", "!="):
        for child in _children(node):
            yield from _strings(child)


def _children(node: Node) -> list[Node]:
    match node:
        case ("list", items):
            return list(items)
        case ("call", _, args):
            return list(args)
    return []


def _build(node: Node) -> Run:
    match node:
        case ("const", value):
            return lambda _: value
        case ("name", name):
            return _name(name)
        case ("list", items):
            parts = [_build(item) for item in items]
            return lambda scope: [part(scope) for part in parts]
        case ("call", function, args):
            return _call(function, [_build(arg) for arg in args])
    raise AssertionError(node)


def _name(name: str) -> Run:
    if name.endswith(".given"):
        return _given(name.removesuffix(".given"))
    return lambda scope: scope.read(name)


def _given(name: str) -> Run:
    def run(scope: Scope) -> bool:
        try:
            scope.read(name)
        except Undecided:
            return False
        return True

    return run


def _call(function: str, args: list[Run]) -> Run:
    if function in ("&&", "||"):
        return _either(args[0], args[1], absorbing=function == "||")
    if function == "?:":
        condition, yes, no = args
        return lambda scope: yes(scope) if condition(scope) else no(scope)
    if function in LOOKUPS:
        return lambda scope: scope.call(function, [arg(scope) for arg in args])
    operation = _OPERATIONS.get(function) or PURE[function]
    if len(args) == 1:
        (only,) = args
        return lambda scope: operation(only(scope))
    if len(args) == 2:
        left, right = args
        return lambda scope: operation(left(scope), right(scope))
    return lambda scope: operation(*[arg(scope) for arg in args])


def _either(left: Run, right: Run, *, absorbing: bool) -> Run:
    def run(scope: Scope) -> Value:
        try:
            if left(scope) is absorbing:
                return absorbing
        except Undecided:
            if right(scope) is absorbing:  # One absorbing side decides, even beside an error.
                return absorbing
            raise
        return right(scope)

    return run


def int64(value: Value) -> Value:
    """Refuse an integer that CEL cannot hold; anything else passes."""
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise Undecided("integer overflow")
    return value


def _divide(a: Value, b: Value) -> Value:
    if isinstance(a, float):
        if b == 0:
            return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)
        return a / b
    if b == 0:
        raise Undecided("division by zero")
    quotient = abs(a) // abs(b)
    return int64(quotient if (a < 0) == (b < 0) else -quotient)


def _remainder(a: Value, b: Value) -> Value:
    if b == 0 or (b == -1 and a == -(1 << 63)):
        raise Undecided("modulus")
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def _index(container: Value, key: Value) -> Value:
    if isinstance(container, list) and not 0 <= key < len(container):
        raise Undecided("no such index")
    try:
        return container[key]
    except KeyError:
        raise Undecided(f"no entry {key!r}") from None


def _not(value: Value) -> Value:
    return not value


_OPERATIONS: dict[str, Callable[..., Value]] = {
    "not": _not,
    "negative": lambda a: int64(-a),
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "+": lambda a, b: int64(a + b),
    "-": lambda a, b: int64(a - b),
    "*": lambda a, b: int64(a * b),
    "/": _divide,
    "%": _remainder,
    "[]": _index,
}
