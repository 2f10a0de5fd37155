"""`weiguard rules`, as its users call it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from rules.loading import load
from tests.weiguard.conftest import Weiguard

PACK = """\
pack: mine
title: {zh: 我的, en: Mine}
rules:
  - id: COL-01
    title: {zh: 大额, en: Large}
    on: payment.received
    levels:
      warn: event.amount_fen >= limit.large
    message: {zh: "{event.amount_fen|yuan} 元", en: "{event.amount_fen|yuan} yuan"}
    action: {zh: 核对, en: Check it}
    who: [seller]
    source: mine
    confidence: D
    tests:
      - name: at the limit
        given: [{at: "09:00", amount: "100.00"}]
        expect: [{at: "09:00", level: warn}]
      - name: below the limit
        given: [{at: "09:00", amount: "99.99"}]
        expect: []
"""
LIMITS = """\
limits:
  large: {value: 10000, unit: fen, source: mine, confidence: D, reviewed: "2026-01-01"}
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.yaml").write_text(PACK, "utf-8")
    (folder / "limits.yaml").write_text(LIMITS, "utf-8")
    return folder


def test_the_list_has_the_contracts_fields(weiguard: Weiguard) -> None:
    rows = json.loads(weiguard("rules", "list", "--json").out)
    assert [row["id"] for row in rows] == list(load().rules())
    for row in rows:
        assert list(row) == ["id", "pack", "title", "on", "levels", "shadow", "source", "confidence"]
        assert row["on"]
        assert row["levels"]
    assert "个人号单日收款" in weiguard("rules", "list", "--lang", "zh").out
    assert weiguard("rules", "list", "--only", "XYZ").status == 2


@pytest.mark.parametrize("rule", ["COL-01", "SLA-01", "QUA-01", "MTX-05", "ENG-03", "LOG-10"])
def test_a_rule_is_shown_with_its_limits(weiguard: Weiguard, rule: str) -> None:
    shown = json.loads(weiguard("rules", "show", rule, "--json").out)
    assert (shown["id"], len(shown["cases"]) > 0, len(shown["tests"]) > 0) == (rule, True, True)
    text = json.dumps(shown["cases"])
    assert set(shown["limits"]) == {
        name
        for name in load().limits
        if f"limit.{name}" in text.replace("|", " ") and any(f"limit.{name}{end}" in text for end in ' "|})')
    }
    assert rule in weiguard("rules", "show", rule).out


def test_an_unknown_rule_is_refused_with_the_nearest(weiguard: Weiguard) -> None:
    done = weiguard("rules", "show", "COL-1")
    assert done.status == 2
    assert "no rule COL-1" in done.err
    assert "did you mean COL-" in done.err
    assert "did you mean COL-01?" in weiguard("rules", "show", "col-01").err


def test_the_shipped_rules_are_right_and_pass_their_tests(weiguard: Weiguard) -> None:
    assert weiguard("rules", "check").status == 0
    done = weiguard("rules", "test", "COL-*")
    assert (done.status, done.out) == (0, "")
    assert " 0 failed" in done.err


def test_ones_own_rules(weiguard: Weiguard, mine: Path) -> None:
    assert weiguard("rules", "check", "mine").status == 0
    assert weiguard("rules", "test", "--rules", "mine").status == 0
    assert weiguard("rules", "hash", "--rules", "mine").out == load(mine).hash + "\n"
    assert weiguard("rules", "hash").out == load().hash + "\n"


def test_every_problem_is_told_with_its_place(weiguard: Weiguard, mine: Path) -> None:
    (mine / "mine.yaml").write_text(
        PACK.replace("amount_fen >=", "amont_fen >=").replace("    source: mine\n", ""), "utf-8"
    )
    done = weiguard("rules", "check", "mine")
    assert done.status == 1
    assert "mine.yaml:8:13: COL-01 levels warn: found" in done.out
    assert "did you mean event.amount_fen?" in done.out
    assert "2 problems" in done.err
    plain = json.loads(weiguard("rules", "check", "mine", "--json").out)
    assert [(each["kind"], each["line"]) for each in plain if each["kind"] == "problem"][-1] == ("problem", 8)
    assert weiguard("run", "x", "--rules", "mine").status == 2
    assert weiguard("rules", "check", "nowhere").status == 2


