"""The log of one partition read again, for a correction.

It is asked for in the middle of a decision, which does not wait for other work; so it is read by a client that blocks.
Faust's consumer keeps its place in the group from a thread of its own meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from engine.alert import Record
from streams.kafka.addressing import partition_of
from streams.kafka.deciding import Deciding
from streams.kafka.kept import Kept
from streams.kafka.naming import Cluster
from streams.kafka.restoring import StalledError
from streams.past import RereadPast, last_of

_WAIT_MS = 200
_PATIENCE = 300  # Empty answers in a row.


class KafkaPast(RereadPast):
    """The past of a partition up to the last input decided. What shadow rules would say is counted and not kept."""

    keeps_shadows: Final = False

    def __init__(self, cluster: Cluster, partition: int, deciding: Deciding) -> None:
        self._cluster, self._partition, self._deciding = cluster, partition, deciding

    def again(self) -> Iterator[tuple[bytes, int]]:
        """Yield every input with the code of its disposition. Raises RefusedError where dispositions are missing."""
        deciding = self._deciding
        kept = Kept(self._cluster.state, self._partition)
        for message in self._read(self._cluster.state, self._partition, None):
            kept.take(message.key, message.value)
        # A partition brought back has its checkpoint's state, and may be before what is written by now.
        codes = b"".join(
            block.open().codes for block in kept.dispositions() if block.first <= deciding.offset
        )
        codes = codes[: deciding.begun] + bytes(deciding.codes)
        for message in self._read(self._cluster.events, self._partition, deciding.offset + 1):
            if message.offset >= len(codes):
                return
            yield message.value or b"", codes[message.offset]

    def standing(self, tenant: str, shadows: AbstractSet[str]) -> Iterator[Record]:  # noqa: ARG002  # none is kept
        """Yield the last record of each of a tenant's alerts, retracted ones too."""
        topic, key, until = self._cluster.alerts, tenant.encode(), self._deciding.offset
        stored = (
            message.value
            for message in self._read(topic, None, None, tenant)
            if message.key == key and _input(message) <= until
        )
        return iter(last_of(stored, self._deciding.pending, tenant).values())

    def _read(self, topic: str, partition: int | None, end: int | None, tenant: str = "") -> Iterator[Any]:
        """Yield the messages of a partition that are committed now, or up to an offset."""
        consumer = KafkaConsumer(
            bootstrap_servers=list(self._cluster.brokers),
            isolation_level="read_committed",
            enable_auto_commit=False,
            group_id=None,
        )
        with closing(consumer):
            if partition is None:
                partition = partition_of(tenant, len(consumer.partitions_for_topic(topic) or (0,)))
            tp = TopicPartition(topic, partition)
            consumer.assign([tp])
            end = consumer.end_offsets([tp])[tp] if end is None else end
            consumer.seek_to_beginning(tp)
            empty = 0
            while consumer.position(tp) < end:
                found = consumer.poll(timeout_ms=_WAIT_MS).get(tp, [])
                yield from (message for message in found if message.offset < end)
                empty = 0 if found else empty + 1
                if empty > _PATIENCE:
                    raise StalledError(f"{topic}/{partition} gives nothing more")


def _input(message: Any) -> int:
    return next((int(value) for name, value in message.headers if name == "input"), -1)
