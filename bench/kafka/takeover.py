"""How long the partitions of a worker that is killed stand still, while events keep coming.

The time is from the kill to the first batch that is committed afterwards on a partition of the killed worker, as its
position was written: by the survivor, or by the same worker started again at once under the name it had.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bench.kafka.broker import Place, say, topics
from bench.kafka.processes import Child, Children, wait_for_workers
from bench.kafka.tenants import spread_log
from bench.kafka.throughput import SAID
from bench.kafka.traffic import Mark, Positions, sending
from bench.log import Parameters

A_SECOND: Final = 1_000
_BEFORE_S: Final = 3.0  # How long both work before one is killed.
_MOST_S: Final = 45.0  # How long events keep coming.
_SMALL: Final = Parameters(accounts=1_000, owners=300, registered=1_000)


@dataclass(slots=True)
class Taken:
    """What the rounds gave, in seconds: until the first of the partitions goes on, and until all do."""

    title: str
    first_s: list[float] = field(default_factory=list)
    all_s: list[float] = field(default_factory=list)


def measure(brokers: tuple[str, ...], partitions: int, rounds: int) -> dict[str, Taken]:
    """Kill one of two workers, each round anew, with and without names of their own. Raises ChildError."""
    found = {"survivor": Taken("by the other worker"), "again": Taken("by itself, named and started again")}
    for turn in range(rounds):
        for name, taken in found.items():
            say(f"round {turn + 1} of {rounds}: a killed worker's partitions are taken over {taken.title}")
            times = _once(brokers, f"takeover-{name}-{turn}", partitions, named=name == "again")
            taken.first_s.append(min(times))
            taken.all_s.append(max(times))
    return found


def _once(brokers: tuple[str, ...], case: str, partitions: int, *, named: bool) -> list[float]:
    """Return for every partition of a killed worker how long it stood still."""
    lines = list(spread_log(replace(_SMALL, events=int(A_SECOND * _MOST_S)), partitions))
    with topics(brokers, case, partitions) as place, Children(SAID) as children:

        def start(name: str) -> Child:
            return children.worker(name, place, *(("--instance", name) if named else ()))

        one, other = start("one"), start("other")
        wait_for_workers([one, other], place)
        return asyncio.run(_kill(place, lines, one, other, (lambda: start("one")) if named else None))


async def _kill(
    place: Place, lines: Sequence[str], one: Child, other: Child, again: Callable[[], Child] | None
) -> list[float]:
    async with Positions(place) as positions, sending(place) as out:
        traffic = asyncio.create_task(out.paced(lines, A_SECOND))
        begun = time.monotonic()
        await positions.until(
            lambda: time.monotonic() > begun + _BEFORE_S and all(positions.decided.values()), other.check
        )
        lost = one.partitions
        one.kill()
        killed_s = time.time()
        goes_on = other if again is None else again()
        await positions.until(
            lambda: len(_after(positions.marks, lost, killed_s)) == len(lost), goes_on.check
        )
        assert not traffic.done(), "events kept coming"
        traffic.cancel()
        await asyncio.wait([traffic])
        await out.arrived()
    return [at_s - killed_s for at_s in _after(positions.marks, lost, killed_s).values()]


def _after(marks: list[Mark], partitions: set[int], since_s: float) -> dict[int, float]:
    """Return by partition when the first batch after some time was committed."""
    found: dict[int, float] = {}
    for mark in marks:
        if mark.partition in partitions and mark.at_s > since_s:
            found.setdefault(mark.partition, mark.at_s)
    return found
