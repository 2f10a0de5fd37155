"""Rules about how an input arrived: ahead of its time, late, in conflict. They alone depend on the order of arrival."""

from __future__ import annotations

import pytest

from tests.engine.driving import brief, event, fed, payment, program, stands
from tests.logs.arrival import Line

RULES = program("ENG-0*")
FIRST = payment("a", "d2 10:00", 100)


def ahead(name: str, at: str, arrives: str) -> Line:
    """Return a payment whose time is after its arrival."""
    return {**payment(name, at, 100), "receivedtime": f"2026-03-10T{arrives}+08:00"}


@pytest.mark.parametrize(
    ("second", "said"),
    [
        pytest.param(payment("b", "d2 10:00", 100), [], id="in time"),
        pytest.param(ahead("b", "d2 10:05", "10:00:00"), [], id="five minutes ahead"),
        pytest.param(ahead("b", "d2 10:05:01", "10:00:00"), [("ENG-02", "warn")], id="a second more"),
        pytest.param(payment("b", "d1 09:00", 100, "d2 10:00"), [], id="25 hours late"),
        pytest.param(
            payment("b", "d1 08:59:59", 100, "d2 10:00"), [("ENG-03", "info")], id="a second more than that"
        ),
        pytest.param(FIRST, [], id="a duplicate"),
        pytest.param(payment("a", "d2 10:00", 101), [("ENG-04", "critical")], id="a conflict"),
    ],
)
def test_what_is_said_of_an_arrival(second: Line, said: list[tuple[str, str]]) -> None:
    run = fed([FIRST, second], RULES)
    assert [(record.rule, record.level) for record in run.records] == said


def test_what_came_ahead_is_kept_out_and_told_once() -> None:
    run = fed([ahead("b", "d2 11:00", "10:00:00"), ahead("b", "d2 11:00", "10:10:00")], RULES)
    assert [outcome.disposition for outcome in run.outcomes] == ["quarantined", "quarantined"]
    assert brief(run.records) == [("raised", "warn", "b")]
    assert run.outcomes[0].reason.startswith("ENG-02")


def test_what_came_ahead_is_decided_when_it_comes_again_in_time() -> None:
    run = fed([ahead("b", "d2 11:00", "10:00:00"), payment("b", "d2 11:00", 100)], RULES)
    assert [outcome.disposition for outcome in run.outcomes] == ["quarantined", "decided"]


def test_a_conflict_is_told_once_for_its_fact() -> None:
    run = fed([FIRST, payment("a", "d2 10:00", 101), payment("a", "d2 10:00", 102)], RULES)
    assert [outcome.disposition for outcome in run.outcomes] == ["decided", "conflict", "conflict"]
    assert brief(run.records) == [("raised", "critical", "a")]


def test_the_first_of_two_stands() -> None:
    low, high = payment("a", "d2 10:00", 1), payment("a", "d2 10:00", 5_000_001)
    for first, second, level in ((low, high, None), (high, low, "critical")):
        alerts = stands(fed([first, second], program("COL-01")).engine)
        assert [each["level"] for each in alerts] == ([level] if level else [])


def test_what_was_said_of_an_arrival_is_said_once_for_good() -> None:
    """Copies come again months later, when everything else of their time is forgotten; an alert's id is said once."""
    late = payment("b", "d1 08:00", 100, "d2 12:00")
    rests = [
        event(f"t{n}", "clock.tick", f"2026-{n} 00:00", account=None)
        for n in ("04-01", "04-02", "07-01", "07-02")
    ]
    run = fed([FIRST, late, *rests[:2], late, *rests[2:], late], RULES)
    assert [outcome.disposition for outcome in run.outcomes].count("late") == 3
    assert [(record.rule, record.record) for record in run.records] == [("ENG-03", 1)]


def test_what_is_refused_does_not_reach_the_other_rules() -> None:
    for line in (ahead("b", "d2 11:00", "10:00:00"), payment("b", "d1 08:00", 100, "d2 10:00")):
        large = {**line, "data": {**line["data"], "amount_fen": 9_000_000}}
        run = fed([FIRST, large], program("ENG-0*", "COL-01"))
        assert {record.rule for record in run.records} <= {"ENG-02", "ENG-03"}


def test_a_late_input_moves_the_clock_by_its_arrival() -> None:
    run = fed([FIRST, payment("b", "d1 08:00", 100, "d2 12:00")], RULES)
    assert run.outcomes[1].disposition == "late"
    assert run.outcomes[1].clock_us - run.outcomes[0].clock_us == 2 * 3_600_000_000
    (record,) = run.records
    assert record.raised_at == "2026-03-10T12:00:00+08:00"
