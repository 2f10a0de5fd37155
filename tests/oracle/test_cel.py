"""The oracle's CEL against the official runtime, which says what every expression of the rules must give."""

from __future__ import annotations

from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.cel import expression
from tests.oracle.cel_syntax import CelSyntaxError
from tests.oracle.undecided import Undecided

EDGES = [0, 1, 2, -1, 5, -7, 1 << 31, (1 << 63) - 1, -(1 << 63)]
_VARIABLES = {"i": cel.Type.INT, "j": cel.Type.INT, "d": cel.Type.DOUBLE, "b": cel.Type.BOOL, "s": cel.Type.STRING,
              "m": cel.Type.Map(cel.Type.STRING, cel.Type.INT), "gone": cel.Type.INT}  # fmt: skip
_ENVIRONMENT = cel.NewEnv(variables=_VARIABLES)


class Names:
    """A scope of plain values."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def read(self, name: str) -> Any:
        if name not in self.values:
            raise Undecided(name)
        return self.values[name]

    def call(self, function: str, args: list[Any]) -> Any:
        raise AssertionError((function, args))


def _ours(text: str, values: dict[str, Any]) -> str:
    try:
        return repr(expression(text).run(Names(values)))
    except Undecided:
        return "error"


def _theirs(text: str, values: dict[str, Any]) -> str:
    result = _ENVIRONMENT.compile(text).eval(data=values)
    return "error" if result.type() == cel.Type.ERROR else repr(result.plain_value())


def _grow(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """Build larger expressions, each with its type, from smaller ones."""
    of = {
        "i": inner.filter(lambda pair: pair[0] == "i").map(lambda pair: pair[1]),
        "b": inner.filter(lambda pair: pair[0] == "b").map(lambda pair: pair[1]),
    }
    compare = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        st.tuples(of["i"], st.sampled_from("+-*/%"), of["i"]).map(lambda t: ("i", f"({t[0]} {t[1]} {t[2]})")),
        of["i"].map(lambda text: ("i", f"(-{text})")),
        st.tuples(of["i"], compare, of["i"]).map(lambda t: ("b", f"({t[0]} {t[1]} {t[2]})")),
        st.tuples(of["b"], st.sampled_from(["&&", "||"]), of["b"]).map(
            lambda t: ("b", f"({t[0]} {t[1]} {t[2]})")
        ),
        of["b"].map(lambda text: ("b", f"!({text})")),
        st.tuples(of["b"], of["i"], of["i"]).map(lambda t: ("i", f"({t[0]} ? {t[1]} : {t[2]})")),
        st.tuples(of["i"], of["i"]).map(lambda t: ("b", f"({t[0]} in [{t[1]}, 1])")),
    )


_LEAVES = st.sampled_from([
    ("i", "i"), ("i", "j"), ("i", "0"), ("i", "2"), ("i", "gone"), ("i", "size(s)"), ("i", "m[s]"), ("b", "b"),
    ("b", "true"), ("b", "s in m"), ("b", "d < 1.5"), ("b", 's == "a"'), ("b", 's.contains("b")'), ("i", "int(2.9)"),
    ("b", "double(2) / 0.0 > d"),
])  # fmt: skip
_EXPRESSIONS = st.recursive(_LEAVES, _grow, max_leaves=8)
_VALUES = st.fixed_dictionaries({
    "i": st.sampled_from(EDGES),
    "j": st.sampled_from(EDGES),
    "d": st.sampled_from([0.0, 1.5, -2.25, 1e300]),
    "b": st.booleans(),
    "s": st.sampled_from(["", "a", "ab", "最佳😀"]),
    "m": st.sampled_from([{}, {"a": 1}, {"ab": -7, "": 3}]),
})  # fmt: skip


@given(pair=_EXPRESSIONS, values=_VALUES)
def test_any_expression_gives_what_the_official_runtime_gives(
    pair: tuple[str, str], values: dict[str, Any]
) -> None:
    assert _ours(pair[1], values) == _theirs(pair[1], values)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("false && gone > 0", "False"),
        ("gone > 0 && false", "False"),
        ("gone > 0 || true", "True"),
        ("gone > 0 || false", "error"),
        ("gone.given", "False"),
        ("i.given ? i : 3", "5"),
        ("-7 / 2", "-3"),
        ("-7 % 2", "-1"),
        ("percent(1, 3)", repr(100 / 3)),
        ("percent(1, 0)", "error"),
        ("fee(250, 60)", "2"),
        ('add_years("2024-02-29", 5)', "'2029-02-28'"),
        ('days_between("2024-02-28", "2024-03-01")', "2"),
        ('date(timestamp("2026-03-09T16:00:00Z"))', "'2026-03-10'"),
    ],
)
def test_one_expression(text: str, value: str) -> None:
    assert _ours(text, {"i": 5}) == value


@pytest.mark.parametrize("text", ["", "1 +", "a b", "(1", "f(1,", "1 ? 2", "'open"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(CelSyntaxError):
        expression(text)
