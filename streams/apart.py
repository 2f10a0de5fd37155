"""Several pieces of work at once, each in a process of its own that begins as a copy of this one.

A copy needs nothing sent to it: rules that were compiled here are compiled there. What it finds comes back through a
pipe, and so does what it raises. Nobody is left behind: a copy whose parent is gone ends itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, TypeVar

from streams.refusing import RefusedError
from streams.stopping import Stop

Result = TypeVar("Result")
Report = Callable[[int, int], None]  # Is called with the lines and bytes so far.
Work = Callable[[Report], Result]
_SO_FAR: Final = "so far"
_DONE: Final = "done"
_FAILED: Final = "failed"


class Apart(Generic[Result]):
    """Work that goes on in other processes."""

    def __init__(self) -> None:
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []

    def start(self, work: Work[Result]) -> None:
        """Start one piece of work. No thread may run here: a copy would have its locks and not the thread."""
        context: Any = get_context("fork")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(work, sending, os.getpid()))
        process.start()
        sending.close()  # The copy's end is the only one: when the copy is gone, the pipe is at its end.
        self._processes.append(process)
        self._pipes.append(receiving)

    def results(self, show: Report) -> list[Result]:
        """Wait for all; `show` hears of the mean of lines and bytes. Raises what any of them raised.

        Raises KeyboardInterrupt where somebody asks to stop.
        """
        found: dict[Connection, Result] = {}
        so_far = dict.fromkeys(self._pipes, (0, 0))
        stop = Stop()
        with stop.listening(), stop.waiting():
            while len(found) < len(self._pipes):
                for pipe in wait([each for each in self._pipes if each not in found]):
                    assert isinstance(pipe, Connection), "nothing else is waited for"
                    kind, told = self._hear(pipe)
                    if kind == _FAILED:
                        raise told
                    if kind == _DONE:
                        found[pipe] = told
                    else:
                        so_far[pipe] = told
                        lines, size = (
                            sum(each) // len(so_far) for each in zip(*so_far.values(), strict=True)
                        )
                        show(lines, size)
        return [found[pipe] for pipe in self._pipes]

    def _hear(self, pipe: Connection) -> tuple[str, Any]:
        try:
            told: tuple[str, Any] = pipe.recv()
        except EOFError:
            process = self._processes[self._pipes.index(pipe)]
            process.join()
            raise RefusedError(
                "a process of this call",
                f"that it was ended from outside (status {process.exitcode})",
                "that it works to its end",
                "free some memory, or give --jobs 1, and call it again",
            ) from None
        return told

    def end(self) -> None:
        """End what still runs."""
        for process in self._processes:
            process.kill()  # They keep nothing that has to be closed.
            process.join()
        for pipe in self._pipes:
            pipe.close()


@contextmanager
def apart() -> Iterator[Apart[Any]]:
    """Yield what starts work in other processes; end whatever is left of it."""
    working: Apart[Any] = Apart()
    try:
        yield working
    finally:
        working.end()


def one_by_one(works: Sequence[Work[Result]], show: Report) -> list[Result]:
    """Do the same in this process, one piece after the other."""
    found: list[Result] = []
    before = last = (0, 0)

    def report(lines: int, size: int) -> None:
        nonlocal last
        last = lines, size
        show((before[0] + lines) // len(works), (before[1] + size) // len(works))

    stop = Stop()
    with stop.listening(), stop.waiting():
        for work in works:
            found.append(work(report))
            before, last = (before[0] + last[0], before[1] + last[1]), (0, 0)
    return found


def _work(work: Work[Result], pipe: Connection, parent: int) -> None:
    """Work in a copy."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a group; the parent decides for all.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def report(lines: int, size: int) -> None:
        if os.getppid() != parent:
            os._exit(1)
        pipe.send((_SO_FAR, (lines, size)))

    try:
        told = (_DONE, work(report))
    except Exception as error:  # noqa: BLE001  # it is raised again in the parent
        pipe.send((_FAILED, error))
    else:
        pipe.send(told)
