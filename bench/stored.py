"""An audit log of any size in a database, made once and kept on disk: entries, tiles, signed heads, and alerts to find.

No run could have written it, for it has no inputs; it is read as any other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.log import FOLDER
from bench.published import SIGNER, alert_of, entries
from engine.merkle import leaf_hash
from streams.audit.checkpoints import Checkpoint
from streams.audit.growth import Growth, Head
from streams.audit.tiles import RightEdge
from streams.sealing.subjects import SEED_BYTES, keys_from
from streams.stores.sqlite_leaves import put_growth
from streams.stores.sqlite_schema import VERSION, create

BATCH: Final = 1_000  # Entries of one transaction: as many as a batch of inputs has, if each raises an alert.
_RECORD: Final = "INSERT INTO records(input, alert, record, body, leaf) VALUES (0, ?, 1, x'', ?)"


def stored(size: int) -> Path:
    """Return a database whose audit log has so many entries, each of an alert of its own."""
    path = FOLDER / f"tlog-{size}-{VERSION}.db"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        half.unlink(missing_ok=True)
        with closing(sqlite3.connect(half, isolation_level=None)) as database:
            _write(database, size)
        half.rename(path)
    return path


def _write(database: sqlite3.Connection, size: int) -> None:
    create(database, keys_from(bytes(SEED_BYTES)))
    database.execute("PRAGMA synchronous = OFF")  # What is cut off is made anew.
    key: str | None = str(SIGNER.verifier)
    edge = RightEdge()
    for start in range(0, size, BATCH):
        numbers = range(start, min(size, start + BATCH))
        told = list(zip(numbers, entries(start, numbers.stop), strict=True))
        for _, entry in told:
            edge.append(leaf_hash(entry))
        root = edge.root()
        note = Checkpoint(SIGNER.name, edge.size, root).signed(SIGNER)
        growth = Growth(Head(edge.size, root, note), told, [], edge.changed(), {}, key=key)
        database.execute("BEGIN")
        put_growth(database, growth, 0)
        database.executemany(_RECORD, _alerts(numbers))
        database.execute("COMMIT")
        key = None


def _alerts(numbers: range) -> Iterator[tuple[str, int]]:
    for number in numbers:
        yield alert_of(number), number
