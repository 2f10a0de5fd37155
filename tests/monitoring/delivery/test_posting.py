"""What a real receiver answers, or fails to, and what that comes to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from monitoring.delivery.letters import Letter
from monitoring.delivery.outcomes import MOST_WAIT_US, Dead, Delivered, Failed, Outcome
from monitoring.delivery.posting import Postman
from monitoring.delivery.routes import Route
from monitoring.delivery.trial import trial_letter
from tests.monitoring.delivery import shop
from tests.monitoring.delivery.receiver import Reply, receiving

SECOND = 10**6


def sent(letter: Letter, whole_s: float = 20) -> Outcome:
    """Send a letter once."""

    async def send() -> Outcome:
        async with Postman(whole_s) as postman:
            return await postman.send(letter)

    return asyncio.run(send())


def to(route: Route, url: str) -> Letter:
    """Return a test that goes to an address."""
    return trial_letter(replace(route, to=replace(route.to, url=url)))


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        pytest.param(Reply(200), Delivered(), id="200 has it"),
        pytest.param(Reply(204), Delivered(), id="204 has it"),
        pytest.param(Reply(500), Failed("HTTP 500 Internal Server Error"), id="500 may pass"),
        pytest.param(Reply(408), Failed("HTTP 408 Request Timeout"), id="408 may pass"),
        pytest.param(Reply(425), Failed("HTTP 425 Too Early"), id="425 may pass"),
        pytest.param(
            Reply(429, {"retry-after": "7"}),
            Failed("HTTP 429 Too Many Requests", 7 * SECOND),
            id="429 says when to come again",
        ),
        pytest.param(
            Reply(503, {"retry-after": "999999999"}),
            Failed("HTTP 503 Service Unavailable", MOST_WAIT_US),
            id="but not for ever",
        ),
        pytest.param(
            Reply(503, {"retry-after": "soon"}),
            Failed("HTTP 503 Service Unavailable"),
            id="nor in words that mean nothing",
        ),
        pytest.param(Reply(599), Failed("HTTP 599"), id="a status without a name may pass"),
        pytest.param(Reply(400), Dead("HTTP 400 Bad Request"), id="400 never will"),
        pytest.param(Reply(410), Dead("HTTP 410 Gone"), id="410 never will"),
        pytest.param(
            Reply(302, {"location": "http://127.0.0.1:1/"}), Failed("HTTP 302 Found"), id="nobody is followed"
        ),
        pytest.param(Reply(0), Failed("a connection that broke"), id="it hangs up"),
        pytest.param(Reply(after_s=2), Failed("no answer within 0.5 s"), id="it hangs"),
        pytest.param(Reply(trickles=True), Failed("no answer within 0.5 s"), id="it has no end"),
    ],
)
def test_an_answer_comes_to(reply: Reply, outcome: Outcome) -> None:
    with receiving(lambda _: reply) as receiver:
        assert sent(to(shop.webhook(), receiver.url), whole_s=0.5) == outcome
        assert len(receiver.heard) == 1


def test_a_date_says_when_to_come_again() -> None:
    at = datetime.now(UTC) + timedelta(seconds=100)
    with receiving(lambda _: Reply(503, {"retry-after": format_datetime(at, usegmt=True)})) as receiver:
        outcome = sent(to(shop.webhook(), receiver.url))
    assert isinstance(outcome, Failed)
    assert 90 * SECOND < outcome.hold_us <= 100 * SECOND


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        pytest.param(b'{"errcode": 0, "errmsg": "ok"}', Delivered(), id="0 has it"),
        pytest.param(
            b'{"errcode": 45009}', Failed("errcode 45009", 60 * SECOND), id="too many wait a minute"
        ),
        pytest.param(b'{"errcode": -1}', Failed("errcode -1"), id="a busy one is asked again"),
        pytest.param(b'{"errcode": 93000}', Dead("errcode 93000"), id="a wrong key never will"),
        pytest.param(
            b"<html>", Failed("HTTP 200 without an errcode"), id="whoever that was, it was no robot"
        ),
    ],
)
def test_a_robot_says_in_the_body_what_it_made_of_it(body: bytes, outcome: Outcome) -> None:
    with receiving(lambda _: Reply(body=body)) as receiver:
        assert sent(to(shop.wecom(), receiver.url)) == outcome


def test_nobody_there_is_no_connection() -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        outcome = sent(to(shop.webhook(), f"http://127.0.0.1:{port}/s3cret"))
    assert outcome == Failed("no connection")


def test_an_address_that_cannot_be_used_is_said_without_it() -> None:
    assert sent(to(shop.webhook(), "https://[::1/s3cret")) == Dead("an address that cannot be used")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a certificate that nobody has signed, with its key."""
    path = tmp_path / "own.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(path), "-out", str(path), "-subj", "/CN=localhost", "-days", "2"]
    made = subprocess.run(
        [*command, "-addext", "subjectAltName=IP:127.0.0.1"], capture_output=True, check=True
    )
    assert made.returncode == 0
    return path


def test_a_certificate_that_nobody_has_signed_is_not_believed(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            plain, _ = server.accept()
            with plain, suppress(OSError):  # It is not believed.
                context.wrap_socket(plain, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        outcome = sent(to(shop.webhook(), f"https://127.0.0.1:{server.getsockname()[1]}/s3cret"))
        thread.join()
    assert outcome == Failed("a certificate that does not hold")


def test_no_secret_is_in_what_is_made_of_it() -> None:
    letter = to(shop.wecom(), "https://robot.example/send?key=s3cret")
    assert "s3cret" not in repr(letter)
