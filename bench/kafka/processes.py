"""Child processes that are measured: started, watched, ended, and what the operating system says they took."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bench.kafka.broker import Place
from bench.measuring import ChildError

WITHIN_S: Final = 60.0  # To be ready, or to end.
_OFTEN_S: Final = 0.02
_SAID: Final = 2000  # Characters of what a child said last.
_PARTITION: Final = re.compile(r"partition (\d+) is (open|closed)")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a child took from its start to its end: CPU in seconds, memory in KiB."""

    cpu_s: float
    peak_kib: int


class Child:
    """One child process; what it says goes to a file."""

    def __init__(self, name: str, module: str, arguments: list[str], said: Path) -> None:
        self.name = name
        self._said = said
        with said.open("wb") as err:
            self._running = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=err,
            )

    def said(self) -> str:
        """Return what it said so far."""
        return self._said.read_text(errors="replace")

    @property
    def partitions(self) -> set[int]:
        """The partitions that a worker says it has open."""
        found: set[int] = set()
        for number, state in _PARTITION.findall(self.said()):
            (found.add if state == "open" else found.discard)(int(number))
        return found

    def check(self) -> None:
        """Raise ChildError where it has ended."""
        if self._running.poll() is not None:
            raise self._failed(f"ended with status {self._running.returncode}")

    def kill(self) -> None:
        """End it as a failing machine would."""
        if self._running.returncode is None:
            self._running.kill()
            self._running.wait()

    def stop(self) -> Ended:
        """Ask it to end, and wait for that. Raises ChildError."""
        self.check()
        self._running.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, within_s: float = WITHIN_S) -> Ended:
        """Wait until it ends. Raises ChildError where it does not, or not well."""
        end = time.monotonic() + within_s
        while True:
            pid, status, used = os.wait4(self._running.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                raise self._failed(f"still runs after {within_s:.0f} s")
            time.sleep(_OFTEN_S)
        self._running.returncode = os.waitstatus_to_exitcode(status)
        if self._running.returncode:
            raise self._failed(f"ended with status {self._running.returncode}")
        return Ended(used.ru_utime + used.ru_stime, used.ru_maxrss)

    def _failed(self, how: str) -> ChildError:
        return ChildError(f"{self.name} {how}:\n{self.said()[-_SAID:]}")


class Children:
    """Child processes in one folder; all of them end with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: list[Child] = []
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, module: str, *arguments: str) -> Child:
        """Start one."""
        child = Child(name, module, list(arguments), self._folder / f"{name}-{len(self._all)}.err")
        self._all.append(child)
        return child

    def worker(self, name: str, place: Place, *options: str) -> Child:
        """Start a worker; its clocks are moved by events alone."""
        return self.start(name, "weiguard", "worker", *place.options, "--no-ticks", *options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._all:
            child.kill()


def wait_until(condition: Callable[[], bool], children: list[Child], within_s: float = WITHIN_S) -> None:
    """Wait until something holds while the children run. Raises ChildError."""
    end = time.monotonic() + within_s
    while not condition():
        for child in children:
            child.check()
        if time.monotonic() > end:
            said = "\n".join(f"{child.name}: {child.said()[-_SAID:]}" for child in children)
            raise ChildError(f"not ready after {within_s:.0f} s\n{said}")
        time.sleep(_OFTEN_S)


def wait_for_workers(workers: list[Child], place: Place) -> None:
    """Wait until all partitions are open, each by one worker, and every worker has some."""

    def shared() -> bool:
        have = [worker.partitions for worker in workers]
        return all(have) and sorted(number for each in have for number in each) == list(
            range(place.partitions)
        )

    wait_until(shared, workers)
