"""How long partitions take to be opened, and how large their state is, by the number of cells they remember.

A worker decides a log of very many accounts and is ended, so that its state is on the brokers whole. Then all its
partitions are opened one after the other by the code that opens them in a worker. The number of cells is what the log
makes it; seconds and bytes are told as measured, and scaled to a million cells.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition

from bench.kafka.broker import Place, say, topics
from bench.kafka.processes import Children, wait_for_workers
from bench.kafka.tenants import written
from bench.kafka.throughput import SAID
from bench.kafka.traffic import Check, Positions, consumer, sending
from bench.log import Parameters
from streams.checkpoints import CHECKPOINT_EVERY

CELLS_AN_EVENT: Final = 1.4  # About so many does the log below leave.
_ENTRY: Final = b"s"
_LONG_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Restored:
    """What opening all partitions took; `entries` and `bytes` are those of the state topic once it is compacted."""

    cells: int
    seconds: float
    cpu_s: float
    entries: int
    bytes: int

    def a_million(self, value: float) -> float:
        """Return a value scaled to a million cells."""
        return value / self.cells * 1e6


def measure(brokers: tuple[str, ...], partitions: int, cells: int) -> Restored:
    """Measure with about so many cells. Raises ChildError and RefusedError."""
    log = Parameters(events=max(20_000, int(cells / CELLS_AN_EVENT)), accounts=1_000_000)
    say(f"restore: {log.events:,} events of a million accounts are decided")
    lines = written(log, partitions).read_text(encoding="utf-8").splitlines()
    with topics(brokers, "restore", partitions) as place, Children(SAID) as children:
        worker = children.worker("worker", place)
        wait_for_workers([worker], place)
        asyncio.run(_decide(place, lines, worker.check))
        worker.stop()
        entries, size = asyncio.run(_state(place))
        say("restore: all partitions are opened")
        result = SAID / "opening.json"
        where = [place.cluster.bootstrap, place.cluster.prefix, str(partitions)]
        children.start(
            "opening", "bench.kafka.child", "opening", *where, str(CHECKPOINT_EVERY), str(result)
        ).wait(_LONG_S)
    told = json.loads(result.read_text(encoding="utf-8"))
    assert told["again"] == 0, "the worker wrote all of its state when it ended"
    return Restored(int(told["cells"]), told["seconds"], told["cpu_s"], entries, size)


async def _decide(place: Place, lines: list[str], check: Check) -> None:
    async with Positions(place) as positions, sending(place) as out:
        await out.all(lines)
        await positions.until(lambda: sum(positions.decided.values()) >= len(lines), check, _LONG_S)


async def _state(place: Place) -> tuple[int, int]:
    """Return the entries of the state and the bytes of their last keys and values, all partitions together."""
    sizes: dict[tuple[int, bytes], int] = {}
    reader = consumer(place)
    await reader.start()
    try:
        state = [TopicPartition(place.cluster.state, number) for number in range(place.partitions)]
        reader.assign(state)
        await reader.seek_to_beginning(*state)
        ends = await reader.end_offsets(state)
        while any([await reader.position(tp) < end for tp, end in ends.items()]):
            for tp, messages in (await reader.getmany(timeout_ms=200)).items():
                for message in messages:
                    size = len(message.key) + len(message.value) if message.value is not None else 0
                    sizes[tp.partition, message.key] = size
    finally:
        await reader.stop()
    entries = sum(bool(size) and key.startswith(_ENTRY) for (_, key), size in sizes.items())
    return entries, sum(sizes.values())
