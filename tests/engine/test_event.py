"""Events: what names a fact besides its identity."""

from __future__ import annotations

from typing import Any

import pytest

from engine.decoding import decode
from engine.event import Event
from engine.payloads import NATURAL_KEYS
from tests.engine.events import TYPES, line, sent, with_data


def natural(whole: dict[str, Any]) -> tuple[str, str, str] | None:
    """Return the natural key of an event that can be read."""
    event = decode(line(whole))
    assert isinstance(event, Event), event
    return event.natural()


@pytest.mark.parametrize(("whole", "key"), [
    pytest.param(with_data(transaction_id="420000"), "420000", id="a payment"),
    pytest.param(with_data("payment.refunded", refund_id="R1"), "R1", id="a refund, not its payment"),
    pytest.param(with_data("friend.request_sent", request_id="r1"), "A1/r1", id="a friend request, by account"),
    pytest.param(with_data("post.published", post_id="p1"), "A1/p1", id="a post, by account"),
    pytest.param(with_data("qualification.issued", qual_id="Q1", valid_from="2024-01-01"), "Q1/2024-01-01",
                 id="a qualification, by its first day"),
    pytest.param(with_data("live.started", live_id="L1"), "L1", id="a live stream's beginning"),
])  # fmt: skip
def test_a_fact_has_a_key_that_people_can_read(whole: dict[str, Any], key: str) -> None:
    found = natural(whole)
    assert found is not None
    assert found[:2] == (whole["type"], key)


@pytest.mark.parametrize("kind", [*sorted(set(TYPES) - NATURAL_KEYS.keys()), "karma.changed"])
def test_other_events_have_none(kind: str) -> None:
    assert natural(sent(kind)) is None


@pytest.mark.parametrize("kind", [kind for kind, fields in NATURAL_KEYS.items() if fields[0] == "subject"])
def test_a_number_that_an_account_gave_names_nothing_without_the_account(kind: str) -> None:
    assert natural(sent(kind)) is not None
    assert natural(sent(kind, subject=...)) is None


def test_a_slash_inside_a_part_does_not_make_two_facts_one() -> None:
    one = natural(with_data("friend.request_sent", request_id="1/2"))
    other = natural(with_data("friend.request_sent", request_id="2") | {"subject": "A1/1"})
    assert one is not None
    assert other is not None
    assert one[1] == other[1] == "A1/1/2"
    assert one != other


def test_types_do_not_share_keys() -> None:
    assert natural(with_data("invoice.requested", invoice_id="I1")) != natural(
        with_data("invoice.issued", invoice_id="I1")
    )
