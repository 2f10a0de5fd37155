"""Sends files of events to the input topic: each line one message, as it is, on the partition of its tenant.

The producer is idempotent, so what it tries again arrives once and in order; it has no transactions, whose markers
would leave gaps in the offsets, which workers take for loss. A call that failed or was stopped is simply made again:
the engine recognises what arrived before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError

from streams.kafka.naming import Cluster
from streams.kafka.sending import STALLED_SECONDS, Input, Produced, Sending
from streams.kafka.topics import input_topic
from streams.ports import Block
from streams.refusing import RefusedError
from streams.sources.jsonl import JsonLines
from streams.stopping import Stop, next_block

REACHED_SECONDS: Final = 10  # How long the brokers have to answer at first.


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
        topic = Input.found(input_topic(cluster))
        async with _connected(cluster, topic) as producer:
            sending = Sending(producer, topic)
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
    sources: Sequence[JsonLines], sending: Sending, stop: Stop, progress: Callable[[Produced], None]
) -> None:
    try:
        for source in sources:
            await _send_source(source, sending, stop, progress)
    except RefusedError:
        await sending.finish()
        raise
    await sending.finish()


async def _send_source(
    source: JsonLines, sending: Sending, stop: Stop, progress: Callable[[Produced], None]
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


def _whole(block: Block, sending: Sending) -> bytes:
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


@asynccontextmanager
async def _connected(cluster: Cluster, topic: Input) -> AsyncIterator[Any]:
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
