"""The servers as fixtures: one broker and one Prometheus for a whole run, and brokers that a file's tests may kill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.servers.alertmanager import PROGRAM, LocalAlertmanager
from tests.servers.chromium import chromium
from tests.servers.kafka import broker
from tests.servers.kafka_jars import UnavailableError
from tests.servers.local_kafka import LocalKafka
from tests.servers.prometheus import LocalPrometheus, config_of, need


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield where one broker is reached. All tests share it: each takes topics of its own."""
    with broker(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPrometheus]:
    """Yield a Prometheus with the rules of deploy/, which scrapes what a test tells it to."""
    need("prometheus")
    with LocalPrometheus(tmp_path_factory.mktemp("prometheus"), config_of) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser; each test opens a context of its own. Its loop runs until it ends, so no longer than needed."""
    with chromium() as found:
        yield found


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[LocalAlertmanager]:
    """Yield an Alertmanager that a test may stop and start."""
    need(PROGRAM)
    with LocalAlertmanager(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """Yield one broker that a test may kill, if it starts it again."""
    yield from _local(tmp_path_factory.mktemp("own"), 1)


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """Yield three brokers that a test may kill, if it starts them again."""
    yield from _local(tmp_path_factory.mktemp("three"), 3)


def _local(home: Path, brokers: int) -> Iterator[LocalKafka]:
    kafka = LocalKafka(home, brokers=brokers)
    try:
        kafka.start()
        yield kafka
    except UnavailableError as error:
        pytest.skip(f"no broker to be killed: {error}")
    finally:
        kafka.stop()
