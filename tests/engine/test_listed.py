"""Values outside the contract's lists are kept and counted, and match no rule that names values."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from engine.decoding import decode
from engine.event import EVENTS, STRICT, Event
from engine.payloads.listed import LISTED
from tests.engine.driving import fed, payment, program

RULES = program("COL-*")


def test_what_is_listed_is_counted_nowhere() -> None:
    run = fed(
        [payment("a", "10:00", 100, code_kind="merchant", method="code"), payment("b", "10:01", 100)], RULES
    )
    assert run.engine.tally.unlisted == {}


def test_what_is_not_listed_is_decided_and_counted_by_its_field() -> None:
    log = [
        payment(f"p{n}", f"10:0{n}", 100, code_kind="palm", method="code" if n else "wave") for n in range(3)
    ]
    run = fed(log, RULES)
    assert {outcome.disposition for outcome in run.outcomes} == {"decided"}
    assert run.engine.tally.unlisted == {"payment.received code_kind": 3, "payment.received method": 1}
    assert run.outcomes[0].event is not None
    assert run.outcomes[0].event.data.code_kind == "palm"


def test_a_null_is_no_value() -> None:
    run = fed([payment("a", "10:00", 100, code_kind=None)], RULES)
    assert run.engine.tally.unlisted == {}


@pytest.mark.parametrize("kind", LISTED)
def test_both_roads_read_the_same_event(kind: str) -> None:
    """Every listed field: with a value on the list the strict class, else the other, alike in all fields."""
    for name, values in LISTED[kind].items():
        for value in (values[0], "something else"):
            event = read(kind, {name: value})
            assert isinstance(event, EVENTS[kind])
            assert (type(event) is STRICT[kind]) == (value in values)
            assert getattr(event.data, name) == value


def read(kind: str, data: dict[str, Any]) -> Event:
    """Read an event of a type with the first of each list, and what it needs beside it."""
    needed: dict[str, Any] = {"string": "x", "integer": 1, "boolean": True}
    payload = next(field.type for field in msgspec.structs.fields(EVENTS[kind]) if field.name == "data")
    (_,), definitions = msgspec.json.schema_components([payload], ref_template="{name}")
    shape = definitions[payload.__name__]
    whole = {name: needed[shape["properties"][name]["type"]] for name in shape["required"]}
    whole |= {name: values[0] for name, values in LISTED[kind].items()} | data
    line = {"specversion": "1.0", "id": "e", "source": "s", "type": kind, "time": "2026-03-10T09:00:00+08:00",
            "data": whole}  # fmt: skip
    found = decode(json.dumps(line).encode())
    assert isinstance(found, Event), found
    return found
