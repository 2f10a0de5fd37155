"""Operators on values whose types are known only when they meet: lists and maps that somebody binds to `rules eval`.

The shipped rules have none of these: every field has a type. Values are plain JSON (bool, int, float, str, sequences,
mappings), never instants or durations. As in CEL, numbers of different types compare by value, values of other types
are unequal, and an operator without a meaning for its operands has no value, here None.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from rules import patterns, standard
from rules.standard import INT_MAX, INT_MIN

Value: TypeAlias = object


def same(a: Value, b: Value) -> bool:
    """Return whether two values are equal, looking into lists and maps; NaN equals nothing."""
    kinds = kind(a), kind(b)
    if kinds == ("list", "list"):
        assert isinstance(a, Sequence), "a list is a sequence"
        assert isinstance(b, Sequence), "a list is a sequence"
        return len(a) == len(b) and all(map(same, a, b))
    if kinds == ("map", "map"):
        assert isinstance(a, Mapping), "a map is a mapping"
        assert isinstance(b, Mapping), "a map is a mapping"
        return len(a) == len(b) and all(_has(b, key) and same(a[key], _get(b, key)) for key in a)
    if kinds in {("int", "double"), ("double", "int")}:
        return float(a) == float(b)  # type: ignore[arg-type]  # both are numbers by their kinds
    return kinds[0] == kinds[1] and bool(a == b)


def contains(item: Value, container: Value) -> bool | None:
    """Return whether a list has an equal member, or a map a key; None for other containers."""
    if isinstance(container, Mapping):
        return _has(container, item) if kind(item) in {"bool", "int", "double", "string"} else None
    if kind(container) != "list":
        return None
    assert isinstance(container, Sequence), "a list is a sequence"
    return any(same(item, each) for each in container)


def table(*parts: Value) -> dict[Value, Value] | None:
    """Build a map from keys and values in turn; None where a key comes twice."""
    built = dict(zip(parts[::2], parts[1::2], strict=True))
    return built if len(built) * 2 == len(parts) else None


def kind(value: Value) -> str:
    """Return CEL's name for a value's type."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "double"
    if isinstance(value, str):
        return "string"
    return "map" if isinstance(value, Mapping) else "list"


def _has(container: Mapping[Value, Value], key: Value) -> bool:
    return any(same(key, each) for each in container)


def _get(container: Mapping[Value, Value], key: Value) -> Value:
    return next(value for each, value in container.items() if same(key, each))


def _index(container: Value, at: Value) -> Value | None:
    """Return an element of a list or map; an index may be a double that is whole."""
    if isinstance(container, Mapping):
        return _get(container, at) if _has(container, at) else None
    if kind(container) != "list" or kind(at) not in {"int", "double"} or at != int(at):  # type: ignore[call-overload]
        return None
    assert isinstance(container, Sequence), "a list is a sequence"
    place = int(at)  # type: ignore[call-overload]  # a number by its kind
    return container[place] if 0 <= place < len(container) else None


def _checked(function: Callable[..., int]) -> Callable[..., int | None]:
    def run(*args: int) -> int | None:
        result = function(*args)
        return result if INT_MIN <= result <= INT_MAX else None

    return run


def _joined(a: Sequence[Value], b: Sequence[Value]) -> Value:
    return (*a, *b)


_ORDERS = {"_<_": operator.lt, "_<=_": operator.le, "_>_": operator.gt, "_>=_": operator.ge}
_TABLE: Final[dict[tuple[str, ...], Callable[..., Value | None]]] = {
    **{(name, one, one): order for name, order in _ORDERS.items() for one in ("bool", "int", "double", "string")},
    **{(name, one, other): lambda a, b, order=order: order(float(a), float(b))
       for name, order in _ORDERS.items() for one, other in (("int", "double"), ("double", "int"))},
    ("_+_", "int", "int"): _checked(operator.add),
    ("_-_", "int", "int"): _checked(operator.sub),
    ("_*_", "int", "int"): _checked(operator.mul),
    ("-_", "int"): _checked(operator.neg),
    ("_/_", "int", "int"): standard.div,
    ("_%_", "int", "int"): standard.mod,
    ("_+_", "double", "double"): operator.add,
    ("_-_", "double", "double"): operator.sub,
    ("_*_", "double", "double"): operator.mul,
    ("_/_", "double", "double"): standard.quotient,
    ("-_", "double"): operator.neg,
    ("_+_", "string", "string"): operator.add,
    ("_+_", "list", "list"): _joined,
    **{("size", one): len for one in ("string", "list", "map")},
    ("contains", "string", "string"): operator.contains,
    ("startsWith", "string", "string"): str.startswith,
    ("endsWith", "string", "string"): str.endswith,
    ("matches", "string", "string"): patterns.matches,
    ("int", "bool"): int,
    ("int", "int"): operator.pos,
    ("int", "double"): standard.int_of_double,
    ("int", "string"): standard.int_of_text,
    ("double", "int"): float,
    ("double", "double"): operator.pos,
    ("double", "string"): standard.double_of_text,
    ("bool", "bool"): bool,
    ("bool", "string"): standard.bool_of_text,
    ("string", "string"): str,
    ("string", "bool"): standard.text_of_bool,
    ("string", "int"): str,
    ("string", "double"): standard.text_of_double,
}  # fmt: skip


def dispatch(function: str, *args: Value) -> Value | None:
    """Run an operator or function on values of whatever types they turn out to have; None where it has no meaning."""
    if function == "_[_]":
        return _index(*args)
    found = _TABLE.get((function, *map(kind, args)))
    return None if found is None else found(*args)
