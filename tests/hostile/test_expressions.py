"""Expressions and bound values of every kind: `rules eval` answers with a value or with words, and never raises."""

from __future__ import annotations

import json
import random
import time
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.evaluating import evaluate
from tests.hostile.bending import ODD

SEEDS = st.integers(0, 1_000_000)
BOUND_SECONDS: Final = 10.0

# What expressions are made of, in and out of place.
_PIECES: Final = (
    "x", "y", "x.y", "zzz", "true", "false", "null", "0", "1", "-1", "9223372036854775807",
    "-9223372036854775808", "9223372036854775808", "1u", "1.0", "1e308", "1e999", "0x1f", '"a"', "'购'",
    '"\\u0000"', '"\\ud800"', 'r"\\d"', "b'x'", "[]", "[1, 2]", "{}", '{"a": 1}', '{"a": 1, "a": 2}', "+",
    "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{",
    "}", " in ", "size(", "has(", "int(", "double(", "string(", "dyn(", "type(", "timestamp(", "duration(",
    ".matches(", ".contains(", ".startsWith(", ".map(i, ", ".all(i, ", ".getHours(", "days(",
    '"2026-03-10T09:00:00Z"', '"24h"', '"(a+)+$"', '"("', '"Asia/Shanghai"', '"../x"', "//c", "\n", "\t",
    " ", "\x00", "\ud800", "'''", '"""', "\\", "`", "$", "@", "#", "None", "__import__", "lambda", "import",
    "if", "for",
)  # fmt: skip
_GOOD: Final = (
    "x + y", "x > y ? x : y", "x == y", "x[y]", "x in y", "size(x)", "x.size() + size(y)", "-x", "!x",
    "x && y || x", "string(x)", "int(x) / int(y)", "double(x) % 2.0", "x.contains(y)", "x.matches(y)",
    "[x, y]", '{"k": x}', "x.k.k", "timestamp(x) - timestamp(y)", "timestamp(x) + duration(y)",
    "duration(x) > duration(y)", "timestamp(x).getHours(y)", "x * y / y", "x - y", "x <= y",
    "[x][0] == {'k': y}['k']",
)  # fmt: skip


def answer(source: str, bind: dict[str, Any]) -> None:
    """Evaluate, and check what every outcome promises."""
    started = time.process_time()
    outcome = evaluate(source, bind)
    assert time.process_time() - started < BOUND_SECONDS
    assert (outcome.error is None) or (outcome.value is None)
    assert outcome.error is None or outcome.error.strip()
    json.dumps(outcome.value, allow_nan=False).encode()
    (outcome.error or "").encode("utf-8")
    msgspec.json.encode({"value": outcome.value, "error": outcome.error})


@given(st.text(max_size=60))
def test_any_text(source: str) -> None:
    answer(source, {"x": 1})


@given(SEEDS)
def test_pieces_of_expressions(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(20):
        answer("".join(rng.choice(_PIECES) for _ in range(rng.randint(1, 9))), {"x": 7, "y": "a"})


@given(SEEDS)
def test_good_expressions_over_odd_values(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(20):
        answer(rng.choice(_GOOD), {"x": rng.choice(ODD), "y": rng.choice(ODD)})


@given(SEEDS)
def test_expressions_within_expressions(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(10):
        source = rng.choice(_GOOD)
        for _ in range(rng.randint(1, 4)):
            source = source.replace(rng.choice("xy"), f"({rng.choice(_GOOD)})", 1)
        answer(source, {"x": rng.choice(ODD), "y": rng.choice(ODD)})


@given(st.text(max_size=12), st.sampled_from(ODD))
def test_any_name(name: str, value: object) -> None:
    answer(name, {name: value})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param('x.matches("(a+)+$")', "a" * 50_000 + "b", id="a pattern that backtracks elsewhere"),
        pytest.param("x + x + x + x", "a" * 1_000_000, id="a long text"),
        pytest.param("x == x", [[[["a"] * 10] * 10] * 10] * 10, id="ten thousand items"),
        pytest.param("x", {str(number): number for number in range(100_000)}, id="a great mapping"),
        pytest.param("(" * 2_000 + "x" + ")" * 2_000, 1, id="two thousand parentheses"),
        pytest.param("x + " * 20_000 + "x", 1, id="a long sum"),
        pytest.param("!" * 3_001 + "x", True, id="three thousand nots"),
        pytest.param("x ? " * 1_000 + "1" + " : 1" * 1_000, True, id="a thousand conditions"),
    ],
)
def test_heavy(source: str, value: object) -> None:
    answer(source, {"x": value})


def test_a_value_nested_without_end() -> None:
    value: list[Any] = []
    for _ in range(5_000):
        value = [value]
    answer("x", {"x": value})
    value.append(value)
    answer("x", {"x": value})
