"""The HTTP server beside a runner: what it answers, what it refuses, and that nobody can hold it up."""

from __future__ import annotations

import gc
import logging
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from prometheus_client import CollectorRegistry

from monitoring.metrics import Metrics
from monitoring.serving import CONNECTIONS, Address, serving
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
    metrics = Metrics("sha256:0", "0.0.1")
    with serving(HERE, metrics.registry, lambda: health.alive, lambda: health.ready) as taken:
        yield taken


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
        pytest.param("GET /", 404, "here are /metrics, /healthz and /readyz\n", id="no console yet"),
        pytest.param("GET /metrics/", 404, "here are", id="not quite a path"),
        pytest.param("POST /metrics", 501, "Unsupported method", id="nothing is taken"),
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


def test_whoever_says_nothing_holds_nobody_up(server: Address) -> None:
    with closing(opened(server)):
        assert get(server, "/healthz")[0] == 200


def test_whoever_comes_beyond_the_bound_is_hung_up_on(server: Address) -> None:
    silent = [opened(server) for _ in range(CONNECTIONS)]
    with closing(opened(server)) as beyond:
        assert beyond.recv(1) == b""
    for each in silent:
        each.close()
    for _ in range(50):  # Its place is free once the server has seen that it left.
        with closing(opened(server)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            try:
                if connection.recv(1):
                    return
            except ConnectionError:
                continue
    raise AssertionError("no place came free")


def test_answering_leaves_no_garbage(server: Address) -> None:
    """A runner does not look for garbage: what would wait for the collector would never go."""
    paths = ("/metrics", "/readyz", "/nothing")
    for path in paths:
        get(server, path)
    gc.collect()
    gc.disable()
    try:
        for _ in range(30):
            for path in paths:
                get(server, path)
        assert gc.collect() < 30
    finally:
        gc.enable()


def test_a_check_that_fails_is_told_in_a_line(
    server: Address, health: Health, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    health.alive = None  # type: ignore[assignment]  # so that it fails
    with caplog.at_level(logging.ERROR), closing(opened(server)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert connection.recv(1) == b""
    assert [each.getMessage()[:44] for each in caplog.records] == [
        "weiguard: a request could not be answered: T"
    ]
    assert "Traceback" not in capfd.readouterr().err
    assert get(server, "/readyz")[0] == 503


def test_when_it_is_over_the_port_is_free() -> None:
    check = (True, "")
    with serving(HERE, CollectorRegistry(), lambda: check, lambda: check) as first:
        get(first, "/healthz")
    with serving(first, CollectorRegistry(), lambda: check, lambda: check) as second:
        assert second == first


def test_a_port_that_is_taken_is_refused(server: Address) -> None:
    check = (True, "")
    with (
        pytest.raises(RefusedError, match=f"--listen: found {server}: “address already in use”; expected"),
        serving(server, CollectorRegistry(), lambda: check, lambda: check),
    ):
        pass


def test_an_address_of_another_machine_is_refused() -> None:
    check = (True, "")
    with (
        pytest.raises(
            RefusedError, match=r"--listen: found 192\.0\.2\.1:9464: “cannot assign requested address”"
        ),
        serving(Address("192.0.2.1", 9464), CollectorRegistry(), lambda: check, lambda: check),
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
