"""A rule in plain values says all that its file says, and says it in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitoring.describing import DECIMAL, limits_of, row, texts, whole, written
from rules.loading import load
from rules.model import Expression, Measure, Rule
from rules.planning.compiling import compile_rules

SHIPPED = load()
RULES = SHIPPED.rules()
EACH = pytest.mark.parametrize("rule", list(RULES.values()), ids=lambda rule: str(rule.id))


def described(id: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(whole(RULES[id], SHIPPED.limits))
    return found


@EACH
def test_every_expression_of_a_rule_is_there(rule: Rule) -> None:
    text = json.dumps(whole(rule, SHIPPED.limits), ensure_ascii=False)
    for case in rule.cases:
        expressions = [case.where, *(let.value for let in case.lets), *(level for _, level in case.levels)]
        expressions += [step.where for step in case.sequence]
        for measure in case.measures:
            expressions += _of_measure(measure)
        if case.expect is not None:
            expressions += [case.expect.where, *(deadline for _, deadline in case.expect.by)]
        if case.remind is not None:
            expressions += [
                case.remind.date,
                case.remind.unless_where,
                *(rung.days for rung in case.remind.rungs),
            ]
        for expression in expressions:
            if expression is not None:
                assert json.dumps(expression.source.strip(), ensure_ascii=False)[1:-1] in text


def _of_measure(measure: Measure) -> list[Expression | None]:
    return [measure.where, measure.at_least, measure.near_within, *measure.value]


@EACH
def test_its_limits_are_those_that_it_reads(rule: Rule) -> None:
    read = {
        name.split(".")[1]
        for case in rule.cases
        for each in (case.where, *(level for _, level in case.levels), *(let.value for let in case.lets))
        if each is not None
        for name in each.names
        if name.startswith("limit.")
    }
    found = whole(rule, SHIPPED.limits)["limits"]
    assert read <= set(found)
    for name, limit in found.items():
        assert (limit["unit"], limit["source"]) == (SHIPPED.limits[name].unit, SHIPPED.limits[name].source)


@EACH
def test_it_is_json_and_its_row_is_part_of_it(rule: Rule) -> None:
    found = whole(rule, SHIPPED.limits)
    assert json.loads(msgspec.json.encode(found)) == found
    assert row(rule).items() <= found.items()


def test_only_what_decides_is_kept_with_a_database() -> None:
    assert list(texts(SHIPPED, compile_rules(SHIPPED, ("COL-01", "SLA-01")))) == ["COL-01", "SLA-01"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("COL-01", ["payment.received"], id="a trigger"),
        pytest.param("MTX-05", ["payment.received"], id="the last step of a sequence"),
        pytest.param("ENG-03", ["intake"], id="the intake"),
    ],
)
def test_what_sets_a_rule_off(rule: str, expected: list[str]) -> None:
    assert row(RULES[rule])["on"] == expected


def test_levels_come_in_their_order_wherever_they_are_given() -> None:
    assert row(RULES["SLA-01"])["levels"] == ["warn", "critical"]
    assert row(RULES["QUA-01"])["levels"] == ["info", "warn", "critical"]
    assert row(RULES["PST-03"])["levels"] == ["warn", "critical"]


def test_numbers_say_what_they_count() -> None:
    (case,) = described("COL-10")["cases"]
    assert case["units"] == {"refunds": "count", "payments": "count", "rate": "percent"}


def test_a_number_with_decimals_that_counts_nothing_says_so(tmp_path: Path) -> None:
    text = (Path(__file__).parent.parent / "golden" / "cli" / "mine" / "takings.yaml").read_text("utf-8")
    text = text.replace("each_paid: taken / payers", "each_paid: double(payers) / double(payers)")
    (tmp_path / "takings.yaml").write_text(
        text.replace("each_paid > limit.each_most", "each_paid > 1.0"), "utf-8"
    )
    limits = (Path(__file__).parent.parent / "golden" / "cli" / "mine" / "limits.yaml").read_text("utf-8")
    (tmp_path / "limits.yaml").write_text(limits, "utf-8")
    rules = load(tmp_path)
    assert whole(rules.rules()["TAK-01"], rules.limits)["cases"][0]["units"]["each_paid"] == DECIMAL


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (0, None),
        (1, "1 µs"),
        (10**6, "1s"),
        (90 * 10**6, "90s"),
        (600 * 10**6, "10m"),
        (86_400 * 10**6, "1d"),
    ],
)
def test_a_span_is_written_as_in_a_rule_file(us: int, text: str | None) -> None:
    assert written(us) == text


def test_a_limit_is_not_taken_for_one_whose_name_begins_alike() -> None:
    assert limits_of({"a": "x > limit.personal_daily_warn", "b": ["limit.other|yuan"]}) == [
        "personal_daily_warn",
        "other",
    ]
