"""Both stores keep what a store promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.stores.memory import MemoryStore
from streams.stores.sqlite import SqliteStore
from tests.contracts.store import StoreContract
from tests.streams.running import open_at


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


class TestSqlite(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteStore]:
        opened = open_at(tmp_path / "log.db")
        yield opened
        opened.close()
