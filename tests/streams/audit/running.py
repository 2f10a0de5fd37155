"""What tests of the audit log share: a calm run, and what a store holds of the log."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from engine.fold import Engine
from streams.audit.growth import LeafStore
from streams.audit.notes import Signer
from streams.embedded import Runner
from streams.ports import BLOCK_LINES, Block, Store
from streams.stores.memory import MemoryStore
from tests.streams.running import block_of, program, runner_of

SIGNER = Signer("example.cn/log", bytes(range(32)))


def entries_of(store: Store) -> list[bytes]:
    """Return the whole log."""
    return list(store.audit.entries())


def root_of(audit: LeafStore) -> bytes:
    """Return its root."""
    head = audit.head()
    return head.root if head is not None else b""


def calm(*runs: Sequence[bytes], ended: bool = True) -> MemoryStore:
    """Return what is left by runs that nothing befell, each ended in order where `ended`."""
    store = MemoryStore()
    runner = Runner(store, Engine(program()))
    for lines in runs:
        for at in range(0, len(lines), BLOCK_LINES):
            runner.take("log", Block(list(lines[at : at + BLOCK_LINES]), None))
        if ended:
            runner.end()
    return store


def cut(lines: Sequence[bytes], data: st.DataObject) -> MemoryStore:
    """Return what a run leaves that takes lines in batches of any size, and is started anew between some of them."""
    store = MemoryStore()
    runner = runner_of(store)
    at = 0
    while at < len(lines):
        size = data.draw(st.integers(1, 30), label="batch")
        runner.take("log", block_of(list(lines[at : at + size]), at))
        at += size
        if data.draw(st.booleans(), label="restart"):
            runner = runner_of(store)
    runner.end()
    return store
