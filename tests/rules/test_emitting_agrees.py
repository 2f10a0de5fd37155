"""The emitted Python and the official runtime give one answer: the differential test of the compiler."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from cel_expr_python import cel
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from rules.checking import Checked, Declared, cel_type, check
from rules.emitting import Emitter, Reading
from rules.operators import NAMESPACE
from rules.tree import Node
from tests.rules.cel_expressions import OPTIONAL, TYPES, bindings, expressions

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SCOPE = {name: Declared(kind, optional=name in OPTIONAL) for name, kind in TYPES.items()}
FAILED = "no value"


def official(source: str, kind: str, bound: Mapping[str, object]) -> object:
    """Return the runtime's answer as our representation, or FAILED."""
    variables = {name: cel_type(each) for name, each in TYPES.items()}
    variables |= {f"{name}.given": cel.Type.BOOL for name in OPTIONAL}
    data = {name: _bound(value, TYPES[name]) for name, value in bound.items()}
    data |= {f"{name}.given": name in bound for name in OPTIONAL}
    try:
        result = cel.NewEnv(variables=variables).compile(source).eval(data=data)
    except RuntimeError as error:  # A key that comes twice ends the runtime's evaluation, beside a false too.
        if "duplicate key" not in str(error):
            raise
        reject()
    return FAILED if result.type() == cel.Type.ERROR else _ours(result.plain_value())


def _bound(value: object, kind: str) -> object:
    if kind == "timestamp":
        assert isinstance(value, int), "instants are microseconds"
        return EPOCH + timedelta(microseconds=value)
    if kind == "duration":
        assert isinstance(value, int), "durations are microseconds"
        return timedelta(microseconds=value)
    return value


def _ours(value: object) -> object:
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(microseconds=1)
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    return value


def compiled(tree: Node, bound: Mapping[str, object]) -> tuple[bool, bool, object]:
    """Run the emitted code: whether known true, whether known false, and the value or FAILED."""
    slots = {name: f"n{number}" for number, name in enumerate(TYPES)}
    emitter = Emitter(
        lambda name: Reading(slots[name], f"({slots[name]} is not None)" if name in OPTIONAL else None)
    )
    value = emitter.value(tree)
    condition = " and ".join(value.given) or "True"
    code = (
        f"def run({', '.join(slots.values())}):\n"
        f"    return {emitter.true(tree)}, {emitter.false(tree)}, ({value.text} if {condition} else {FAILED!r})\n"
    )
    space: dict[str, object] = dict(NAMESPACE)
    exec(compile(code, "<emitted>", "exec"), space)  # noqa: S102  # what is under test
    function = space["run"]
    assert callable(function)
    true, false, result = function(*(bound.get(name) for name in TYPES))
    return true, false, result


def alike(one: object, other: object) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or one == other
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("kind", sorted(set(TYPES.values())))
@given(data=st.data())
@settings(deadline=None)
def test_compiled_expressions_agree_with_the_official_runtime(kind: str, data: st.DataObject) -> None:
    source, bound = data.draw(expressions(kind)), data.draw(bindings())
    checked = check(source, SCOPE, open_types=True)
    assert isinstance(checked, Checked), checked
    expected = official(source, kind, bound)
    true, false, value = compiled(checked.tree, bound)
    assert alike(value, expected), source
    if kind == "bool":
        assert (true, false) == (expected is True, expected is False), source
