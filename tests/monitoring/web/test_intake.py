"""`POST /v1/events`: what comes in is decided and durable before it is answered, and what cannot be read is told."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from monitoring.web import bodies
from monitoring.web.intake import MOST_BODY
from streams.ports import Block, Position
from streams.sources.arriving import Arriving
from streams.stores.sqlite_reading import open_reader
from tests.monitoring.scraping import by, scraped
from tests.monitoring.web.house import House, house, lines, payment

NUMBER = itertools.count(1_000)
JSON = "application/json"


def post(house: House, content: bytes, kind: str | None = JSON, **headers: str) -> httpx2.Response:
    """Send a body as it stands."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind is not None:
        sent["content-type"] = kind
    return httpx2.post(f"{house.url}/v1/events", content=content, headers=sent, timeout=30)


def counts(answer: httpx2.Response) -> dict[str, int]:
    """Return the dispositions that there were."""
    assert answer.status_code == 202, answer.text
    return {name: count for name, count in answer.json().items() if count and name != "reasons"}


def test_one_event_is_decided_and_told_twice_it_is_a_duplicate(open_house: House) -> None:
    event = json.dumps(payment(next(NUMBER))).encode()
    assert counts(post(open_house, event)) == {"decided": 1}
    assert counts(post(open_house, event)) == {"duplicate": 1}


@pytest.mark.parametrize(
    "kind", [None, JSON, "application/json; charset=utf-8", "application/cloudevents+json"]
)
def test_one_event_in_any_type_of_json(open_house: House, kind: str | None) -> None:
    assert counts(post(open_house, json.dumps(payment(next(NUMBER)), indent=2).encode(), kind)) == {
        "decided": 1
    }


def test_an_array_and_lines(open_house: House) -> None:
    events = [payment(next(NUMBER)) for _ in range(3)]
    assert counts(post(open_house, json.dumps(events, indent=1).encode())) == {"decided": 3}
    more = [payment(next(NUMBER)) for _ in range(2_500)]
    answer = post(open_house, b"\n" + lines(*more, *events), "application/x-ndjson")
    assert counts(answer) == {"decided": 2_500, "duplicate": 3}
    assert counts(post(open_house, b"[]")) == {}


def test_binary_mode(open_house: House) -> None:
    number = next(NUMBER)
    event = payment(number)
    attributes = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    attributes |= {"ce-schemaversion": "1", "ce-subject": "%E5%BA%97%E9%93%BA"}
    answer = post(open_house, json.dumps(event["data"]).encode(), JSON, **attributes)
    assert counts(answer) == {"decided": 1}
    (found,) = open_house.client().get("/v1/alerts", params={"key": "account=店铺"}).json()["alerts"]
    assert (found["rule"], found["trigger"]["id"]) == ("COL-01", f"e{number}")


def test_what_is_no_event_is_quarantined_with_its_reason(open_house: House) -> None:
    broken = [b"{broken\r", b"3", json.dumps(payment(next(NUMBER), amount_fen=-1)).encode(), b'{"id": 7}']
    good = json.dumps(payment(next(NUMBER))).encode()
    answer = post(open_house, b"\n".join([*broken[:2], good, *broken[2:]]), "application/x-ndjson")
    assert counts(answer)["decided"] >= 1
    reasons = answer.json()["reasons"]
    assert [each["index"] for each in reasons][:2] == [0, 1]
    assert all(each["reason"] for each in reasons)
    assert counts(answer)["quarantined"] == len(reasons)


def test_when_it_came_is_when_it_came_here(open_house: House) -> None:
    """Live intake writes its own `receivedtime` over any that was sent: the clock is nobody else's to move."""
    before = time.time_ns() // 1_000
    event = payment(next(NUMBER), receivedtime="2099-01-01T00:00:00Z")
    assert counts(post(open_house, json.dumps(event).encode())) == {"decided": 1}
    runner = open_house.served.runner
    assert runner is not None
    clock = runner.engine.clock("default")
    assert clock is not None
    assert before - 60 * 10**6 < clock < time.time_ns() // 1_000


