"""`GET /v1/feed`: each record once, in order, whoever is killed, late, slow or away in between."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from monitoring.web import feed
from monitoring.web.feed import Feed
from tests.monitoring.scraping import by, scraped
from tests.monitoring.web.house import House, house, payment

WAITS_S = 20


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "weiguard.db") as found:
        yield found


class Listener:
    """A client that reads the feed as its bytes come."""

    def __init__(
        self, house: House, after: str | None = None, query: str = "", window: int | None = None
    ) -> None:
        place = urlsplit(house.url)
        self.socket = socket.socket()
        self.socket.settimeout(WAITS_S)
        if window is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.connect((place.hostname, place.port))
        last = f"Last-Event-ID: {after}\r\n" if after is not None else ""
        self.socket.sendall(f"GET /v1/feed{query} HTTP/1.1\r\nHost: {place.netloc}\r\n{last}\r\n".encode())
        self._file = self.socket.makefile("rb")

    def messages(self) -> Iterator[tuple[str, str, Any]]:
        """Yield (id, name, data) until the line breaks. A heartbeat has no data."""
        found: dict[str, str] = {}
        try:
            for raw in self._file:
                line = raw.decode().rstrip("\r\n")
                name, colon, value = line.partition(": ")
                if colon and name in ("id", "event", "data"):
                    found[name] = value
                elif not line and "id" in found:
                    data = json.loads(found["data"]) if "data" in found else None
                    yield found["id"], found.get("event", ""), data
                    found = {}
        except (OSError, ValueError):
            return

    def records(self, count: int) -> list[str]:
        """Return the accounts of the next records."""
        found: list[str] = []
        for _, name, data in self.messages():
            if data is not None and not name:
                found.append(data["key"]["account"])
                if len(found) == count:
                    break
        return found

    def kill(self) -> None:
        """Break the line as a dying machine would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._file.close()
        self.socket.close()


def test_what_comes_is_told_as_it_comes(own_house: House) -> None:
    own_house.send(payment(1))
    listener = Listener(own_house)
    with closing(listener.socket):
        assert next(listener.messages()) == ("0", "open", {"after": 0}), "what was before is not told"
        own_house.send(payment(2), payment(3))
        assert listener.records(2) == ["A2", "A3"]
        assert by(scraped(own_house.metrics.registry), "weiguard_feed_clients").total() == 1


def test_all_from_the_first_and_behind_an_id(own_house: House) -> None:
    own_house.send(*(payment(number) for number in range(600)))
    everything = Listener(own_house, query="?after=-1")
    seen = list(islice(everything.messages(), 601))
    assert [data["key"]["account"] for _, name, data in seen[1:]] == [f"A{number}" for number in range(600)]
    ids = [int(place) for place, _, _ in seen]
    assert ids == sorted(set(ids))
    everything.kill()
    rest = Listener(own_house, after=seen[400][0])
    assert rest.records(200) == [f"A{number}" for number in range(400, 600)]
    rest.kill()


def test_a_restart_leaves_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "weiguard.db"
    with house(path) as found:
        found.send(payment(1), payment(2))
        listener = Listener(found, after="-1")
        seen = list(islice(listener.messages(), 2))
        found.send(payment(3))
    with house(path) as found:
        found.send(payment(4))
        again = Listener(found, after=seen[-1][0])
        assert again.records(3) == ["A2", "A3", "A4"]
        again.kill()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?after=-1&rule=COL-*", 3),
        ("?after=-1&rule=FRD-*&rule=COL-01", 3),
        ("?after=-1&level=critical", 3),
        ("?after=-1&tenant=other", 1),
        ("?after=-1&key=account%3DA2", 1),
        ("?after=-1&owner=nobody", 0),
        ("?after=-1&state=retracted", 0),
    ],
)
def test_only_what_is_asked_for(own_house: House, query: str, told: int) -> None:
    own_house.send(payment(1), payment(2), payment(3, tenant="other"))
    own_house.send(payment(9, amount_fen=1))
    listener = Listener(own_house, query=query)
    assert len(listener.records(told)) == told if told else True
    if not told:
        assert next(listener.messages())[1] == "open"
    listener.kill()


