"""What expressions become: readable Python, no test for what cannot fail, three answers and no exception."""

from __future__ import annotations

import pytest

from rules.checking import Checked, Declared, Scope, check
from rules.emitting import Emitter, Reading, TooLargeError, expand
from rules.operators import NAMESPACE
from rules.tree import Node

MOST = (1 << 53) - 1
SCOPE: Scope = {
    "a": Declared("int"), "n": Declared("int"), "o": Declared("int", optional=True), "b": Declared("bool"),
    "p": Declared("bool", optional=True), "s": Declared("string"), "t": Declared("timestamp"),
    "u": Declared("timestamp"), "k": Declared("string", optional=True), "limit.table": Declared("map(string,int)"),
    "limit.terms": Declared("list(string)"), "event.time": Declared("timestamp"),
}  # fmt: skip
READINGS = {
    "a": Reading("a", low=-MOST, high=MOST),
    "o": Reading("o", "(o is not None)", low=-MOST, high=MOST),
    "p": Reading("p", "(p is not None)"),
    "k": Reading("k", "(k is not None)"),
    "t": Reading("t", low=0, high=4 * 10**15),
    "u": Reading("u", low=0, high=4 * 10**15),
    "limit.table": Reading("T1"),
    "limit.terms": Reading("L1"),
    "event.time": Reading("t", low=0, high=4 * 10**15),
}


def tree(source: str, scope: Scope = SCOPE) -> Node:
    found = check(source, scope)
    assert isinstance(found, Checked), found
    return found.tree


def emitter() -> Emitter:
    return Emitter(lambda name: READINGS.get(name, Reading(name)))


@pytest.mark.parametrize(
    ("source", "true", "false"),
    [
        ("a > 5", "(a > 5)", "(not (a > 5))"),
        ("b", "b", "(not b)"),
        ("!b", "(not b)", "b"),
        ("b && a > 5", "(b and (a > 5))", "((not b) or (not (a > 5)))"),
        ("b || a > 5", "(b or (a > 5))", "((not b) and (not (a > 5)))"),
        ("o > 5", "((o is not None) and (o > 5))", "((o is not None) and (not (o > 5)))"),
        ("o > 5 && o < 9", "((o is not None) and (o > 5) and (o < 9))",
         "(((o is not None) and (not (o > 5))) or ((o is not None) and (not (o < 9))))"),
        ("o.given && o > 5", "((o is not None) and (o > 5))",
         "((not (o is not None)) or ((o is not None) and (not (o > 5))))"),
        ("a + 1 > 5", "((a + 1) > 5)", "(not ((a + 1) > 5))"),
        ("a * 10 >= a * 9", "((a * 10) >= (a * 9))", "(not ((a * 10) >= (a * 9)))"),
        ("s in ['x', 'y']", "(s in ('x', 'y'))", "(not (s in ('x', 'y')))"),
        ("s in ['x', 'y', 'z']", "(s in {'x', 'y', 'z'})", "(not (s in {'x', 'y', 'z'}))"),
        ("s in limit.terms", "(s in L1)", "(not (s in L1))"),
        ("s in limit.table && a > limit.table[s]", "((s in T1) and (a > T1[s]))",
         "((not (s in T1)) or ((s in T1) and (not (a > T1[s]))))"),
        ("t - u > duration('7d')", "((t - u) > 604800000000)", "(not ((t - u) > 604800000000))"),
        ("hour(event.time) < 6", "(fn_hour(t, zone) < 6)", "(not (fn_hour(t, zone) < 6))"),
        ("true", "True", "False"),
        ("b ? p : false", "(((p is not None) and p) if b else False)", ""),
        ("a % 10 == 0", "(((v1 := op_mod(a, 10)) is not None) and (v1 == 0))", ""),
        ("n + 1 > 5", "((-9223372036854775808 <= (v1 := (n + 1)) <= 9223372036854775807) and (v1 > 5))", ""),
    ],
)  # fmt: skip
def test_a_condition_reads_like_python(source: str, true: str, false: str) -> None:
    assert emitter().true(tree(source)) == true
    if false:
        assert emitter().false(tree(source)) == false


