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
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "1", ""]), inner, max_size=3)
    ),
    max_leaves=5,
)
TEMPLATES = (
    "x == y", "x != y", "x in [1, 2, y]", "[x, y] == [y, x]", '{"a": x} == {"a": y}', "x", "[x, y]", '{"k": x}',
    "dyn(x) == dyn(y)", "dyn(x) < dyn(y)", "dyn(x) >= dyn(y)", "dyn(x) + dyn(y)", "dyn(x) - dyn(y)", "dyn(x) * dyn(y)",
    "dyn(x) / dyn(y)", "dyn(x) % dyn(y)", "-dyn(x)", "!dyn(x)", "dyn(x) && dyn(y)", "dyn(x) || dyn(y)",
    "!(dyn(x) && y == y)",
    "dyn(x) ? 1 : 2", "dyn(x) || true", "false && dyn(x)", "dyn(x) in dyn(y)", "dyn(x)[dyn(y)]", "dyn(x).a",
    'dyn(x)["a"]',
    "size(dyn(x))", "dyn(x).contains(dyn(y))", "dyn(x).startsWith(dyn(y))", "dyn(x).matches(dyn(y))", "int(dyn(x))",
    "double(dyn(x))", "string(dyn(x))", "bool(dyn(x))", "dyn(x) + 1", "dyn(x) < 1.5", "dyn(x) == 1.0", "dyn(x)[0]",
    "(dyn(x) ? y : x) == x", "true || dyn(x) == 1 / 0", "dyn(x) && y in [y]", "[dyn(x)][0] == x", "dyn(dyn(x)) == x",
)  # fmt: skip


def official(source: str, bind: dict[str, object]) -> object:
    """Return what the runtime says of the same bound values, or FAILED."""
    variables = {name: cel_type(declared.type) for name, declared in scope_of(bind).items()}
    try:
        result = cel.NewEnv(variables=variables).compile(source).eval(data=bind)
    except RuntimeError:
        return FAILED
    return FAILED if result.type() == cel.Type.ERROR else result.plain_value()


def shown(value: object) -> object:
    """Return a value as JSON, as `rules eval` writes it."""
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


@pytest.mark.parametrize(
    ("source", "bind", "value"),
    [
        ("event.amount_fen + 1", {"event.amount_fen": 5}, 6),
        ("a / b", {"a": -5, "b": 2}, -2),
        ("a % b", {"a": -5, "b": 3}, -2),
        ("x > 1.5", {"x": 2.0}, True),
        ('size("最佳😀")', {}, 3),
        ('duration("1h30m")', {}, "5400s"),
        ('duration("7d")', {}, "604800s"),
        ('duration("-1.5s")', {}, "-1.500s"),
        ('timestamp("2026-03-10T09:00:00.25+08:00")', {}, "2026-03-10T01:00:00.250Z"),
        ('timestamp("2026-03-10T00:00:00Z") - timestamp("2026-03-09T00:00:00Z")', {}, "86400s"),
        ('[duration("1s"), duration("2s")]', {}, ["1s", "2s"]),
        ('{"a": duration("1s")}', {}, {"a": "1s"}),
        ("{1: 2, 3: 4}", {}, {"1": 2, "3": 4}),
        ("{true: 2}", {}, {"true": 2}),
        ("1.0 / 0.0", {}, "Infinity"),
        ("-1.0 / 0.0", {}, "-Infinity"),
        ("0.0 / 0.0", {}, "NaN"),
        ("false && 1 / 0 > 0", {}, False),
        ("1 / 0 > 0 || true", {}, True),
        ("xs[1] + size(xs)", {"xs": [1, 2]}, 4),
        ("m.a.b", {"m": {"a": {"b": 7}}}, 7),
        ("percent(29, 100)", {}, 29.0),
        ('hour(timestamp("2026-03-10T00:00:00+08:00"))', {}, 0),
        ('date(timestamp("2026-03-09T16:00:00Z"))', {}, "2026-03-10"),
        ('add_years("2024-02-29", 5)', {}, "2029-02-28"),
        ("fee(1084, 60)", {}, 7),
        ('"a-1".matches("^[a-z]-[0-9]$")', {}, True),
        ("t.matches(p)", {"t": "ab", "p": "b$"}, True),
    ],
)  # fmt: skip
def test_a_value_comes_out_as_json(source: str, bind: dict[str, object], value: object) -> None:
    outcome = evaluate(source, bind)
    assert outcome.error is None
    assert same(outcome.value, value), outcome


