"""Many rows by few statements: to run a statement once more costs as much as the row that it writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, TypeVar

_ROWS: Final = 50  # A statement; SQLite before 3.32 takes 999 values.
_KEYS: Final = 500  # A statement that looks for keys.
_Each = TypeVar("_Each")


def put_rows(connection: sqlite3.Connection, into: str, values: str, rows: Sequence[Sequence[Any]]) -> None:
    """Write rows in their order. `into`: the statement up to VALUES; `values`: of one row, as in `(?, ?)`."""
    whole = len(rows) - len(rows) % _ROWS
    statement = f"{into} VALUES {', '.join([values] * _ROWS)}"
    for at in range(0, whole, _ROWS):
        connection.execute(statement, list(chain.from_iterable(rows[at : at + _ROWS])))
    connection.executemany(f"{into} VALUES {values}", rows[whole:])


def by_keys(keys: Sequence[_Each]) -> Iterator[tuple[str, Sequence[_Each]]]:
    """Yield keys in parts, each with what follows `WHERE key` to find their rows."""
    for at in range(0, len(keys), _KEYS):
        part = keys[at : at + _KEYS]
        yield f"IN ({', '.join('?' * len(part))})", part
