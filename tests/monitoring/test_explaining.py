"""Why an alert is there: told from the database alone, with every event found, whatever became of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.fold import Engine, Settings
from monitoring.describing import texts, whole
from monitoring.explaining import Explained, explain, in_log_order
from rules.loading import SHIPPED, load
from rules.planning.compiling import compile_rules
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.sources.jsonl import JsonLines
from streams.stopping import Stop
from streams.stores.deciding import decided_by
from streams.stores.sqlite import open_store
from streams.stores.sqlite_reading import SqliteReader, open_reader

GOLDEN = Path(__file__).parent.parent / "golden" / "cli"
LOG = (GOLDEN / "events.jsonl").read_bytes().splitlines()


def decided(folder: Path, lines: list[bytes], rules: Path = GOLDEN / "mine") -> SqliteReader:
    """Run lines into a database and open it to read."""
    (folder / "log").write_bytes(b"\n".join(lines) + b"\n")
    loaded = load(rules)
    program = compile_rules(loaded)
    store = open_store(folder / "db", decided_by(program, Settings()), texts(loaded, program))
    runner = Runner(store, Engine(program))
    runner.resume()
    runner.run([JsonLines(str(folder / "log"))], Stop())
    store.close()
    return open_reader(folder / "db")


def told(reader: SqliteReader, rule: str, **key: str) -> Explained:
    """Explain the alert of a rule and a key."""
    found = {
        record.id
        for record, _ in in_log_order(reader, standing=False)
        if (record.rule, record.key) == (rule, key)
    }
    assert len(found) == 1
    return explain(reader, found.pop())


def roles(explained: Explained) -> list[tuple[str, str, str]]:
    return [(event["id"], event["disposition"], event["role"]) for event in explained.events]


def payment(id: str, time: str, **attributes: Any) -> bytes:
    data = {"transaction_id": f"T-{id}", "amount_fen": 11_000, "payer_id": "P9"}
    event = {
        "specversion": "1.0", "id": id, "source": "wechatpay", "type": "payment.received", "tenant": "t1",
        "subject": "A1", "time": time, "data": data, **attributes,
    }  # fmt: skip
    return json.dumps(event, ensure_ascii=False).encode()


def test_evidence_and_what_only_wrote_a_record_are_told_apart(tmp_path: Path) -> None:
    with decided(tmp_path, LOG) as reader:
        found = told(reader, "TAK-02", conversation="V2")
    assert roles(found) == [
        ("m2", "decided", "evidence"),
        ("m3", "decided", "arrival"),
        ("p3", "decided", "arrival"),
    ]
    assert [record.state for record in found.records] == ["raised", "retracted"]
    assert found.missing == []


def test_events_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    with decided(tmp_path, LOG) as reader:
        assert [event["id"] for event in told(reader, "TAK-01", account="A1").events] == [
            "p1",
            "p4",
            "p2",
            "p3",
        ]


def test_the_rule_is_as_it_was(tmp_path: Path) -> None:
    rules = load(GOLDEN / "mine")
    with decided(tmp_path, LOG) as reader:
        assert told(reader, "TAK-01", account="A1").rule == whole(rules.rules()["TAK-01"], rules.limits)


@pytest.mark.parametrize(
    ("rule", "more", "event", "disposition"),
    [
        pytest.param(
            "ENG-02",
            {"receivedtime": "2026-03-12T08:00:00+08:00"},
            "2026-03-12T09:00:00+08:00",
            "quarantined",
            id="ahead",
        ),
        pytest.param(
            "ENG-03",
            {"receivedtime": "2026-03-12T08:00:00+08:00"},
            "2026-03-10T09:00:00+08:00",
            "late",
            id="late",
        ),
    ],
)
def test_an_event_that_was_not_decided_is_found_too(
    tmp_path: Path, rule: str, more: dict[str, str], event: str, disposition: str
) -> None:
    lines = [*LOG, payment("x0", "2026-03-12T08:00:00+08:00"), payment("x1", event, **more)]
    with decided(tmp_path, lines, SHIPPED) as reader:
        found = told(reader, rule, event="x1")
    assert roles(found) == [("x1", disposition, "evidence")]
    assert found.missing == []


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(b'"\\u5ba2-\\"1\\""', id="escaped"),
        pytest.param('"客-\\"1\\""'.encode(), id="bare"),
        pytest.param(b'"\\u5BA2-\\u0022\\u0031\\u0022"', id="escaped where nobody would"),
    ],
)
def test_an_id_is_found_however_it_is_written(tmp_path: Path, written: bytes) -> None:
    line = payment("NAME", "2026-03-11T09:00:00+08:00").replace(b'"NAME"', written, 1)
    with decided(tmp_path, [*LOG[:3], line]) as reader:
        found = told(reader, "TAK-01", account="A1")
    assert roles(found) == [('客-"1"', "decided", "evidence")]


def test_an_id_inside_another_field_is_not_the_event(tmp_path: Path) -> None:
    other = payment("p9", "2026-03-11T09:00:01+08:00", subject="A2", traceparent="x1")
    with decided(tmp_path, [*LOG[:3], payment("x1", "2026-03-11T09:00:00+08:00"), other]) as reader:
        assert roles(told(reader, "TAK-01", account="A1")) == [("x1", "decided", "evidence")]


def test_a_beginning_is_enough_where_no_other_alert_has_it(tmp_path: Path) -> None:
    with decided(tmp_path, LOG) as reader:
        whole_id = told(reader, "TAK-01", account="A1").records[0].id
        assert explain(reader, whole_id[:8]).records[0].id == whole_id
        for wrong in ("", "a_", "b_", whole_id + "0"):
            with pytest.raises(RefusedError):
                explain(reader, wrong)


def test_what_was_retracted_does_not_stand(tmp_path: Path) -> None:
    with decided(tmp_path, LOG) as reader:
        standing = [(record.rule, record.key) for record, _ in in_log_order(reader, standing=True)]
        assert len(list(in_log_order(reader, standing=False))) == 7
    assert ("TAK-02", {"conversation": "V2"}) not in standing
    assert len(standing) == 3


def test_a_number_in_clear_is_kept_and_not_told(tmp_path: Path) -> None:
    card = "4111111111111111"
    line = payment(
        "e1", "2026-03-10T09:00:00+08:00", note={card: int(card), "text": f"卡{card}"}, source=card
    )
    with decided(tmp_path, [line], SHIPPED) as reader:
        (kept,) = reader.quarantined(0, 10)
        assert kept.raw == line
        explained = told(reader, "PRV-04", event="e1")
    assert card not in json.dumps(explained.plain(), ensure_ascii=False) + kept.reason
    assert roles(explained) == [("e1", "quarantined", "evidence")]


def test_a_number_in_clear_in_the_data_is_not_told(tmp_path: Path) -> None:
    card = "4111111111111111"
    data = {"transaction_id": card, "amount_fen": int(card), "payer_id": f"卡{card}", card: [card]}
    with decided(tmp_path, [payment("e1", "2026-03-10T09:00:00+08:00", data=data)], SHIPPED) as reader:
        explained = told(reader, "PRV-04", event="e1")
    (event,) = explained.events
    assert event["data"]["payer_id"] == "卡****************"
    assert card not in json.dumps(explained.plain(), ensure_ascii=False)
