"""The HTTP server beside a runner: what it answers, what it refuses, and that nobody can hold it up."""

from __future__ import annotations

import gc
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest
from starlette.applications import Starlette

from monitoring import serving as module
from monitoring.metrics import Metrics
from monitoring.serving import Address, serving
from monitoring.web.application import bare
from streams.refusing import RefusedError
from tests.monitoring.scraping import parsed

HERE = Address("127.0.0.1", 0)
WAITS_S = 10.0


class Health:
    """What the checks say."""

    def __init__(self) -> None:
        self.alive = (True, "alive")
        self.ready = (False, "reading the sources")


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def server(health: Health) -> Iterator[Address]:
    with serving(HERE, bare(metrics().registry, lambda: health.alive, lambda: health.ready)) as taken:
        yield taken


def metrics() -> Metrics:
    return Metrics("sha256:0", "0.0.1")


def app() -> Starlette:
    return bare(metrics().registry, lambda: (True, ""), lambda: (True, ""))


def opened(server: Address) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=WAITS_S)


def answer(server: Address, request: str) -> tuple[int, str]:
    """Send a request as it stands and return the status and the body of what comes back."""
    with closing(opened(server)) as connection:
        connection.sendall(request.encode())
        whole = b""
        while piece := connection.recv(1 << 16):
            whole += piece
    head, _, body = whole.decode().partition("\r\n\r\n")
    return int(head.split()[1]), body


def get(server: Address, path: str) -> tuple[int, str]:
    return answer(server, f"GET {path} HTTP/1.0\r\n\r\n")


def test_prometheus_can_read_the_metrics(server: Address) -> None:
    status, body = get(server, "/metrics")
    assert status == 200
    labels = frozenset({("version", "0.0.1"), ("ruleset", "sha256:0")})
    assert parsed(body)["weiguard_build_info", labels] == 1
    status, body = get(server, "/metrics?name[]=weiguard_state_cells")
    assert (status, set(parsed(body))) == (200, {("weiguard_state_cells", frozenset())})


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        pytest.param("GET /healthz", 200, "alive\n", id="alive"),
        pytest.param("GET /readyz", 503, "reading the sources\n", id="not ready, and why"),
        pytest.param("GET /readyz?from=probe", 503, "reading the sources\n", id="a query changes nothing"),
        pytest.param("GET /", 404, "here are /metrics, /healthz, /readyz", id="nothing else"),
        pytest.param("GET /metrics/", 404, "here are", id="not quite a path"),
        pytest.param("POST /metrics", 405, "Method Not Allowed", id="nothing is taken"),
        pytest.param("nonsense", 400, "Invalid HTTP request", id="no request"),
    ],
)
def test_what_is_asked_is_answered(server: Address, request_: str, status: int, words: str) -> None:
    found, body = answer(server, f"{request_} HTTP/1.0\r\n\r\n")
    assert found == status
    assert words in body


def test_the_checks_are_asked_anew_each_time(server: Address, health: Health) -> None:
    health.ready = (True, "caught up")
    health.alive = (False, "no progress for 60 s")
    assert get(server, "/readyz") == (200, "caught up\n")
    assert get(server, "/healthz") == (503, "no progress for 60 s\n")


def test_an_answer_does_not_wait_for_who_asked_before(server: Address) -> None:
    """Nagle's algorithm holds an answer's last part back until the client has confirmed the first: some 40 ms."""
    times = []
    with closing(HTTPConnection(server.host, server.port, timeout=10)) as kept:
        for _ in range(15):
            begun = time.perf_counter()
            kept.request("GET", "/healthz")
            kept.getresponse().read()
            times.append(time.perf_counter() - begun)
    assert min(times[1:]) < 0.03


def test_whoever_says_nothing_holds_nobody_up(server: Address) -> None:
    with closing(opened(server)):
        assert get(server, "/healthz")[0] == 200


