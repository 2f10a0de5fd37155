"""A partition brought back to where its position says: its checkpoint, then the input after it, decided again unsaid.

Everything is read with `read_committed` and up to an end that was known before, so that what comes meanwhile does not
matter. What is missing is refused: nothing is guessed, and no partition goes on with zeros.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.keeping import StateError
from streams.commit import CODE
from streams.kafka.deciding import Deciding
from streams.kafka.kept import Block, Dispositions, Kept, Position
from streams.kafka.naming import Cluster
from streams.refusing import RefusedError
from streams.stores.deciding import difference

_WAIT_MS = 200
_PATIENCE = 60 * 1_000 // _WAIT_MS  # Empty answers in a row before the broker counts as lost.
_DECIDED = CODE["decided"]


class StalledError(Exception):
    """A broker gave nothing more, though there is more."""


class Restored(NamedTuple):
    """How many inputs were decided again, and where the input ended when that began."""

    again: int
    end: int


async def restore(
    cluster: Cluster, partition: int, deciding: Deciding, moved: Callable[[], None]
) -> Restored:
    """Bring a new `deciding` to its position; `moved` is called as it comes nearer.

    Raises RefusedError where state or input is missing, damaged, or of other rules; StalledError and KafkaError where
    the brokers fail.
    """
    async with _reading(cluster, partition, deciding, moved) as restoring:
        return await restoring.run()


async def missed(
    cluster: Cluster, partition: int, deciding: Deciding, until: int
) -> AsyncIterator[list[Any]]:
    """Yield the inputs that come next, up to an offset, in lists: Faust may drop what it fetched before a rebalance.

    Raises RefusedError where they are not there any more.
    """
    async with _reading(cluster, partition, deciding, lambda: None) as restoring:
        async for messages in restoring.inputs(until):
            yield messages


@asynccontextmanager
async def _reading(
    cluster: Cluster, partition: int, deciding: Deciding, moved: Callable[[], None]
) -> AsyncIterator[_Restoring]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=cluster.bootstrap,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="none",
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=8 << 20,
    )
    await consumer.start()
    try:
        yield _Restoring(cluster, partition, deciding, consumer, moved)
    finally:
        await consumer.stop()


class _Restoring:
    def __init__(
        self,
        cluster: Cluster,
        partition: int,
        deciding: Deciding,
        consumer: AIOKafkaConsumer,
        moved: Callable[[], None],
    ) -> None:
        self._input = TopicPartition(cluster.events, partition)
        self._state = TopicPartition(cluster.state, partition)
        self._kept = Kept(cluster.state, partition)
        self._deciding, self._consumer, self._moved = deciding, consumer, moved

    async def run(self) -> Restored:
        self._consumer.assign([self._input, self._state])
        first, last = await self._bounds(self._input)
        async for messages in self._read(self._state, *await self._bounds(self._state)):
            for message in messages:
                self._kept.take(message.key, message.value)
        position = self._kept.position()
        if position is None:
            if first > 0:
                raise self._lost(0, first)
            return Restored(0, last)
        if position.offset >= last:
            raise RefusedError(
                self._deciding.where,
                f"{last:,} inputs where {position.offset + 1:,} were decided",
                "the input that was decided",
                "it was made anew, or lost; topics of another --prefix begin from nothing",
            )
        self._same(position)
        await self._take_state(first)
        return Restored(await self._again(position, first), last)

    async def inputs(self, until: int) -> AsyncIterator[list[Any]]:
        """Yield the inputs from the one to be decided next up to an offset."""
        self._consumer.assign([self._input])
        start = self._deciding.offset + 1
        first, _ = await self._bounds(self._input)
        if start < first:
            raise self._lost(start, first)
        async for messages in self._read(self._input, start, until):
            yield messages

    def _same(self, position: Position) -> None:
        unlike = difference(position.by, self._deciding.by)
        if unlike is not None:
            raise RefusedError(
                self._kept.where, unlike[0], unlike[1],
                "call it as before, or give it topics of another --prefix and produce the log there",
            )  # fmt: skip

    async def _take_state(self, first: int) -> None:
        """Take up the state of the checkpoint, and remember what was seen and may come again in time."""
        mark, deciding = self._kept.checkpoint(), self._deciding
        blocks = self._kept.dispositions()
        try:
            deciding.engine.restore(self._kept.entries(deciding.entries))
        except StateError as error:
            raise RefusedError(
                self._kept.where,
                f"that {error}",
                "a state that can be read",
                "give it topics of another --prefix",
            ) from None
        self._moved()
        position = self._kept.position()
        deciding.begin(mark, position.tick_us if position is not None else -1)
        recent = self._recent(blocks)
        if not recent.codes:
            return
        if recent.first < first:
            raise self._lost(recent.first, first)
        async for messages in self._read(self._input, recent.first, mark.offset + 1):
            for message in messages:
                place = message.offset - recent.first
                if recent.codes[place] == _DECIDED:
                    deciding.engine.recall(message.value or b"", recent.ats[place])

    def _recent(self, blocks: list[Block]) -> Dispositions:
        """Return the dispositions from the first input on that some tenant may still see again in time."""
        engine = self._deciding.engine
        settings = engine.settings
        since = [
            (engine.clock(tenant) or 0) - 2 * settings.lateness_of.get(tenant, settings.lateness_us)
            for tenant in engine.tenants
        ]
        least = min(since, default=0)
        codes, ats = bytearray(), array("q")
        for block in blocks:
            if ats or block.latest >= least:
                opened = block.open()
                codes += opened.codes
                ats += opened.ats
        skipped = next((place for place, at in enumerate(ats) if at >= least), len(ats))
        end = blocks[-1].first + blocks[-1].count if blocks else 0
        return Dispositions(end - len(ats) + skipped, bytes(codes[skipped:]), ats[skipped:])

    async def _again(self, position: Position, first: int) -> int:
        """Decide again what was decided since the checkpoint; nothing of it is said again."""
        deciding = self._deciding
        start = deciding.offset + 1
        if start < first:
            raise self._lost(start, first)
        async for messages in self._read(self._input, start, position.offset + 1):
            deciding.decide(messages)
        if (deciding.offset, tuple(deciding.counts)) != (position.offset, position.counts):
            raise RefusedError(
                deciding.where,
                f"other decisions than before on the inputs {start:,} to {position.offset:,}",
                "the same ones, as the log and the rules are the same",
                "give it topics of another --prefix, and produce the log there",
            )
        return position.offset + 1 - start

    async def _bounds(self, tp: TopicPartition) -> tuple[int, int]:
        first = await self._consumer.beginning_offsets([tp])
        last = await self._consumer.end_offsets([tp])
        return first[tp], last[tp]

    async def _read(self, tp: TopicPartition, start: int, end: int) -> AsyncIterator[list[Any]]:
        """Yield a partition's messages from an offset up to another, in lists."""
        if start >= end:
            return
        others = self._consumer.assignment() - {tp}
        self._consumer.pause(*others)
        self._consumer.resume(tp)
        self._consumer.seek(tp, start)
        empty = 0
        while await self._consumer.position(tp) < end:
            found = await self._consumer.getmany(tp, timeout_ms=_WAIT_MS, max_records=1_000)
            messages = [message for message in found.get(tp, ()) if message.offset < end]
            empty = 0 if found else empty + 1
            if empty > _PATIENCE:
                raise StalledError(f"{tp.topic}/{tp.partition} gives nothing after {start:,}")
            if messages:
                yield messages
                self._moved()
                await asyncio.sleep(0)  # Heartbeats and health have their turn.

    def _lost(self, wanted: int, first: int) -> RefusedError:
        return RefusedError(
            self._deciding.where,
            f"input from {first:,} on",
            f"it from {wanted:,} on, which its state still needs",
            "the topic's retention has deleted what lies before; restore it from a copy, or give the workers topics of "
            "another --prefix; `weiguard topics` sets a retention that keeps all",
        )
