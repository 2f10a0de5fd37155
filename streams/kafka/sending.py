"""Lines on their way to the input topic: in open batches, one a partition, and in those not yet acknowledged.

A client's own batching waits for each message by itself; filled here, a batch costs it one call.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

import msgspec

from streams.addressing import NOBODY, tenant_of
from streams.kafka.addressing import partition_of
from streams.kafka.judging import Topic
from streams.refusing import RefusedError

STALLED_SECONDS: Final = 30  # How long brokers may take nothing more; a new leader is found in less.
BATCH_BYTES: Final = 512 * 1024
# Of the batches of all partitions together, which go in one request: a broker takes 100 MiB. A partition has at most
# one batch open, one waiting and one on its way, so memory is bounded too.
REQUEST_BYTES: Final = 32 * 1024 * 1024
LIMIT: Final = "max.message.bytes"
_OVERHEAD: Final = 100  # Bytes around a message and its key, at most.


class Produced(msgspec.Struct):
    """What was sent so far: lines, their bytes with the ends, the topic's partitions; and the lines that arrived."""

    partitions: int
    lines: int = 0
    bytes: int = 0
    arrived: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """The input as it is on the brokers. `limit`: bytes of a message with all around it."""

    name: str
    partitions: int
    limit: int

    @property
    def batch_bytes(self) -> int:
        """Bytes of one batch, unless a single message is larger."""
        return min(BATCH_BYTES, self.limit, REQUEST_BYTES // self.partitions)

    @classmethod
    def found(cls, topic: Topic) -> Self:
        """Return what matters of a topic to who sends to it."""
        return cls(topic.name, topic.partitions, int(topic.settings[LIMIT]))


class Sending:
    """Lines on their way to a topic: in open batches, and in those not yet acknowledged."""

    def __init__(self, producer: Any, topic: Input) -> None:
        self.topic = topic
        self.told = Produced(topic.partitions)
        self.path, self.line = "", 0  # Of the line that was added last.
        self._producer = producer
        self._open: list[Any] = [producer.create_batch() for _ in range(topic.partitions)]
        self._lines = [
            0
        ] * topic.partitions  # In the open batches; what is on all partitions counts on the first.
        self._pending: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None
        # A key is no longer than its line, so a line this short fits a batch of its own.
        self._short = (topic.batch_bytes - _OVERHEAD) // 2

    async def add(self, line: bytes) -> None:
        """Put a line into the batches it belongs to; a full one is sent. Raises RefusedError where it is too long."""
        self.line += 1
        tenant = tenant_of(line)
        put = self._put if len(line) <= self._short else self._put_long
        if tenant is not None:
            await put(partition_of(tenant, self.topic.partitions), tenant.encode(), line)
            return
        for partition in range(self.topic.partitions):
            await put(partition, NOBODY.encode(), line, counts=partition == 0)

    async def _put(self, partition: int, key: bytes, line: bytes, *, counts: bool = True) -> None:
        now = _now_ms()
        if self._open[partition].append(timestamp=now, key=key, value=line) is None:
            await self._send(partition)
            taken = self._open[partition].append(timestamp=now, key=key, value=line)
            assert taken is not None, "a batch takes its first message"
        self._lines[partition] += counts

    async def _put_long(self, partition: int, key: bytes, line: bytes, *, counts: bool = True) -> None:
        """Send a long line in a batch of its own and wait for it, so that never two make one request too large."""
        await self._send(partition)
        batch = self._producer.create_batch()
        batch.append(timestamp=_now_ms(), key=key, value=line)
        if batch.size() > self.topic.limit:
            raise self.too_long(len(line))
        self._open[partition], self._lines[partition] = batch, int(counts)
        await self._send(partition)
        await self._wait()

    async def finish(self) -> None:
        """Send what is open and wait until all has arrived."""
        for partition in range(self.topic.partitions):
            await self._send(partition)
        await self._wait()

    def too_long(self, size: int) -> RefusedError:
        """Refuse the line that was added last. `size`: its bytes."""
        return RefusedError(
            f"{self.path}:{self.line}",
            f"a line of {size:,} bytes",
            f"one that the topic {self.topic.name} takes: at most {self.topic.limit:,} bytes with its key",
            f"take the line out, or raise the topic's {LIMIT}",
        )

    async def _send(self, partition: int) -> None:
        """Hand over a partition's open batch; wait while the one before it is not on its way."""
        batch = self._open[partition]
        if not batch.record_count():
            return
        if self._failure is not None:
            raise self._failure
        batch.close()
        future = await self._producer.send_batch(batch, self.topic.name, partition=partition)
        self._pending.add(future)
        future.add_done_callback(partial(self._note, self._lines[partition]))
        self._open[partition], self._lines[partition] = self._producer.create_batch(), 0

    def _note(self, lines: int, future: asyncio.Future[Any]) -> None:
        self._pending.discard(future)
        if future.cancelled():
            return
        failure = future.exception()
        if failure is None:
            self.told.arrived += lines
        self._failure = self._failure or failure

    async def _wait(self) -> None:
        while self._pending and self._failure is None:
            done, _ = await asyncio.wait(
                self._pending, timeout=STALLED_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                raise TimeoutError
        if self._failure is not None:
            raise self._failure


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
