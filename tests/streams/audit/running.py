"""What tests of the audit log share: a calm run, and what a store holds of the log."""

from __future__ import annotations

from collections.abc import Sequence

from engine.fold import Engine
from streams.audit.growth import LeafStore
from streams.audit.notes import Signer
from streams.embedded import Runner
from streams.ports import BLOCK_LINES, Block, Store
from streams.stores.memory import MemoryStore
from tests.streams.running import program

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
