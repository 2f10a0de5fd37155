"""Events on their way to the brokers: all at once, or so many a second; and how far the partitions are with them."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Self

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.kafka.broker import Place
from bench.measuring import ChildError
from streams.addressing import tenant_of
from streams.kafka.addressing import partition_of
from streams.kafka.kept import Position

PATIENCE_S: Final = 120.0
TURN_S: Final = 0.005  # How often paced events are sent: those of one turn and partition are one batch.
_BATCH_BYTES: Final = 512 * 1024
_POSITION: Final = b"p"
_LARGE: Final = 8 << 20

Check = Callable[[], None]  # Raises ChildError where a child has ended.


@dataclass(frozen=True, slots=True)
class Mark:
    """A position as it was committed: how many inputs of a partition are decided, and when it was written.

    `at_s`: the time at which the worker handed it to its producer, in seconds since 1970, to the millisecond.
    """

    partition: int
    decided: int
    at_s: float


class Positions:
    """How far every partition is: reads the committed positions from the first one on, as they come."""

    def __init__(self, place: Place) -> None:
        self.decided = dict.fromkeys(range(place.partitions), 0)
        self.marks: list[Mark] = []
        self._place = place
        self._consumer: Any = None

    async def until(self, holds: Callable[[], bool], check: Check, patience_s: float = PATIENCE_S) -> None:
        """Read on until something holds. Raises ChildError where a child ends, or nothing comes of it."""
        end = time.monotonic() + patience_s
        while not holds():
            check()
            if time.monotonic() > end:
                raise ChildError(
                    f"after {patience_s:.0f} s no more than {sum(self.decided.values()):,} inputs decided"
                )
            found = await self._consumer.getmany(timeout_ms=100)
            for tp, messages in found.items():
                for message in messages:
                    if message.key == _POSITION:
                        self._take(tp.partition, message)

    def _take(self, partition: int, message: Any) -> None:
        position = msgspec.json.decode(message.value, type=Position)
        self.decided[partition] = position.offset + 1
        self.marks.append(Mark(partition, position.offset + 1, message.timestamp / 1000))

    async def __aenter__(self) -> Self:
        self._consumer = consumer(self._place)
        await self._consumer.start()
        state = [TopicPartition(self._place.cluster.state, number) for number in self.decided]
        self._consumer.assign(state)
        await self._consumer.seek_to_beginning(*state)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()


def consumer(place: Place) -> Any:
    """Return a consumer of what is committed, not started yet."""
    return AIOKafkaConsumer(
        bootstrap_servers=place.cluster.bootstrap,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_LARGE,
    )


@dataclass(slots=True)
class Sending:
    """Sends lines to a place, where nobody else does. `due`: when each was due, by partition and offset."""

    place: Place
    producer: Any
    count: int = 0
    due: list[array[float]] = field(default_factory=list)
    _sent: list[asyncio.Future[Any]] = field(default_factory=list)

    async def all(self, lines: Iterable[str]) -> None:
        """Send lines as quickly as they can be taken: what is to be sent is made ready before the first goes out."""
        ready, open_ = [], [self.producer.create_batch() for _ in range(self.place.partitions)]
        for number, tenant, line in self._addressed(lines):
            if not _add(open_[number], tenant, line):
                ready.append((number, open_[number]))
                open_[number] = self.producer.create_batch()
                _add(open_[number], tenant, line)
        ready += enumerate(open_)
        for number, batch in ready:
            await self._send(number, batch, time.perf_counter())
        await self.arrived()

    async def paced(self, lines: Sequence[str], a_second: int) -> None:
        """Send so many lines a second; a line is due at the turn it is sent in, however late that turn comes."""
        begun, done = time.perf_counter(), 0
        left = self._addressed(lines)
        while done < len(lines):
            turn = int((time.perf_counter() - begun) / TURN_S)
            target = min(len(lines), int((turn + 1) * TURN_S * a_second))
            if target > done:
                batches = [self.producer.create_batch() for _ in range(self.place.partitions)]
                for number, tenant, line in islice(left, target - done):
                    taken = _add(batches[number], tenant, line)
                    assert taken, "one turn's lines fit a batch"
                done = target
                for number, batch in enumerate(batches):
                    await self._send(number, batch, begun + turn * TURN_S)
            await asyncio.sleep(max(0.0, begun + (turn + 1) * TURN_S - time.perf_counter()))
        await self.arrived()

    async def arrived(self) -> None:
        """Wait until the brokers have all that was sent. Raises KafkaError where they do not take it."""
        await asyncio.gather(*self._sent)
        self._sent.clear()

    def _addressed(self, lines: Iterable[str]) -> Iterable[tuple[int, bytes, bytes]]:
        for line in lines:
            raw = line.encode()
            tenant = tenant_of(raw)
            assert tenant is not None, "no tick is among them"
            yield partition_of(tenant, self.place.partitions), tenant.encode(), raw

    async def _send(self, number: int, batch: Any, due_s: float) -> None:
        count = batch.record_count()
        if not count:
            return
        batch.close()
        self.count += count
        self.due[number].extend([due_s] * count)
        topic = self.place.cluster.events
        self._sent.append(await self.producer.send_batch(batch, topic, partition=number))


def _add(batch: Any, tenant: bytes, line: bytes) -> bool:
    taken = batch.append(timestamp=None, key=tenant, value=line)
    return taken is not None


@asynccontextmanager
async def sending(place: Place) -> AsyncIterator[Sending]:
    """Yield what sends events to a place."""
    producer = AIOKafkaProducer(
        bootstrap_servers=place.cluster.bootstrap,
        enable_idempotence=True,
        acks="all",
        max_batch_size=_BATCH_BYTES,
        linger_ms=0,
    )
    await producer.start()
    try:
        yield Sending(place, producer, due=[array("d") for _ in range(place.partitions)])
    finally:
        await producer.stop()