REFUSED: list[tuple[bytes, str | None, dict[str, str], int, str]] = [
    (b"", JSON, {}, 400, "found nothing"),
    (b"  \n", "application/x-ndjson", {}, 400, "found nothing"),
    (b'{"id": 1,\n "x": nope}', JSON, {}, 400, "the body, line 2, column 8: found no JSON"),
    (b"id,amount\n1,2\n", "application/x-ndjson", {}, 400, "found no JSON"),
    (b"[" * 200_000, JSON, {}, 400, "without end"),
    (b"<event/>", "text/xml", {}, 415, "content-type: found 'text/xml'"),
    (b"{}", "text/plain", {"ce_specversion": "1.0"}, 415, "send the event's data as JSON"),
    (b"{}", JSON, {"content_encoding": "gzip"}, 415, "send it unpacked"),
    (b'"' + b"x" * (MOST_BODY) + b'"', JSON, {}, 413, "at most 8,388,608 bytes"),
    (b'{"text": "' + b"x" * (1 << 20) + b'"}', JSON, {}, 413, "event 0: found"),
    (b"{}", JSON, {"origin": "http://evil.example"}, 401, "a bearer token"),
    (b"{}", JSON, {"host": "evil.example"}, 401, "a bearer token"),
    (b"{}", JSON, {"x_forwarded_for": "10.0.0.1"}, 401, "a bearer token"),
]


@pytest.mark.parametrize(
    ("body", "kind", "headers", "status", "words"), REFUSED, ids=[f"{row[3]} {row[4]}" for row in REFUSED]
)
def test_what_is_refused_leaves_nothing(
    open_house: House, body: bytes, kind: str | None, headers: dict[str, str], status: int, words: str
) -> None:
    before = by(scraped(open_house.metrics.registry), "weiguard_events_total").total()
    answer = post(open_house, body, kind, **headers)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert by(scraped(open_house.metrics.registry), "weiguard_events_total").total() == before


def test_a_body_without_a_length_is_bounded_too(open_house: House) -> None:
    pieces = (b" " * (1 << 16) for _ in range(1_000))
    answer = httpx2.post(
        f"{open_house.url}/v1/events", content=pieces, headers={"content-type": JSON}, timeout=30
    )
    assert answer.status_code == 413


def test_whoever_is_too_slow_is_told_so(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.2)
    host, port = urlsplit(open_house.url).hostname, urlsplit(open_house.url).port
    with socket.create_connection((host, port), timeout=10) as slow:
        slow.sendall(
            f"POST /v1/events HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: 9\r\n\r\n{{".encode()
        )
        assert slow.recv(1_000).startswith(b"HTTP/1.1 408 ")


class Held(Arriving):
    """A queue whose runner is busy with the first block until a gate opens."""

    def __init__(self, gate: threading.Event, opened: threading.Event) -> None:
        super().__init__(opened.set, most_lines=1)
        self._gate = gate

    def blocks(self, after: Position | None) -> Iterator[Block]:
        for block in super().blocks(after):
            if block.lines:
                self._gate.wait(30)
            yield block


def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    opened, gate = threading.Event(), threading.Event()
    arriving = Held(gate, opened)
    with house(tmp_path / "weiguard.db", arriving=arriving, opened=opened) as found:
        held = arriving.put([json.dumps(payment(0)).encode()])
        while arriving.depth:
            time.sleep(0.01)
        waiting = arriving.put([json.dumps(payment(1)).encode()])
        refused = post(found, json.dumps(payment(2)).encode())
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert by(scraped(found.metrics.registry), "weiguard_queue_depth").total() == 1
        gate.set()
        assert len(held.result(10)) == 1
        assert len(waiting.result(10)) == 1
        assert counts(post(found, json.dumps(payment(2)).encode())) == {"decided": 1}


def test_what_was_answered_is_in_the_log(tmp_path: Path) -> None:
    """Many at once: each answer is for its own events, and all of them are there afterwards, in one order."""
    path = tmp_path / "weiguard.db"
    with house(path) as found:
        answers: list[dict[str, Any]] = []

        def send(worker: int) -> None:
            answers.extend(found.send(*(payment(worker * 100 + at) for at in range(7))) for _ in range(5))

        workers = [threading.Thread(target=send, args=(number,)) for number in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert sum(each["decided"] for each in answers) == 8 * 7
    assert sum(each["duplicate"] for each in answers) == 8 * 7 * 4
    with open_reader(path) as reader:
        assert reader.dispositions()["decided"] == 8 * 7
        assert reader.last == 8 * 7 * 5


def test_nothing_is_taken_when_it_ends(tmp_path: Path) -> None:
    with house(tmp_path / "weiguard.db") as found:
        found.arriving.close()
        answer = post(found, json.dumps(payment(1)).encode())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
