"""Upcasting: an old payload reads as the current one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decoding import decode
from engine.event import CURRENT_VERSION, Event
from engine.payloads import PAYLOADS
from engine.upcasting import UPCASTERS, payment_0_to_1, upcast
from tests.engine.events import line, sent

OLD = {"tx": "420000", "payer": "P1", "amount": "123.45"}
NEW = {"transaction_id": "420000", "payer_id": "P1", "amount_fen": 123_45}


def test_a_pre_release_payment_reads_as_one_of_today() -> None:
    old = decode(line(sent(schemaversion=0, data=OLD | {"method": "code", "cash": None})))
    assert isinstance(old, Event)
    assert old == decode(line(sent(data=NEW | {"method": "code"})))
    assert old.schemaversion == CURRENT_VERSION


@pytest.mark.parametrize(("amount", "fen"), [
    ("0", 0), ("0.01", 1), ("0.1", 10), ("5", 500), ("007.50", 750), ("9999999999999.99", 999_999_999_999_999),
])  # fmt: skip
def test_an_amount_in_yuan(amount: str, fen: int) -> None:
    assert upcast("payment.received", 0, OLD | {"amount": amount}) == NEW | {"amount_fen": fen}


@pytest.mark.parametrize("amount", [
    "", " 5", "5 ", "5\n", "-1", "+1", "1.", ".5", "1.234", "1,50", "1e3", "1_0", "１２", "NaN", "Infinity",
    "1e999999", "9" * 14, 5, 12.34, True, None, ["1"],
])  # fmt: skip
def test_an_amount_that_is_none_is_refused(amount: Any) -> None:
    with pytest.raises(ValueError, match="amount is a text in yuan"):
        payment_0_to_1(OLD | {"amount": amount})


@given(fen=st.integers(0, 10**15 - 1))
def test_no_amount_is_rounded(fen: int) -> None:
    assert payment_0_to_1({"amount": f"{fen // 100}.{fen % 100:02}"}) == {"amount_fen": fen}


def test_what_is_missing_stays_missing_and_what_is_new_stays() -> None:
    assert payment_0_to_1({"zzz": [1]}) == {"zzz": [1]}


def test_the_input_is_left_as_it_was() -> None:
    data = dict(OLD)
    upcast("payment.received", 0, data)
    assert data == OLD


@pytest.mark.parametrize(("kind", "version"), [("order.created", 0), ("payment.received", -1)])
def test_a_version_without_a_step_is_said(kind: str, version: int) -> None:
    with pytest.raises(LookupError, match=f"{kind} version {version}"):
        upcast(kind, version, {})


def test_every_step_leads_to_the_current_version() -> None:
    for kind, version in UPCASTERS:
        assert kind in PAYLOADS
        assert all((kind, step) in UPCASTERS for step in range(version, CURRENT_VERSION))
