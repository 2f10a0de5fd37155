"""What small rules compile to, as Python: pinned, so that a change of the compiler shows what it emits."""

from __future__ import annotations

import ast

import pytest

from tests.engine.driving import brief, event, fed, payment, program
from tests.rules.planning.generated import PINNED, path_of, pinned, small


@pytest.mark.parametrize("rule", PINNED)
def test_a_small_rule_compiles_to_what_is_pinned(rule: str) -> None:
    """Where the change is meant, `python -m tests.rules.planning.generated` writes the file anew."""
    assert pinned(rule) == path_of(rule).read_text("utf-8")


@pytest.mark.parametrize("rule", PINNED)
def test_what_is_pinned_is_python_that_decides(rule: str) -> None:
    """The file is what runs: the same rule raises its alert."""
    ast.parse(path_of(rule).read_text("utf-8"))
    log = {
        "ONE-01": [payment("a", "09:00", 1_000_001, method="transfer")],
        "DAY-01": [payment("a", "09:00", 5_000_001)],
        "RUN-01": [event(f"f{n}", "login.attempted", f"09:0{n}", result="failure") for n in range(3)],
    }[rule]
    assert [state for state, _, _ in brief(fed(log, small(rule)).records)] == ["raised"]


def test_a_rule_without_a_window_has_no_cell() -> None:
    assert "class Cell" not in pinned("ONE-01")
    assert small("ONE-01").cell_kinds == 0


def test_limits_are_numbers_where_no_tenant_overrides_them() -> None:
    """The constant variant compares with the number itself; the other looks the limit up as of the event."""
    assert "> 5000000" in pinned("DAY-01")
    shipped = program("COL-01")
    assert shipped.constant.classes[0].families[0].gates != shipped.dynamic.classes[0].families[0].gates


def test_a_traceback_shows_the_generated_line() -> None:
    """The source stands in the line cache under the name that tracebacks give."""
    import linecache  # noqa: PLC0415  # this test alone

    step = small("DAY-01").constant.classes[0].families[0].step
    code = step.__code__
    assert linecache.getline(code.co_filename, code.co_firstlineno).startswith("def step_0")
