"""A worker: Faust reads the input and shares its partitions out among all workers; each batch is one transaction.

Whatever goes wrong with Kafka or with a partition's state ends the worker: another one takes over, or this one is
started again, from what was committed. Nothing is retried by halves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced
from faust.types import TP

from engine.fold import Engine
from engine.instants import rfc3339
from engine.windows import Zone
from streams.checkpoints import CHECKPOINT_EVERY
from streams.commit import Committed
from streams.kafka.app import make_app
from streams.kafka.deciding import GapError
from streams.kafka.gathering import Gathered, Waiting
from streams.kafka.naming import Cluster
from streams.kafka.partition import Partition
from streams.kafka.restoring import StalledError
from streams.kafka.transport import Untouched
from streams.ports import Observer
from streams.ticks import tick_event

_MINUTE_US: Final = 60 * 10**6
_LOOK_S: Final = 0.1  # How often assigned partitions that are not open yet, and the minute, are looked at.
_STOP_S: Final = 60.0  # For the last checkpoints; without them the next worker only decides more again.
STALLED_S: Final = 60.0  # A worker that has inputs before it and commits none for so long has lost Kafka.
_READY: Final = 5_000  # Inputs that may be waiting while a worker counts as caught up: a second or less.
_UTC: Final = Zone("UTC").info


class LostError(Exception):
    """Kafka, or this worker's place in it, was lost; what was committed stands."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a worker works. `instance`: a name of its own that a restart keeps; `ticks`: move the clock each minute."""

    cluster: Cluster
    partitions: int
    engine: Callable[[], Engine]
    every: int = CHECKPOINT_EVERY
    session_s: float = 6.0
    instance: str | None = None
    ticks: bool = True
    observers: Sequence[Observer] = ()
    opened: Callable[[int, Engine], None] = lambda _number, _engine: None
    closed: Callable[[int, Engine], None] = lambda _number, _engine: None