def test_whoever_says_nothing_is_hung_up_on(server: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a request, in the middle of its head, and after an answer."""
    monkeypatch.setattr(module, "PATIENCE_S", 0.3)
    for said in (b"", b"GET /healthz HTT", b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /rea"):
        with closing(opened(server)) as connection:
            connection.sendall(said)
            begun = time.monotonic()
            while connection.recv(1 << 16):
                pass
            assert time.monotonic() - begun < WAITS_S / 2


def test_a_head_without_end_is_cut_off(server: Address) -> None:
    head = b"".join(b"x-%d: %s\r\n" % (number, b"x" * 1_000) for number in range(10_000))
    with closing(opened(server)) as connection, pytest.raises(ConnectionError):
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + head)


def test_whoever_comes_beyond_the_bound_is_told_so(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECTIONS", 3)
    with serving(HERE, app()) as server:
        silent = [opened(server) for _ in range(2)]
        assert get(server, "/healthz")[0] == 503
        for each in silent:
            each.close()
        for _ in range(100):  # Its place is free once the server has seen that it left.
            if get(server, "/healthz")[0] == 200:
                return
            time.sleep(0.02)
    raise AssertionError("no place came free")


def test_garbage_is_freed_while_nobody_collects(server: Address) -> None:
    """A runner does not look for garbage: the server does, among what is young, when it has answered."""
    get(server, "/readyz")
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            get(server, "/readyz")
        before = gc.get_count()[0]
        for _ in range(100):
            time.sleep(0.05)
            if gc.get_count()[0] < before:
                return
        raise AssertionError("it stays")
    finally:
        gc.enable()


def test_a_check_that_fails_is_told_in_a_line(
    server: Address, health: Health, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    health.alive = None  # type: ignore[assignment]  # so that it fails
    with caplog.at_level(logging.ERROR), closing(opened(server)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert connection.recv(1_000).startswith(b"HTTP/1.1 500 ")
        for _ in range(100):  # It is told behind the answer.
            if caplog.records:
                break
            time.sleep(0.02)
    assert [each.getMessage()[:44] for each in caplog.records] == [
        "weiguard: a request could not be answered: T"
    ]
    assert "Traceback" not in capfd.readouterr().err
    assert get(server, "/readyz")[0] == 503


def test_when_it_is_over_the_port_is_free() -> None:
    with serving(HERE, app()) as first:
        get(first, "/healthz")
    with serving(first, app()) as second:
        assert second == first


def test_a_port_that_is_taken_is_refused(server: Address) -> None:
    with (
        pytest.raises(RefusedError, match=f"--listen: found {server}: “address already in use”; expected"),
        serving(server, app()),
    ):
        pass


def test_an_address_of_another_machine_is_refused() -> None:
    with (
        pytest.raises(
            RefusedError, match=r"--listen: found 192\.0\.2\.1:9464: “cannot assign requested address”"
        ),
        serving(Address("192.0.2.1", 9464), app()),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        pytest.param("127.0.0.1:9464", "127.0.0.1", 9464, id="an address"),
        pytest.param("localhost:0", "localhost", 0, id="a name, and any port"),
        pytest.param("[::1]:65535", "::1", 65_535, id="IPv6"),
        pytest.param("[fe80::1%eth0]:80", "fe80::1%eth0", 80, id="IPv6 with a zone"),
    ],
)
def test_an_address_is_read(text: str, host: str, port: int) -> None:
    assert Address.of(text) == Address(host, port)
    assert str(Address(host, port)) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("9464", id="no host"),
        pytest.param(":9464", id="an empty host"),
        pytest.param("127.0.0.1", id="no port"),
        pytest.param("127.0.0.1:", id="an empty port"),
        pytest.param("127.0.0.1:65536", id="a port that cannot be"),
        pytest.param("127.0.0.1:-1", id="a negative port"),
        pytest.param("127.0.0.1:٤", id="a digit of another script"),
        pytest.param("::1:9464", id="IPv6 without brackets"),
        pytest.param("http://127.0.0.1:9464", id="a URL"),
        pytest.param("127.0.0.1:9464/metrics", id="a path"),
        pytest.param("a b:1", id="a space"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(
        RefusedError, match=r"--listen: found .*; expected HOST:PORT; write it like 127\.0\.0\.1:9464"
    ):
        Address.of(text)
