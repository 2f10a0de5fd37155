"""Which Kafka tests talk to: the first that can be had, so that they run on any machine and skip on none they need not.

`WEIGUARD_TEST_KAFKA` names one (`host:port`); else a container, where a Docker engine answers and testcontainers is
installed, which the lock file does not ask for and which has not been tried; else a local one, which needs Java and
Maven. Where none can be had, the test is skipped with every reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.servers.kafka_jars import UnavailableError
from tests.servers.local_kafka import LocalKafka

GIVEN: Final = "WEIGUARD_TEST_KAFKA"
_IMAGE: Final = "confluentinc/cp-kafka:7.6.0"
_WITHIN_S: Final = 15


@contextmanager
def broker(home: Path) -> Iterator[str]:
    """Yield where a Kafka of one broker is reached, or skip the test. A local one keeps its data under `home`."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    reasons = [f"{GIVEN} is not set"]
    with ExitStack() as running:
        for start in (_container, partial(_local, home)):
            try:
                bootstrap = start(running)
            except UnavailableError as error:
                reasons.append(str(error))
                continue
            yield bootstrap
            return
    pytest.skip("no Kafka: " + "; ".join(reasons))


def _container(running: ExitStack) -> str:
    """Start a container. Raises UnavailableError."""
    _ask_docker()
    try:
        from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415  # only where Docker answers
    except ImportError as error:
        raise UnavailableError(f"Docker answers, but there is no testcontainers ({error})") from None
    container = running.enter_context(KafkaContainer(_IMAGE).with_kraft())
    return str(container.get_bootstrap_server())


def _ask_docker() -> None:
    if shutil.which("docker") is None:
        raise UnavailableError("no docker on PATH")
    command = ["docker", "info", "--format", "{{.ServerVersion}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"docker does not answer ({error})") from None
    if done.returncode or not done.stdout.strip():
        raise UnavailableError("no Docker engine answers")


def _local(home: Path, running: ExitStack) -> str:
    """Start a broker here. Raises UnavailableError."""
    return running.enter_context(LocalKafka(home)).bootstrap