class Worker:
    """One worker process."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.parts: dict[int, Partition] = {}
        self._app = make_app(order.cluster, order.session_s, order.instance)
        self._waiting = Waiting()
        self._turn = asyncio.Lock()
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None
        self._ticks: Any = None  # The producer of ticks.
        self._moved = (
            time.monotonic()
        )  # When something was last read, decided or committed, or nothing waited.
        topic = self._app.topic(order.cluster.events, schema=Untouched())
        self._app.agent(topic)(self._read)
        self._app.on_partitions_assigned.connect(cast("Any", self._assigned), weak=False)

    async def run(self) -> None:
        """Work until `stop` is called.

        Raises LostError where Kafka is lost, and RefusedError where a partition cannot be decided.
        """
        tasks = [
            asyncio.create_task(self._decide()),
            asyncio.create_task(self._look()),
            asyncio.create_task(self._watch()),
            asyncio.create_task(self._app_ends()),
        ]
        try:
            await self._app.start()
            await self._ended.wait()
        except (KafkaError, OSError) as error:
            raise LostError(f"Kafka cannot be used: {_said(error)}") from error
        finally:
            self._ended.set()
            await self._end()
            for task in tasks:
                task.cancel()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ask the worker to write checkpoints and to leave."""
        self._ended.set()

    def fail(self, error: BaseException) -> None:
        """End the worker for an error: the first one tells."""
        if self._failure is None and not self._ended.is_set():
            lost = isinstance(error, (KafkaError, OSError, TimeoutError, StalledError))
            self._failure = LostError(_said(error)) if lost else error
        self._ended.set()

    async def _app_ends(self) -> None:
        try:
            await self._app.wait_until_stopped()
        except Exception as error:  # noqa: BLE001  # whatever ended Faust ends us
            self.fail(error)
        if self._app.crash_reason is not None:
            self.fail(self._app.crash_reason)

    async def _end(self) -> None:
        """Write what is left, and leave the group. After a failure nothing is waited for: all of it may hang."""
        if self._failure is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await self._leave()

    async def _leave(self) -> None:
        for part in list(self.parts.values()):
            async with part.lock:
                with suppress(KafkaError):  # Another worker has it: that is no harm, it restores by itself.
                    await part.checkpoint()
            await self._close(part)
        self.parts.clear()
        if self._ticks is not None:
            with suppress(KafkaError):
                await self._ticks.stop()
        await self._app.stop()

    # --- partitions -----------------------------------------------------------------------------------------------

    def mine(self, number: int) -> bool:
        """Return whether a partition is assigned to this worker, as far as it knows."""
        return TP(self.order.cluster.events, number) in self._app.consumer.assignment()

    async def _read(self, stream: Any) -> None:
        """Let what is fetched wait for its turn: Faust's agent."""
        async for fetch in stream.noack().events():
            await self._waiting.put(fetch)

    async def _decide(self) -> None:
        """Decide batch after batch, of each partition in turn; while one is committed, others are decided."""
        under_way: set[asyncio.Task[None]] = set()
        try:
            while not self._ended.is_set():
                batch = asyncio.create_task(self._batch(await self._waiting.next()))
                under_way.add(batch)
                batch.add_done_callback(under_way.discard)
                await asyncio.sleep(0)  # It decides; what brokers said meanwhile is heard before the next.
        finally:
            for batch in under_way:
                batch.cancel()

    async def _batch(self, gathered: Gathered) -> None:
        """Decide one batch, and acknowledge it once it is committed."""
        try:
            if await self._take(gathered.partition, gathered.messages, gathered.generation):
                for fetch in gathered.fetches:
                    fetch.ack()
        except Exception as error:  # noqa: BLE001  # all of them end the worker, and none is acknowledged
            self.fail(error)
        finally:
            self._waiting.done(gathered.partition)

    async def _take(self, number: int, messages: list[Any], generation: int) -> bool:
        """Decide one batch; return whether it may be acknowledged."""
        # What is not ours now is never opened: that would fence its rightful owner. And what was fetched before the
        # partitions were shared out anew is fetched again, from what is committed by then.
        if self._ended.is_set() or not self.mine(number) or generation != self._app.consumer_generation_id:
            return False
        while True:
            part = self._made(number)
            known = part.open
            try:
                async with part.lock:
                    if not self._ended.is_set():  # Else it may be closed already, to be left.
                        await self._opened(part)
                    if self._ended.is_set():
                        return False
                    committed = await self._process(part, messages, known=known)
                break
            except GapError:
                if not known:
                    raise
                # Another worker has had it meanwhile, and gone again before we heard of it: take up what it left.
                await self._drop(number)
            except (ProducerFenced, InvalidProducerEpoch):
                if self.mine(number):
                    raise  # We believed it ours.
                await self._drop(number)
                return False
        self._move()
        for each in committed:
            for observer in self.order.observers:
                observer(each)
        return True

    async def _process(self, part: Partition, messages: list[Any], *, known: bool) -> list[Committed]:
        """Decide a batch. Raises GapError where input is missing before it, or seems to be."""
        before: list[Committed] = []
        try:
            committed = await part.process(messages)
        except GapError:
            if known:
                raise
            # Faust drops what it had fetched when partitions are shared out, and goes back only to what is committed.
            before = await part.catch_up(messages[0].offset)
            committed = await part.process(messages)
        return [*before, *([committed] if committed is not None else [])]

    def _made(self, number: int) -> Partition:
        part = self.parts.get(number)
        if part is None:
            order = self.order
            part = Partition(
                order.cluster, number, order.partitions, order.engine(), order.every, self._turn, self._move
            )
            self.parts[number] = part
        return part

    def _move(self) -> None:
        self._moved = time.monotonic()

    async def _opened(self, part: Partition) -> None:
        """Open a partition, under its lock, unless it is open."""
        if not part.open:
            await part.start()
            self.order.opened(part.number, part.deciding.engine)

    async def _drop(self, number: int) -> None:
        part = self.parts.pop(number, None)
        if part is not None:
            await self._close(part)

    async def _close(self, part: Partition) -> None:
        async with part.lock:
            if part.open:
                self.order.closed(part.number, part.deciding.engine)
            await part.close()

    async def _assigned(self, _app: Any, assigned: set[TP], **_: Any) -> None:
        """Keep open what stays ours, and close what does not: fencing makes that safe."""
        now = {tp.partition for tp in assigned if tp.topic == self.order.cluster.events}
        for number in [number for number in self.parts if number not in now]:
            await self._drop(number)

    # --- the clock ------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Open what is assigned and idle, and let every partition's clock tick once a minute."""
        while not self._ended.is_set():
            await asyncio.sleep(_LOOK_S)
            try:
                for tp in list(self._assignment()):
                    await self._tend(tp.partition)
            except Exception as error:  # noqa: BLE001  # all of them end the worker
                self.fail(error)

    def _assignment(self) -> set[TP]:
        if not self._app.started or self._app.rebalancing:
            return set()
        return {tp for tp in self._app.consumer.assignment() if tp.topic == self.order.cluster.events}

    async def _tend(self, number: int) -> None:
        if not self.mine(number):
            return
        part = self._made(number)
        async with part.lock:
            if self._ended.is_set() or self.parts.get(number) is not part:
                return  # It is being left, or another has its place.
            await self._opened(part)
            await part.tend()
            deciding = part.deciding
            minute_us = time.time_ns() // 1_000 // _MINUTE_US * _MINUTE_US
            # Who had the partition before may have sent this minute's tick: known once all that was there is decided.
            if not self.order.ticks or not part.abreast or minute_us <= deciding.tick_us:
                return
            if self._ticks is None:
                self._ticks = AIOKafkaProducer(
                    bootstrap_servers=self.order.cluster.bootstrap, enable_idempotence=True
                )
                await self._ticks.start()
            event = tick_event(rfc3339(minute_us, _UTC))
            await self._ticks.send_and_wait(self.order.cluster.events, event, key=b"", partition=number)
            deciding.tick_us = minute_us

    async def _watch(self) -> None:
        """End the worker where Kafka takes nothing any more: its clients would wait for ever."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if not any(self.lags().values()):
                self._move()  # Where nothing waits, nothing stands still.
            well, said = self.alive()
            if not well:
                self.fail(LostError(said))

    # --- health ---------------------------------------------------------------------------------------------------

    def lags(self) -> dict[int, int]:
        """Return by partition how many inputs are not decided yet, for those that are open."""
        events = self.order.cluster.events
        found = {}
        for number, part in list(self.parts.items()):
            end = self._app.consumer.highwater(TP(events, number)) if part.open else None
            if end is not None:
                found[number] = max(0, end - 1 - part.deciding.offset)
        return found

    def alive(self) -> tuple[bool, str]:
        """Say whether there is progress where there is work."""
        waits = time.monotonic() - self._moved
        behind = sum(self.lags().values())
        if behind and waits > STALLED_S:
            return False, f"{behind:,} inputs wait, and nothing was committed for {waits:.0f} s"
        return True, "alive"

    def caught_up(self) -> tuple[bool, str]:
        """Say whether every partition assigned is open and has little left to decide."""
        assigned = {tp.partition for tp in self._assignment()}
        if not assigned:
            return False, "no partition is assigned"
        closed = [
            number for number in sorted(assigned) if number not in self.parts or not self.parts[number].open
        ]
        if closed:
            return False, f"restoring {', '.join(map(str, closed))}"
        behind = sum(self.lags().values())
        if behind > _READY:
            return False, f"{behind:,} inputs behind"
        return True, f"caught up on {', '.join(map(str, sorted(assigned)))}"


def _said(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
