"""Which fields of a line hold a number in clear, and that a quick look at the bytes misses none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clear_text import clear_text, may_hold, without_numbers
from tests.logs.numbers import numbers, written
from tests.oracle.clear_text import fields_in_clear

CARD = "4111111111111111"
NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text("4X -a，“—９\u00a0", max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("ab卡 .", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        pytest.param({"data": {"text": f"卡{CARD}"}}, ("data.text",), id="a text"),
        pytest.param({"data": {"a": [{"b": CARD}, CARD]}}, ("data.a[0].b", "data.a[1]"), id="deep inside"),
        pytest.param({"data": {"card": int(CARD)}}, ("data.card",), id="an integer"),
        pytest.param({"data": {"amount_fen": -int(CARD)}}, ("data.amount_fen",), id="a negative one"),
        pytest.param({"data": {"卡号": CARD}}, ("data.卡号",), id="a field nobody knows"),
        pytest.param({"data": {CARD: 1}}, ("data.*",), id="the name of a field"),
        pytest.param(
            {"data": {"a b": CARD, "x" * 41: CARD}}, ("data.*",), id="under names that are no words"
        ),
        pytest.param(
            {"id": CARD, "subject": CARD, "note": CARD}, ("id", "note", "subject"), id="beside the data"
        ),
        pytest.param({"tenant": CARD}, (), id="the tenant, which every record names"),
        pytest.param({"data": {"x": [4111, 1111, 1111, 1111]}}, (), id="several numbers are not one"),
        pytest.param({"data": {"x": 0.4111111111111111}}, (), id="a fraction"),
        pytest.param(
            {"data": {"x": [CARD] * 30}},
            tuple(sorted(f"data.x[{n}]" for n in range(20))),
            id="the first twenty of many",
        ),
    ],
)
def test_the_fields_are_named(line: dict[str, Any], fields: tuple[str, ...]) -> None:
    assert clear_text(json.dumps(line).encode()) == fields
    assert fields_in_clear(line) == list(fields)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(rb'{"data":{"x":"\u0034111111111111111"}}', id="a digit as an escape"),
        pytest.param(rb'{"data":{"x":"\u53614111111111111111"}}', id="behind an escape that ends in digits"),
        pytest.param(rb'{"data":{"x":"\uFF14\uff11\uff11\uff11111111111111"}}', id="wide digits as escapes"),
        pytest.param(rb'{"data":{"x":"4111\u30001111\u30001111\u30001111"}}',
                     id="wide spaces as escapes"),
        pytest.param(rb'{"data":{"x":"4111111111111111","x":"-"}}', id="a name that comes twice, the first time"),
        pytest.param(rb'{"data":{"x":1e999,"x":"4111111111111111"}}', id="beside a number that is none for Python"),
        pytest.param(b'{"data":{"x":"4111111111111111","y":' + b"9" * 5_000 + b"}}", id="beside a very long integer"),
        pytest.param(rb'{"data":{"x":"4111111111111111","y":"\ud800"}}', id="beside half a sign"),
    ],
)  # fmt: skip
def test_however_json_says_it(line: bytes) -> None:
    assert clear_text(line) == ("data.x",)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"time":"2026-03-10T09:00:00+08:00","data":{"n":1773108000000}}', id="instants"),
        pytest.param(b'{"data":{"transaction_id":"4200002468202603101234567890"}}', id="28 digits"),
        pytest.param('{"data":{"text":"新款上架，“欢迎”——选购！"}}'.encode(), id="Chinese signs"),
        pytest.param(
            json.dumps({"id": "4200002468202603101234567890", "text": "上架，“新款”"}).encode(),
            id="in escapes",
        ),
    ],
)
def test_ordinary_lines_are_not_read(line: bytes) -> None:
    assert not may_hold(line)


@given(st.data(), numbers(), NESTED, st.booleans())
def test_no_number_is_missed_wherever_it_stands(
    data: st.DataObject, number: str, beside: Any, ascii_: bool
) -> None:
    text = data.draw(st.sampled_from(["", "卡", "a:", "，“"])) + data.draw(written(number))
    value: Any = text
    for step in data.draw(st.lists(st.sampled_from(["list", "object"]), max_size=4)):
        value = [beside, value] if step == "list" else {"in": value, "by": beside}
    line = {"specversion": "1.0", "data": {"w": beside, "x": value}}
    raw = json.dumps(line, ensure_ascii=ascii_).encode()
    assert may_hold(raw)
    found = clear_text(raw)
    assert any(field.startswith("data.x") for field in found)
    assert list(found) == fields_in_clear(line)


@given(NESTED)
def test_fields_are_named_as_the_definition_says(value: Any) -> None:
    line = {"data": {"x": value}}
    assert list(clear_text(json.dumps(line, ensure_ascii=False).encode())) == fields_in_clear(line)


@given(numbers(), NESTED)
def test_what_is_shown_holds_no_number(number: str, beside: Any) -> None:
    shown = without_numbers({"id": "e1", number: [beside, {"x": f"卡{number}"}], "n": 7, "yes": True})
    assert fields_in_clear(shown) == []
    assert (shown["id"], shown["n"], shown["yes"]) == ("e1", 7, True)
