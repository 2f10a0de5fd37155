"""How long an alert takes: from the moment its event is due to be sent until a consumer of committed records has it.

An event is due at a turn of five milliseconds; where the bench or the brokers are late with it, that counts as latency
too. Registrations are sent and decided beforehand. Every record counts, those of the first second too.

The log runs at the pace of life: its clock moves as far as ours while it is sent. In the month that the other
measures decide in seconds, thousands of deadlines would fall due between one event and the next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from aiokafka import TopicPartition

from bench.kafka.broker import Place, say, topics
from bench.kafka.processes import Child, Children, wait_for_workers
from bench.kafka.tenants import remote, spread_log
from bench.kafka.throughput import SAID
from bench.kafka.traffic import Positions, Sending, consumer, sending
from bench.log import Parameters
from streams.kafka.addressing import partition_of

_DAY_S: Final = 86_400
_ROUND: Final = 500  # To so many events a second a rate is rounded down.


@dataclass(frozen=True, slots=True)
class Latency:
    """What one rate gave: seconds of every alert record, in their order of size."""

    a_second: int
    alerts: list[float]

    def quantile(self, share: float) -> float:
        """Return the latency that such a share of the alerts does not exceed, in seconds."""
        assert self.alerts, "the log raises alerts"
        return self.alerts[min(len(self.alerts) - 1, int(len(self.alerts) * share))]


def half(a_second: float) -> int:
    """Return half a rate, rounded down."""
    return max(_ROUND, int(a_second / 2) // _ROUND * _ROUND)


def measure(
    brokers: tuple[str, ...], parameters: Parameters, partitions: int, a_second: int, seconds: float
) -> Latency:
    """Measure one worker at so many events a second for so long; the log's own number of events does not matter."""
    say(f"latency at {a_second:,} events/s, {seconds:.0f} s")
    before = 2 * parameters.owners + min(parameters.registered, parameters.accounts)
    count = int(a_second * seconds)
    # Twice as long as it is read: at its end stands what bursts still have to come, hours ahead.
    whole = replace(parameters, events=before + 2 * count, days=2 * seconds / _DAY_S)
    log = remote(spread_log(whole, partitions))
    known, lines = list(islice(log, before)), list(islice(log, count))
    with topics(brokers, f"latency-{a_second}", partitions) as place, Children(SAID) as children:
        worker = children.worker("worker", place)
        wait_for_workers([worker], place)
        alerts = asyncio.run(_measure(place, worker, known, lines, a_second))
        worker.stop()
    return Latency(a_second, sorted(alerts))


async def _measure(
    place: Place, worker: Child, known: Sequence[str], lines: Sequence[str], a_second: int
) -> list[float]:
    async with Positions(place) as positions, sending(place) as out:

        def decided() -> bool:
            return sum(positions.decided.values()) >= out.count

        await out.all(known)
        await positions.until(decided, worker.check)
        reading = _Reading(place, out)
        await reading.start()
        try:
            # Positions are read afterwards: among them stand checkpoints, which would keep the clock from being read.
            await out.paced(lines, a_second)
            await positions.until(decided, worker.check)
            await reading.finish()
        finally:
            await reading.stop()
    return reading.found


class _Reading:
    """Reads alert records as they are committed, and notes how long each took."""

    def __init__(self, place: Place, out: Sending) -> None:
        self.found: list[float] = []
        self._place, self._out = place, out
        self._consumer: Any = consumer(place)
        self._alerts = [TopicPartition(place.cluster.alerts, number) for number in range(place.partitions)]
        self._ends: dict[TopicPartition, int] = {}  # Where to end, once that is known.
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read from now on."""
        await self._consumer.start()
        self._consumer.assign(self._alerts)
        await self._consumer.seek_to_end(*self._alerts)
        for tp in self._alerts:
            await self._consumer.position(tp)
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while not self._ends or any(
            [await self._consumer.position(tp) < end for tp, end in self._ends.items()]
        ):
            found = await self._consumer.getmany(timeout_ms=100)
            now = time.perf_counter()
            for messages in found.values():
                for message in messages:
                    number = partition_of(message.key.decode(), self._place.partitions)
                    offset = int(dict(message.headers)["input"])
                    self.found.append(now - self._out.due[number][offset])

    async def finish(self) -> None:
        """Read to the end of what is committed now."""
        self._ends = await self._consumer.end_offsets(self._alerts)
        if self._task is not None:
            await self._task

    async def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
        await self._consumer.stop()
