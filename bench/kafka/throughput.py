"""How many inputs a second, and what each costs: the embedded runner, workers, and two things that do less.

Every process but the embedded one is ready, with all partitions assigned and open, before the first event is sent. All
events are then sent at once, much quicker than they can be decided. The time is from the first batch committed to the
last, as the messages that hold the positions were written (plain agent: from its first event to its last); what the
first batch had decided is not counted. CPU time is that of the whole process as the operating system counts it, without
what the same process takes that is sent nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from bench.kafka.broker import Place, say, topics
from bench.kafka.processes import Child, Children, Ended, wait_for_workers, wait_until
from bench.kafka.tenants import written
from bench.kafka.traffic import Mark, Positions, sending
from bench.log import FOLDER, Parameters

DATABASE: Final = FOLDER / "kafka-run.db"
PLAIN_EVENTS: Final = 50_000  # Its rate is the same with 5,000 and with 200,000.
SAID: Final = FOLDER / "kafka"
_LONG_S: Final = 600.0


@dataclass(slots=True)
class Rate:
    """What the rounds of one case gave. `start_s`: CPU of a process that is sent nothing."""

    title: str
    events: int
    wall_s: list[float] = field(default_factory=list)  # For `events`.
    cpu_s: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)

    def a_second(self, turn: int) -> float:
        """Return one round's events a second."""
        return self.events / self.wall_s[turn]

    def us_per_event(self, turn: int) -> float:
        """Return one round's CPU time an event in microseconds, without the start."""
        return (self.cpu_s[turn] - self.start_s[turn]) / self.events * 1e6

    def typical(self) -> float:
        """Return the median of events a second."""
        return median(self.a_second(turn) for turn in range(len(self.wall_s)))


@dataclass(frozen=True, slots=True)
class Run:
    """One process, or some, that took so long for all events."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Case:
    """One way to work off a log: `run` does so with the topics of its own, or starts and ends where there is no log."""

    name: str
    title: str
    run: Callable[[tuple[str, ...], str, int, Parameters | None], Run]
    most: int = 1 << 62  # Events.


def measure(
    brokers: tuple[str, ...],
    parameters: Parameters,
    partitions: int,
    rounds: int,
    names: tuple[str, ...] = (),
) -> dict[str, Rate]:
    """Measure the cases, round after round. Raises ChildError and RefusedError."""
    cases = [case for case in CASES if not names or case.name in names]
    found = {case.name: Rate(case.title, min(parameters.events, case.most)) for case in cases}
    for turn in range(rounds):
        for case in cases:
            say(f"round {turn + 1} of {rounds}: {case.title}")
            one = found[case.name]
            of_case = replace(parameters, events=one.events)
            one.start_s.append(case.run(brokers, f"{case.name}-start-{turn}", partitions, None).cpu_s)
            run = case.run(brokers, f"{case.name}-{turn}", partitions, of_case)
            one.wall_s.append(run.wall_s)
            one.cpu_s.append(run.cpu_s)
    return found


def _embedded(_brokers: tuple[str, ...], _case: str, partitions: int, log: Parameters | None) -> Run:
    empty = FOLDER / "empty.jsonl"
    if log is None:
        empty.write_bytes(b"")
    path = empty if log is None else written(log, partitions)
    for left in FOLDER.glob(DATABASE.name + "*"):
        left.unlink()
    with Children(SAID) as children:
        begun = time.perf_counter()
        ended = children.start("run", "weiguard", "run", str(path), "--db", str(DATABASE)).wait(_LONG_S)
        wall_s = time.perf_counter() - begun
    if log is not None:
        wall_s -= _embedded(_brokers, _case, partitions, None).wall_s
    return Run(wall_s, ended.cpu_s)


def _workers(count: int) -> Callable[[tuple[str, ...], str, int, Parameters | None], Run]:
    def run(brokers: tuple[str, ...], case: str, partitions: int, log: Parameters | None) -> Run:
        with topics(brokers, case, partitions) as place, Children(SAID) as children:
            workers = [children.worker(f"worker{number}", place) for number in range(count)]
            wait_for_workers(workers, place)
            wall_s = _worked_off(place, log, workers)
            return Run(wall_s, sum(worker.stop().cpu_s for worker in workers))

    return run


def _raw(brokers: tuple[str, ...], case: str, partitions: int, log: Parameters | None) -> Run:
    with topics(brokers, case, partitions) as place, Children(SAID) as children:
        child = _other(children, "raw", place, log)
        wall_s = _worked_off(place, log, [])
        return Run(wall_s, child.wait(_LONG_S).cpu_s)


def _plain(kind: str) -> Callable[[tuple[str, ...], str, int, Parameters | None], Run]:
    def run(brokers: tuple[str, ...], case: str, partitions: int, log: Parameters | None) -> Run:
        with topics(brokers, case, partitions) as place, Children(SAID) as children:
            child = _other(children, kind, place, log)
            if log is None:
                return Run(0.0, child.wait().cpu_s)
            asyncio.run(_send(place, _lines(log, place)))
            ended: Ended = child.wait(_LONG_S)
            return Run(float(child.said().split("done ")[1].split()[0]), ended.cpu_s)

    return run


def _other(children: Children, kind: str, place: Place, log: Parameters | None) -> Child:
    """Start one of the things that do less, and wait until it is ready."""
    where = [place.cluster.bootstrap, place.cluster.prefix, str(place.partitions)]
    child = children.start(kind, "bench.kafka.child", kind, *where, str(log.events if log else 0), "")
    wait_until(lambda: "ready" in child.said(), [child] if log else [])
    return child


def _lines(log: Parameters, place: Place) -> list[str]:
    return written(log, place.partitions).read_text(encoding="utf-8").splitlines()


async def _send(place: Place, lines: list[str]) -> None:
    async with sending(place) as out:
        await out.all(lines)


def _worked_off(place: Place, log: Parameters | None, children: list[Child]) -> float:
    """Send a log and wait until it is decided; return the seconds that it took, 0 without a log."""
    return asyncio.run(_work_off(place, _lines(log, place), children)) if log is not None else 0.0


async def _work_off(place: Place, lines: list[str], children: list[Child]) -> float:
    def check() -> None:
        for child in children:
            child.check()

    async with Positions(place) as positions, sending(place) as out:
        sent = asyncio.create_task(out.all(lines))
        await positions.until(lambda: sum(positions.decided.values()) >= len(lines), check, _LONG_S)
        await sent
    return taken(positions.marks, len(lines))


def taken(marks: list[Mark], events: int) -> float:
    """Return the seconds for all events, from the first batch to the last, as if the first had taken its share."""
    marks = sorted(marks, key=lambda mark: mark.at_s)
    first, last = marks[0], marks[-1]
    return max(last.at_s - first.at_s, 0.001) * events / max(events - first.decided, 1)


CASES: Final = (
    Case("embedded", "run, into SQLite", _embedded),
    Case("worker", "a worker", _workers(1)),
    Case("workers", "two workers", _workers(2)),
    Case("table", "a plain Faust agent, counts in a Table", _plain("table"), PLAIN_EVENTS),
    Case("plain", "a plain Faust agent, counts in a variable", _plain("plain"), PLAIN_EVENTS),
    Case("raw", "aiokafka, transactions alone", _raw),
)
