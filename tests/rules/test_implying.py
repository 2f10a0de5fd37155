"""What is said to never hold, or to follow, really does; what is not simple is left alone."""

from __future__ import annotations

import pytest

from rules.checking import Checked, Declared, Scope, check
from rules.implying import implies, never
from rules.model import Limit
from rules.tree import Node

LIMITS = {
    name: Limit(name, unit, value, None, "s", "D", "2026-01-01")
    for name, unit, value in [
        ("low", "count", 10), ("high", "count", 20), ("share", "percent", 50.0), ("unset", "count", None),
        ("day", "duration", 86_400_000_000),
    ]
}  # fmt: skip
SCOPE: Scope = {
    "n": Declared("int", "count"),
    "m": Declared("int", "count"),
    "p": Declared("double", "percent"),
    "b": Declared("bool"),
    "kind": Declared("string"),
    "waited": Declared("duration", "duration"),
    "event.time": Declared("timestamp"),
    "limit.low": Declared("int", "count"),
    "limit.high": Declared("int", "count"),
    "limit.share": Declared("double", "percent"),
    "limit.unset": Declared("int", "count", optional=True),
    "limit.day": Declared("duration", "duration"),
}


def tree(source: str) -> Node:
    found = check(source, SCOPE)
    assert isinstance(found, Checked), found
    return found.tree


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("false", True, id="false"),
        pytest.param("true", False, id="true"),
        pytest.param("n > limit.high && n < limit.low", True, id="above the high and below the low limit"),
        pytest.param("n > limit.low && n < limit.high", False, id="between two limits"),
        pytest.param("n >= 10 && n <= limit.low", False, id="exactly a limit"),
        pytest.param("n > 10 && n <= limit.low", True, id="above a limit and at most it"),
        pytest.param("n > 10 && n < 11", True, id="no whole number lies between two that follow"),
        pytest.param("p > 10.0 && p < 11.0", False, id="a number with decimals does"),
        pytest.param("limit.low > n && 20 < n", True, id="written the other way round"),
        pytest.param("n > limit.high && m < limit.low", False, id="two measures"),
        pytest.param("n > limit.unset && n < limit.low", False, id="a limit that a tenant sets"),
        pytest.param("kind == 'a' && kind == 'b'", True, id="two texts at once"),
        pytest.param("kind == 'a' && kind != 'a'", True, id="a text and not"),
        pytest.param("kind in ['a', 'b'] && kind == 'c'", True, id="a text outside a list"),
        pytest.param("kind in ['a', 'b'] && kind in ['b', 'c']", False, id="lists that share one"),
        pytest.param("kind < 'a' && kind > 'b'", False, id="the order of texts is not looked at"),
        pytest.param("b && !b", True, id="yes and no"),
        pytest.param("n != n", True, id="unlike itself"),
        pytest.param("n >= n", False, id="like itself"),
        pytest.param("2 > 3 || n > limit.high && n < limit.low", True, id="every way is closed"),
        pytest.param("b || n > limit.high && n < limit.low", False, id="one way is open"),
        pytest.param("waited > limit.day && waited < duration('1h')", True, id="durations"),
        pytest.param("hour(event.time) >= 24", True, id="no day has a 24th hour"),
        pytest.param("hour(event.time) == 24", True, id="likewise"),
        pytest.param("hour(event.time) >= 23", False, id="but a 23rd"),
        pytest.param(" && ".join(["(n > 1 || b)"] * 9), False, id="too many ways to look at"),
    ],
)
def test_never(source: str, expected: bool) -> None:
    assert never(tree(source), LIMITS) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("n > limit.high", "n > limit.low", True, id="above the high is above the low"),
        pytest.param("n > limit.low", "n > limit.high", False, id="not the other way round"),
        pytest.param("n >= limit.low", "n > limit.low", False, id="the limit itself"),
        pytest.param("n > limit.low", "n >= 11", True, id="whole numbers have a next one"),
        pytest.param("p > limit.share", "p >= 50.1", False, id="others have none"),
        pytest.param("n > limit.high && b", "n > limit.low", True, id="more conditions hold less often"),
        pytest.param("n > limit.high", "n > limit.low && b", False, id="and the other way round"),
        pytest.param("n > limit.high", "n > limit.low || b", True, id="one way is enough"),
        pytest.param("n > limit.high || b", "n > limit.low || b", True, id="each way has its own"),
        pytest.param("n > limit.high || m > 1", "n > limit.low || b", False, id="one way has none"),
        pytest.param("kind == 'a'", "kind in ['a', 'b']", True, id="one of a list"),
        pytest.param("kind in ['a', 'c']", "kind in ['a', 'b']", False, id="a list with another"),
        pytest.param("kind == 'a'", "kind != 'b'", True, id="one text is not another"),
        pytest.param("n > limit.low", "n != 3", True, id="above is unlike what is below"),
        pytest.param("n > limit.low", "n != 30", False, id="what is above may be like it"),
        pytest.param("n > limit.low", "kind < 'a' || b", False, id="texts in order say nothing"),
        pytest.param("b", "true", True, id="true follows from all"),
        pytest.param("n + m > 1", "n + m > 1", True, id="the same sum"),
        pytest.param("n + m > 1", "m + n > 1", False, id="a sum turned round is not seen"),
        pytest.param(" && ".join(["(n > 1 || b)"] * 9), "b", False, id="too many ways to look at"),
    ],
)
def test_implies(one: str, other: str, expected: bool) -> None:
    assert implies(tree(one), tree(other), LIMITS) == expected
