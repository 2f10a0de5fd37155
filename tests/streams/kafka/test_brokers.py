"""Brokers fail too: workers wait or start again, and what is decided stays exact."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from streams.kafka.naming import Cluster
from tests.servers.local_kafka import LocalKafka
from tests.streams.kafka.conftest import agrees, prepared
from tests.streams.kafka.fleet import Fleet
from tests.streams.kafka.reading import standing
from tests.streams.kafka.shops import Told

pytestmark = pytest.mark.slow


def begun(cluster: Cluster) -> bool:
    """Return whether all partitions have been begun."""
    return len(standing(cluster).positions) == len(standing(cluster).ends)


def leader_of(cluster: Cluster, topic: str) -> int:
    """Return the broker that leads the first partition of a topic."""
    admin = KafkaAdminClient(bootstrap_servers=list(cluster.brokers))
    with closing(admin):
        (described,) = admin.describe_topics([topic])
    partitions = sorted(described["partitions"], key=lambda each: each["partition_index"])
    leader: int = partitions[0]["leader_id"]
    return leader


def test_the_only_broker_killed_and_started(own_broker: LocalKafka, busy_towns: Told, tmp_path: Path) -> None:
    cluster = prepared(own_broker.bootstrap, busy_towns)
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start(*"abc")
        fleet.until(lambda: begun(cluster), "all partitions begun")
        own_broker.kill(0)
        time.sleep(3)
        own_broker.start_node(0)
        fleet.until_done()
    agrees(cluster, busy_towns)


def test_a_leader_of_three_killed(three_brokers: LocalKafka, busy_towns: Told, tmp_path: Path) -> None:
    cluster = prepared(three_brokers.bootstrap, busy_towns, replication=3)
    with Fleet(cluster, tmp_path) as fleet:
        fleet.start(*"abc")
        fleet.until(lambda: begun(cluster), "all partitions begun")
        leader = leader_of(cluster, cluster.events)
        three_brokers.kill(leader)
        fleet.until_done()
        three_brokers.start_node(leader)
    agrees(cluster, busy_towns)
