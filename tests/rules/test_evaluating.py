"""`rules eval` in all it may meet: the official runtime's answers for bound JSON, refusals by name, hostile sources."""

from __future__ import annotations

import math

import pytest
from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.checking import cel_type
from rules.evaluating import evaluate, scope_of
from tests.rules.cel_expressions import doubles, ints, texts

FAILED = "no value"
JSON = st.recursive(
    st.booleans() | ints | doubles | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "1", ""]), inner, max_size=3),
    max_leaves=5,
)
TEMPLATES = (
    "x == y", "x != y", "x in [1, 2, y]", "[x, y] == [y, x]", '{"a": x} == {"a": y}', "x", "[x, y]", '{"k": x}',
    "dyn(x) == dyn(y)", "dyn(x) < dyn(y)", "dyn(x) >= dyn(y)", "dyn(x) + dyn(y)", "dyn(x) - dyn(y)", "dyn(x) * dyn(y)",
    "dyn(x) / dyn(y)", "dyn(x) % dyn(y)", "-dyn(x)", "!dyn(x)", "dyn(x) && dyn(y)", "dyn(x) || dyn(y)", "!(dyn(x) && y == y)",
    "dyn(x) ? 1 : 2", "dyn(x) || true", "false && dyn(x)", "dyn(x) in dyn(y)", "dyn(x)[dyn(y)]", "dyn(x).a", 'dyn(x)["a"]',
    "size(dyn(x))", "dyn(x).contains(dyn(y))", "dyn(x).startsWith(dyn(y))", "dyn(x).matches(dyn(y))", "int(dyn(x))",
    "double(dyn(x))", "string(dyn(x))", "bool(dyn(x))", "dyn(x) + 1", "dyn(x) < 1.5", "dyn(x) == 1.0", "dyn(x)[0]",
    "(dyn(x) ? y : x) == x", "true || dyn(x) == 1 / 0", "dyn(x) && y in [y]", "[dyn(x)][0] == x", "dyn(dyn(x)) == x",
)  # fmt: skip


def official(source: str, bind: dict[str, object]) -> object:
    """What the runtime says of the same bound values, or FAILED."""
    variables = {name: cel_type(declared.type) for name, declared in scope_of(bind).items()}
    try:
        result = cel.NewEnv(variables=variables).compile(source).eval(data=bind)
    except RuntimeError:
        return FAILED
    return FAILED if result.type() == cel.Type.ERROR else result.plain_value()


def shown(value: object) -> object:
    """A value as JSON, as `rules eval` writes it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [shown(each) for each in value]
    return {key: shown(each) for key, each in value.items()} if isinstance(value, dict) else value


def same(one: object, other: object) -> bool:
    """Equal, and of one type all the way down: true is not 1 and 1 is not 1.0."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


@given(source=st.sampled_from(TEMPLATES), x=JSON, y=JSON)
@settings(deadline=None)
def test_bound_json_gives_what_the_official_runtime_gives(source: str, x: object, y: object) -> None:
    bind = {"x": x, "y": y}
    outcome = evaluate(source, bind)
    expected = official(source, bind)
    found = FAILED if outcome.error is not None else outcome.value
    assert same(found, shown(expected)), (outcome, expected)


