"""Sends files of events to the input topic: each line one message, as it is, on the partition of its tenant.

The producer is idempotent, so what it tries again arrives once and in order; it has no transactions, whose markers
would leave gaps in the offsets, which workers take for loss. A call that failed or was stopped is simply made again:
the engine recognises what arrived before.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError

from streams.kafka.addressing import NOBODY, partition_of, tenant_of
from streams.kafka.naming import Cluster
from streams.ports import Block
from streams.refusing import RefusedError
from streams.sources.jsonl import JsonLines
from streams.stopping import Stop, next_block

REACHED_SECONDS: Final = 10  # How long the brokers have to answer at first.
STALLED_SECONDS: Final = 30  # How long they may take nothing more; a new leader is found in less.
BATCH_BYTES: Final = 512 * 1024
# Of the batches of all partitions together, which go in one request: a broker takes 100 MiB. A partition has at most
# one batch open, one waiting and one on its way, so memory is bounded too.
REQUEST_BYTES: Final = 32 * 1024 * 1024
_OVERHEAD: Final = 100  # Bytes around a message and its key, at most.
_LIMIT: Final = "max.message.bytes"


class Produced(msgspec.Struct):
    """What was sent so far: lines, their bytes with the ends, the topic's partitions; and the lines that arrived."""

    partitions: int
    lines: int = 0
    bytes: int = 0
    arrived: int = 0


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is on the brokers. `limit`: bytes of a message with all around it."""

    name: str
    partitions: int
    limit: int

    @property
    def batch_bytes(self) -> int:
        """Bytes of one batch, unless a single message is larger."""
        return min(BATCH_BYTES, self.limit, REQUEST_BYTES // self.partitions)


async def produce(
    sources: Sequence[JsonLines],
    cluster: Cluster,
    stop: Stop | None = None,
    progress: Callable[[Produced], None] | None = None,
) -> Produced:
    """Send every line of some sources, one after the other, and return when all have arrived.

    Ends early, after a whole block, where somebody asks to stop; what was taken by then is sent to its end. Raises
    RefusedError where a source cannot be read, a line is too long, or the brokers do not take it. Reading a source
    holds up the loop, so it is to have one of its own.
    """
    stop = stop or Stop()
    with _quiet():
        topic = await _look_up(cluster)
        async with _connected(cluster, topic) as producer:
            sending = _Sending(producer, topic)
            try:
                await _send_sources(sources, sending, stop, progress or (lambda _: None))
            except RefusedError as error:
                kept = _kept(sending.told)
                mend = f"{error.mend}; {kept}" if error.mend else kept
                raise RefusedError(error.where, error.found, error.expected, mend) from None
            except (KafkaError, TimeoutError) as error:
                raise _refused(cluster, error, sending.told) from None
    return sending.told


async def _send_sources(
    sources: Sequence[JsonLines], sending: _Sending, stop: Stop, progress: Callable[[Produced], None]
) -> None:
    try:
        for source in sources:
            await _send_source(source, sending, stop, progress)
    except RefusedError:
        await sending.finish()
        raise
    await sending.finish()


async def _send_source(
    source: JsonLines, sending: _Sending, stop: Stop, progress: Callable[[Produced], None]
) -> None:
    told = sending.told
    sending.path, sending.line = source.path, 0
    blocks = source.blocks(None)
    while (block := next_block(blocks, stop)) is not None:
        lines = block.lines if block.rest is None else [_whole(block, sending)]
        for line in lines:
            await sending.add(line)
        told.lines += len(lines)
        told.bytes += sum(map(len, lines)) + len(lines)
        if not source.lasting:
            await sending.finish()  # Nothing is sent while a pipe is waited for.
        progress(told)


def _whole(block: Block, sending: _Sending) -> bytes:
    """Put an overlong line together, if the topic can take it. Raises RefusedError."""
    (first,), rest = block.lines, block.rest
    assert rest is not None, "an overlong line has a rest"
    with rest:
        size = len(first) + rest.seek(0, 2)
        if size > sending.topic.limit:
            sending.line += 1
            raise sending.too_long(size)
        rest.seek(0)
        return first + rest.read()


class _Sending:
    """Lines on their way to a topic: in open batches, and in those not yet acknowledged."""

    def __init__(self, producer: Any, topic: Topic) -> None:
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
            f"take the line out, or raise the topic's {_LIMIT}",
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


async def _look_up(cluster: Cluster) -> Topic:
    """Return the input topic as it is. Only asks: a client that sends to a missing topic may make it, wrongly."""
    admin = AIOKafkaAdminClient(
        bootstrap_servers=cluster.bootstrap, request_timeout_ms=REACHED_SECONDS * 1_000
    )
    try:
        async with asyncio.timeout(REACHED_SECONDS):
            await admin.start()
            topics = await admin.describe_topics()
            partitions = next(
                (len(each["partitions"]) for each in topics if each["topic"] == cluster.events), 0
            )
            if not partitions:
                raise RefusedError(
                    cluster.bootstrap,
                    f"no topic {cluster.events}",
                    "the topics of the prefix",
                    "`weiguard topics` makes them; or name another --prefix",
                )
            limit = await _limit(admin, cluster.events)
    except (KafkaError, TimeoutError) as error:
        raise _refused(cluster, error) from None
    finally:
        await admin.close()
    return Topic(cluster.events, partitions, limit)


async def _limit(admin: Any, name: str) -> int:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, {_LIMIT: None})]
    (answer,) = await admin.describe_configs(asked)
    found: list[dict[str, Any]] = answer.to_object()["resources"][0]["config_entries"]
    return next(int(entry["config_value"]) for entry in found if entry["config_names"] == _LIMIT)


@asynccontextmanager
async def _connected(cluster: Cluster, topic: Topic) -> AsyncIterator[Any]:
    """Start a producer, and end it in bounded time whatever happens."""
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap,
        enable_idempotence=True,
        acks="all",
        max_batch_size=topic.batch_bytes,
        request_timeout_ms=STALLED_SECONDS * 1_000,
    )
    try:
        try:
            async with asyncio.timeout(REACHED_SECONDS):
                await producer.start()
        except (KafkaError, TimeoutError) as error:
            raise _refused(cluster, error) from None
        yield producer
    finally:
        try:
            async with asyncio.timeout(1):
                await producer.stop()
        except TimeoutError:
            # It waits for batches that never arrive, without end. What it leaves running ends with the loop.
            await producer.client.close()


def _refused(cluster: Cluster, error: BaseException, told: Produced | None = None) -> RefusedError:
    """Say what the brokers did not do, and what became of what was sent."""
    if isinstance(error, TimeoutError | KafkaTimeoutError | KafkaConnectionError | NodeNotReadyError):
        found = "no Kafka that answers" if told is None else "a Kafka that stopped answering"
    else:
        found = f"“{error}” in answer"
    kept = f"; then call it again: {_kept(told)}" if told is not None else ""
    return RefusedError(
        cluster.bootstrap,
        found,
        "a Kafka that takes events",
        f"start or mend it, or name another with --brokers{kept}",
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _kept(told: Produced) -> str:
    if not told.arrived:
        return "nothing was sent"
    return f"lines that have arrived: {told.arrived:,}; sent again, they are recognised as duplicates"


@contextmanager
def _quiet() -> Iterator[None]:
    """Let the client's own log say nothing: what it complains about is tried again, or said here in words."""
    log = logging.getLogger("aiokafka")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)
