"""What is on the topics, read as anybody else would read it: committed messages only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.kafka.kept import Kept, Position
from streams.kafka.naming import Cluster
from tests.streams.kafka.shops import by_tenant

T = TypeVar("T")
PATIENCE_S: Final = 240
TAILS = (1_000, 30_000, None)  # Messages at the end of a state partition in which to look for its position.


@dataclass(frozen=True, slots=True)
class Standing:
    """Where all partitions are: the input's ends, the positions, and the group's committed offsets."""

    ends: dict[int, int]
    positions: dict[int, Position]
    committed: dict[int, int]

    @property
    def done(self) -> bool:
        """Whether every input is decided, and the group's offsets say so too."""
        reached = {number: position.offset + 1 for number, position in self.positions.items()}
        ends = {number: end for number, end in self.ends.items() if end}
        return reached == ends and {number: self.committed.get(number) for number in ends} == ends


def patiently(read: Callable[[], T]) -> T:
    """Read again where a broker is away, or not yet back."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return read()
        except KafkaError:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def messages(cluster: Cluster, topic: str) -> Iterator[Any]:
    """Yield the messages of a topic, partition by partition."""
    consumer = _consumer(cluster)
    with closing(consumer):
        for number in sorted(consumer.partitions_for_topic(topic) or ()):
            yield from _of_partition(consumer, TopicPartition(topic, number), None)


def _of_partition(consumer: Any, tp: TopicPartition, tail: int | None) -> Iterator[Any]:
    """Yield a partition's messages; `tail`: only those of so many offsets at its end."""
    consumer.assign([tp])
    end = consumer.end_offsets([tp])[tp]
    start = consumer.beginning_offsets([tp])[tp]
    consumer.seek(tp, start if tail is None else max(start, end - tail))
    while consumer.position(tp) < end:
        yield from consumer.poll(timeout_ms=200).get(tp, [])


def _position(consumer: Any, cluster: Cluster, number: int) -> Position | None:
    """Return a partition's position; a checkpoint may have come after it."""
    for tail in TAILS:
        kept = Kept(cluster.state, number)
        for message in _of_partition(consumer, TopicPartition(cluster.state, number), tail):
            if message.key == b"p":
                kept.take(message.key, message.value)
        if (found := kept.position()) is not None:
            return found
    return None


def _consumer(cluster: Cluster) -> Any:
    return KafkaConsumer(
        bootstrap_servers=list(cluster.brokers),
        isolation_level="read_committed",
        enable_auto_commit=False,
        group_id=None,
    )


def standing(cluster: Cluster) -> Standing:
    """Return where all partitions are."""
    consumer = _consumer(cluster)
    with closing(consumer):
        tps = [
            TopicPartition(cluster.events, number)
            for number in consumer.partitions_for_topic(cluster.events) or ()
        ]
        ends = {tp.partition: end for tp, end in consumer.end_offsets(tps).items()}
        found = {number: _position(consumer, cluster, number) for number in ends}
    positions = {number: position for number, position in found.items() if position is not None}
    admin = KafkaAdminClient(bootstrap_servers=list(cluster.brokers))
    with closing(admin):
        try:
            offsets = admin.list_group_offsets(cluster.prefix)[cluster.prefix]
        except (
            KafkaError
        ):  # The group's coordinator is away, or its first member just comes: ask again later.
            offsets = {}
    return Standing(ends, positions, {tp.partition: meta.offset for tp, meta in offsets.items()})


def records(cluster: Cluster) -> dict[str, list[bytes]]:
    """Return the alert records by tenant, in the order of the topic."""
    return by_tenant([message.value for message in messages(cluster, cluster.alerts)])


def quarantined(cluster: Cluster) -> list[tuple[bytes, str]]:
    """Return what is in quarantine: all of each input, and the reason."""
    return [
        (message.value, dict(message.headers)["reason"].decode())
        for message in messages(cluster, cluster.quarantine)
    ]
