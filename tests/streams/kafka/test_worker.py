"""Workers decide what a replay decides, byte for byte, however many there are and whatever is done to them."""

from __future__ import annotations

import random
import re
import signal
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from streams.kafka.naming import Cluster
from tests.monitoring.scraping import by, parsed
from tests.streams.kafka.conftest import agrees, prepared, produced
from tests.streams.kafka.fleet import LOST, SESSION_S, Fleet
from tests.streams.kafka.reading import messages, standing
from tests.streams.kafka.shops import Told, corrections, told


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
    with Fleet(cluster, tmp_path, *large_towns.options) as fleet:
        fleet.start(*"abc"[:workers])
        fleet.until_done()
    agrees(cluster, large_towns)


@pytest.mark.slow
def test_workers_killed_at_random(kafka: str, large_towns: Told, tmp_path: Path) -> None:
    seed = 20
    rng = random.Random(seed)
    cluster = prepared(kafka, large_towns)
    with Fleet(cluster, tmp_path, *large_towns.options) as fleet:
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
def test_a_zombie_is_fenced(kafka: str, busy_towns: Told, tmp_path: Path) -> None:
    """A worker that sleeps past its session, and wakes in the middle of a batch, changes nothing any more."""
    cluster = prepared(kafka, busy_towns)
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
    agrees(cluster, busy_towns)


@pytest.mark.slow
def test_a_sleeper_takes_up_what_another_left(kafka: str, towns: Told, tmp_path: Path) -> None:
    """It wakes when whoever took its partitions over is gone: they are its own again, and further than it knows."""
    lines = towns.path.read_bytes().splitlines(keepends=True)
    parts = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for number, part in enumerate(parts):
        part.write_bytes(b"".join(lines[number * len(lines) // 3 : (number + 1) * len(lines) // 3]))
    cluster = prepared(kafka, Told(parts[0], 0, {}))
    with Fleet(cluster, tmp_path / "fleet") as fleet:
        fleet.start("a")
        fleet.until_done()
        fleet.signal("a", signal.SIGSTOP)
        fleet.start("b")
        produced(cluster, parts[1])
        fleet.until_done()
        assert fleet.stop("b") == 0
        fleet.signal("a", signal.SIGCONT)
        produced(cluster, parts[2])
        fleet.until_done()
    agrees(cluster, towns)


@pytest.mark.slow
def test_corrections_fold_what_came_late(kafka: str, towns: Told, tmp_path: Path) -> None:
    """The log is read again from the topics, before and after a restart in the middle of the corrections."""
    path = tmp_path / "corrected.jsonl"
    asked_for = corrections()
    path.write_bytes(towns.path.read_bytes() + b"".join(line + b"\n" for line in asked_for))
    log = told(path, towns.lines + len(asked_for))
    assert all(
        any(b'"id":"c1"' in record and b'"rule":"COL-01"' in record for record in each)
        for each in log.records.values()
    )
    cluster = prepared(kafka, log)
    with Fleet(cluster, tmp_path / "fleet") as fleet:
        fleet.start("a")
        fleet.until(lambda: decided(cluster) > towns.lines, "a correction")
        fleet.kill("a")
        fleet.start("b")
        fleet.until_done()
    agrees(cluster, log)


@pytest.mark.slow
def test_workers_come_and_go(kafka: str, busy_towns: Told, tmp_path: Path) -> None:
    cluster = prepared(kafka, busy_towns)
    with Fleet(
        cluster, tmp_path, "--session", "30"
    ) as fleet:  # None is to be lost where the machine is slow.
        fleet.start("a")
        fleet.until(lambda: decided(cluster) > 5_000, "something decided")
        fleet.start("b", "c")
        fleet.until(lambda: decided(cluster) > 20_000, "more decided")
        assert fleet.stop("a") == 0
        fleet.until(lambda: decided(cluster) > 35_000, "more decided")
        fleet.start("d")
        fleet.until_done()
        assert [fleet.stop(name) for name in "bcd"] == [0, 0, 0]
        assert not fleet.ended
    agrees(cluster, busy_towns)


@pytest.mark.slow
def test_the_clock_ticks_once_a_minute_on_every_partition(kafka: str, tmp_path: Path) -> None:
    """Whoever lives puts it there; who takes over within the minute knows that it was."""
    cluster = prepared(kafka)
    with Fleet(cluster, tmp_path, ticks=True) as fleet:
        fleet.start("a", "b")
        fleet.until(lambda: len(ticks(cluster)) == 4, "a tick on each partition")
        if time.time() % 60 > 45:  # What follows is to be in the same minute.
            time.sleep(60 - time.time() % 60)
            fleet.until(lambda: len(ticks(cluster)) == 8, "the next tick on each partition")
        before = ticks(cluster)
        fleet.kill("a")
        fleet.until(
            lambda: fleet.said("b").count("is open") == fleet.said("b").count("is closed") + 4,
            "the other has all partitions",
        )
        time.sleep(1)
        assert ticks(cluster) == before
        fleet.until_done()


def ticks(cluster: Cluster) -> list[tuple[int, bytes]]:
    """Return the ticks on the input, sorted, each with its partition."""
    return sorted((message.partition, message.value) for message in messages(cluster, cluster.events))


@pytest.mark.slow
def test_a_worker_shows_itself(kafka: str, towns: Told, tmp_path: Path) -> None:
    """Every input is counted once, nothing waits at the end, and the worker says that it has caught up."""
    cluster = prepared(kafka, towns)
    with Fleet(cluster, tmp_path, "--listen", "127.0.0.1:0") as fleet:
        fleet.start("a")
        fleet.until_done()
        (address,) = re.findall(r"metrics on (http://\S+)/metrics", fleet.said("a"))
        assert asked(f"{address}/healthz") == (200, "alive\n")
        assert asked(f"{address}/readyz") == (200, "caught up on 0, 1, 2, 3\n")
        series = parsed(asked(f"{address}/metrics")[1])
    assert by(series, "weiguard_events_total").total() == towns.lines
    assert by(series, "weiguard_kafka_lag", "partition") == {(str(number),): 0 for number in range(4)}
    assert by(series, "weiguard_alerts_total").total() == sum(map(len, towns.records.values()))


def asked(url: str) -> tuple[int, str]:
    """Return what a worker answers."""
    with urlopen(url, timeout=10) as answer:  # noqa: S310  # our own worker's
        return answer.status, answer.read().decode()
