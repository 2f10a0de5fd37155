"""Records sealed and opened: what a rule takes from a personal field, under whatever name, in values and in words."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.alert import Record, encode
from rules.loading import load
from rules.personal import personal_names
from streams.sealing.records import event_subject
from streams.sealing.seals import Seals
from streams.sealing.subjects import SEED_BYTES, keys_from
from tests.contracts.store import record

RULES = """
pack: x
title: {zh: 例, en: Example}
rules:
  - id: AAA-01
    title: {zh: 例, en: Example}
    on: payment.received
    per: {who: event.payer_id}
    measure:
      first: {first: event.payer_id, over: day}
      paid: {sum: event.amount_fen, over: day}
    let: {named: '"to " + first'}
    levels: {warn: paid > 1 && named != ""}
    message: {zh: '{named} {paid|yuan}', en: '{named} {paid|yuan}'}
    action: {zh: 看, en: Look}
    who: [owner]
    source: none
    confidence: C
    tests:
      - {name: it fires, given: [{at: "09:00", amount: "1.00"}], expect: [{at: "09:00", level: warn}]}
      - {name: it does not, given: [{at: "09:00", amount: "0.01"}], expect: []}
"""


@cache
def seals() -> Seals:
    return Seals(keys_from(bytes(SEED_BYTES)), lambda: ())


def test_names_are_followed_through_measures_and_lets(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(RULES, encoding="utf-8")
    assert personal_names(load(tmp_path)) == {"AAA-01": frozenset({"who", "first", "named"})}


def test_the_shipped_rules_name_people_by_their_fields() -> None:
    assert personal_names(load())["AML-12"] >= {"party"}


TEXT = st.text(max_size=5) | st.sampled_from(["sealed:", "sealed:.", "1", "0", "a_", '"', "\\", "付款"])
VALUE = TEXT | st.integers(-9, 9) | st.none()


@given(
    key=st.dictionaries(st.sampled_from(["payer", "who", "account", "ip"]), TEXT),
    values=st.dictionaries(st.sampled_from(["text", "lat", "prev.lat", "who", "paid"]), VALUE),
    words=st.lists(TEXT, max_size=4),
)
def test_any_record_comes_back_as_it_was(
    key: dict[str, str], values: dict[str, Any], words: list[str]
) -> None:
    said = {
        "en": " ".join([*words, *key.values(), *(each for each in values.values() if isinstance(each, str))])
    }
    told = replace(record("a_1", 1), key=key, values=values, message=said, action=said)
    sealed = seals().record(told, frozenset({"who"}))
    assert seals().opened(encode(sealed)) == encode(told)
    for name in {"payer", "who"} & key.keys():
        assert sealed.key[name] != key[name] or not key[name]


def test_words_repeat_nothing_that_is_sealed_and_keep_the_rest() -> None:
    told = replace(
        record("a_1", 1), key={"payer": "p1"}, message={"en": "payer p1, 1.00, p1"}, action={"en": "ask p1"}
    )
    sealed = seals().record(told)
    token = sealed.key["payer"]
    assert sealed.message == {"en": f"payer {token}, 1.00, {token}"}
    assert sealed.action == {"en": f"ask {token}"}


def test_what_names_nobody_is_sealed_by_the_event_it_tells_of() -> None:
    made = Seals(keys_from(bytes(SEED_BYTES)), lambda: ())
    told: Record = replace(record("a_1", 1), key={"event": "e1"}, values={"text": "悄悄话"})
    sealed = made.record(told)
    assert made.for_engine(sealed).values == {"text": "悄悄话"}
    made.destroy("t1", event_subject("s", "e1"))
    assert made.for_engine(sealed).values == sealed.values
