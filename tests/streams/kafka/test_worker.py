"""Workers decide what a replay decides, byte for byte, however many there are and whatever is done to them."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from streams.kafka.naming import Cluster
from tests.streams.kafka.conftest import agrees, prepared
from tests.streams.kafka.fleet import LOST, SESSION_S, Fleet
from tests.streams.kafka.reading import standing
from tests.streams.kafka.shops import Told


def decided(cluster: Cluster) -> int:
    """Return how many inputs are decided so far."""
    return sum(position.offset + 1 for position in standing(cluster).positions.values())


def test_one_worker_stopped_and_started(kafka: str, towns: Told, tmp_path: Path) -> None:
    cluster = prepared(kafka, towns)
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start("a")
        fleet.until(lambda: decided(cluster) > 2_000, "something decided")
        assert fleet.stop("a") == 0
        fleet.start("b")
        fleet.until_done()
        assert fleet.stop("b") == 0
    agrees(cluster, towns)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_some_workers(kafka: str, large_towns: Told, tmp_path: Path, workers: int) -> None:
    cluster = prepared(kafka, large_towns)
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start(*"abc"[:workers])
        fleet.until_done()
    agrees(cluster, large_towns)


@pytest.mark.slow
def test_workers_killed_at_random(kafka: str, large_towns: Told, tmp_path: Path) -> None:
    seed = 20
    rng = random.Random(seed)
    cluster = prepared(kafka, large_towns)
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start(*"abc")
        for _ in range(20):
            time.sleep(rng.uniform(0.1, 2.5))
            fleet.tend()
            name = rng.choice(fleet.names)
            fleet.kill(name)
            fleet.start(name)
        fleet.until_done()
    agrees(cluster, large_towns)


@pytest.mark.slow
def test_a_zombie_is_fenced(kafka: str, large_towns: Told, tmp_path: Path) -> None:
    """A worker that sleeps past its session, and wakes in the middle of a batch, changes nothing any more."""
    cluster = prepared(kafka, large_towns)
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start("a", "b")
        fleet.until(lambda: len(standing(cluster).positions) == 4, "all partitions begun")
        fleet.signal("a", signal.SIGSTOP)
        before = decided(cluster)
        time.sleep(3 * SESSION_S)
        fleet.until(lambda: decided(cluster) > before, "the other goes on")
        fleet.signal("a", signal.SIGCONT)
        fleet.until_done()
        assert all(status == LOST for _, status in fleet.ended)
    agrees(cluster, large_towns)


@pytest.mark.slow
def test_workers_come_and_go(kafka: str, large_towns: Told, tmp_path: Path) -> None:
    cluster = prepared(kafka, large_towns)
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start("a")
        fleet.until(lambda: decided(cluster) > 10_000, "something decided")
        fleet.start("b", "c")
        fleet.until(lambda: decided(cluster) > 60_000, "more decided")
        assert fleet.stop("a") == 0
        fleet.until(lambda: decided(cluster) > 90_000, "more decided")
        fleet.start("d")
        fleet.until_done()
        assert [fleet.stop(name) for name in "bcd"] == [0, 0, 0]
        assert not fleet.ended
    agrees(cluster, large_towns)
