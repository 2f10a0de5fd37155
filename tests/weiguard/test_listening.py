"""`weiguard run --listen`: a process is scraped as Prometheus would scrape it, and stays until it is asked to leave."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.scraping import Series, by, parsed
from tests.streams.running import made
from tests.weiguard.calling import start
from tests.weiguard.conftest import Weiguard
from tests.weiguard.test_run import summary

LOG = [*made(2, 400), b"{broken"]
ANY_PORT = ("--listen", "127.0.0.1:0")


class Running:
    """A process that listens."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.said = b""
        self.url = self.says(rb"metrics on (http://\S+)/metrics\n")[1].decode()

    def says(self, words: bytes) -> re.Match[bytes]:
        """Wait until it says something to people."""
        assert self.process.stderr is not None
        while (found := re.search(words, self.said)) is None:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        return found

    def get(self, path: str) -> tuple[int, str]:
        """Return the status and the body of an answer."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:  # noqa: S310  # our own
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def scrape(self) -> Series:
        """Return the metrics."""
        return parsed(self.get("/metrics")[1])

    def caught_up(self) -> None:
        """Wait until it is ready."""
        for _ in range(600):
            if self.get("/readyz") == (200, "caught up\n"):
                return
            time.sleep(0.05)
        raise AssertionError("it does not catch up")

    def ended(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to stop; return its status and all it said."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        assert out == b""
        assert b"Traceback" not in self.said + err
        return self.process.returncode, (self.said + err).decode()


@pytest.fixture
def listening(tmp_path: Path) -> Callable[..., Running]:
    """Return what starts a run that listens, in a folder of its own."""
    return lambda *arguments: Running(start("run", *arguments, *ANY_PORT, cwd=tmp_path))


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(LOG) + b"\n")
    return path


def counted(told: dict[str, Any]) -> Counter[tuple[str, ...]]:
    """Return the records of a summary by rule, level and state."""
    return Counter({
        (rule, level, state): count
        for rule, levels in told["records"].items()
        for level, states in levels.items()
        for state, count in states.items()
    })  # fmt: skip


def test_what_is_scraped_adds_up_to_the_inputs(listening: Callable[..., Running], events: Path) -> None:
    run = listening("events.jsonl", "--json")
    run.caught_up()
    assert run.get("/healthz") == (200, "alive\n")
    found = run.scrape()
    run.says(rb"events are taken on http://\S+/v1/events; Ctrl-C ends it\n")
    status, said = run.ended(signal.SIGINT)
    told: dict[str, Any] = summary(said)
    assert status == 0
    assert by(found, "weiguard_events_total").total() == told["inputs"] == len(LOG)
    assert +by(found, "weiguard_events_total", "disposition") == {
        (name,): count for name, count in told["dispositions"].items() if count
    }
    assert +by(found, "weiguard_alerts_total", "rule", "level", "state") == counted(told) != {}
    assert +by(found, "weiguard_undecided_total", "rule") == {
        (rule,): count for rule, count in told["undecided"].items()
    }
    assert by(found, "weiguard_commit_seconds_count").total() >= 1


def test_a_restart_counts_what_is_new_and_knows_what_stands(
    listening: Callable[..., Running], events: Path, weiguard: Weiguard
) -> None:
    events.write_bytes(b"\n".join(LOG[:300]) + b"\n")
    weiguard("run", "events.jsonl", "--json")
    with events.open("ab") as file:
        file.write(b"\n".join(LOG[300:]) + b"\n")
    run = listening("events.jsonl")
    run.caught_up()
    found = run.scrape()
    assert run.ended()[0] == 0
    assert by(found, "weiguard_events_total").total() == len(LOG) - 300
    standing = [json.loads(line) for line in weiguard("alerts", "--json").out.splitlines()]
    stands = Counter((each["level"],) for each in standing)
    assert +by(found, "weiguard_open_alerts", "level") == stands != {}


def test_a_followed_file_is_counted_as_it_grows(listening: Callable[..., Running], events: Path) -> None:
    run = listening("events.jsonl", "--follow")
    run.caught_up()
    before = by(run.scrape(), "weiguard_events_total", "disposition")["quarantined",]
    assert before > 0
    with events.open("ab") as file:
        file.write(b"{broken too\n")
    for _ in range(200):
        if by(run.scrape(), "weiguard_events_total", "disposition")["quarantined",] == before + 1:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("it is not counted")
    assert run.ended()[0] == 0


def test_a_run_stopped_before_its_end_was_interrupted(listening: Callable[..., Running]) -> None:
    run = listening("-")
    assert run.process.stdin is not None
    run.process.stdin.write(LOG[0] + b"\n")
    run.process.stdin.flush()
    assert run.get("/readyz")[0] == 503
    assert run.get("/healthz")[0] == 200
    time.sleep(0.5)  # Until it listens for signals.
    assert run.ended(signal.SIGINT)[0] == 130


def test_quarantined_lines_fail_a_strict_run_at_its_end(
    listening: Callable[..., Running], events: Path
) -> None:
    run = listening("events.jsonl", "--strict")
    run.caught_up()
    assert run.ended()[0] == 1


def test_what_cannot_be_listened_on_is_refused(weiguard: Weiguard, events: Path, tmp_path: Path) -> None:
    refused = weiguard("run", "events.jsonl", "--listen", "9464")
    assert (refused.status, refused.out) == (2, "")
    assert "--listen: found '9464'; expected HOST:PORT; write it like 127.0.0.1:9464" in refused.err
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        refused = weiguard("run", "events.jsonl", "--listen", address)
    assert (refused.status, refused.out) == (2, "")
    assert f"--listen: found {address}: “address already in use”" in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"], "nothing was begun"
