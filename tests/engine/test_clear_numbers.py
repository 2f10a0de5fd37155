"""Identity and card numbers in a text: each part of what makes one is a row, and digits of any other kind are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clear_numbers import holds_number, is_card, is_identity, masked, numbers_in
from tests.logs.numbers import DIGITS, cards, identities, numbers, written
from tests.oracle import clear_text as oracle

IDENTITY = "11010519491231002X"
CARD = "6222020200112233446"


@pytest.mark.parametrize(
    ("number", "held"),
    [
        pytest.param(IDENTITY, True, id="the standard's own example"),
        pytest.param("110105194912310021", False, id="another check digit"),
        pytest.param("440306200002291239", True, id="29 February of a leap year"),
        pytest.param("440306190002291232", False, id="29 February of no leap year, the check digit right"),
        pytest.param("110105194913310021", False, id="a thirteenth month, the check digit right"),
        pytest.param("160105194912310029", False, id="a province that is none, the check digit right"),
        pytest.param("110105184912310020", False, id="born in 1849, the check digit right"),
        pytest.param("110105491231002", False, id="15 digits, of which nothing can be checked"),
        pytest.param(CARD, True, id="UnionPay, 19 digits"),
        pytest.param("6222020200112233445", False, id="UnionPay, another check digit"),
        pytest.param("6222021001122337", True, id="UnionPay, 16 digits"),
        pytest.param("622202100112234", False, id="UnionPay, 15 digits, the check digit right"),
        pytest.param("4111111111111111", True, id="Visa"),
        pytest.param("4222222222222", False, id="Visa's 13 digits, as a product code has"),
        pytest.param("4000000000000000006", False, id="19 digits of no bank that issues them"),
        pytest.param("4367420000000000001", True, id="19 digits of a bank that does"),
        pytest.param("5555555555554444", True, id="Mastercard"),
        pytest.param("2603101000000003", False, id="an order number that begins with year and month"),
        pytest.param("3530111333300000", True, id="JCB"),
        pytest.param("378282246310005", True, id="American Express"),
        pytest.param("356938035643809", False, id="a telephone's 15 digits, the check digit right"),
        pytest.param("30569309025904", True, id="Diners Club"),
        pytest.param("6011111111111117", True, id="Discover"),
        pytest.param("1773108000000000", False, id="an instant in microseconds"),
        pytest.param("13800138000", False, id="a telephone number"),
        pytest.param("4200002468202603101234567890", False, id="a transaction's 28 digits"),
        pytest.param("42000024684111111111111111111111", False, id="a card number within more digits"),
    ],
)
def test_what_is_a_number(number: str, held: bool) -> None:
    assert holds_number(number) is held


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(f"身份证{IDENTITY}。", "身份证******************。", id="between Chinese signs"),
        pytest.param(
            "id11010519491231002x", "id******************", id="letters may touch it, and x is small"
        ),
        pytest.param("110105 19491231 002X", "****** ******** ****", id="by its parts"),
        pytest.param("110105-1949-1231-002X", "******-****-****-****", id="by its parts, with strokes"),
        pytest.param("6222 0202 0011 2233 446", "**** **** **** **** ***", id="in fours"),
        pytest.param("622202 0200112233446", "****** *************", id="the bank's six and the rest"),
        pytest.param("3782-822463-10005", "****-******-*****", id="as American Express prints it"),
        pytest.param("６２２２０２０２００１１２２３３４４６", "*" * 19, id="in wide digits"),
        pytest.param("4111 1111 1111 1111 100", "**** **** **** **** 100", id="and an amount after it"),
        pytest.param(
            "13800138000 4111111111111111", "13800138000 ****************", id="after a telephone number"
        ),
        pytest.param("2026 4111 1111 1111 1111", "2026 **** **** **** ****", id="after a year"),
        pytest.param(f"{IDENTITY},{CARD}", f"{'*' * 18},{'*' * 19}", id="two of them"),
        pytest.param("1：6222020200112233446", "1：*******************", id="after a number and a colon"),
    ],
)
def test_each_digit_is_masked_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert oracle.hidden(text) == shown
    assert not holds_number(shown)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("9c4111111111111111ab03", id="within a hash"),
        pytest.param("0.4111111111111111", id="behind a decimal point"),
        pytest.param("4111-1111 1111-1111", id="grouped now one way, now the other"),
        pytest.param("4111-1111-1111-1111-2026", id="a piece of a longer word with strokes"),
        pytest.param("a716-4111-1111-1111-1111", id="behind a piece with digits"),
        pytest.param("41 11 11 11 11 11 11 11", id="in twos, as no card is printed"),
    ],
)
def test_what_is_a_piece_of_something_else_is_none(text: str) -> None:
    assert not holds_number(text)
    assert masked(text) == text == oracle.hidden(text)


@given(cards(), st.integers(0, 9))
def test_of_ten_last_digits_one_makes_a_card(card: str, last: int) -> None:
    other = card[:-1] + str(last)
    assert is_card(other) is holds_number(other) is (other == card) or is_identity(other)


@given(identities(), st.sampled_from(DIGITS + "X"))
def test_of_eleven_last_signs_one_makes_an_identity(number: str, last: str) -> None:
    other = number[:-1] + last
    assert is_identity(other) is (other == number)
    assert holds_number(other) is (other == number) or is_card(other)


@given(
    st.data(),
    numbers(),
    st.sampled_from(["", "卡号", "no ", "：", "\n", "#"]),
    st.sampled_from(["", "，谢谢", " ok", "\t"]),
)
def test_a_number_is_found_however_it_is_written(
    data: st.DataObject, number: str, before: str, after: str
) -> None:
    text = before + data.draw(written(number)) + after
    ((start, end),) = numbers_in(text)
    assert (start, end) == (len(before), len(text) - len(after))


@given(st.text("0123456789 -X4a６　.", min_size=14, max_size=60))
def test_any_text_is_masked_as_the_definition_says(text: str) -> None:
    assert masked(text) == oracle.hidden(text)


@given(
    st.lists(st.one_of(numbers(), st.text("45 -aX", max_size=6)), max_size=5),
    st.sampled_from(["", " ", "-", ",", "x"]),
)
def test_so_are_numbers_side_by_side(parts: list[str], joint: str) -> None:
    text = joint.join(parts)
    assert masked(text) == oracle.hidden(text)
