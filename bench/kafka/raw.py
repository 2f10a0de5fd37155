"""The input read and one transaction a batch written, by aiokafka alone: what is left of a worker without its engine.

A batch has a worker's size and writes a worker's position message, with a transactional producer for every partition;
there is no group, no Faust, no alert and no checkpoint.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition

from bench.kafka.broker import Place
from bench.kafka.plain import say
from bench.kafka.traffic import consumer
from streams.kafka.kept import Position, position
from streams.kafka.transport import BATCH
from streams.stores.deciding import DecidedBy

_BY = DecidedBy(
    "sha256:" + "0" * 64, tuple(f"RUL-{number:02d}" for number in range(60)), "Asia/Shanghai", 0, {}
)


async def pass_on(place: Place, inputs: int) -> None:
    """Read so many inputs; say `ready` before the first."""
    producers = [await _producer(place, number) for number in range(place.partitions)]
    reader = consumer(place)
    await reader.start()
    reader.assign([TopicPartition(place.cluster.events, number) for number in range(place.partitions)])
    await asyncio.sleep(0.1)  # aiokafka cannot stop a consumer that has only just been assigned.
    say("ready")
    seen = 0
    while seen < inputs:
        for tp, messages in (await reader.getmany(timeout_ms=200)).items():
            for start in range(0, len(messages), BATCH):
                batch = messages[start : start + BATCH]
                await _commit(place, producers[tp.partition], tp.partition, batch[-1].offset)
                seen += len(batch)
    await reader.stop()
    for producer in producers:
        await producer.stop()


async def _producer(place: Place, number: int) -> Any:
    producer = AIOKafkaProducer(
        bootstrap_servers=place.cluster.bootstrap,
        transactional_id=f"{place.cluster.prefix}-{number}",
        linger_ms=0,
        max_batch_size=1 << 19,
    )
    await producer.start()
    return producer


async def _commit(place: Place, producer: Any, number: int, offset: int) -> None:
    key, value = position(Position(_BY, offset, (offset,) * 8, -1))
    await producer.begin_transaction()
    batch = producer.create_batch()
    batch.append(key=key, value=value, timestamp=None)
    sent = await producer.send_batch(batch, place.cluster.state, partition=number)
    await producer.commit_transaction()
    sent.result()
