"""Two copies of one fact: the same, or in conflict, and about what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from engine.decoding import decode
from engine.dedupe import same_fact
from engine.refusal import Refusal
from tests.engine.events import TYPES, line, sent, with_data
from tests.engine.test_decoding import bent_events, cut_lines

LATER = "2026-03-11T00:00:00Z"
NOTICE = {"transaction_id": "420000", "amount_fen": 100, "payer_id": "P1"}


@pytest.mark.parametrize(("first", "second", "differing"), [
    pytest.param(sent(), sent(), (), id="the same"),
    pytest.param(sent(), sent(id="e2", source="bills/m2", time=LATER, receivedtime=LATER), (),
                 id="identity and times are not part of the fact"),
    pytest.param(sent(data=NOTICE), sent(data=NOTICE | {"fee_fen": 6}), (), id="only the bill knows the fee"),
    pytest.param(sent(data=NOTICE), sent(data=NOTICE | {"currency": "USD"}), (), id="a default is not what was said"),
    pytest.param(sent(data=NOTICE | {"fee_fen": None}), sent(data=NOTICE | {"fee_fen": 6}), (), id="null says nothing"),
    pytest.param(sent(subject=...), sent(), (), id="only one names the account"),
    pytest.param(with_data("login.attempted", lat=30), with_data("login.attempted", lat=30.0), (), id="30 is 30.0"),
    pytest.param(sent(data=NOTICE), sent(data=NOTICE | {"amount_fen": 101}), ("data.amount_fen",), id="another amount"),
    pytest.param(sent(data=NOTICE), sent(data=NOTICE | {"amount_fen": 101, "payer_id": "P2"}),
                 ("data.amount_fen", "data.payer_id"), id="all that differ are named, in order"),
    pytest.param(sent(subject="A2"), sent(), ("subject",), id="another account"),
    pytest.param(sent("fund.frozen"), sent("fund.released"), ("type",), id="another type under one identity"),
    pytest.param(sent(data=NOTICE | {"zzz": 1}), sent(data=NOTICE | {"zzz": 2}), ("data.zzz",), id="an unknown field"),
    pytest.param(sent("karma.changed", data=[1]), sent("karma.changed", data=[2]), ("data",), id="data that is a list"),
    pytest.param(sent("karma.changed", data=[1]), sent("karma.changed", data={"x": 1}), (), id="data of two shapes"),
    pytest.param(sent("karma.changed", schemaversion=3), sent("karma.changed", schemaversion=4), (),
                 id="versions nobody knows"),
    pytest.param(sent("clock.tick", data=...), sent("clock.tick", data={}), (), id="no data at all"),
    pytest.param(sent(schemaversion=0, data={"tx": "420000", "payer": "P1", "amount": "1.00"}), sent(data=NOTICE), (),
                 id="an old payload says the same in other words"),
    pytest.param(sent(schemaversion=0, data={"tx": "420000", "payer": "P1", "amount": "1.01"}), sent(data=NOTICE),
                 ("data.amount_fen",), id="an old payload says another amount"),
])  # fmt: skip
def test_two_copies(first: dict[str, Any], second: dict[str, Any], differing: tuple[str, ...]) -> None:
    for whole in (first, second):
        assert not isinstance(decode(line(whole)), Refusal)
    assert same_fact(line(first), line(second)) == differing
    assert same_fact(line(second), line(first)) == differing


@pytest.mark.parametrize(("one", "other", "differing"), [
    (b"1e999", b"1e999", ()), (b"1e999", b"2e999", ("data.zzz",)), (b"1e999", b"1", ("data.zzz",)),
    (b"9" * 400, b"9" * 400, ()), (b"9" * 5_000, b"9" * 4_999 + b"8", ("data.zzz",)),
])  # fmt: skip
def test_numbers_that_nothing_can_hold_are_compared_as_written(
    one: bytes, other: bytes, differing: tuple[str, ...]
) -> None:
    """Such a line can be read, since nobody reads the field; a copy of it must not stop the engine."""
    first, second = (
        line(sent()).replace(b'"cash":true', b'"cash":true,"zzz":' + text) for text in (one, other)
    )
    assert not isinstance(decode(first), Refusal)
    assert same_fact(first, second) == differing


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_its_own_duplicate(kind: str) -> None:
    assert same_fact(line(sent(kind)), line(sent(kind))) == ()


@given(raw=bent_events() | cut_lines())
def test_whatever_can_be_read_can_be_compared(raw: bytes) -> None:
    if not isinstance(decode(raw), Refusal):
        assert same_fact(raw, raw) == ()
        assert same_fact(raw, line(sent())) == same_fact(line(sent()), raw)
