"""One partition of the input and everything that is written of it, in one transaction a batch.

A checkpoint is a transaction of its own beside those of the batches: a fork writes it out (snapshot.py) while batches
are decided, and until it is committed the one before it stands. The transactional ids of both producers are the
partition's own: whoever opens it fences the owner before, whose open transactions are aborted. Only then is state
read, so that nothing of it can change any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from engine.alert import encode
from engine.fold import Engine
from streams.commit import Committed
from streams.kafka.deciding import Decided, Deciding, Received
from streams.kafka.kept import Checkpoint, Message
from streams.kafka.naming import Cluster
from streams.kafka.past import KafkaPast
from streams.kafka.restoring import Restored, missed, restore
from streams.kafka.snapshot import Snapshot
from streams.kafka.transaction import transaction

_TRANSACTION_S: Final = 60.0
_CHECKPOINT_S: Final = 600.0  # That of a large state takes its time beside all else.
_LARGEST: Final = 64 << 20  # Bytes of one request: more than the topics take, which say so themselves.
_CLOSING_S: Final = 5.0
_LET_GO: Final = 1_000  # Of what a checkpoint has written, at once: a fraction of a millisecond.


class Partition:
    """One partition, once it is open. Calls must not overlap: hold `lock`."""

    def __init__(
        self,
        cluster: Cluster,
        number: int,
        partitions: int,
        engine: Engine,
        every: int,
        turn: asyncio.Lock,
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        """Take a new engine.

        `turn`: held while a checkpoint is written, so that a worker writes one at a time. `moved` is called whenever
        there is progress, be it within a long restore.
        """
        self.number = number
        self.lock = asyncio.Lock()
        self.deciding = Deciding(engine, cluster.events, number, partitions, every)
        engine.past = KafkaPast(cluster, number, self.deciding)
        self.open = False
        self.restored = Restored(0, 0)
        self._cluster, self._turn, self._moved = cluster, turn, moved
        self._producer: Any = None
        self._checkpoints: Any = None  # The producer of checkpoints.
        self._writing: asyncio.Task[None] | None = None  # The checkpoint under way.

    async def start(self) -> None:
        """Fence the former owner, then restore. Raises as `restore` does, and KafkaError."""
        self._producer = await self._fence("", _TRANSACTION_S)
        self._checkpoints = await self._fence("-state", _CHECKPOINT_S)
        self.restored = await restore(self._cluster, self.number, self.deciding, self._moved)
        self.open = True

    async def _fence(self, what: str, transaction_s: float) -> Any:
        """Return a producer of this partition alone."""
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=self._cluster.bootstrap,
            transactional_id=f"{self._cluster.prefix}-{self.number}{what}",
            transaction_timeout_ms=int(transaction_s * 1_000),
            max_request_size=_LARGEST,
            max_batch_size=1 << 19,
            linger_ms=0,
            request_timeout_ms=15_000,
        )
        await producer.start()
        return producer

    @property
    def abreast(self) -> bool:
        """Whether all that was there when it was opened is decided."""
        return self.deciding.offset + 1 >= self.restored.end

    async def process(self, messages: Sequence[Received]) -> Committed | None:
        """Decide a batch and commit it; None where all of it was committed before.

        Raises GapError where input is missing, and KafkaError where it cannot be committed: then this object is of no
        more use.
        """
        if messages[-1].offset <= self.deciding.offset:
            return None  # Wholly replayed: the position never moves back.
        begun = time.perf_counter()
        decided = self.deciding.decide(messages)
        self._moved()  # A correction may have taken long, and kept everybody waiting.
        between = time.perf_counter()
        await self._commit(decided)
        await self.tend()
        return Committed(
            decided.inputs,
            decided.bytes,
            decided.dispositions(),
            [record for _, record in decided.records],
            decide_s=between - begun,
            commit_s=time.perf_counter() - between,
            shadows=decided.shadows,
        )

    async def catch_up(self, until: int) -> list[Committed]:
        """Decide and commit what comes next, up to an offset, read anew. Raises RefusedError where it is not there."""
        found = []
        async for messages in missed(self._cluster, self.number, self.deciding, until):
            committed = await self.process(messages)
            if committed is not None:
                found.append(committed)
        return found

    async def tend(self) -> None:
        """Begin a checkpoint where one is due and no other is under way.

        Raises what the last one met, if it failed: what had changed is then written nowhere.
        """
        if self._writing is not None and self._writing.done():
            self._writing.result()
        if self.deciding.due and not self._turn.locked():
            await self._begin_checkpoint()

    async def checkpoint(self) -> None:
        """Write a checkpoint, if anything was decided since the last."""
        if self._writing is not None:
            await self._writing
        if self.open and self.deciding.behind:
            await (await self._begin_checkpoint())

    async def _begin_checkpoint(self) -> asyncio.Task[None]:
        """Begin a checkpoint that stands behind the last batch; return what is done once it is written."""
        await self._turn.acquire()
        try:
            snapshot = Snapshot(self.deciding.engine)
        except OSError:
            self._turn.release()
            raise
        mark, settled = self.deciding.begin_checkpoint()
        self._writing = asyncio.create_task(self._write_checkpoint(snapshot, mark, settled))

        def ended(_: asyncio.Task[None]) -> None:
            snapshot.close()
            self._turn.release()

        self._writing.add_done_callback(ended)
        return self._writing

    async def _write_checkpoint(
        self, snapshot: Snapshot, mark: Checkpoint, settled: list[set[tuple[Any, ...]]]
    ) -> None:
        producer, deciding, changed = self._checkpoints, self.deciding, 0
        sent = []
        async with transaction(producer):
            async for entries in snapshot.blocks():
                messages = deciding.put(entries)
                changed += len(messages)
                sent += await self._write(producer, messages)
            sent += await self._write(producer, deciding.rest(mark))
        for future in sent:
            future.result()
        deciding.end_checkpoint(mark, changed)
        # Not before: as long as the fork lives, memory that is let go of is copied first.
        for each in settled:
            while each:
                for _ in range(min(_LET_GO, len(each))):
                    each.pop()
                await asyncio.sleep(0)

    async def _commit(self, decided: Decided) -> None:
        producer, cluster = self._producer, self._cluster
        sent = []
        async with transaction(producer):
            for offset, record in decided.records:
                headers = [("input", str(offset).encode())]
                sent.append(
                    await producer.send(
                        cluster.alerts, encode(record), key=record.tenant.encode(), headers=headers
                    )
                )
            for refused in decided.refused:
                headers = [
                    ("reason", refused.reason.encode()),
                    ("topic", cluster.events.encode()),
                    ("partition", str(self.number).encode()),
                    ("offset", str(refused.offset).encode()),
                ]
                sent.append(
                    await producer.send(
                        cluster.quarantine, refused.raw, key=refused.tenant.encode(), headers=headers
                    )
                )
            sent += await self._write(producer, [self.deciding.position()])
        for future in sent:
            future.result()  # What failed has failed the commit; no future is left unlooked at.

    async def _write(self, producer: Any, messages: Iterable[Message]) -> list[asyncio.Future[Any]]:
        """Send messages to this partition of the state topic, many in one batch."""
        topic = self._cluster.state
        sent = []
        batch = producer.create_batch()
        for key, value in messages:
            if batch.append(key=key, value=value, timestamp=None) is None:
                sent.append(await producer.send_batch(batch, topic, partition=self.number))
                batch = producer.create_batch()
                if batch.append(key=key, value=value, timestamp=None) is None:  # Larger than a batch.
                    sent.append(await producer.send(topic, value, key=key, partition=self.number))
        if batch.record_count():
            sent.append(await producer.send_batch(batch, topic, partition=self.number))
        return sent

    async def close(self) -> None:
        """Let go of the producers; what was committed stays."""
        self.open = False
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        for producer in (self._producer, self._checkpoints):
            if producer is not None:
                with suppress(KafkaError, TimeoutError):
                    await asyncio.wait_for(producer.stop(), _CLOSING_S)
