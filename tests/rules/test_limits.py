"""Limits: the unit gives the type, and everything else is refused with its place."""

from __future__ import annotations

import pytest

from rules.limits import UNITS, fits, overridden, read_limits
from rules.model import Limit, LimitValue
from rules.parsing import read_bytes
from rules.problems import Findings

TAIL = "source: policy, confidence: D, reviewed: 2026-11-22"


def read(body: str) -> tuple[dict[str, Limit], list[str]]:
    findings = Findings()
    root = read_bytes(f"limits:\n  {body}\n".encode(), "limits.yaml", findings.about(""))
    assert root is not None
    limits, broken = read_limits([root], findings.about(""))
    assert bool(broken) <= bool(findings.problems)
    return limits, [
        f"{problem.at.column} {problem.found}; {problem.expected}" for problem in findings.problems
    ]


@pytest.mark.parametrize(
    ("written", "unit", "value"),
    [
        ("5000000", "fen", 5_000_000),
        ("-3", "days", -3),
        ("3.0", "times", 3.0),
        ("3", "times", 3.0),
        ("10", "percent", 10.0),
        ("-3.0", "z", -3.0),
        ("24h", "duration", 86_400_000_000),
        ("1095d", "duration", 94_608_000_000_000),
        ("[med, drug]", "terms", ["med", "drug"]),
        ("[]", "terms", []),
        ("food_licence", "text", "food_licence"),
        ("null", "fen", None),
    ],
)
def test_a_value_has_the_type_of_its_unit(written: str, unit: str, value: object) -> None:
    limits, problems = read(f"x: {{value: {written}, unit: {unit}, {TAIL}}}")
    assert problems == []
    assert (limits["x"].value, type(limits["x"].value)) == (value, type(value))


@pytest.mark.parametrize(
    ("written", "unit", "problem"),
    [
        ("50.5", "fen", "14 50.5; a whole number of fen"),
        ('"50"', "fen", "14 50; a whole number of fen"),
        ("true", "count", "14 true; a whole number of count"),
        ("9007199254740992", "fen", "14 9007199254740992; a whole number of fen"),
        ("much", "percent", "14 much; a number (percent)"),
        ("1e999", "percent", "14 1e999; a number (percent)"),
        (".inf", "percent", "14 .inf; a number (percent)"),
        ("24", "duration", "14 24; a duration such as 30s, 10m, 24h or 7d"),
        ("36526d", "duration", "14 36526d; a duration such as 30s, 10m, 24h or 7d"),
        ("med", "terms", "14 med; a list of terms"),
        ("[1]", "fen", "14 a list; a whole number of fen"),
        ("{a: 1}", "fen", "14 names with values; a whole number of fen"),
        ("1", "yuan", f"23 yuan; one of {' '.join(UNITS)}"),
    ],
)
def test_another_value_is_refused(written: str, unit: str, problem: str) -> None:
    assert read(f"x: {{value: {written}, unit: {unit}, {TAIL}}}")[1] == [problem]


def test_a_table_has_one_value_for_each_kind() -> None:
    limits, problems = read(f"x: {{table: {{personal: 5, merchant: 7}}, unit: fen, {TAIL}}}")
    assert problems == []
    assert limits["x"].table == {"personal": 5, "merchant": 7}
    assert limits["x"].value is None
    assert read(f"x: {{table: {{personal: null}}, unit: fen, {TAIL}}}")[1] == [
        "25 no single value; a value in fen"
    ]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("x: {value: 1, unit: fen, source: policy, confidence: D}", "6 no reviewed; the field reviewed"),
        (f"x: {{unit: fen, {TAIL}}}", "6 neither value nor table; one of the two"),
        (f"x: {{value: 1, table: {{a: 1}}, unit: fen, {TAIL}}}", "6 both value and table; one of the two"),
        (f"X: {{value: 1, unit: fen, {TAIL}}}", "3 the name X; small letters, digits and _"),
        (
            f"x: {{value: 1, unit: fen, note: y, {TAIL}}}",
            "28 the unknown field note; a field that stands here",
        ),
        ("x: 5", "6 one value; names with values"),
    ],
)
def test_a_limit_says_all_it_must(body: str, problem: str) -> None:
    assert problem in read(body)[1]


LIMIT = Limit("x", "fen", 5, None, "policy", "D", "2026-11-22")


def test_a_tenant_overrides_a_value_for_good() -> None:
    changed = overridden({"x": LIMIT}, {"x": 9})["x"]
    assert (changed.value, changed.unit, changed.source) == (9, "fen", "policy")


@pytest.mark.parametrize(
    ("value", "unit", "ok"),
    [
        (5, "fen", True), (5.0, "fen", False), (True, "fen", False), (2**53, "fen", False), ("5", "fen", False),
        (5, "percent", True), (5.5, "percent", True), (float("nan"), "percent", False), (5, "duration", True),
        (["a"], "terms", True), ([1], "terms", False), ("a", "terms", False), ("a", "text", True), (5, "text", False),
    ],
)  # fmt: skip
def test_an_override_has_the_type_of_the_unit(value: LimitValue, unit: str, ok: bool) -> None:
    assert fits(value, unit) is ok
    limit = Limit("x", unit, None, None, "policy", "D", "2026-11-22")
    if ok:
        assert overridden({"x": limit}, {"x": value})["x"].value == value
    else:
        with pytest.raises(TypeError, match=f"x counts {unit}"):
            overridden({"x": limit}, {"x": value})


def test_an_override_of_no_limit_is_an_error() -> None:
    with pytest.raises(KeyError):
        overridden({}, {"x": 1})
