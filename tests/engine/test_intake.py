"""Rules about how an input arrived: ahead of its time, late, in conflict, with a number in clear.

They alone depend on the order of arrival.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.driving import brief, event, fed, payment, program, stands
from tests.logs.arrival import Line
from tests.logs.numbers import numbers, written
from tests.oracle.clear_text import fields_in_clear
from tests.oracle.deciding import decide

RULES = program("ENG-0*")
RULES_AND_CLEAR = program("ENG-0*", "PRV-04", "COL-*")
RULE_FILES = Path(__file__).parents[2] / "rules"
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


CARD, IDENTITY = "6222020200112233446", "11010519491231002X"


def test_what_holds_a_number_in_clear_is_kept_out_and_told() -> None:
    line = event("b", "message.received", "d2 10:00", conversation_id="c", text=f"卡 {CARD}", note=[IDENTITY])
    run = fed([FIRST, line], program("PRV-04", "COL-*"))
    assert run.outcomes[1].disposition == "quarantined"
    assert run.outcomes[1].reason == "PRV-04: 事件含明文敏感字段: data.note[0], data.text"
    (record,) = run.records
    assert (record.rule, record.level, record.key) == ("PRV-04", "critical", {"event": "b"})
    assert record.values == {"clear_text": ["data.note[0]", "data.text"]}
    assert "data.note[0], data.text" in record.message["en"]
    assert "data.note[0]、data.text" in record.message["zh"]


def test_a_reason_names_three_fields_and_counts_the_others() -> None:
    line = payment("b", "d2 10:00", 100) | {"note": [CARD] * 5}
    assert fed([line], program("PRV-04")).outcomes[0].reason.endswith(": note[0], note[1], note[2] (+2)")


def test_a_number_in_clear_is_told_once_for_its_input() -> None:
    line = event("b", "payment.received", "d2 10:00", transaction_id="T", amount_fen=1, payer_id=CARD)
    run = fed([line, line, {**line, "id": "c"}], program("PRV-04"))
    assert [outcome.disposition for outcome in run.outcomes] == ["quarantined"] * 3
    assert brief(run.records) == [("raised", "critical", "b"), ("raised", "critical", "c")]


def test_without_the_rule_numbers_in_clear_are_decided() -> None:
    line = event("b", "payment.received", "d2 10:00", transaction_id="T", amount_fen=1, payer_id=CARD)
    assert fed([line], program("COL-01", "ENG-0*")).outcomes[0].disposition == "decided"


def test_a_late_input_with_a_number_in_clear_is_kept_out_of_corrections() -> None:
    late = event(
        "b", "payment.received", "d1 08:00", "d2 10:00", transaction_id="T", amount_fen=1, payer_id=CARD
    )
    run = fed([FIRST, late], program("PRV-04", "ENG-03"))
    assert run.outcomes[1].disposition == "quarantined"
    assert [record.rule for record in run.records] == ["PRV-04"]


@pytest.mark.parametrize("number", [CARD, IDENTITY])
@pytest.mark.parametrize(
    "bent",
    [
        pytest.param({"id": "@"}, id="in the id"),
        pytest.param({"source": "bank/@"}, id="in the source"),
        pytest.param({"subject": "@", "owner": "@"}, id="in account and owner"),
        pytest.param({"type": "card.@"}, id="in a type nobody knows"),
        pytest.param({"@": "@"}, id="in a name"),
        pytest.param(
            {"data": {"transaction_id": "@", "amount_fen": 1, "payer_id": "@"}}, id="in the natural key"
        ),
        pytest.param(
            {"data": {"transaction_id": "T", "amount_fen": "@", "payer_id": "P"}}, id="in the wrong place"
        ),
        pytest.param({"data": {"transaction_id": ["@"], "amount_fen": 1}}, id="in a list in the wrong place"),
        pytest.param({"data": "@"}, id="instead of the data"),
        pytest.param({"time": "@"}, id="instead of a time"),
        pytest.param({"schemaversion": "@"}, id="instead of a version"),
        pytest.param({"receivedtime": "2026-03-10T09:00:00+08:00", "id": "@"}, id="ahead of its time, too"),
    ],
)
def test_nothing_that_is_said_shows_the_number(bent: dict[str, object], number: str) -> None:
    text = json.dumps({**FIRST, **bent}).replace("@", number)
    for raw in (text, text[:-1], text + "x", text.replace(number, number + '"', 1)):
        run = fed([raw.encode()], RULES_AND_CLEAR)
        (outcome,) = run.outcomes
        assert outcome.disposition == "quarantined"
        said = outcome.reason + repr(outcome.records)
        assert number not in said
        assert number[:-1] not in said


@given(st.data(), numbers(), st.sampled_from(["id", "source", "subject", "text", "contact_id", "note"]))
def test_engine_and_oracle_tell_the_same(data: st.DataObject, number: str, name: str) -> None:
    line = event("b", "message.received", "d2 10:00", conversation_id="c")
    other = data.draw(st.one_of(st.just(number), st.text("0123456789X", min_size=12, max_size=30)))
    place = line if name in ("id", "source", "subject") else line["data"]
    place[name] = data.draw(written(other))
    again = {**line, "id": "d"}
    log = [FIRST, line, again]
    run = fed(log, program("PRV-04"))
    told = decide(log, RULE_FILES, only={"PRV-04"})
    assert [outcome.disposition for outcome in run.outcomes] == told.fates
    found = [(each.key, each.level, each.at, each.trigger) for each in run.engine.standing()]
    expected = [tuple(each[name] for name in ("key", "level", "at", "trigger")) for each in told.standing]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    fields = [fields_in_clear(one) for one in log]
    for record, named in zip(run.records, filter(None, fields), strict=True):
        assert record.values["clear_text"] == named
