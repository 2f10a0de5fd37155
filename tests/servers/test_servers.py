"""The servers for tests start, answer, can be killed one by one, and never outlive the run that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers import kafka, kafka_jars
from tests.servers.dying import __file__ as dying
from tests.servers.kafka_jars import UnavailableError
from tests.servers.local_kafka import LocalKafka
from tests.servers.prometheus import LocalPrometheus, need


@pytest.mark.slow
def test_a_broker_can_be_killed_and_started_again(tmp_path: Path) -> None:
    with LocalKafka(tmp_path, extra={"log.retention.ms": "1234567"}) as local:
        assert local.bootstrap.startswith("127.0.0.1:")
        assert "log.retention.ms=1234567\n" in (tmp_path / "node0/server.properties").read_text()
        local.kill(0, signal.SIGSTOP)
        assert local.alive(0)
        local.kill(0, signal.SIGCONT)
        local.kill(0)
        assert not local.alive(0)
        local.start_node(0)
        assert local.alive(0)
    assert not local.alive(0)
    assert not (tmp_path / "node0/data").exists()


def test_a_broker_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    local = LocalKafka(tmp_path, extra={"num.io.threads": "0"})
    with pytest.raises(UnavailableError, match=r"num\.io\.threads"), local:
        pass
    assert not local.alive(0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_server_dies_with_the_run_that_is_killed(tmp_path: Path) -> None:
    """A parent starts a child as servers are started and is killed; the child, which would sleep on, goes too."""
    parent = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, sys.argv[1], str(os.getpid()), 'sleep', '600'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent, dying], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        _until(lambda: b"sleep" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0])
        running.kill()
    _until(lambda: not _runs(child))


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_given_broker_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kafka.GIVEN, "k1:9092")
    with kafka.broker(tmp_path) as bootstrap:
        assert bootstrap == "k1:9092"
    assert list(tmp_path.iterdir()) == []


def test_where_none_can_be_had_the_skip_gives_every_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(kafka.GIVEN, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception) as skipped, kafka.broker(tmp_path):
        pass
    assert skipped.value.msg is not None
    reasons = skipped.value.msg.split("; ")
    assert reasons[:2] == [f"no Kafka: {kafka.GIVEN} is not set", "no docker on PATH"]
    assert reasons[2].startswith("no java and no mvn on PATH")


def test_without_prometheus_a_test_is_skipped_and_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="no promtool on PATH"):
        need("promtool")


def test_a_prometheus_that_cannot_start_fails_and_says_why(tmp_path: Path) -> None:
    """It is no reason to skip: it is there."""
    need("prometheus")
    broken = LocalPrometheus(tmp_path, lambda _: {"scrape_configs": [{"no_such_setting": 1}]})
    with pytest.raises(AssertionError, match="no_such_setting"), broken:
        pass
    assert not (tmp_path / "data").exists()


def test_jars_that_maven_cannot_fetch_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool, does in (("java", "exit 0"), ("mvn", "echo no network; exit 1")):
        (tmp_path / tool).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(UnavailableError, match="no network"):
        kafka_jars.jars()
    assert list((tmp_path / "cache/weiguard").iterdir()) == []


def test_a_container_is_not_asked_for_where_docker_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with ExitStack() as running, pytest.raises(UnavailableError, match="no Docker engine answers"):
        kafka._container(running)  # noqa: SLF001  # the way to a container alone
