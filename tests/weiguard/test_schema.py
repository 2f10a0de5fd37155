"""`weiguard schema`: what it prints is true of the events that are read and the records that are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.alert import encode
from engine.event import EVENTS
from engine.fold import Engine
from rules.json_schema import rule_file_schema
from rules.loading import SHIPPED, load
from rules.planning.compiling import compile_rules
from streams.sources.shops import events
from tests.weiguard.conftest import Weiguard
from tests.weiguard.json_schema import Schema
from weiguard.commands.schema import alert
from weiguard.commands.schema import events as events_schema

EVENT = Schema(events_schema())
PAYMENT: dict[str, Any] = {
    "specversion": "1.0", "id": "e1", "source": "s", "type": "payment.received", "time": "2026-03-10T09:00:00+08:00",
    "data": {"transaction_id": "T1", "amount_fen": 1, "payer_id": "P1"},
}  # fmt: skip


def test_every_type_stands_under_its_name() -> None:
    assert [each["$ref"] for each in events_schema()["oneOf"]] == [f"#/$defs/{kind}" for kind in EVENTS]
    assert EVENTS.keys() < events_schema()["$defs"].keys()


@pytest.mark.slow
def test_an_event_is_told_by_its_type() -> None:
    for kind in EVENTS:
        found = events_schema()["$defs"][kind]
        assert found["properties"]["type"]["enum"] == [kind]
        assert "specversion" in found["properties"]


def test_what_the_engine_decides_fits() -> None:
    engine = Engine(compile_rules(load()))
    decided = records = 0
    one, schema = Schema(alert()), events_schema()
    for line in list(events())[::7]:
        outcome = engine.feed(line)
        if outcome.disposition == "decided":
            decided += 1
            event = json.loads(line)
            assert EVENT.fits(event, schema["$defs"][event["type"]]), line
        for record in outcome.records:
            records += 1
            assert one.fits(json.loads(encode(record))), record
    assert decided > 1_000
    assert records > 10


RULE_FILES = sorted(path for folder in ("catalog", "limits") for path in (SHIPPED / folder).glob("*.yaml"))
RULES = Schema(rule_file_schema())


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_shipped_rule_file_fits(path: Path) -> None:
    assert RULES.fits(written(path.read_text("utf-8")))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("alert: event", "alert: fortnight"),
        ("on: payment.received", "on: payment.lost"),
        ("confidence: B", "confidence: Z"),
        ("where:", "were:"),
        ("level: critical", "level: fatal"),
        ("id: COL-01", "id: col_1"),
    ],
)
def test_a_spoilt_rule_file_does_not(right: str, wrong: str) -> None:
    text = (SHIPPED / "catalog" / "collection.yaml").read_text("utf-8")
    assert right in text
    assert not RULES.fits(written(text.replace(right, wrong, 1)))


def written(text: str) -> Any:
    """Return a file as plain data, as editors read it: YAML 1.2, to which a date is a text."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))


def wrong_type(event: dict[str, Any]) -> None:
    event["data"]["amount_fen"] = "1"


def missing_field(event: dict[str, Any]) -> None:
    del event["data"]["payer_id"]


def missing_attribute(event: dict[str, Any]) -> None:
    del event["source"]


def other_version(event: dict[str, Any]) -> None:
    event["specversion"] = "0.3"


def unknown_type(event: dict[str, Any]) -> None:
    event["type"] = "payment.lost"


@pytest.mark.parametrize("spoil", [wrong_type, missing_field, missing_attribute, other_version, unknown_type])
def test_a_spoilt_event_does_not(spoil: Callable[[dict[str, Any]], None]) -> None:
    event = json.loads(json.dumps(PAYMENT))
    assert EVENT.fits(event)
    spoil(event)
    assert not EVENT.fits(event)


def test_an_unknown_field_is_allowed() -> None:
    assert EVENT.fits({**PAYMENT, "data": {**PAYMENT["data"], "colour": "red"}, "traceparent": "00-1"})


@pytest.mark.parametrize(
    ("what", "title"),
    [("events", "A Weiguard event"), ("alert", "A Weiguard alert record"), ("rules", "A Weiguard rule file")],
)
def test_it_prints_one_json_document(weiguard: Weiguard, what: str, title: str) -> None:
    done = weiguard("schema", what)
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out)["title"] == title
    assert json.loads(done.out)["$schema"].endswith("2020-12/schema")
