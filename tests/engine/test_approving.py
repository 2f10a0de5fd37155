"""What people decide about rules: overrides of limits, suppressions of alerts, four eyes on both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from engine.approving import ruleset_of
from engine.fold import Settings
from engine.program import Program
from rules.loading import SHIPPED
from tests.engine.driving import ABOUT_ARRIVAL, Run, event, fed, folded, payment, program, stands
from tests.laws.agreeing import by_key
from tests.laws.test_law_04_order_within_lateness_does_not_matter import in_order
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.scenes import SCENES
from tests.logs.strategies import SEEDS
from tests.oracle.deciding import decide

PEOPLE = {"author": "li", "approver": "wang"}


def rules() -> Program:
    """Return the program of one rule: 50,000.00 a day on a personal account."""
    return program("COL-01")


def override(name: str, at: str, value: Any, /, arrives: str = "", **data: Any) -> Line:
    """Return an override of the daily limit."""
    fields = {"limit": "personal_daily", "value": value, **PEOPLE, **data}
    return event(name, "override.set", at, arrives, account=None, **fields)


def suppress(name: str, at: str, /, arrives: str = "", **data: Any) -> Line:
    """Return a suppression of the daily limit's alerts, of one account unless said otherwise."""
    fields = {"rule": "COL-01", "key": {"account": "A1"}, **PEOPLE, **data}
    return event(name, "suppression.added", at, arrives, account=None, **fields)


def told(run: Run) -> list[tuple[str, str]]:
    """Return state and level of every record."""
    return [(record.state, record.level) for record in run.records]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(
            override("o", "08:00", 1, approver="li"),
            'data.approver: found "li"; expected another person than data.author (four eyes)',
            id="an override is approved by somebody else",
        ),
        pytest.param(
            suppress("s", "08:00", approver="li"),
            'data.approver: found "li"; expected another person than data.author (four eyes)',
            id="a suppression is approved by somebody else",
        ),
        pytest.param(
            override("o", "08:00", 1, limit="personal_daly"),
            "data.limit: found 'personal_daly'; expected the name of a limit of this rule set",
            id="an override names a limit of the rule set",
        ),
        pytest.param(
            override("o", "08:00", "much"),
            "data.value: found 'much'; expected a value in fen",
            id="the value is one that the limit's unit can have",
        ),
        pytest.param(
            suppress("s", "08:00", until="soon"),
            'data.until: found "soon"; expected a date, YYYY-MM-DD, or an RFC 3339 instant',
            id="an end is an instant or a day",
        ),
        pytest.param(
            suppress("s", "08:00", key="A1"),
            'data.key: found "A1"; expected an object such as {"account": "A1"}, {} for all keys',
            id="a key is an object, as alerts have it",
        ),
    ],
)
def test_what_cannot_be_followed_is_quarantined(line: Line, reason: str) -> None:
    (outcome,) = fed([line], rules()).outcomes
    assert (outcome.disposition, outcome.reason) == ("quarantined", reason)


def test_a_rule_changed_without_approval_is_decided_for_a_rule_speaks_of_it() -> None:
    line = event("r", "rule.changed", "08:00", rule="COL-01", ruleset="sha256:0", author="li", approver="li")
    (outcome,) = fed([line], program("ENG-05")).outcomes
    assert outcome.disposition == "decided"
    assert [record.rule for record in outcome.records] == ["ENG-05"]


def test_an_override_counts_from_its_time_on_and_shows_in_the_rule_set() -> None:
    run = fed([override("o", "08:00", 100), payment("e", "09:00", 101)], rules())
    (record,) = run.records
    assert record.limits == {"personal_daily": 100}
    assert record.ruleset == ruleset_of(rules().ruleset, (("personal_daily", 100),)) != rules().ruleset


def test_an_override_that_comes_late_acts_as_if_it_had_come_in_time() -> None:
    log = [override("o", "08:00", 100), payment("e", "09:00", 101)]
    late = [payment("e", "09:00", 101), override("o", "08:00", 100, "10:00")]
    assert stands(fed(log, rules()).engine) == stands(fed(late, rules()).engine) != []


def test_an_alert_is_amended_where_an_override_changes_only_the_rule_set() -> None:
    """The rule set is part of what stands, so that it cannot depend on the order of arrival."""
    other = override("o", "08:00", 1, "10:00", limit="merchant_single")
    run = fed([payment("e", "09:00", 5_000_001), other], rules())
    assert told(run) == [("raised", "critical"), ("amended", "critical")]
    assert run.records[-1].ruleset != rules().ruleset


@pytest.mark.parametrize(
    ("until", "count"),
    [
        pytest.param({}, 1, id="without an end for good"),
        pytest.param({"until": "2026-03-09T09:00:00.000001+08:00"}, 1, id="the end is not yet reached"),
        pytest.param({"until": "2026-03-09T09:00:00+08:00"}, 0, id="the end is left out"),
        pytest.param({"until": "2026-03-09"}, 0, id="a day ends it at its first moment"),
        pytest.param({"until": "2026-03-10"}, 1, id="until the next day is all of this one"),
    ],
)
def test_an_override_ends(until: dict[str, str], count: int) -> None:
    run = fed([override("o", "08:00", 100, **until), payment("e", "09:00", 101)], rules())
    assert len(run.records) == count


