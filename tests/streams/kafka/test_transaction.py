"""A transaction says why it broke off, wherever in it that was noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced

from streams.kafka.transaction import transaction
from tests.streams.kafka.conftest import prepared

FENCED = (ProducerFenced, InvalidProducerEpoch)


async def none(producer: Any, topic: str) -> None:
    """Send nothing more before the commit."""


async def one(producer: Any, topic: str) -> None:
    await producer.send(topic, b"2", key=b"2", partition=0)


async def batch(producer: Any, topic: str) -> None:
    built = producer.create_batch()
    built.append(key=b"2", value=b"2", timestamp=None)
    await producer.send_batch(built, topic, partition=0)


@pytest.mark.parametrize("after", [none, one, batch])
def test_who_is_fenced_between_two_sends_is_told_so(
    kafka: str, after: Callable[[Any, str], Awaitable[None]]
) -> None:
    with pytest.raises(FENCED):
        asyncio.run(fenced_between(kafka, prepared(kafka).state, after))


async def fenced_between(kafka: str, topic: str, after: Callable[[Any, str], Awaitable[None]]) -> None:
    zombie, owner = (AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=topic) for _ in range(2))
    await zombie.start()
    try:
        async with transaction(zombie):
            await owner.start()
            sent = await zombie.send(topic, b"1", key=b"1", partition=0)
            with pytest.raises(FENCED):
                await sent
            await after(zombie, topic)
    finally:
        await owner.stop()
        with suppress(*FENCED):
            await zombie.stop()
