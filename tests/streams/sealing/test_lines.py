"""Lines sealed and opened: the very bytes come back, nothing personal is left, and what is erased can be read."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decoding import Refusal, decode
from streams.sealing.seals import Seals
from streams.sealing.subjects import SEED_BYTES, keys_from
from streams.sealing.tokens import SealError
from tests.hostile.bending import bent_bytes, bent_event
from tests.streams.sealing.telling import EVENTS, LINES, SECRETS, TENANT, clear, telling


def seals() -> Seals:
    return Seals(keys_from(bytes(SEED_BYTES)), lambda: ())


def line(**data: Any) -> bytes:
    return msgspec.json.encode(telling("order.created", 1, **data))


def test_every_event_type_is_sealed_and_comes_back() -> None:
    made = seals()
    for raw in LINES:
        kept = made.line(TENANT, raw)
        assert not [secret for secret in SECRETS if secret in kept]
        assert made.opened_line(kept) == raw
    assert len(SECRETS) == 40


@given(seed=st.integers(0, 10**6))
def test_any_line_comes_back_whatever_it_holds(seed: int) -> None:
    """Also where it is no JSON, holds values of other types, or tokens of its own making."""
    rng, made = random.Random(seed), seals()
    token = json.loads(made.line(TENANT, line(payer_id="p1")))["data"]["payer_id"]
    event = rng.choice(EVENTS)
    event = {
        **event,
        "data": {**event["data"], "text": rng.choice([token, "sealed:", "sealed:.", "sealed:..x", ""])},
    }
    raw = msgspec.json.encode(bent_event(event, rng))
    raw = bent_bytes(raw, rng) if rng.random() < 0.5 else json.dumps(json.loads(raw)).encode()
    for kept in (made.line(TENANT, raw), made.line(TENANT, raw.replace(b"e", b"\\u0065", rng.randrange(9)))):
        made.opened_line(kept)
    assert made.opened_line(made.line(TENANT, raw)) == raw
    made.destroy(TENANT, "p1")
    assert made.opened_line(made.line(TENANT, raw)) == raw, "a token of somebody erased is a text like any"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(rb'{"data":{"\u0070ayer_id":"z.q"}}', id="its name is written with signs by number"),
        pytest.param(rb'{"data":{"payer\u005fid" : {"a":["z.q"]}}}', id="and its value is an object"),
        pytest.param(b'{"payer_id" : \t"z.q"}', id="with spaces"),
        pytest.param(b'{"payer_id":"z.q","payer_id":"z.q2"}', id="twice"),
        pytest.param(b'{"x":[{"y":{"text":{"a":"z.q","b":["}z.q"]}}}]}', id="deep, and an object"),
        pytest.param(b'{"contact_ids":[ "z.q" , "a\\"z.q"]}', id="a list"),
        pytest.param(b'{"contact_ids":["z.q",1]}', id="a list of this and that"),
        pytest.param(b'{"text":"z.q', id="cut off in a text"),
        pytest.param(b'{"text":{"a":["z.q"', id="cut off in a list"),
        pytest.param(
            b'{"type":"audit.queried","data":{"query":"{\\"key\\":\\"payer=z.q\\"}"}}', id="a key asked for"
        ),
        pytest.param(
            b'{"type":"audit.queried","data":{"query":"{\\"text\\":\\"z.q \\\\\\"z.q\\\\\\" b\\"}"}}',
            id="words asked for",
        ),
        pytest.param(
            b'{"type":"suppression.added","data":{"key":{"payer":"z.q","who":"z.q"}}}', id="a suppression"
        ),
        pytest.param(b'{"type":"subject.erased","data":{"subject":"z.q"}}', id="an erasure"),
        pytest.param(rb'{"lat":","\u0074ext":{"a":["z.q"]}}', id="a field begins in what another ends with"),
        pytest.param(b'{"text":"' + b"z.q" * 600_000 + b'"}', id="an overlong line"),
    ],
)
def test_hostile_and_odd_spellings_are_sealed_too(raw: bytes) -> None:
    made = seals()
    kept = made.line("t1", raw)
    assert b"z.q" not in kept.replace(b"1z.q}", b"")
    assert made.opened_line(kept) == raw


def test_what_stands_in_no_personal_field_stays() -> None:
    raw = b'{"subject":"A1","data":{"order_id":"payer_id","fen":5,"text":"","payer_id":null,"x":"\\"text\\": 1"}}'
    assert seals().line("t1", raw) == raw


@pytest.mark.parametrize(
    ("data", "whose"),
    [
        ({"operator_id": "op"}, "op"),
        ({"contact_id": "c1"}, "c1"),
        ({"payer_id": "p1", "operator_id": "op"}, "op"),
        ({"host_id": "h1"}, "h1"),
        ({}, "A1"),
    ],
)
def test_what_names_nobody_belongs_to_whom_the_line_names_else_to_the_account(
    data: dict[str, str], whose: str
) -> None:
    made = seals()
    raw = msgspec.json.encode({"subject": "A1", "data": {"ip": "203.0.113.9", **data}})
    kept = made.line("t1", raw)
    made.destroy("t1", "another")
    assert made.opened_line(kept) == raw
    made.destroy("t1", whose)
    assert b'"ip":null' in made.opened_line(kept)


def test_the_same_value_of_the_same_subject_is_the_same_token_and_no_other_is() -> None:
    made = seals()
    first, second = (made.line("t1", b'{"payer_id":"%s"}' % name)[12:] for name in (b"p1", b"p2"))
    assert made.line("t1", b'{"payee_id":"p1"}')[12:] == first != second
    assert made.line("t2", b'{"payer_id":"p1"}')[12:] != first, "of another tenant"


def test_what_was_erased_can_still_be_decided_on() -> None:
    """Fields that are read as numbers, days or addresses are absent then; names are pseudonyms."""
    made = seals()
    kept = [made.line(TENANT, raw) for raw in LINES]
    for number, event in enumerate(EVENTS):
        for value in {value.decode() for value in clear(number, event["data"])} | {"A1"}:
            made.destroy(TENANT, value)
    for raw, sealed in zip(LINES, kept, strict=True):
        opened = made.opened_line(sealed)
        assert not [secret for secret in SECRETS if secret in opened]
        assert isinstance(decode(opened), Refusal) == isinstance(decode(raw), Refusal), opened


def test_who_comes_back_is_sealed_by_another_key() -> None:
    made = seals()
    raw = b'{"payer_id":"p1"}'
    before = made.line("t1", raw)
    made.destroy("t1", "p1")
    after = made.line("t1", raw)
    assert before != after
    assert (made.opened_line(before), made.opened_line(after)) == (before, raw)
    made.destroy("t1", "p1")
    assert made.opened_line(after) == after


def test_a_token_that_was_changed_is_refused() -> None:
    made = seals()
    kept = made.line("t1", b'{"payer_id":"p1"}')
    changed = kept[:-6] + (b"A" if kept[-6:-5] != b"A" else b"B") + kept[-5:]
    with pytest.raises(SealError, match=r"found .*sealed:.*expected the value as it was sealed"):
        made.opened_line(changed)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"payer_id":"z.q","data":5}', "data: found 5; expected an object"),
        (b'{"data":{"payer_id":["z.q"]}}', 'data.payer_id: found ["z.q"]; expected a string'),
        (b'{"data":{"lat":"z.q"}}', 'data.lat: found "z.q"; expected a number'),
        (b'{"text":"z.q}', 'line: found "{\\"text\\":\\"z.q}"; expected JSON (input data was truncated)'),
        (b'{"data":{"reason":{"text":"z.q"}}}', 'data.reason: found {"text":"z.q"}; expected a string'),
    ],
)
def test_reasons_quote_nothing_in_clear_and_come_back(raw: bytes, told: str) -> None:
    made = seals()
    kept = made.reason("t1", told, raw)
    assert "z.q" not in kept
    assert made.opened_text(kept) == told
    entry = msgspec.json.encode({"reason": kept})
    assert msgspec.json.decode(made.opened(entry)) == {"reason": told}


def test_reasons_without_personal_values_stay_readable() -> None:
    told = 'data.amount_fen: found "12.00"; expected an integer'
    assert seals().reason("t1", told, b'{"payer_id":"p1","data":{"amount_fen":"12.00"}}') == told
