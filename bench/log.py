"""The log that everything is measured on: a month of many small shops, made from a seed and kept on disk.

55 % payments, 20 % friend requests, 15 % posts, 10 % logins, over accounts of very unequal size, with a burst now and
then; most accounts stay below every limit, as in life. It begins with the registrations of owners and accounts. Lines
stand in the order of arrival: a share of the events may arrive up to a day late, and one owner may hold a share of all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from heapq import heappop, heappush
from pathlib import Path
from random import Random

from bench.lines import Shape, burst, happening, registrations

FOLDER = Path("build/bench")
START = 1_772_294_400  # 2026-03-01T00:00:00+08:00 in seconds since 1970.
LATEST = 24 * 3600  # The longest delay of a late arrival, in seconds: inside the lateness of 25 hours.
VERSION = 7  # Raised when the same parameters give another log, so that no old file is measured.


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a log is made from. Shares are 0..1; accounts above `registered` trade without registration."""

    events: int = 1_000_000
    accounts: int = 10_000
    owners: int = 3_000
    registered: int = 10_000
    days: float = 30
    late: float = 0.0
    hot: float = 0.0
    seed: int = 1

    def path(self) -> Path:
        """Return where this log is kept."""
        digest = hashlib.sha256(repr((VERSION, astuple(self))).encode()).hexdigest()[:12]
        return FOLDER / f"log-{self.events}-{digest}.jsonl"


def written(parameters: Parameters) -> Path:
    """Return the file of a log, written first where it is not there yet."""
    path = parameters.path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        with half.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in lines(parameters))
        half.rename(path)
    return path


def lines(parameters: Parameters) -> Iterator[str]:
    """Return exactly `events` lines in the order of arrival, registrations first."""
    shape = Shape(parameters.accounts, parameters.owners, min(parameters.registered, parameters.accounts))
    left = parameters.events
    for line in registrations(shape, START - 3600):
        if not left:
            return
        left -= 1
        yield line
    yield from _arrivals(parameters, shape, left)


def _arrivals(parameters: Parameters, shape: Shape, count: int) -> Iterator[str]:
    """Return so many lines by arrival; what arrives later than the event being made waits in a heap."""
    rng = Random(parameters.seed)
    waiting: list[tuple[float, int, str]] = []
    step = parameters.days * 86_400 / max(count, 1)
    made = 0
    while made < count:
        now = START + made * step
        account = shape.account(rng, parameters.hot)
        if rng.random() < 0.0005:
            batch = burst(shape, rng, account, now, min(count - made, rng.randint(8, 60)))
        else:
            delay = rng.randint(600, LATEST) if rng.random() < parameters.late else 0
            batch = [(now + delay, happening(shape, rng, account, int(now), delay, made))]
        for place, (arrival, line) in enumerate(batch):
            heappush(waiting, (arrival, made + place, line))
        made += len(batch)
        while waiting and waiting[0][0] <= now:
            yield heappop(waiting)[2]
    while waiting:
        yield heappop(waiting)[2]
