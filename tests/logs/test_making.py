"""The made logs are what they promise: repeatable, in order of arrival, awkward, and able to make the rules fire."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given

from tests.logs.arrival import LATENESS, Line, micros, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import arrivals, logs
from tests.oracle.deciding import decide

RULES = Path(__file__).parents[2] / "rules"


def _received(log: list[Line]) -> list[int]:
    return [micros(line["receivedtime"]) for line in log]


def test_the_same_seed_gives_the_same_log() -> None:
    assert make_log(7, 60) == make_log(7, 60)
    assert make_log(7, 60) != make_log(8, 60)


@given(log=logs())
def test_lines_are_in_order_of_arrival(log: list[Line]) -> None:
    assert _received(log) == sorted(_received(log))


@given(pair=arrivals())
def test_another_arrival_has_the_same_facts_in_time(pair: tuple[list[Line], list[Line]]) -> None:
    """Only `receivedtime` and the order differ; an event that was in time still is, and the clock ends where it did."""
    log, shuffled = pair
    assert _received(shuffled) == sorted(_received(shuffled))
    assert sorted(map(_fact, log)) == sorted(map(_fact, shuffled))
    assert _received(shuffled)[-1:] == _received(log)[-1:]
    assert _overdue(log) == _overdue(shuffled)


@pytest.mark.parametrize("seed", range(12))
def test_standing_alerts_do_not_depend_on_arrival(seed: int) -> None:
    """Law 4 for the oracle, which sorts: it fails where a shuffle changes what a line comes to."""
    log = make_log(seed, 60)
    first, second = (decide(one, RULES) for one in (log, shuffle_within_lateness(log, seed)))
    assert first.dispositions == second.dispositions
    assert _lasting(first.standing) == _lasting(second.standing)


def test_every_way_of_arriving_occurs() -> None:
    found: Counter[str] = Counter()
    for seed in range(30):
        found += decide(make_log(seed, 60), RULES, only={"ENG-02"}).dispositions
    assert found.keys() == {"decided", "duplicate", "conflict", "late", "quarantined"}


def test_a_family_is_played_alone() -> None:
    types = {line["type"] for line in make_log(1, 40, {"freezes"})}
    assert types <= {
        "payment.received",
        "fund.frozen",
        "owner.registered",
        "account.registered",
        "clock.tick",
    }
    assert "fund.frozen" in types
    with pytest.raises(AssertionError, match="unknown families"):
        make_log(1, 40, {"freezes", "no such"})


@pytest.mark.slow
def test_half_the_rules_fire_on_some_log() -> None:
    fired = {one["rule"] for seed in range(100) for one in decide(make_log(seed, 90), RULES).standing}
    assert len(fired) >= 66, sorted(fired)


def _fact(line: Line) -> str:
    return repr({**line, "receivedtime": None})


def _overdue(log: list[Line]) -> int:
    return sum(micros(line["receivedtime"]) - micros(line["time"]) > LATENESS for line in log)


def _lasting(standing: list[dict[str, object]]) -> list[dict[str, object]]:
    """Leave out the findings about intake itself, which speak of arrival."""
    return [one for one in standing if not str(one["rule"]).startswith("ENG-")]
