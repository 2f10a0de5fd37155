"""Worker processes of one group: started, killed, frozen and started again, as a supervisor and bad luck would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from kafka.errors import KafkaError

from streams.kafka.naming import Cluster
from tests.streams.kafka.reading import PATIENCE_S, standing

SESSION_S: Final = 3
LOST: Final = 3  # The status of a worker that lost Kafka or its partitions: it is to be started again.


class Fleet:
    """Some workers by name, in a folder that takes what they say. All of them end with it."""

    def __init__(
        self, cluster: Cluster, folder: Path, *options: str, checkpoint: int = 5_000, ticks: bool = False
    ) -> None:
        self.cluster = cluster
        self.ended: list[tuple[str, int]] = []  # Workers that ended by themselves, with their status.
        self._folder, self._options = folder, (*options, "--ticks" if ticks else "--no-ticks")
        self._environment = os.environ | {"WEIGUARD_CHECKPOINT": str(checkpoint)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, *names: str) -> None:
        """Start workers."""
        for name in names:
            command = [sys.executable, "-m", "weiguard", "worker", "--brokers", self.cluster.bootstrap]
            command += [
                "--prefix",
                self.cluster.prefix,
                "--no-ticks",
                "--session",
                str(SESSION_S),
                *self._options,
            ]
            with (self._folder / f"{name}.err").open("ab") as said:
                self._running[name] = subprocess.Popen(
                    command, env=self._environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
                )

    @property
    def names(self) -> list[str]:
        """The workers that were started and neither killed nor stopped."""
        return list(self._running)

    def said(self, name: str) -> str:
        """Return what a worker has said so far."""
        return (self._folder / f"{name}.err").read_text()

    def tend(self) -> None:
        """Start again what lost its place; anything else that ends a worker is a mistake."""
        for name, worker in list(self._running.items()):
            status = worker.poll()
            if status is not None:
                self.ended.append((name, status))
                assert status == LOST, f"{name} ended with {status}: {self.said(name)}"
                self.start(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a worker a signal."""
        self._running[name].send_signal(number)

    def kill(self, name: str) -> None:
        """End a worker as a failing machine would."""
        worker = self._running.pop(name)
        worker.kill()
        worker.wait()

    def stop(self, name: str) -> int:
        """Ask a worker to end, and return its status."""
        worker = self._running.pop(name)
        worker.terminate()
        return worker.wait(60)

    def wait(self, name: str, within_s: float = 60) -> int:
        """Wait until a worker ends by itself; return its status."""
        return self._running.pop(name).wait(within_s)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Tend the workers until something holds."""
        end = time.monotonic() + PATIENCE_S
        while not _holds(condition):
            assert time.monotonic() < end, f"still not after {PATIENCE_S} s: {what}; {self._all_said()}"
            self.tend()
            time.sleep(0.2)

    def until_done(self) -> None:
        """Tend the workers until every input is decided and the group's offsets say so."""
        self.until(lambda: standing(self.cluster).done, "all inputs decided and committed")

    def _all_said(self) -> str:
        return "\n".join(f"{path.stem}: {path.read_text()[-500:]}" for path in self._folder.glob("*.err"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._running.values():
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except KafkaError:  # A broker is away: it is to be asked again.
        return False
