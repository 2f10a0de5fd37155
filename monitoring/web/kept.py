"""Files that say who may do what: read again when they change, written whole or not at all, by their owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from streams.refusing import RefusedError

T = TypeVar("T")
_MOST_BYTES: Final = 1 << 20


class Kept(Generic[T]):
    """The entries of a file, read again when it changes: what is taken out of it opens nothing any more."""

    def __init__(self, path: Path, kind: type[T], what: str, make: str) -> None:
        """Read them; raises RefusedError. `what` the file holds, and how to `make` one, are told where it is wrong."""
        self._path, self._kind, self._words = path, kind, (what, make)
        self._read = _stat(path)
        self.entries = self._fresh()

    def look(self) -> None:
        """Read the file again where it is another. Raises RefusedError."""
        found = _stat(self._path)
        if found != self._read:
            self.entries = self._fresh()
            self._read = found

    def _fresh(self) -> tuple[T, ...]:
        return read(self._path, self._kind, *self._words)


def read(path: Path, kind: type[T], what: str, make: str) -> tuple[T, ...]:
    """Return the entries of a file. Raises RefusedError where it cannot be read, or others may write it."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            body = file.read(_MOST_BYTES)
    except OSError as error:
        raise RefusedError(str(path), f"“{error.strerror}”", what, make) from None
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        shown = f"a file that others can write (mode {stat.S_IMODE(mode):03o})"
        raise RefusedError(str(path), shown, "mode 600", f"run `chmod 600 {path}`, and look at what it holds")
    try:
        return msgspec.json.decode(body, type=tuple[kind, ...])  # type: ignore[valid-type]  # msgspec reads it
    except msgspec.MsgspecError as error:
        raise RefusedError(str(path), f"“{error}”", what, make) from None


def write(path: Path, entries: Sequence[object]) -> None:
    """Write entries in the place of those that a file holds; whoever reads it sees the old ones or the new ones."""
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(entries)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
