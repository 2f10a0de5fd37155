"""Inputs that once stopped the engine, each by itself: a line that raises is decided again after every restart."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from tests.hostile.test_input_lines import engine, fed


def one(kind: str, time: str, data: dict[str, Any], number: int = 1, **attributes: Any) -> bytes:
    return msgspec.json.encode(
        {"specversion": "1.0", "id": f"e{number}", "source": "test/one", "type": kind, "time": time, "tenant": "t1",
         "subject": "A1", "data": data, **attributes}
    )  # fmt: skip


PAYMENT: Final = {"transaction_id": "T1", "amount_fen": 100, "payer_id": "P1"}
LICENCE: Final = {"qual_id": "Q1", "qual_type": "food_licence", "owner_id": "O1", "valid_from": "2026-01-01"}


def tick(time: str, number: int = 9) -> bytes:
    return one("clock.tick", time, {}, number, subject=None)


FOUND: Final[dict[str, list[bytes]]] = {
    "a verification that ends tomorrow": [
        one("account.verified", "2026-03-19T08:00:00+08:00", {"verified_until": "2026-03-20"}),
        one("qualification.issued", "2026-03-21T04:20:58+08:00", LICENCE | {"scope": ["food"]}, 2),
    ],
    "a verification without end": [
        one("account.verified", "2026-03-19T08:00:00+08:00", {"verified_until": "9999-12-31"}),
        tick("2026-03-21T05:20:58+08:00"),
    ],
    "a licence without end": [
        one("qualification.issued", "2026-03-19T08:00:00+08:00", LICENCE | {"valid_to": "9999-12-31"}),
        tick("2026-03-21T05:20:58+08:00"),
    ],
    "a licence for nine thousand years": [
        one("qualification.issued", "2026-03-19T08:00:00+08:00", LICENCE | {"term_years": 9_000}),
        tick("2026-03-21T05:20:58+08:00"),
    ],
    "a licence of the first day of all": [
        one("qualification.issued", "2026-03-19T08:00:00+08:00", LICENCE | {"valid_to": "0001-01-01"}),
        tick("2026-03-21T05:20:58+08:00"),
    ],
    "a payment on the last day of all": [one("payment.received", "9998-12-31T23:59:59Z", PAYMENT)],
    "a payment after the last day of all": [one("payment.received", "9998-12-31T23:59:59-23:59", PAYMENT)],
    "a payment on the first day of all": [one("payment.received", "1970-01-01T00:00:00Z", PAYMENT)],
    "a limit set late to what it cannot be, then a correction": [
        tick("2026-03-21T08:00:00+08:00"),
        one("limit_profile.set", "2026-03-10T08:00:00+08:00", {"limit": "personal_daily", "value": "x"}, 2,
            receivedtime="2026-03-21T08:00:00+08:00"),
        one("correction.requested", "2026-03-21T08:00:01+08:00", {"by": "auditor"}, 3),
    ],
    "events by the names of what only the engine derives": [
        one("alert.raised", "2026-03-10T08:00:00+08:00", {}),
        *(one(f"@chain.{n}", "2026-03-10T08:00:00+08:00", {}, n + 2) for n in range(100)),
    ],
    "a limit of three million years": [
        one("limit_profile.set", "2026-03-10T08:00:00+08:00", {"limit": "reply_direct", "value": "999999999d"}),
        one("limit_profile.set", "2026-03-10T08:00:00+08:00", {"limit": "reply_direct_warn", "value": "1s"}, 2),
        one("message.received", "2026-03-10T10:00:00+08:00", {"conversation_id": "V", "chat": "direct"}, 3),
        tick("2026-03-11T10:00:00+08:00"),
    ],
    "a payment of nothing before a late one": [
        one("limit_profile.set", "2026-03-10T00:00:00+08:00", {"limit": "device_accounts", "value": 3}),
        one("payment.received", "2026-03-10T10:00:00+08:00", PAYMENT | {"amount_fen": 0, "face_to_face": True}, 2),
        one("payment.received", "2026-03-10T09:00:00+08:00",
            PAYMENT | {"transaction_id": "T2", "code_kind": "personal_dynamic", "face_to_face": True}, 3,
            receivedtime="2026-03-10T19:00:00+08:00"),
    ],
    "a copy with a broken number nobody reads": [
        one("payment.received", "2026-03-10T08:00:00+08:00", PAYMENT | {"zzz": 1}).replace(b'"zzz":1', b'"zzz":1e999')
    ] * 2,
    "a copy of an unknown type of version 0": [
        one("karma.changed", "2026-03-10T08:00:00+08:00", {}, schemaversion=0)
    ] * 2,
    "a copy of an unknown type whose data is a list": [
        one("karma.changed", "2026-03-10T08:00:00+08:00", {}).replace(b'"data":{}', b'"data":[1]')
    ] * 2,
    "an old payment without end": [
        one("payment.received", "2026-03-10T08:00:00+08:00", {"tx": "T", "payer": "P", "amount": "1e999999"},
            schemaversion=0)
    ],
    "staff of nobody": [
        one("staff.onboarded", "2026-03-10T08:00:00+08:00", {"staff_id": "S1"}),
        one("staff.offboarded", "2026-03-10T09:00:00+08:00", {"staff_id": "S1"}, 2),
    ],
}  # fmt: skip


@pytest.mark.parametrize("lines", FOUND.values(), ids=FOUND)
def test_it_is_decided(lines: list[bytes]) -> None:
    held = engine()
    fed(held, lines)
    held.until(4_000_000_000_000_000)  # A century on: whatever it armed has rung.
    assert held.tally.inputs == len(lines)