def test_a_value_names_what_must_hold_first() -> None:
    emitted = emitter().value(tree("percent(o, a) + double(limit.table[k])"))
    assert emitted.given == ("(o is not None)", "(a != 0)", "(k is not None)", "(k in T1)")
    assert emitted.text == "((100 * o / a) + float(T1[k]))"


def test_temporaries_of_one_function_do_not_meet() -> None:
    one = emitter()
    first, second = one.true(tree("n + 1 > 5")), one.true(tree("n + 1 > 5"))
    assert "v1" in first
    assert "v2" in second
    assert "v1" not in second


def test_a_positive_divisor_needs_no_test() -> None:
    reading = {"a": Reading("a", low=0, high=MOST), "n": Reading("n", low=1, high=100)}
    one = Emitter(lambda name: reading[name])
    assert one.true(tree("a % n == 0 && a / n > 2")) == "(((a % n) == 0) and ((a // n) > 2))"


def test_a_lookup_is_called_as_its_engine_says() -> None:
    one = Emitter(Reading, lambda name: f"state.{name}(position, {{args}})")
    assert one.true(tree("qualified(s, 'food', '')")) == "state.qualified(position, s, 'food', '')"


@pytest.mark.parametrize(
    ("p", "b", "true", "false"),
    [
        (True, True, True, False),
        (False, True, False, True),
        (None, True, False, False),
        (None, False, False, True),
    ],
)
def test_one_deciding_side_is_enough_beside_no_value(
    p: bool | None, b: bool, true: bool, false: bool
) -> None:
    one = emitter()
    code = f"def run(p, b): return {one.true(tree('p && b'))}, {one.false(tree('p && b'))}"
    space: dict[str, object] = dict(NAMESPACE)
    exec(code, space)  # noqa: S102  # what is under test
    run = space["run"]
    assert callable(run)
    assert run(p, b) == (true, false)


def test_lets_are_written_out_and_given_asks_for_their_value() -> None:
    scope = {**SCOPE, "ratio": Declared("int", optional=True), "big": Declared("bool", optional=True)}
    lets = {"ratio": tree("o + 1"), "big": tree("ratio > 5", scope)}
    expanded = expand(tree("!(big.given && big)", scope), lets)
    assert emitter().true(expanded) == (
        "((not (o is not None)) or ((o is not None) and (not ((o + 1) > 5))))"
    )


def test_lets_cannot_grow_without_bound() -> None:
    scope = {**SCOPE, **{f"x{at}": Declared("int") for at in range(40)}}
    lets = {f"x{at}": tree(f"x{at - 1} + x{at - 1}" if at else "a", scope) for at in range(40)}
    with pytest.raises(TooLargeError, match="more than 20,000 parts"):
        expand(tree("x39", scope), lets)


def test_a_let_that_reads_itself_is_refused() -> None:
    scope = {**SCOPE, "x": Declared("int")}
    with pytest.raises(TooLargeError, match="x reads itself"):
        expand(tree("x", scope), {"x": tree("x + 1", scope)})


@pytest.mark.parametrize(
    ("open_with", "close_with"),
    [("(p ? ", " : b)"), ("!(p && ", ")"), ("(b || p && ", ")"), ("(b ? b : ", ")"), ("(p == ", ")")],
)
def test_the_deepest_let_compiles(open_with: str, close_with: str) -> None:
    scope = {**SCOPE, "x": Declared("bool", optional=True)}
    half = tree(open_with * 11 + "x" + close_with * 11, scope)
    whole = expand(tree(open_with * 11 + "x" + close_with * 11, scope), {"x": expand(half, {"x": tree("p")})})
    one = emitter()
    value = one.value(whole)
    conditions = " and ".join(value.given) or "True"
    code = (
        f"def run(p, b): return {one.true(whole)}, {one.false(whole)}, {value.text} if {conditions} else None"
    )
    space: dict[str, object] = dict(NAMESPACE)
    exec(code, space)  # noqa: S102  # what is under test
    run = space["run"]
    assert callable(run)
    for p in (True, False, None):
        true, false, found = run(p, True)
        assert (true, false) == (found is True, found is False)
