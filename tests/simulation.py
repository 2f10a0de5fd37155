"""Seeded disasters: `python -m tests.simulation --seed N [--runs K]`.

A made log (delays, duplicates, conflicts, reordering, clock jumps) is written to growing files and run into a database
by processes that are killed at any point of a batch, meet full disks, and are started again. Then the laws are checked
against one engine that saw the same log in peace. A failure prints the command that replays it.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.alert import encode, standing_view
from engine.fold import Engine
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.sources.jsonl import JsonLines
from streams.stores.sqlite import SqliteStore
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.streams.audit.running import calm, entries_of
from tests.streams.running import found, lines_of, open_at, program, replayed

ABOUT_ARRIVAL = ("ENG-", "PRV-04")  # Rules about intake itself are exempt from law 4.
MOST_STARTS = 200  # Of one run; a simulation that needs more makes no progress.


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls a process: none, kill at a point counted in statements, or full with room for point / 10 pages."""

    kind: str
    point: int


@dataclass(slots=True)
class Simulation:
    """One seeded run in a folder of its own."""

    seed: int
    folder: Path
    rng: random.Random = field(init=False)
    met: Counter[str] = field(default_factory=Counter)  # What befell it.

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def run(self) -> None:
        """Run a log through disasters; raises AssertionError where a law is broken."""
        log = make_log(self.rng.randrange(1 << 30), self.rng.randrange(40, 400))
        lines = lines_of(log)
        files = self._files(lines)
        order: list[bytes] = []
        while any(rest for _, rest in files):
            for path, rest in files:
                size = self.rng.randrange(0, 60)
                order += rest[:size]
                with path.open("ab") as file:
                    file.write(b"".join(line + b"\n" for line in rest[:size]))
                del rest[:size]
                self._until_read([path])
        self._check(order)
        self._check_order(log)

    def _files(self, lines: list[bytes]) -> list[tuple[Path, list[bytes]]]:
        """Deal the log out to one or several files, each in order."""
        count = self.rng.choice([1, 1, 3])
        dealt: list[list[bytes]] = [[] for _ in range(count)]
        for line in lines:
            self.rng.choice(dealt).append(line)
        return [(self.folder / f"events-{n}.jsonl", rest) for n, rest in enumerate(dealt)]

    def _until_read(self, paths: list[Path]) -> None:
        """Start processes until one has read the files to their ends."""
        for _ in range(MOST_STARTS):
            trouble = Trouble(self.rng.choice(["none", "kill", "kill", "full"]), self.rng.randrange(1, 60))
            every = self.rng.choice([20, 200])
            ending = self._process(paths, trouble, every)
            self.met[ending] += 1
            if ending == "ended":
                return
        raise AssertionError(f"no end after {MOST_STARTS} starts")

    def _process(self, paths: list[Path], trouble: Trouble, every: int) -> str:
        """Run in a child process; return how it ended. Raises AssertionError where it fails by itself."""
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            status = 3
            try:
                status = _work(self.folder, paths, trouble, every)
            except BaseException:  # noqa: BLE001  # a child of a fork must not go on as its parent
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        _, code = os.waitpid(child, 0)
        if os.WIFSIGNALED(code):
            assert os.WTERMSIG(code) == signal.SIGKILL, f"ended by signal {os.WTERMSIG(code)}"
            return "killed"
        assert os.WEXITSTATUS(code) in (0, 2), "a process failed otherwise than it was made to"
        return "ended" if os.WEXITSTATUS(code) == 0 else "disk full"

    def _check(self, order: list[bytes]) -> None:
        store = open_at(self.folder / "log.db")
        try:
            left = found(store)
            assert left[0] == replayed(order)[0], (
                "laws 5 and 6: every input once, with the disposition of a calm run"
            )
            assert left[1] == replayed(order)[1], "laws 3 and 5: the records of a calm run, byte for byte"
            assert sum(store.dispositions().values()) == len(order), "law 6: the counts add up"
            told = entries_of(store)
            assert told == entries_of(calm(order, ended=False)), "law 5: the audit log of a calm run"
            self._check_log(store, left)
        finally:
            store.close()
        store = open_at(self.folder / "log.db", refold=True)
        Runner(store, Engine(program())).refold()
        assert found(store) == left, "law 1: deleted and folded again, the same bytes come back"
        assert entries_of(store)[len(told) + 1 :] == told, "law 1: and so do those of the audit log"
        store.close()

    @staticmethod
    def _check_log(
        store: SqliteStore, left: tuple[list[tuple[str, str, bytes]], list[tuple[int, bytes]]]
    ) -> None:
        engine = Engine(program())
        runner = Runner(store, engine, every=10)
        runner.resume()
        calm = Engine(program())
        for _, _, raw in left[0]:
            calm.feed(raw)
        tick = {"specversion": "1.0", "id": "last", "source": "clock", "type": "clock.tick",
                "time": "2027-01-01T00:00:00+08:00"}  # fmt: skip
        raw = msgspec.json.encode(tick)
        after, calmly = engine.feed(raw), calm.feed(raw)
        assert [encode(record) for record in after.records] == [
            encode(record) for record in calmly.records
        ], "law 5: what comes later is decided as if nothing had happened"

    def _check_order(self, log: list[Line]) -> None:
        other = shuffle_within_lateness(log, self.rng.randrange(1 << 30))
        assert _standing(log) == _standing(other), "law 4: order within lateness does not matter"


