"""Payloads: every type of the contract, its fields, which are required, and what absent ones count as."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from engine.decoding import decode
from engine.event import EVENTS, Event, UnknownEvent
from engine.payloads import NATURAL_KEYS, PAYLOADS, PERSONAL_FIELDS
from engine.refusal import Refusal
from tests.engine.events import TYPES, line, sent, value_of, with_data
from tests.oracle.intake import NATURAL_KEYS as DEFINED_KEYS
from tests.oracle.payloads import PAYLOADS as CONTRACT
from tests.oracle.payloads import Field

FIELDS = [(kind, field) for kind in TYPES for field in CONTRACT[kind].values()]
WRONG: dict[str, list[Any]] = {
    "text": [5, True, ["x"], {}],
    "int": [1.0, 1.5, "7", True, 1 << 53, -(1 << 53), [7]],
    "float": ["30", True, [30]],
    "bool": [0, 1, "true"],
    "list": ["x", [1], [None], {}],
    "any": [],
    "date": ["2024-02-30", "2024-2-9", "2024-02-29T00:00:00Z", "2024-W09-4", "20240229", "2024-02-29\n", "", 20240229],
    "instant": ["2026-03-10", "2026-03-10T09:15:30", "tomorrow", "1969-12-31T23:59:59Z", 5],
    "simhash": ["00ff", "00ff00ff00ff00fg", "00ff00ff00ff00ff\n", "00ff00ff00ff00ff0", 255],
}  # fmt: skip
each_field = pytest.mark.parametrize(
    ("kind", "field"), [pytest.param(*row, id=f"{row[0]}.{row[1].name}") for row in FIELDS]
)


def read(whole: dict[str, Any]) -> Any:
    """Return an event that must be readable."""
    event = decode(line(whole))
    assert not isinstance(event, Refusal), event
    return event


def refused(whole: dict[str, Any]) -> Refusal:
    """Return why an event cannot be read."""
    refusal = decode(line(whole))
    assert isinstance(refusal, Refusal), refusal
    return refusal


def test_the_types_are_those_of_the_contract() -> None:
    assert sorted(PAYLOADS) == sorted(EVENTS) == TYPES
    assert len(TYPES) == 101


@pytest.mark.parametrize("kind", TYPES)
def test_every_field_of_a_type_comes_out_as_it_went_in(kind: str) -> None:
    whole = sent(kind)
    event = read(whole)
    assert isinstance(event, EVENTS[kind])
    assert event.kind == kind
    assert msgspec.to_builtins(event.data) == whole["data"]
    assert {field.encode_name for field in msgspec.structs.fields(PAYLOADS[kind])} == set(CONTRACT[kind])


@each_field
def test_a_field_of_the_wrong_type_is_refused_where_it_stands(kind: str, field: Field) -> None:
    for wrong in WRONG[field.kind]:
        refusal = refused(with_data(kind, **{field.name: wrong}))
        assert re.sub(r"\[\d+\]$", "", refusal.field) == f"data.{field.name}", wrong


@each_field
def test_a_required_field_must_be_there_and_an_optional_one_may_be_null(kind: str, field: Field) -> None:
    absent, null = with_data(kind, **{field.name: ...}), with_data(kind, **{field.name: None})
    if field.required and field.kind != "any":
        assert str(refused(absent)) == f"data.{field.name}: found nothing; expected a value: it is required"
        assert refused(null).found == "null"
        assert refused(null).field == f"data.{field.name}"
    elif not field.required:
        assert getattr(read(absent).data, field.name) == field.default
        assert read(null) == read(absent)


@pytest.mark.parametrize("kind", TYPES)
def test_fields_nobody_knows_do_not_hinder(kind: str) -> None:
    whole = with_data(kind, new_field={"deep": [1, {"x": "好"}]})
    assert read(whole) == read(sent(kind))


@pytest.mark.parametrize("whole_number", [-(1 << 53) + 1, -1, 0, (1 << 53) - 1])
def test_whole_numbers_reach_as_far_as_json_is_exact(whole_number: int) -> None:
    assert read(with_data("inventory.moved", quantity=whole_number)).data.quantity == whole_number
    assert read(with_data("settlement.posted", amount_fen=whole_number)).data.amount_fen == whole_number


def test_a_payment_is_not_negative() -> None:
    assert str(refused(with_data(amount_fen=-1))) == "data.amount_fen: found -1; expected an integer >= 0"


def test_a_coordinate_may_be_written_as_a_whole_number() -> None:
    found = read(with_data("login.attempted", lat=30)).data.lat
    assert (found, type(found)) == (30.0, float)


def test_values_outside_a_list_are_kept() -> None:
    assert read(with_data(method="brainwave", currency="XAU")).data.method == "brainwave"


def test_natural_keys_and_personal_fields_name_fields_that_exist() -> None:
    assert NATURAL_KEYS == DEFINED_KEYS
    for kind, fields in NATURAL_KEYS.items():
        required = {name for name, field in CONTRACT[kind].items() if field.required} | {"subject"}
        assert set(fields) <= required, kind
    assert {
        name for name in PERSONAL_FIELDS if not any(name in fields for fields in CONTRACT.values())
    } == set()
    assert len(PERSONAL_FIELDS) == 14


def test_schemas_can_be_made_of_all_events() -> None:
    schemas, components = msgspec.json.schema_components([*EVENTS.values(), UnknownEvent])
    assert len(schemas) == len(TYPES) + 1
    assert components["engine.event.PaymentReceived"]["properties"]["type"] == {"enum": ["payment.received"]}


def test_values_fit_the_contract() -> None:
    """The table of wrong values must hold each kind of field, or its rows prove nothing."""
    assert {field.kind for _, field in FIELDS} <= WRONG.keys()
    assert all(value_of(field) is not None for _, field in FIELDS)
    assert issubclass(UnknownEvent, Event)
