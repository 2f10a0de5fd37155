"""Logs and topics for the tests on Kafka."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bench.cases import KERNEL, only
from streams.kafka.naming import Cluster
from tests.streams.kafka.reading import patiently, records, standing
from tests.streams.kafka.shops import Told, told, write

_NUMBER = itertools.count(1)
Prepare: TypeAlias = Callable[..., Cluster]


@pytest.fixture(scope="session")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Return a log of some thousand events."""
    path = tmp_path_factory.mktemp("towns") / "towns.jsonl"
    return told(path, write(path, 20_000))


@pytest.fixture(scope="session")
def busy_towns(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Return a log that takes three workers long enough to be disturbed in the middle of it."""
    path = tmp_path_factory.mktemp("towns") / "busy.jsonl"
    return told(path, write(path, 60_000, days=2))


@pytest.fixture(scope="session")
def large_towns(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Return a log of more than 200,000 events, judged by the kernel's rules; all rules judge the smaller ones."""
    path = tmp_path_factory.mktemp("towns") / "large.jsonl"
    return told(path, write(path, 210_000, days=3), *only(KERNEL))


def weiguard(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command."""
    command = [sys.executable, "-m", "weiguard", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def prepared(brokers: str, *logs: Told, replication: int = 1) -> Cluster:
    """Make topics of their own, and produce logs into them."""
    cluster = Cluster(tuple(brokers.split(",")), f"test{next(_NUMBER)}")
    where = ["--brokers", brokers, "--prefix", cluster.prefix]
    made = weiguard("topics", *where, "--partitions", "4", "--replication", str(replication))
    assert made.returncode == 0, made.stderr
    for log in logs:
        produced(cluster, log.path)
    return cluster


def produced(cluster: Cluster, path: Path) -> None:
    """Send a file of events."""
    sent = weiguard("produce", "--brokers", cluster.bootstrap, "--prefix", cluster.prefix, str(path))
    assert sent.returncode == 0, sent.stderr


def agrees(cluster: Cluster, log: Told) -> None:
    """Assert that every input is accounted for, and every record is that of a replay, in its place."""
    where = patiently(lambda: standing(cluster))
    assert where.done
    assert sum(where.ends.values()) == log.lines
    assert sum(sum(position.counts) for position in where.positions.values()) == log.lines
    found = patiently(lambda: records(cluster))
    for tenant in log.records.keys() | found.keys():
        assert found.get(tenant) == log.records.get(tenant), tenant