def test_nothing_is_called_unused_while_a_part_cannot_be_read(weiguard: Weiguard, mine: Path) -> None:
    (mine / "mine.yaml").write_text(
        PACK.replace("event.amount_fen >= limit.large", "limit.large >="), "utf-8"
    )
    done = weiguard("rules", "check", "mine", "--json")
    assert done.status == 1
    assert {each["kind"] for each in json.loads(done.out)} == {"problem"}


def test_a_test_that_fails_shows_what_came_instead(weiguard: Weiguard, mine: Path) -> None:
    (mine / "mine.yaml").write_text(PACK.replace('expect: [{at: "09:00"', 'expect: [{at: "10:00"'), "utf-8")
    done = weiguard("rules", "test", "--rules", "mine")
    assert done.status == 1
    assert done.out.splitlines() == [
        "mine.yaml:15:9: COL-01 “at the limit” failed: - was expected, + came",
        "  + 2026-03-09T09:00:00+08:00 warn",
        "  - 2026-03-09T10:00:00+08:00 warn",
    ]
    plain = json.loads(weiguard("rules", "test", "--rules", "mine", "--json").out)
    assert [(each["passed"], each["test"]) for each in plain] == [
        (False, "at the limit"),
        (True, "below the limit"),
    ]


def test_rules_that_do_not_run_yet_are_named(weiguard: Weiguard, mine: Path) -> None:
    later = PACK.replace(
        "    levels:",
        "    measure:\n      m: {sum: event.amount_fen, over: 28 days, after: 72h}\n    levels:",
    )
    (mine / "mine.yaml").write_text(
        later.replace("event.amount_fen >= ", "m >= ").replace(
            "on: payment", "per: account\n    alert: event\n    on: payment"
        ),
        "utf-8",
    )
    done = weiguard("rules", "check", "mine")
    assert done.status == 0, done.out
    assert (
        "not yet: mine.yaml:4:5: COL-01: found after in a rule that events trigger; expected constructs that run"
        in done.err
    )
    (plain,) = json.loads(weiguard("rules", "check", "mine", "--json").out)
    assert (plain["kind"], plain["subject"], plain["line"]) == ("later", "COL-01", 4)
    assert "2 tests not run" in weiguard("rules", "test", "--rules", "mine").err


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        pytest.param(["1 + 2"], "3\n", id="int"),
        pytest.param(["1.0 / 0.0"], '"Infinity"\n', id="infinity"),
        pytest.param(["x * 2", "--bind", '{"x": 21}'], "42\n", id="bound"),
        pytest.param(['duration("1h")'], '"3600s"\n', id="duration"),
        pytest.param(['"你" + "好"'], '"\\u4f60\\u597d"\n', id="text"),
    ],
)
def test_an_expression_is_evaluated(weiguard: Weiguard, arguments: list[str], out: str) -> None:
    done = weiguard("rules", "eval", *arguments)
    assert (done.status, done.out) == (0, out)


def test_an_expression_without_a_value_is_status_1(weiguard: Weiguard) -> None:
    done = weiguard("rules", "eval", "1 / 0")
    assert (done.status, done.out) == (1, "")
    assert "division by zero" in done.err
    assert weiguard("rules", "eval", "1", "--bind", "[1]").status == 2
    assert weiguard("rules", "eval", "1", "--bind", "{").status == 2
    assert weiguard("rules", "eval", "-", "--bind", "{}").status == 2


def test_lines_are_answered_one_by_one(weiguard: Weiguard, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        b'{"expr": "a && b", "bind": {"a": true, "b": false}}',
        b'{"expr": "1 +"}',
        b"nonsense",
        b"[]",
        b'{"bind": {}}',
        b'{"expr": "x", "bind": {"x": NaN}}',
        b"[" * 100_000,
        b"\xff",
        b'{"expr": "x", "bind": {"x": "\\ud800"}}',
        b'{"expr": "' + b" " * (1 << 20) + b'1"}',  # Longer than a line may be.
        b'{"expr": "2"}',
    ]

    class Input:
        buffer = io.BytesIO(b"\n".join(asked))

    monkeypatch.setattr(sys, "stdin", Input())
    done = weiguard("rules", "eval", "-")
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert (done.status, len(answers)) == (0, len(asked))
    assert answers[0] == {"value": False}
    assert answers[-1] == {"value": 2}
    assert all(list(each) == ["error"] for each in answers[1:-1])
