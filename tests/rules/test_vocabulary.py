"""The names an expression may use, and what they are."""

from __future__ import annotations

import pytest

from engine.payloads import PAYLOADS
from rules.checking import Checked, Declared, check
from rules.model import Limit
from rules.vocabulary import (
    dimension,
    dimensions,
    entity_names,
    event_names,
    event_types,
    intake_names,
    limit_names,
    period_names,
    unit_of,
)


def limit(
    unit: str, value: float | str | list[str] | None, table: dict[str, float | str] | None = None
) -> Limit:
    return Limit("x", unit, value, table, "test", "A", "2026-11-22")


@pytest.mark.parametrize(
    ("types", "name", "declared"),
    [
        (("payment.received",), "event.amount_fen", Declared("int", "fen")),
        (("payment.received",), "event.currency", Declared("string")),
        (("payment.received",), "event.cash", Declared("bool")),
        (("payment.received",), "event.order_id", Declared("string", optional=True)),
        (("payment.received",), "event.face_to_face", Declared("bool", optional=True)),
        (("payment.received",), "event.time", Declared("timestamp", "time")),
        (("payment.received",), "event.account", Declared("string", optional=True)),
        (("settlement.posted",), "event.transaction_ids", Declared("list(string)")),
        (("settlement.posted",), "event.rate_bp", Declared("int", "bp", optional=True)),
        (("login.attempted",), "event.acc_km", Declared("double", "km", optional=True)),
        (("login.attempted",), "event.ip_hash", Declared("string", optional=True)),
        (("post.published",), "event.audience_min_age", Declared("int", "years", optional=True)),
        (("post.published",), "event.lines", Declared("int", "lines", optional=True)),
        (("message.received",), "event.group_age_days", Declared("int", "days", optional=True)),
        (("qualification.issued",), "event.valid_from", Declared("string", "date")),
        (("friend.count_snapshot",), "event.count", Declared("int", "count")),
        (("payment.received", "payment.refunded"), "event.amount_fen", Declared("int", "fen")),
        (("payment.received", "payment.refunded"), "event.payer_id", Declared("string", optional=True)),
        (("alert.raised",), "event.rule", Declared("string")),
        (("expectation.met",), "event.waited", Declared("duration", "duration")),
    ],
)
def test_a_field_has_the_type_and_unit_of_its_name(
    types: tuple[str, ...], name: str, declared: Declared
) -> None:
    assert event_names(types)[name] == declared


def test_every_event_type_can_be_read() -> None:
    for kind in event_types():
        names = event_names((kind,))
        assert names["event.id"] == Declared("string")
        assert all(each.type for each in names.values())


def test_a_field_that_two_types_disagree_about_is_left_out() -> None:
    types = ("export", "export.more")
    assert "event.value" not in event_names(("limit_profile.set", "override.set"))
    assert set(types).isdisjoint(event_types())


def test_steps_have_names_of_their_own() -> None:
    names = event_names(("fund.frozen",), "frozen")
    assert "frozen.case_id" in names
    assert not any(name.startswith("event.") for name in names)


def test_an_unknown_event_is_an_error() -> None:
    with pytest.raises(KeyError):
        event_names(("payment.recieved",))


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("payer", "payment.received", "event.payer_id"),
        ("payment", "payment.received", "event.transaction_id"),
        ("account", "payment.received", "event.account"),
        ("owner", "owner.registered", "event.owner"),
        ("content", "post.published", "event.content_hash"),
        ("simhash", "post.published", "event.simhash"),
        ("licence", "qualification.issued", "event.licence_no_hash"),
        ("qualification", "qualification.issued", "event.qual_id"),
        ("ip", "login.attempted", "event.ip_hash"),
        ("city", "login.attempted", "event.city"),
        ("alert", "alert.raised", "event.alert_id"),
        ("natural_key", None, "event.natural_key"),
        ("payer", "post.published", None),
    ],
)
def test_a_dimension_stands_for_a_field(name: str, kind: str | None, expected: str | None) -> None:
    scope = intake_names() if kind is None else event_names((kind,))
    assert dimension(name, scope) == expected


def test_dimensions_are_named_as_they_are_written() -> None:
    known = dimensions(event_names(("payment.received",)))
    assert {"payer", "payment", "account", "owner", "order", "category"} <= known
    assert "payer_id" not in known


@pytest.mark.parametrize(
    ("given", "declared"),
    [
        (limit("fen", 5), Declared("int", "fen")),
        (limit("percent", 5.0), Declared("double", "percent")),
        (limit("duration", 5), Declared("duration", "duration")),
        (limit("terms", ["a"]), Declared("list(string)", "terms")),
        (limit("fen", None, {"personal": 5}), Declared("map(string,int)", "fen")),
        (limit("text", None, {"food": "licence"}), Declared("map(string,string)", "text")),
        (limit("percent", None, {"private": 85.0}), Declared("map(string,double)", "percent")),
        (limit("fen", None), Declared("int", "fen", optional=True)),
    ],
)
def test_a_limits_unit_gives_its_type(given: Limit, declared: Declared) -> None:
    assert limit_names({"x": given}) == {"limit.x": declared}


def test_a_limit_of_no_unit_stands_nowhere() -> None:
    assert limit_names({"x": limit("furlongs", 1)}) == {}


@pytest.mark.parametrize(
    ("field", "kind", "unit"),
    [
        ("host_birth_date", "string", "date"),
        ("year", "int", ""),
        ("lat", "double", ""),
        ("members", "int", "count"),
    ],
)
def test_a_name_tells_its_unit(field: str, kind: str, unit: str) -> None:
    assert unit_of(field, kind) == unit


@pytest.mark.parametrize(
    "source",
    [
        'account.kind == "personal" && !account.verified',
        "owner.registered && size(owner.staff_ids) > 0",
        "order.exists && order.total_fen == event.amount_fen",
        "payment.payer_id == event.payer_id && device.managed",
        "account.verified_until.given && event.order_id.given",
        "!contract.valid || request.decision == 'accepted' || contact.is_friend",
        "period.year == 2026 && period.end > '2026-03-31'",
    ],
)
def test_entities_read_as_the_language_page_says(source: str) -> None:
    scope = {**event_names(("payment.received",)), **entity_names(), **period_names()}
    assert isinstance(check(source, scope, want="bool"), Checked)


def test_payloads_and_facts_share_no_name() -> None:
    assert set(PAYLOADS).isdisjoint({"alert.raised", "expectation.met", "expectation.missed"})