@pytest.mark.parametrize(
    ("scopes", "limit"),
    [
        pytest.param([("override.set", {}, 1)], 1, id="an override holds for the tenant"),
        pytest.param(
            [("override.set", {}, 1), ("limit_profile.set", {"account": "A1"}, 2)],
            2,
            id="an account's own limit is nearer than the tenant's override",
        ),
        pytest.param(
            [("limit_profile.set", {"account": "A1"}, 2), ("override.set", {"account": "A1"}, 3)],
            3,
            id="of one account the override goes first",
        ),
        pytest.param(
            [("override.set", {"account": "A1"}, 3), ("limit_profile.set", {"account": "A1"}, 2)],
            3,
            id="whichever came later",
        ),
        pytest.param(
            [("override.set", {"owner_id": "A1"}, 4), ("override.set", {}, 5)],
            4,
            id="an owner's is nearer than the tenant's",
        ),
    ],
)
def test_the_nearest_override_counts(scopes: list[tuple[str, dict[str, str], int]], limit: int) -> None:
    log = []
    for number, (kind, scope, value) in enumerate(scopes):
        line = event(f"l{number}", kind, f"08:0{number}", account=None, limit="personal_daily", value=value)
        line["data"] |= {**scope, **(PEOPLE if kind == "override.set" else {})}
        log.append(line)
    run = fed([*log, payment("e", "09:00", 101)], rules())
    assert run.records[-1].limits["personal_daily"] == limit


def test_what_is_suppressed_is_decided_and_not_said() -> None:
    log = [
        suppress("s", "08:00"),
        payment("e", "09:00", 5_000_001),
        payment("f", "09:00", 5_000_001, account="A2"),
    ]
    run = fed(log, rules())
    assert [record.key for record in run.records] == [{"account": "A2"}]
    again = event("x", "suppression.ended", "08:30", "10:00", account=None,
                  rule="COL-01", key={"account": "A1"}, **PEOPLE)  # fmt: skip
    assert [record.key for record in run.feed([again]).records] == [{"account": "A2"}, {"account": "A1"}]


def test_a_late_suppression_retracts_and_a_late_end_raises_again() -> None:
    end = {"rule": "COL-01", "key": {"account": "A1"}, **PEOPLE}
    log = [
        payment("e", "09:00", 5_000_001),
        suppress("s", "08:00", "10:00"),
        event("x", "suppression.ended", "08:30", "11:00", account=None, **end),
    ]
    run = fed(log, rules())
    assert told(run) == [("raised", "critical"), ("retracted", "critical"), ("raised", "critical")]
    assert run.records[1].cause == {"source": "test", "id": "s"}
    assert [record.record for record in run.records] == [1, 2, 3]


def test_what_was_said_before_a_suppression_goes_on_standing() -> None:
    log = [payment("e", "09:00", 4_000_000), suppress("s", "10:00"), payment("f", "11:00", 4_000_000)]
    run = fed(log, rules())
    assert told(run) == [("raised", "warn")]


def test_a_key_is_suppressed_until_a_day_by_part_of_it_and_by_pattern() -> None:
    off = suppress("s", "08:00", rule="COL-*", key={}, until="2026-03-10")
    run = fed([off, payment("e", "09:00", 5_000_001), payment("f", "d2 09:00", 5_000_001)], rules())
    assert [record.trigger["id"] for record in run.records] == ["f"]


def test_rules_that_watch_are_told_of_what_is_suppressed() -> None:
    """Its silence must not silence others: a payout after a critical login alert is still one."""
    watching = program("LOG-15")
    watched = next(face.rule for face in watching.faces if face.watched)
    plain = fed(make_log(3, 100, {"logins"}), watching)
    off = suppress("s", "00:00", rule=watched, key={}, Tenant="t1")
    silent = fed([off, *make_log(3, 100, {"logins"})], watching)
    of = [[each for each in stands(run.engine) if each["rule"] == "LOG-15"] for run in (plain, silent)]
    assert of[0] == of[1]


@pytest.mark.slow
@given(seed=SEEDS, scenes=st.sets(st.sampled_from(sorted(SCENES)), min_size=1, max_size=2))
def test_decisions_act_alike_in_any_order_and_as_defined(seed: int, scenes: set[str]) -> None:
    """Late and doubled overrides and suppressions, against the sorted log and against the definitions."""
    log = make_log(seed, 60, {*scenes, "decisions", "reference"})
    note(f"seed {seed}")
    for arrival in (log, shuffle_within_lateness(log, seed)):
        run, meant = fed(arrival), decide(arrival, SHIPPED)
        assert stands(run.engine) == stands(fed(in_order(run, arrival)).engine)
        assert stands(run.engine) == folded([each for each in run.records if each.rule not in ABOUT_ARRIVAL])
        assert stands(run.engine) == stands(fed(arrival, settings=Settings(guards=False)).engine)
        found, wanted = by_key(run.engine.standing()), by_key(meant.standing)
        assert {key: each["at"] for key, each in found.items()} == {
            key: each["at"] for key, each in wanted.items()
        }