@pytest.mark.parametrize(
    ("source", "bind", "words"),
    [
        ("1 / a", {"a": 0}, "1:3: no value: a division by zero or an overflow in '/'"),
        ("a + 1", {"a": (1 << 63) - 1}, "1:3: no value: an overflow in '+'"),
        ("-a", {"a": -(1 << 63)}, "1:1: no value: an overflow in '-'"),
        ("1 +\n xs[9]", {"xs": [1]}, "2:4: no value: no such index or key in '[]'"),
        ('timestamp("2026-02-30T00:00:00Z")', {},
         "1:10: no value: a text that is no instant in microseconds in 'timestamp'"),
        ('"a".matches("(?=a)")', {}, "1:12: no value: a bad pattern in 'matches'"),
        ("m.a + 1", {"m": {"a": "x", "b": 1}}, "1:5: no value: an overflow or values that + does not take in '+'"),
        ("dyn(b) && true", {"b": 1}, "1:8: no value: values that && does not take in '&&'"),
        ("a + x", {"a": 1}, "1:5: found undeclared reference to 'x'; expected a name that stands here (there are a)"),
        ('qualified("o", "food", "")', {}, "qualified() needs a rule set and its events"),
        ('"最佳".hits("absolute_terms")', {}, "hits() needs a rule set and its events"),
        ("a", {"a": None}, "cannot bind a: null is no value in a rule; leave the name out"),
        ("a", {"a": 1 << 63}, "cannot bind a: 9.223e+18 does not fit an int of 64 bits"),
        ("a", {"a": "\ud800"}, "cannot bind a: it is not Unicode text (a lone surrogate)"),
        ("a", {"a": {1, 2}}, "cannot bind a: set is no JSON value"),
        ("a", {"a b": 1}, "cannot bind 'a b': a name is letters, digits and _ with dots between"),
    ],
)  # fmt: skip
def test_an_error_says_where_and_why(source: str, bind: dict[str, object], words: str) -> None:
    outcome = evaluate(source, bind)
    assert (outcome.value, outcome.error) == (None, words)


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("source", "bind"),
    [
        pytest.param("(" * 2000 + "1" + ")" * 1999, {}, id="a nesting bomb"),
        pytest.param("[" * 30 + "1" + "]" * 30, {}, id="a deep list"),
        pytest.param("true ? 1 : " * 300 + "1", {}, id="a chain of choices"),
        pytest.param("1" + " + 1" * 900, {}, id="a long sum"),
        pytest.param("1 == " + "9" * 3900, {}, id="a huge number"),
        pytest.param('"' + "a" * 5000 + '"', {}, id="a huge text"),
        pytest.param("[1, 2].all(x, [1, 2].all(y, true))", {}, id="macros"),
        pytest.param('t.matches("(a*)*b")', {"t": "a" * 100_000}, id="a pattern that explodes elsewhere"),
        pytest.param('"a".matches("((a{100}){100}){100}")', {}, id="a pattern too large"),
        pytest.param("a\0b", {}, id="NUL"),
        pytest.param("\ud800", {}, id="a lone surrogate"),
        pytest.param("'" * 3999, {}, id="quotes"),
        pytest.param("a." * 1999 + "a", {"a": 1}, id="a path without end"),
        pytest.param("x", {"x": nested(200)}, id="a deep value"),
        pytest.param("(0.1).matches('a')", {}, id="a method that numbers lack"),
        pytest.param("__import__('os')", {}, id="Python"),
        pytest.param('"" + \'"); import os; ("\'', {}, id="text that looks like Python"),
        pytest.param("timestamp(9223372036854775807)", {}, id="an instant beyond all calendars"),
        pytest.param('duration("' + "9" * 300 + 'h")', {}, id="an endless duration"),
        pytest.param('string(double("1e308") * 10.0)', {}, id="a double beyond all"),
        pytest.param("int(x)", {"x": "9" * 100_000}, id="an int of a huge text"),
        pytest.param("double(x)", {"x": "9" * 100_000}, id="a double of a huge text"),
    ],
)
def test_hostile_sources_end_in_a_value_or_an_error(source: str, bind: dict[str, object]) -> None:
    outcome = evaluate(source, bind)
    assert (outcome.error is None) != (outcome.value is None)


@given(st.text(max_size=40), st.dictionaries(st.text("abc.x1 ", min_size=1, max_size=3), JSON, max_size=3))
@settings(deadline=None)
def test_nothing_raises(source: str, bind: dict[str, object]) -> None:
    outcome = evaluate(source, bind)
    assert outcome.error is None or outcome.value is None
