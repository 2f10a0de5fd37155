"""Faust's transport, handing the agent a whole batch of one partition at a time instead of one event.

An event at a time costs Faust about as much as it costs to decide it, and a transaction each besides. The agent must be
the only one of its topic, with concurrency 1, and acknowledge the batches of a partition in their order. Written for
faust-streaming 0.15.3, whose inside it extends; another version may have moved it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, cast

import faust
from faust.tables import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

_PAUSED_S: Final = 0.005
BATCH: Final = 1_000  # Messages of one batch, at most, hence inputs of one transaction.


class CommittedThread(driver.AIOKafkaConsumerThread):
    """Faust's thread that fetches, which reads what is not committed unless told otherwise."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001  # not started yet; Faust has no setting for it
        return consumer


class BatchConsumer(driver.Consumer):
    """Fetches as Faust does; what it yields is a list of one partition's records."""

    def _new_consumer_thread(self) -> CommittedThread:
        return CommittedThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109  # Faust's own signature
    ) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yield batches. Raises nothing: where the flow was stopped it goes back to what is committed."""
        if self.flow_active and not self._get_active_partitions():
            await self.sleep(_PAUSED_S)  # Where all are paused, Faust itself would sleep for a second.
            return
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        flowing = self.flow_active
        if not flowing:
            try:
                await self.perform_seek()
            except Exception as error:  # noqa: BLE001 - the coordinator may be away; the next turn seeks again.
                self.log.warning("no seek while the flow was stopped: %r", error)
            return
        for tp, found in records.items():
            if active is not None and tp not in active and tp not in self._buffered_partitions:
                continue
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            for start in range(0, len(found), BATCH):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                yield tp, self._batch(tp, found[start : start + BATCH], generation)

    @staticmethod
    def _batch(tp: TP, records: list[Any], generation: int) -> ConsumerMessage:
        last = records[-1]
        held = cast("bytes", records)  # The agent is handed all of them where the value of one would stand.
        size = sum(max(record.serialized_value_size, 0) for record in records)
        return ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, last.timestamp_type, None, None, held,
            None, 0, size, tp, generation_id=generation,
        )  # fmt: skip

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Keep no gaps: between the last offsets of two batches there is nothing to wait for."""

    def _new_offset(self, tp: TP) -> int | None:
        """Return the group's next offset: batches are acknowledged in order, so the last one tells."""
        acknowledged = self._acked[tp]
        if not acknowledged:
            return None
        last: int = max(acknowledged)
        acknowledged[:] = [last]  # Kept: a commit that failed is tried again.
        self._acked_index[tp].intersection_update((last,))
        return last + 1


class Untouched(faust.Schema[Any, Any]):
    """Hands on keys and values as they came."""

    def loads_key(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Any:  # noqa: ARG002
        """Return the key as it is."""
        return message.key

    def loads_value(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Any:  # noqa: ARG002
        """Return the value as it is."""
        return message.value


class BatchTransport(driver.Transport):
    """Faust's transport with the consumer above."""

    Consumer = BatchConsumer


class NoTables(TableManager):
    """Manages tables where there are none."""

    async def on_start(self) -> None:
        """Begin at once; Faust waits a second for tables to be declared."""
        await self._update_channels()
        await self.recovery.start()


def install(app: faust.App) -> None:
    """Let an app read by batches."""
    app.transport = BatchTransport(app.conf.broker_consumer, app)
