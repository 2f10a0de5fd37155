"""Work in other processes: what it finds and what it raises comes back, and nobody is left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from streams.apart import Report, Work, apart, one_by_one
from streams.refusing import RefusedError


def squares(number: int) -> Work[tuple[int, int]]:
    def work(report: Report) -> tuple[int, int]:
        report(number, 10 * number)
        return number * number, os.getpid()

    return work


def raising(error: Exception) -> Work[None]:
    def work(report: Report) -> None:
        raise error

    return work


def sleeping(report: Report) -> None:
    time.sleep(600)


def ignore(lines: int, size: int) -> None:
    """Show nothing."""


def done(*works: Work[Any], show: Report = ignore) -> list[Any]:
    """Do work in other processes."""
    with apart() as working:
        for work in works:
            working.start(work)
        return working.results(show)


def test_results_come_back_in_order() -> None:
    shown: list[tuple[int, int]] = []
    found = done(squares(4), squares(2), show=lambda lines, size: shown.append((lines, size)))
    assert [square for square, _ in found] == [16, 4]
    assert len({os.getpid(), *(process for _, process in found)}) == 3
    assert shown[-1] == (3, 30), "progress is the mean of all"


def test_one_by_one_does_the_same_here() -> None:
    shown: list[tuple[int, int]] = []
    found = one_by_one([squares(4), squares(2)], lambda lines, size: shown.append((lines, size)))
    assert found == [(16, os.getpid()), (4, os.getpid())]
    assert shown == [(2, 20), (3, 30)]


@pytest.mark.parametrize("error", [RefusedError("a", "b", "c", "d"), OSError(28, "full", "f"), KeyError("x")])
def test_what_is_raised_there_is_raised_here(error: Exception) -> None:
    began = time.monotonic()
    with pytest.raises(type(error)) as raised:
        done(sleeping, raising(error))
    assert str(raised.value) == str(error)
    assert time.monotonic() - began < 60, "the others are not waited for"


def test_a_process_that_is_killed_is_told() -> None:
    def killed(report: Report) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(RefusedError, match=r"ended from outside \(status -9\)"):
        done(killed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all(number: int) -> None:
    children: list[int] = []

    def told(report: Report) -> None:
        report(os.getpid(), 0)
        sleeping(report)

    def stop(lines: int, _: int) -> None:
        children.append(lines)
        os.kill(os.getpid(), number)

    with pytest.raises(KeyboardInterrupt):
        done(told, show=stop)
    with pytest.raises(ProcessLookupError):
        os.kill(children[0], 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_work_that_is_done_here(number: int) -> None:
    def told(report: Report) -> None:
        os.kill(os.getpid(), number)
        sleeping(report)

    with pytest.raises(KeyboardInterrupt):
        one_by_one([told], ignore)


def test_who_lost_its_parent_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The parent is killed and can end nobody: the child sees it at its next report."""
    ended = tmp_path_factory.mktemp("apart") / "child"

    def child(report: Report) -> None:
        ended.write_text(str(os.getpid()))
        while True:
            report(1, 1)
            time.sleep(0.01)

    def parent(report: Report) -> None:
        done(child, show=lambda _, __: os.kill(os.getpid(), signal.SIGKILL))

    with pytest.raises(RefusedError):
        done(parent)
    until(lambda: not _lives(int(ended.read_text())))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def _lives(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:  # noqa: PTH123  # a Path would be the same
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
