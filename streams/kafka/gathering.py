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
    """Fetches by partition, taken in turn."""

    def __init__(self) -> None:
        self._fetches: dict[int, deque[Any]] = {}  # In the order in which partitions have their turn.
        self._room = asyncio.Semaphore(_FETCHES)
        self._any = asyncio.Event()

    async def put(self, fetch: Any) -> None:
        """Take a fetch, once there is room for it."""
        await self._room.acquire()
        self._fetches.setdefault(fetch.message.partition, deque()).append(fetch)
        self._any.set()

    async def next(self) -> Gathered:
        """Return the next batch, of the partition that has waited longest, once there is one."""
        await self._any.wait()
        partition = next(iter(self._fetches))
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
        elif not self._fetches:
            self._any.clear()
        for _ in gathered.fetches:
            self._room.release()
        return gathered
