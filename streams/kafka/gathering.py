"""What was fetched and waits to be decided: of each partition as much at once as makes one batch.

A transaction costs milliseconds, whatever is in it. While one is under way the next messages come in by ones and twos;
decided one fetch at a time they would fall behind, and at some fifty fetches Faust stops fetching for a while.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from streams.kafka.transport import BATCH

_FETCHES = 64  # That wait at a time, in all partitions together.


@dataclass(frozen=True, slots=True)
class Gathered:
    """Messages of one partition, in their order, and the fetches (Faust's events) that brought them."""

    partition: int
    generation: int
    messages: list[Any]
    fetches: list[Any]


class Waiting:
    """Fetches by partition, taken in turn; of each partition one batch is under way at a time."""

    def __init__(self) -> None:
        self._fetches: dict[int, deque[Any]] = {}  # In the order in which partitions have their turn.
        self._under_way: set[int] = set()  # Partitions whose batch is not done yet.
        self._room = asyncio.Semaphore(_FETCHES)
        self._changed = asyncio.Event()

    async def put(self, fetch: Any) -> None:
        """Take a fetch, once there is room for it."""
        await self._room.acquire()
        self._fetches.setdefault(fetch.message.partition, deque()).append(fetch)
        self._changed.set()

    async def next(self) -> Gathered:
        """Return the next batch, of the partition that has waited longest, once there is one.

        Of its partition no other comes before it is `done`.
        """
        while (partition := self._longest()) is None:
            self._changed.clear()
            await self._changed.wait()
        waiting = self._fetches.pop(partition)
        first = waiting.popleft()
        generation = first.message.generation_id
        gathered = Gathered(partition, generation, list(first.message.value), [first])
        while waiting and waiting[0].message.generation_id == generation:
            if len(gathered.messages) + len(waiting[0].message.value) > BATCH:
                break
            fetch = waiting.popleft()
            gathered.messages.extend(fetch.message.value)
            gathered.fetches.append(fetch)
        if waiting:
            self._fetches[partition] = waiting
        self._under_way.add(partition)
        for _ in gathered.fetches:
            self._room.release()
        return gathered

    def done(self, partition: int) -> None:
        """Let a partition have its turn again."""
        self._under_way.remove(partition)
        self._changed.set()

    def _longest(self) -> int | None:
        return next((partition for partition in self._fetches if partition not in self._under_way), None)
