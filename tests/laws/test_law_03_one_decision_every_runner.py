"""Law 3: the same log and the same rules give the same alerts, byte for byte, whoever runs the engine."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from engine.fold import Settings
from streams.stores.memory import MemoryStore
from tests.engine.driving import fed, raw_of, stands
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS, logs
from tests.streams.running import block_of, found, runner_of
from tests.weiguard.conftest import Weiguard, weiguard

__all__ = ["weiguard"]

Caller = Callable[[list[bytes], Path, Weiguard], str]
SEEDS_OF_COMMANDS = (3, 21, 34)


def records_of(lines: list[bytes]) -> list[bytes]:
    """Return the records of one engine fed with all lines."""
    return [record for _, _, records in fed(lines).said for record in records]


def by_replay(lines: list[bytes], folder: Path, call: Weiguard) -> str:
    (folder / "log").write_bytes(b"\n".join(lines))
    return call("replay", "log").out


def by_replay_of_gzip(lines: list[bytes], folder: Path, call: Weiguard) -> str:
    (folder / "log.gz").write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))
    call("replay", "log.gz", "--out", "records")
    return (folder / "records").read_text("utf-8")


def by_run(lines: list[bytes], folder: Path, call: Weiguard) -> str:
    (folder / "log").write_bytes(b"\n".join(lines))
    call("run", "log", "--db", "one.db")
    return call("alerts", "--db", "one.db", "--records", "--json").out


def by_runs_of_a_growing_file(lines: list[bytes], folder: Path, call: Weiguard) -> str:
    for cut in (len(lines) // 3, len(lines) // 2, len(lines)):
        (folder / "grows").write_bytes(b"".join(line + b"\n" for line in lines[:cut]))
        call("run", "grows", "--db", "grown.db", WEIGUARD_CHECKPOINT="20")
    return call("alerts", "--db", "grown.db", "--records", "--json").out


@pytest.mark.parametrize(
    "runner",
    [by_replay, by_replay_of_gzip, by_run, by_runs_of_a_growing_file],
    ids=lambda each: each.__name__[3:],
)
@pytest.mark.parametrize("seed", SEEDS_OF_COMMANDS)
def test_every_command_gives_what_the_engine_gives(
    runner: Caller, seed: int, tmp_path: Path, weiguard: Weiguard
) -> None:
    log = shuffle_within_lateness(make_log(seed, 150), seed)
    lines = [raw_of(line) for line in log]
    wanted = records_of(lines)
    assert wanted, "a log without alerts proves nothing"
    assert runner(lines, tmp_path, weiguard).encode().splitlines() == wanted


@given(seed=SEEDS, sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_the_embedded_runner_says_what_a_bare_engine_says(seed: int, sizes: list[int]) -> None:
    """However the log is cut into batches, and with a restart between any two of them."""
    note(f"seed {seed}")
    lines = [raw_of(line) for line in make_log(seed, 80)]
    store = MemoryStore()
    runner, at, turn = runner_of(store, every=sizes[0]), 0, 0
    while at < len(lines):
        size = sizes[turn % len(sizes)]
        runner.take("log", block_of(lines[at : at + size], at))
        at, turn = at + size, turn + 1
        if size % 3 == 0:
            runner = runner_of(store, every=size)
    kept, records = found(store)
    run = fed(lines)
    assert [(disposition, reason) for disposition, reason, _ in kept] == [
        (disposition, reason) for disposition, reason, _ in run.said
    ]
    assert [body for _, body in records] == records_of(lines)


# --- tenants ---------------------------------------------------------------------------------------------------------


@given(log=logs(least=60, most=120), seed=SEEDS)
def test_other_tenants_change_nothing(log: list[Line], seed: int) -> None:
    """A tenant's records are the same alone, beside another, and wherever the other's lines fall in between."""
    alone = {name: [line for line in log if line["tenant"] == name] for name in ("t1", "t2")}
    mixed = interleaved([alone["t1"], alone["t2"]], random.Random(seed))
    run, other = fed(log), fed(mixed)
    for name, lines in alone.items():
        mine = fed(lines)
        for one in (run, other):
            assert [record for record in one.records if record.tenant == name] == mine.records
            assert stands(one.engine, name) == stands(mine.engine, name)
            assert one.engine.clock(name) == mine.engine.clock(name)


def interleaved(logs_: list[list[Line]], rng: random.Random) -> list[Line]:
    """Return the lines of several logs, each in its order, mixed at random."""
    waiting = [list(reversed(each)) for each in logs_]
    mixed: list[Line] = []
    while any(waiting):
        mixed.append(rng.choice([each for each in waiting if each]).pop())
    return mixed


@given(log=logs(least=60, most=120))
def test_what_the_engine_keeps_for_showing_changes_nothing(log: list[Line]) -> None:
    """A replay without `--standing` forgets what is out of reach; one with it does not: both say the same."""
    assert fed(log, settings=Settings(keep=False)).said == fed(log, settings=Settings(keep=True)).said
