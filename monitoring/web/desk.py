"""Where a database is looked at for those who ask: off the server's own thread, a few at a time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Final, TypeAlias, TypeVar

from monitoring.web.answers import Refusal
from streams.refusing import RefusedError
from streams.sealing.tokens import SealError
from streams.stores.sqlite_failing import failed
from streams.stores.sqlite_reading import SqliteReader, open_reader

T = TypeVar("T")
Clock: TypeAlias = Callable[[str], int | None]
READERS: Final = 4
AGAIN_S: Final = 5


def unopened() -> Refusal:
    """Return the refusal of who comes before there is a database."""
    why = RefusedError("the database", "that it is being opened", mend=f"come again after {AGAIN_S} s")
    return Refusal(503, why, AGAIN_S)


class Desk:
    """Some readers of one database, which is opened once there is one."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.clock: Clock = lambda _: None
        self._pool = ThreadPoolExecutor(READERS, "weiguard-desk")
        self._free: LifoQueue[SqliteReader] = LifoQueue()

    def open(self, path: Path, clock: Clock) -> None:
        """Look at a database from now on. `clock`: a tenant's clock in UTC microseconds, None before it has one."""
        self.path, self.clock = path, clock

    async def look(self, read: Callable[[SqliteReader], T]) -> T:
        """Return what is read. Raises Refusal where there is no database yet or it cannot be read."""
        if self.path is None:
            raise unopened()
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, self.path, read)

    def _read(self, path: Path, read: Callable[[SqliteReader], T]) -> T:
        try:
            reader = self._taken(path)
            try:
                return read(reader)
            finally:
                self._free.put(reader)
        except sqlite3.DatabaseError as error:
            raise Refusal(500, failed(path, error)) from None
        except SealError as error:  # Nobody asked for it wrongly.
            raise Refusal(500, error) from None

    def _taken(self, path: Path) -> SqliteReader:
        try:
            reader = self._free.get_nowait()
        except Empty:
            try:
                return open_reader(path, shared=True)
            except RefusedError as error:
                raise Refusal(503, error, AGAIN_S) from None
        reader.renew()
        return reader

    def close(self) -> None:
        """Close the readers."""
        self._pool.shutdown()
        while self._free.qsize():
            self._free.get_nowait().close()
