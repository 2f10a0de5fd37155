"""Entries are canonical JSON of at most 65,535 bytes, whatever stands in an event."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.alert import Record, encode
from engine.payloads.fields import GREATEST
from engine.windows import Zone
from streams.audit.entries import ACTS, MOST_NAME, act_entry, alert_entry, quarantine_entry
from streams.audit.indexing import DailyIndex
from streams.audit.telling import Teller
from streams.audit.tiles import MOST_ENTRY
from tests.contracts.store import record
from tests.streams.running import made, replayed


def record_with(values: dict[str, object], message: str = "") -> Record:
    return msgspec.structs.replace(record("a_1", 1), values=values, message={"zh": message})


@given(text=st.text(), number=st.integers(-GREATEST, GREATEST), tenant=st.text(max_size=40))
def test_the_entry_of_a_record_is_canonical_json(text: str, number: int, tenant: str) -> None:
    entry = alert_entry(
        tenant, 7, record_with({"sum": number, "word": text, "none": None, "yes": True}, text)
    )
    assert entry == rfc8785.dumps(msgspec.json.decode(entry))


def test_the_entries_of_real_records_are_canonical_and_hold_them_whole() -> None:
    records = [msgspec.json.decode(body, type=Record) for _, body in replayed(made(5, 200))[1]]
    assert records
    for each in records:
        entry = alert_entry("t1", 1, each)
        told = msgspec.json.decode(entry)
        assert entry == rfc8785.dumps(told)
        assert told == {"kind": "alert", "position": 1, "tenant": "t1", "record": msgspec.to_builtins(each)}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(record_with({}, "长" * MOST_ENTRY), id="it is too long"),
        pytest.param(record_with({"sum": GREATEST + 1}), id="a sum is not exact in every reader"),
    ],
)
def test_a_record_that_no_entry_can_hold_is_named_by_its_digest(changed: Record) -> None:
    entry = alert_entry("t1", 3, changed)
    told = msgspec.json.decode(entry)["record"]
    body = encode(changed)
    assert told == {"id": "a_1", "record": 1, "bytes": len(body), "sha256": sha256(body).hexdigest()}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def keys_of(value: object) -> Iterator[str]:
    """Yield every key of a JSON value, however deep."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(value, dict):
        yield from value
    for each in inner:
        yield from keys_of(each)


@given(data=st.dictionaries(st.text(), _JSON, max_size=4))
def test_the_entry_of_an_act_is_canonical_whatever_it_holds(data: dict[str, object]) -> None:
    raw = msgspec.json.encode({"id": "e1", "source": "s", "type": "override.set", "time": "t", "data": data})
    entry = act_entry("t1", 2, "override.set", raw)
    assert entry == rfc8785.dumps(msgspec.json.decode(entry))
    told = msgspec.json.decode(entry)
    assert all(key.isascii() for key in keys_of(told))
    assert (told["kind"], told["position"]) == ("override.set", 2)
    assert told["sha256"] == sha256(raw).hexdigest()


def test_an_act_that_no_entry_can_hold_is_named_by_its_digest() -> None:
    raw = msgspec.json.encode({"id": "e1", "source": "s", "data": {"reason": "x" * MOST_ENTRY}})
    told = msgspec.json.decode(act_entry("t1", 2, "alert.resolved", raw))
    assert told == {
        "kind": "alert.resolved", "tenant": "t1", "position": 2, "bytes": len(raw), "sha256": sha256(raw).hexdigest(),
    }  # fmt: skip


def test_a_reason_or_a_name_that_is_too_long_does_not_burst_an_entry() -> None:
    entry = quarantine_entry("t" * 70_000, 1, "why " * 20_000, "0" * 64, 5)
    told = msgspec.json.decode(entry)
    assert told["tenant"] == f"sha256:{sha256(b't' * 70_000).hexdigest()}"
    assert "reason" not in told
    assert msgspec.json.decode(quarantine_entry("t" * MOST_NAME, 1, "why", "0" * 64, 5))["reason"] == "why"


def test_all_that_people_do_is_an_act() -> None:
    people = {
        "rule.changed", "override.set", "correction.requested", "audit.queried", "audit.verified", "subject.erased",
        "alert.acknowledged", "alert.assigned", "alert.snoozed", "alert.resolved", "alert.reopened",
        "suppression.added", "suppression.ended", "audit.key_rotated",
    }  # fmt: skip
    assert people <= ACTS
    assert ACTS.isdisjoint({"clock.tick", "connector.heartbeat", "payment.received", "limit_profile.set"})


def test_an_overlong_line_is_told_whole_by_its_digest() -> None:
    teller = Teller({}, DailyIndex(Zone("Asia/Shanghai")))
    teller.add((1, 1, "", 0, 0, 4, "too long", b"first "), "", (), iter([b"and ", b"last"]))
    told = msgspec.json.decode(teller.entries[0])
    assert (told["sha256"], told["bytes"]) == (sha256(b"first and last").hexdigest(), 14)
    assert teller.ledgers[""].hash == sha256(bytes(32) + b"\4first and last").digest()
