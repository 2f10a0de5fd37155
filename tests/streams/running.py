"""What tests of the runners share: the shipped rules compiled once, logs as lines, and a run looked at from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

from engine.alert import encode
from engine.fold import Engine, Settings
from engine.program import Program
from rules.loading import load
from rules.planning.compiling import compile_rules
from streams.commit import StoredInput, StoredRecord
from streams.embedded import Runner
from streams.ports import Block, Position, Store
from streams.stores.deciding import decided_by
from streams.stores.sqlite import SqliteStore, open_store
from tests.logs.arrival import Line
from tests.logs.making import make_log

NEVER_US = 1 << 60
SEED = bytes(32)  # As a store in memory has it, so that logs can be compared byte by byte.


@cache
def program() -> Program:
    """Compile the shipped rules once for all tests."""
    return compile_rules(load())


def lines_of(log: Sequence[Line]) -> list[bytes]:
    """Return a made log as it would stand in a file."""
    return [msgspec.json.encode(line) for line in log]


def made(seed: int, size: int = 60) -> list[bytes]:
    """Return the lines of a made log."""
    return lines_of(make_log(seed, size))


class Log(Protocol):
    """A store as far as what it left is looked at."""

    def inputs(self) -> Iterator[StoredInput]: ...
    def records(self) -> Iterator[StoredRecord]: ...


def open_at(path: Path, *, refold: bool = False) -> SqliteStore:
    """Open a database for the shipped rules. No address ends in it: made logs span months, and are compared whole."""
    store = open_store(path, decided_by(program(), Settings()), {}, refold=refold, seed=SEED)
    store.seals.addresses_us = NEVER_US
    return store


def runner_of(store: Store, every: int = 30_000) -> Runner:
    """Return a runner with a new engine, resumed. No address ends."""
    store.seals.addresses_us = NEVER_US
    runner = Runner(store, Engine(program()), every=every)
    runner.resume()
    return runner


def block_of(lines: list[bytes], before: int) -> Block:
    """Return a block of a source of which so many lines were read before."""
    return Block(list(lines), Position(lines=before + len(lines)))


def found(store: Log) -> tuple[list[tuple[str, str, bytes]], list[tuple[int, bytes]]]:
    """Return what a run left: every input with its disposition and reason, every record with its input."""
    inputs = [(each.disposition, each.reason, each.raw) for each in store.inputs()]
    return inputs, [(each.input, each.body) for each in store.records()]


def replayed(lines: list[bytes]) -> tuple[list[tuple[str, str, bytes]], list[tuple[int, bytes]]]:
    """Return the same of one engine fed with all lines."""
    engine = Engine(program())
    inputs, records = [], []
    for seq, raw in enumerate(lines, 1):
        outcome = engine.feed(raw)
        inputs.append((outcome.disposition, outcome.reason, raw))
        records += [(seq, encode(record)) for record in outcome.records]
    return inputs, records