def _standing(log: list[Line]) -> list[dict[str, object]]:
    engine = Engine(program())
    for line in lines_of(log):
        engine.feed(line)
    return [
        standing_view(record) for record in engine.standing() if not record.rule.startswith(ABOUT_ARRIVAL)
    ]


def _work(folder: Path, paths: list[Path], trouble: Trouble, every: int) -> int:
    """Do what a process does, and meet the trouble; 0 at the end, 2 where the disk was full."""
    store = open_at(folder / "log.db")
    database = store._db  # noqa: SLF001  # trouble is made inside
    if trouble.kind == "kill":
        kill_after(database.set_trace_callback, trouble.point)
    if trouble.kind == "full":
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages + trouble.point // 10}")
    try:
        runner = Runner(store, Engine(program()), every=every)
        runner.resume()
        for path in paths:
            source = JsonLines(str(path))
            for block in source.blocks(store.position(source.name)):
                runner.take(source.name, block)
        runner.checkpoint()
    except RefusedError as refused:
        if trouble.kind == "full" and "full disk" in str(refused):
            return 2
        raise
    finally:
        store.close()
    return 0


def kill_after(trace: Callable[[Callable[[str], object]], object], point: int) -> None:
    """Kill this process when so many statements have been begun: between batches or in the middle of one."""
    left = point

    def count(_: str) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    trace(count)


def simulate(seed: int) -> Counter[str]:
    """Run one seed; raises AssertionError where a law is broken."""
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(seed, Path(folder))
        simulation.run()
        return simulation.met


def main() -> int:
    """Run seeds from the one given on; return 1 at the first that breaks a law."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description="Seeded crashes, checked by the laws."
    )
    parser.add_argument("--seed", type=int, default=None, help="the first seed; by default one drawn now")
    parser.add_argument("--runs", type=int, default=20, help="how many seeds, one after the other")
    wish = parser.parse_args()
    first = wish.seed if wish.seed is not None else random.SystemRandom().randrange(1 << 30)
    total: Counter[str] = Counter()
    for seed in range(first, first + wish.runs):
        try:
            total += simulate(seed)
        except AssertionError as broken:
            traceback.print_exc()
            print(f"seed {seed}: {broken}\nreplay it: python -m tests.simulation --seed {seed} --runs 1")
            return 1
    befell = ", ".join(f"{count:,} × {name}" for name, count in sorted(total.items()))
    print(f"{wish.runs} runs from seed {first}: the laws hold ({befell})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
