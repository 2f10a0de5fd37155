"""What cannot be decided goes to quarantine whole; what is missing, damaged or of other rules stops the worker."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from rules.loading import load
from streams.kafka.addressing import partition_of
from streams.kafka.naming import Cluster
from streams.kafka.partition import Partition
from tests.streams.kafka import tearing
from tests.streams.kafka.conftest import agrees, prepared, weiguard
from tests.streams.kafka.fleet import Fleet
from tests.streams.kafka.reading import quarantined, records, standing
from tests.streams.kafka.shops import Told
from weiguard.preparing import prepare
from weiguard.settings import settings_from

pytestmark = pytest.mark.slow

PARTITIONS = 4
WRONG = 2
STRAY = (
    b'{"specversion":"1.0","id":"s1","source":"stray","type":"message.received","tenant":"town-1",'
    b'"time":"2026-03-10T12:00:00+08:00","data":{"conversation_id":"c1"}}'
)
POISON: dict[str, tuple[bytes | None, str]] = {
    "bad bytes": (b'{"id": "\xff\xfe"}', "UTF-8"),
    "null": (None, "found nothing"),
    "empty": (b"", "found nothing"),
    "wrong shape": (b'{"specversion": "1.0", "amount": 5}', "found nothing"),
    "a nesting bomb": (b"[" * 200_000, "nested too deeply"),
    "another partition's tenant": (STRAY, "Kafka's default partitioner puts its key"),
}


def send(cluster: Cluster, partition: int, *values: bytes | None) -> None:
    """Write messages as a stranger would."""
    producer = KafkaProducer(bootstrap_servers=list(cluster.brokers))
    with closing(producer):
        for value in values:
            producer.send(cluster.events, value=value, key=b"town-1", partition=partition)
        producer.flush()


def forget(cluster: Cluster, until: dict[int, int]) -> None:
    """Delete inputs as a retention would."""
    admin = KafkaAdminClient(bootstrap_servers=list(cluster.brokers))
    with closing(admin):
        admin.delete_records({TopicPartition(cluster.events, number): end for number, end in until.items()})


def test_poison_goes_to_quarantine_whole(kafka: str, towns: Told, tmp_path: Path) -> None:
    cluster = prepared(kafka)
    elsewhere = (partition_of("town-1", PARTITIONS) + 1) % PARTITIONS
    send(cluster, elsewhere, *(value for value, _ in POISON.values()))
    where = ["--brokers", kafka, "--prefix", cluster.prefix]
    assert weiguard("produce", *where, str(towns.path)).returncode == 0
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start("a")
        fleet.until_done()
    found = quarantined(cluster)
    for name, (value, reason) in POISON.items():
        held = [said for raw, said in found if raw == (value or b"") and reason in said]
        assert held, name
    assert records(cluster) == towns.records
    assert sum(
        sum(position.counts) for position in standing(cluster).positions.values()
    ) == towns.lines + len(POISON)


@pytest.fixture(scope="module")
def done(kafka: str, towns: Told, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, Path]:
    """Return a cluster that has decided all its inputs, and a folder."""
    cluster = prepared(kafka, towns)
    folder = tmp_path_factory.mktemp("done")
    with Fleet(cluster, folder) as fleet:
        fleet.start("first")
        fleet.until_done()
        assert fleet.stop("first") == 0
    return cluster, folder


def test_other_rules_are_refused(done: tuple[Cluster, Path]) -> None:
    cluster, folder = done
    with Fleet(cluster, folder, "--only", "COL-*") as fleet:
        fleet.start("other")
        assert fleet.wait("other") == WRONG
        assert f"found decisions of {len(load().rules())} rules; expected those of the" in fleet.said("other")


def test_lost_input_is_refused_and_not_guessed(done: tuple[Cluster, Path]) -> None:
    cluster, folder = done
    forget(cluster, {number: end - 1 for number, end in standing(cluster).ends.items()})
    with Fleet(cluster, folder) as fleet:
        fleet.start("lost")
        assert fleet.wait("lost") == WRONG
        said = fleet.said("lost")
    assert "which its state still needs" in said
    assert "retention" in said
    assert "Traceback" not in said


def test_input_lost_before_it_was_decided_is_refused(kafka: str, towns: Told, tmp_path: Path) -> None:
    cluster = prepared(kafka, towns)
    forget(cluster, dict.fromkeys(range(PARTITIONS), 100))
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start("a")
        assert fleet.wait("a") == WRONG
        assert "found input from 100 on" in fleet.said("a")


@pytest.mark.parametrize(
    ("ending", "found"),
    [("committed", "2 where 1"), ("aborted", "2 where 0"), ("left open", "1 where 0")],
)
def test_input_in_transactions_is_refused(kafka: str, tmp_path: Path, ending: str, found: str) -> None:
    """Their marks take offsets, and what was aborted must not be decided: neither can be told from lost input."""
    cluster = prepared(kafka)
    partition = partition_of("town-1", PARTITIONS)
    asyncio.run(transact(cluster, partition, ending))
    send(cluster, partition, STRAY)
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start("a")
        assert fleet.wait("a") == WRONG
        assert f"found input {found} was to come" in fleet.said("a")
        assert "or it was written in transactions" in fleet.said("a")


async def transact(cluster: Cluster, partition: int, ending: str) -> None:
    """Write one input in a transaction that ends so; one left open is aborted by the broker after two seconds."""
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap, transactional_id=ending, transaction_timeout_ms=2_000
    )
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(cluster.events, STRAY, key=b"town-1", partition=partition)
    if ending == "committed":
        await producer.commit_transaction()
    elif ending == "aborted":
        await producer.abort_transaction()
    await producer.stop()


def test_a_checkpoint_torn_by_a_kill(kafka: str, towns: Told, tmp_path: Path) -> None:
    """A worker dies when a checkpoint is on the broker but for its end; what follows builds on the one before."""
    cluster = prepared(kafka, towns)
    with Fleet(cluster, tmp_path) as fleet:
        for _ in range(2):
            torn = subprocess.run(
                [sys.executable, "-m", tearing.__name__, cluster.bootstrap, cluster.prefix],
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | {"WEIGUARD_CHECKPOINT": "2000"},
                timeout=120,
            )
            assert torn.returncode == -9, torn.stderr
            assert "torn" in torn.stdout
        fleet.start("a")
        fleet.until_done()
    agrees(cluster, towns)


def test_what_faust_dropped_is_read_anew(kafka: str, towns: Told) -> None:
    """A fetch before a rebalance may be thrown away; the next one then begins where that one ended."""
    cluster = prepared(kafka, towns)
    prepared_rules = prepare(settings_from({"brokers": kafka, "prefix": cluster.prefix}))

    async def decide() -> int:
        part = Partition(
            cluster,
            partition_of("town-1", PARTITIONS),
            PARTITIONS,
            prepared_rules.engine(),
            1_000,
            asyncio.Lock(),
        )
        await part.start()
        try:
            for until in (1_500, 3_000):
                committed = await part.catch_up(until)
                assert sum(each.inputs for each in committed) == 1_500
            return part.deciding.offset
        finally:
            await part.close()

    assert asyncio.run(decide()) == 2_999
