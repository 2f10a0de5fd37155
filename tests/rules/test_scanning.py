"""Names and calls in a source, outside its strings and comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.scanning import Path, paths, squeezed
from rules.suggesting import did_you_mean, nearest


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("event.amount_fen > 5", [Path("event.amount_fen", 0, called=False, member=False)]),
        ("a . b", [Path("a.b", 0, called=False, member=False)]),
        ("has (event.x)", [Path("has", 0, called=True, member=False), Path("event.x", 5, called=False, member=False)]),
        ('"x".size()', [Path("size", 4, called=True, member=True)]),
        ("xs[0].all(x, x)", [Path("xs", 0, called=False, member=False), Path("all", 6, called=True, member=True),
                             Path("x", 10, called=False, member=False), Path("x", 13, called=False, member=False)]),
        ("1e5 + 0x1f + 5u", []),
        ('"a\\\\" + b', [Path("b", 8, called=False, member=False)]),
        (r"""r"a\" + b""", [Path("b", 8, called=False, member=False)]),
        ("'''a ' b''' + c // d", [Path("c", 14, called=False, member=False)]),
    ],
)  # fmt: skip
def test_names_outside_strings(source: str, expected: list[Path]) -> None:
    assert list(paths(source)) == expected


@given(st.text())
def test_any_text_can_be_scanned(source: str) -> None:
    assert all(0 <= path.offset < len(source) for path in paths(source))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("limit.personal_daly", "limit.personal_daily"),
        ("event.amont_fen", "event.amount_fen"),
        ("evnt.amount_fen", "event.amount_fen"),
        ("event.zzz", None),
        ("payer", "payers"),
        ("x", None),
    ],
)
def test_the_nearest_name_is_meant(name: str, found: str | None) -> None:
    known = ["limit.personal_daily", "limit.payers", "event.amount_fen", "event.id", "payers"]
    assert nearest(name, known) == found
    assert did_you_mean(name, known) == (f"did you mean {found}?" if found else "")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("a>=b", "a  >=\n b", True, id="blanks around signs"),
        pytest.param("f( x,y )&&(z)", "f (x, y) && ( z )", True, id="brackets"),
        pytest.param(
            "event . amount_fen > 0", "event.amount_fen > 0  // more than nothing", True, id="a comment"
        ),
        pytest.param('x == "a b"', 'x == "a  b"', False, id="blanks inside a text"),
        pytest.param("a in b", "ain b", False, id="blanks between words"),
        pytest.param("a > b", "a >= b", False, id="another sign"),
        pytest.param("-1 < 2", "1 < 2", False, id="a minus"),
    ],
)
def test_only_layout_is_squeezed_out(one: str, other: str, same: bool) -> None:
    assert (squeezed(one) == squeezed(other)) == same
