"""A fork writes the state as it was when it was taken, whatever is fed meanwhile; where it fails, that is said."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import cache

import pytest

from engine.fold import Engine
from engine.program import Program
from rules.loading import SHIPPED, load
from rules.planning.compiling import compile_rules
from streams.kafka.snapshot import Entry, Snapshot
from tests.streams.kafka.test_deciding import PAYMENTS


@cache
def program() -> Program:
    return compile_rules(load(SHIPPED), ("COL-*",))


def fed(count: int) -> Engine:
    engine = Engine(program())
    engine.track()
    for message in PAYMENTS[:count]:
        engine.feed(message.value or b"")
    return engine


async def entries_of(snapshot: Snapshot) -> list[Entry]:
    return [entry async for block in snapshot.blocks() for entry in block]


def test_what_comes_after_it_does_not_reach_it() -> None:
    engine = fed(20)
    wanted = sorted(engine.checkpoint())
    snapshot = Snapshot(engine)
    engine.settle()
    for message in PAYMENTS[20:]:
        engine.feed(message.value or b"")
    try:
        assert sorted(asyncio.run(entries_of(snapshot))) == wanted
    finally:
        snapshot.close()


def test_a_fork_that_is_killed_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = fed(20)

    def killed() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(engine, "checkpoint", killed)
    snapshot = Snapshot(engine)
    with pytest.raises(ChildProcessError, match="ended with -9"):
        asyncio.run(entries_of(snapshot))
    snapshot.close()


def test_a_fork_that_fails_says_why(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = fed(20)
    monkeypatch.setattr(engine, "checkpoint", lambda: 1 / 0)
    snapshot = Snapshot(engine)
    with pytest.raises(ChildProcessError, match="ended with 1"):
        asyncio.run(entries_of(snapshot))
    snapshot.close()
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_one_that_nobody_reads_is_ended() -> None:
    snapshot = Snapshot(fed(40))
    child = snapshot._child  # noqa: SLF001  # of whom nothing must be left
    assert child is not None
    snapshot.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
