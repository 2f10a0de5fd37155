"""What waits to be decided: partitions in turn, of each one batch at a time, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

from streams.kafka.gathering import Gathered, Waiting
from streams.kafka.transport import BATCH


def fetch(partition: int, *messages: int, generation: int = 1) -> Any:
    """Return what Faust hands over: one event with many messages."""
    message = SimpleNamespace(partition=partition, generation_id=generation, value=list(messages))
    return SimpleNamespace(message=message)


async def all_of(waiting: Waiting, *fetches: Any) -> None:
    for each in fetches:
        await waiting.put(each)


def run(steps: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(steps, 10))


async def nothing_comes(waiting: Waiting) -> bool:
    """Return whether nothing can be taken, however long one waits."""
    taking = asyncio.ensure_future(waiting.next())
    for _ in range(10):
        await asyncio.sleep(0)
    return not taking.done() and taking.cancel()


def test_a_batch_is_all_that_waits_of_a_partition() -> None:
    async def steps() -> None:
        waiting = Waiting()
        await all_of(waiting, fetch(0, 1, 2), fetch(1, 7), fetch(0, 3))
        first, second = await waiting.next(), await waiting.next()
        assert (first.partition, first.messages, len(first.fetches)) == (0, [1, 2, 3], 2)
        assert (second.partition, second.messages) == (1, [7])

    run(steps())


def test_no_batch_is_larger_than_a_transaction_or_of_two_generations() -> None:
    async def steps() -> None:
        waiting = Waiting()
        await all_of(waiting, fetch(0, *range(BATCH)), fetch(0, 1), fetch(0, 2, generation=2))
        found: list[Gathered] = []
        for _ in range(3):
            found.append(await waiting.next())
            waiting.done(0)
        assert [len(each.messages) for each in found] == [BATCH, 1, 1]
        assert [each.generation for each in found] == [1, 1, 2]

    run(steps())


def test_a_partition_has_its_next_turn_once_its_batch_is_done_and_others_go_on() -> None:
    async def steps() -> None:
        waiting = Waiting()
        await all_of(waiting, fetch(0, 1))
        await waiting.next()
        await all_of(waiting, fetch(0, 2), fetch(1, 7), fetch(0, 3))
        assert (await waiting.next()).partition == 1
        assert await nothing_comes(waiting)
        waiting.done(0)
        again = await waiting.next()
        assert (again.partition, again.messages) == (0, [2, 3])
        waiting.done(1)
        assert await nothing_comes(waiting)
        await all_of(waiting, fetch(1, 8))
        assert (await waiting.next()).messages == [8]

    run(steps())
