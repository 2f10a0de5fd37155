"""The embedded runner: however a log is cut into batches, and wherever it is restarted, the same is decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold import Engine
from streams.commit import Batch, Committed
from streams.embedded import Runner
from streams.ports import Block, Position
from streams.refusing import RefusedError
from streams.stopping import Stop
from streams.stores.memory import MemoryStore
from streams.ticks import CLOCK
from tests.logs.strategies import logs
from tests.streams.running import block_of, found, lines_of, made, open_at, program, replayed, runner_of


@given(log=logs(), data=st.data())
def test_neither_batches_nor_restarts_reach_a_record(
    log: list[dict[str, object]], data: st.DataObject
) -> None:
    lines = lines_of(log)
    store = MemoryStore()
    runner = runner_of(store)
    at = 0
    while at < len(lines):
        size = data.draw(st.integers(1, 20), label="batch")
        runner.take("log", block_of(lines[at : at + size], at))
        at += size
        match data.draw(
            st.sampled_from(["go on", "checkpoint", "restart", "checkpoint and restart"]), label="then"
        ):
            case "checkpoint":
                runner.checkpoint()
            case "restart":
                runner = runner_of(store)
            case "checkpoint and restart":
                runner.checkpoint()
                runner = runner_of(store)
    assert found(store) == replayed(lines)


@pytest.mark.parametrize("seed", range(4))
def test_a_database_restarted_after_every_batch_decides_alike(seed: int, tmp_path: Path) -> None:
    lines = made(seed, 90)
    for at in range(0, len(lines), 17):
        store = open_at(tmp_path / "log.db")
        runner = runner_of(store, every=30)
        runner.take("log", block_of(lines[at : at + 17], at))
        store.close()
    store = open_at(tmp_path / "log.db")
    assert found(store) == replayed(lines)
    assert 0 < store.checkpointed() < len(lines)
    store.close()


def test_what_is_refolded_is_what_was_decided(tmp_path: Path) -> None:
    lines = made(3, 80)
    store = open_at(tmp_path / "log.db")
    runner_of(store).take("log", block_of(lines, 0))
    before = found(store)
    store.close()
    store = open_at(tmp_path / "log.db", refold=True)
    assert Runner(store, Engine(program())).refold() == len(lines)
    assert found(store) == before
    assert store.checkpointed() == len(lines)
    store.close()


def test_a_refold_that_breaks_off_leaves_all_as_it_was(tmp_path: Path) -> None:
    lines = made(3, 80)
    store = open_at(tmp_path / "log.db")
    runner_of(store).take("log", block_of(lines, 0))
    before, totals = found(store), store.totals()
    with pytest.raises(ZeroDivisionError), store.refolding():  # noqa: PT012  # a batch goes before
        store.commit(Batch())
        raise ZeroDivisionError
    assert (found(store), store.totals()) == (before, totals)
    store.close()


def test_an_input_that_is_decided_otherwise_now_stops_the_run() -> None:
    store = MemoryStore()
    runner_of(store).take("log", block_of(made(5), 0))
    first = next(each for each in store.sealed_inputs() if each.disposition == "decided")
    msgspec.structs.force_setattr(first, "raw", b"{}")  # Damage done on purpose.
    with pytest.raises(RefusedError, match=f"input {first.seq}: found that it is decided otherwise"):
        runner_of(store)


def test_a_lost_record_stops_the_run() -> None:
    store = MemoryStore()
    runner_of(store).take("log", block_of(made(5, 90), 0))
    assert store._records.all.pop() is not None  # noqa: SLF001  # damage done on purpose
    with pytest.raises(RefusedError, match="decided otherwise"):
        runner_of(store)


class Live:
    """A live source that is given its blocks, and stops the run when they are used up."""

    def __init__(self, blocks: list[Block], stop: Stop, name: str = "live") -> None:
        self.name, self.live, self.lasting, self.size = name, True, True, None
        self._blocks, self._stop = blocks, stop

    def blocks(self, after: Position | None) -> Iterator[Block]:
        yield from self._blocks
        self._stop.asked = 2
        yield Block([], None)


def test_a_live_source_gets_one_tick_a_minute_once_it_has_nothing_new() -> None:
    minutes = iter([60.0, 60.5, 61.2, 61.9, 62.0, 62.0])
    stop = Stop()
    idle, busy = Block([], None), block_of(made(1)[:3], 0)
    store = MemoryStore()
    runner = Runner(store, Engine(program()), now=lambda: int(next(minutes) * 60e6))
    runner.run([Live([busy, idle, idle, busy, idle, idle], stop)], stop)
    ticks = [each.raw for each in store.inputs() if each.source == CLOCK]
    assert ticks == [
        b'{"specversion":"1.0","id":"1970-01-01T01:01:00+00:00","source":"weiguard/clock","type":"clock.tick","time":"1970-01-01T01:01:00+00:00"}',
        b'{"specversion":"1.0","id":"1970-01-01T01:02:00+00:00","source":"weiguard/clock","type":"clock.tick","time":"1970-01-01T01:02:00+00:00"}',
    ]


def test_a_run_over_finite_sources_writes_no_ticks() -> None:
    store = MemoryStore()
    runner = runner_of(store)
    runner.tick()
    assert store.last == 0


def test_observers_hear_of_what_is_durable_and_of_nothing_else() -> None:
    heard: list[Committed] = []
    store = MemoryStore()
    runner = Runner(store, Engine(program()), observers=[heard.append])
    lines = made(2, 90)
    runner.take("log", block_of(lines, 0))
    assert sum(sum(each.dispositions.values()) for each in heard) == len(lines) == heard[0].inputs
    assert len(heard[0].records) == len(list(store.records())) > 0

    def refuse(_: Batch) -> None:
        raise RefusedError("store", "a full disk")

    store.commit = refuse  # type: ignore[method-assign, assignment]  # a store that fails
    with pytest.raises(RefusedError):
        runner.take("log", block_of(lines, len(lines)))
    assert len(heard) == 1


def test_where_much_changes_checkpoints_come_less_often() -> None:
    store = MemoryStore()
    runner = runner_of(store, every=5)
    lines = made(2, 200)
    checkpoints = []
    for at in range(0, len(lines), 5):
        runner.take("log", block_of(lines[at : at + 5], at))
        checkpoints.append(store.checkpointed())
    first, *others = sorted(set(checkpoints) - {0})
    assert first == 5
    assert others
    assert others[0] > 10, "the first wrote more than three entries"