@pytest.mark.parametrize(
    ("query", "after", "words"),
    [
        ("?level=high", None, "?level: found 'high'; expected one of info, warn, critical"),
        ("?levels=warn", None, "?levels: found a parameter; expected one of rule"),
        ("?owner=a&owner=b", None, "?owner: found it twice"),
        ("?since=yesterday", None, "?since: found 'yesterday'"),
        ("", "last", "Last-Event-ID: found 'last'"),
        ("", "-2", "Last-Event-ID: found '-2'"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    open_house: House, query: str, after: str | None, words: str
) -> None:
    headers = {"Last-Event-ID": after} if after is not None else {}
    answer = httpx2.get(f"{open_house.url}/v1/feed{query}", headers=headers)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_a_heartbeat_shows_that_the_line_is_open(own_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It moves the last id on, past what is not asked for, and never past what has not been sent."""
    monkeypatch.setattr(feed, "HEARTBEAT_S", 0.1)
    listener = Listener(own_house, query="?rule=FRD-*")
    messages = listener.messages()
    assert next(messages)[:2] == ("-1", "open")
    assert next(messages) == ("-1", "", None)
    own_house.send(payment(1))
    assert any(place == "0" for place, _, _ in messages)
    listener.kill()


@pytest.mark.slow
def test_whoever_is_slow_is_told_so_and_goes_on_later(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_house.served.feed, "_patience_s", 2.0)
    for start in range(0, 5_000, 1_000):
        own_house.send(*(payment(number) for number in range(start, start + 1_000)))
    slow = Listener(own_house, after="-1", window=4_096)
    seen: list[str] = []
    cut = None
    for _, name, data in slow.messages():
        if name == "cut":
            cut = data
        elif not name:
            seen.append(data["key"]["account"])
            if own_house.served.feed.clients:
                threading.Event().wait(0.015)
    assert cut is not None
    assert (cut["reason"], len(seen) < 5_000) == ("slow", True)
    rest = Listener(own_house, after=str(cut["after"]))
    assert seen + rest.records(5_000 - len(seen)) == [f"A{number}" for number in range(5_000)]
    rest.kill()


@pytest.mark.slow
def test_whoever_takes_nothing_is_hung_up_on(own_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_house.served.feed, "_patience_s", 0.3)
    for start in range(0, 20_000, 1_000):
        own_house.send(*(payment(number) for number in range(start, start + 1_000)))
    deaf = Listener(own_house, after="-1", window=4_096)
    clients = own_house.served.feed
    until(lambda: clients.clients == 1)
    until(lambda: clients.clients == 0)
    deaf.kill()


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAITS_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_no_more_listen_than_there_is_room_for(own_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "CLIENTS", 2)
    listeners = [Listener(own_house) for _ in range(2)]
    for each in listeners:
        next(each.messages())
    answer = httpx2.get(f"{own_house.url}/v1/feed")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "15")
    for each in listeners:
        each.kill()


@pytest.mark.slow
def test_a_client_that_is_killed_a_thousand_times_sees_each_record_once(own_house: House) -> None:
    rng = random.Random(7)
    records = 3_000
    done = threading.Event()

    def send() -> None:
        for start in range(0, records, 20):
            own_house.send(*(payment(number) for number in range(start, start + 20)))
            done.wait(0.02)

    sender = threading.Thread(target=send)
    sender.start()
    seen: list[str] = []
    last = "-1"
    for connection in range(1_001):
        listener = Listener(own_house, after=last)
        left = rng.choice((0, 1, 2, 5, 20)) if connection < 1_000 else records
        for place, name, data in listener.messages():
            last = place
            if data is not None and not name:
                seen.append(data["key"]["account"])
            if left == 0 or len(seen) == records:
                break
            left -= 1
        listener.kill()
    sender.join()
    assert seen == [f"A{number}" for number in range(records)]


def test_the_bell_rings_for_nobody() -> None:
    Feed(None, None).ring()  # type: ignore[arg-type]  # nobody listens yet, so neither is asked
