"""A published log: where its files are, how they are read, and how a database writes them.

What is published never changes but for `checkpoint`; beside what c2sp.org/tlog-tiles asks for there is
`checkpoints.jsonl`, every checkpoint that was signed on the way, each note one JSON string a line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException
from io import BytesIO
from pathlib import Path
from typing import IO, Final, Protocol
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec

from engine.merkle import EMPTY, root
from streams.audit.broken import BrokenError
from streams.audit.checkpoints import Checkpoint, parse
from streams.audit.growth import Head, LeafStore
from streams.audit.notes import Signer
from streams.audit.tiles import ENTRIES, MOST_ENTRY, WIDTH, bundle, perfect_in, tile_path, tiles_of
from streams.refusing import RefusedError

CHECKPOINT: Final = "checkpoint"
HISTORY: Final = "checkpoints.jsonl"
_MOST_BYTES: Final = WIDTH * (MOST_ENTRY + 2)  # Of a file: a bundle of the longest entries.
_MOST_LINE: Final = 1 << 17  # Of a checkpoint in the history.
_MOST_ANSWER: Final = 1 << 30  # Of a file behind an address: room for a long history.
_WITHIN_S: Final = 30


class Published(Protocol):
    """A published log, wherever it is."""

    name: str  # What it is called in messages.

    def checkpoint(self) -> bytes | None:
        """Return the newest checkpoint; None where there is none. Raises RefusedError where it cannot be read."""

    def history(self) -> Iterator[bytes]:
        """Yield the checkpoints that were signed on the way as JSON strings, each one line."""

    def body(self, level: int, number: int, width: int) -> bytes | None:
        """Return a tile, or with level ENTRIES a bundle; None where there is none. Raises RefusedError."""


class _Files:
    """A log as files, however they are opened."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _open(self, name: str) -> IO[bytes] | None:
        raise NotImplementedError

    def checkpoint(self) -> bytes | None:
        """Return the newest checkpoint; None where there is none."""
        return self._read(CHECKPOINT)

    def history(self) -> Iterator[bytes]:
        """Yield the checkpoints that were signed on the way."""
        file = self._open(HISTORY)
        if file is not None:
            with file:
                while line := file.readline(_MOST_LINE):
                    yield line

    def body(self, level: int, number: int, width: int) -> bytes | None:
        """Return a tile, or with level ENTRIES a bundle; None where there is none."""
        return self._read(tile_path(level, number, width))

    def _read(self, name: str) -> bytes | None:
        file = self._open(name)
        if file is None:
            return None
        with file:
            return file.read(_MOST_BYTES)


class Folder(_Files):
    """A log as files in a folder."""

    def _open(self, name: str) -> IO[bytes] | None:
        path = Path(self.name, name)
        try:
            return path.open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RefusedError(str(path), f"“{error}”", "a file of the log", "check its rights") from None


class Site(_Files):
    """A log as files behind an address, http or https."""

    def _open(self, name: str) -> IO[bytes] | None:
        url = f"{self.name.rstrip('/')}/{name}"
        try:
            return BytesIO(urlopen(url, timeout=_WITHIN_S).read(_MOST_ANSWER))  # noqa: S310  # its scheme was looked at
        except HTTPError as error:
            if error.code == 404:
                return None
            raise RefusedError(
                url, f"status {error.code}", "a file of the log", "check the address"
            ) from None
        except (OSError, HTTPException, ValueError) as error:
            raise RefusedError(url, f"“{error}”", "a server that answers", "check the address") from None


class Stored:
    """A log in a database, as it would be published."""

    def __init__(self, leaves: LeafStore, name: str, signer: Signer | None = None) -> None:
        """`signer` signs a log whose last head is not signed."""
        self.name = name
        self.leaves = leaves
        self.head = leaves.head() or Head(0, EMPTY)
        self._signer = signer

    def checkpoint(self) -> bytes | None:
        """Return the newest checkpoint; None where nobody signs."""
        if self.head.note is not None or self._signer is None:
            return self.head.note
        return Checkpoint(self._signer.name, self.head.size, self.head.root).signed(self._signer)

    def signed(self) -> bytes:
        """Return the newest checkpoint. Raises RefusedError where nobody signs."""
        note = self.checkpoint()
        if note is None:
            raise RefusedError(
                self.name,
                "an audit log that nobody signed",
                "a key to sign it with",
                "make one with `weiguard audit keygen` and name it with --audit-key",
            )
        return note

    def history(self) -> Iterator[bytes]:
        """Yield the checkpoints that were signed on the way."""
        for head in self.leaves.heads():
            if head.note is not None:
                yield msgspec.json.encode(head.note.decode("utf-8", "replace")) + b"\n"

    def body(self, level: int, number: int, width: int) -> bytes | None:
        """Return a tile, or with level ENTRIES a bundle."""
        if level == ENTRIES:
            return bundle(list(self.leaves.entries(number * WIDTH, number * WIDTH + width)))
        return b"".join(self.leaves.tile(level, number)[:width])

    def bodies(self) -> Iterator[tuple[int, int, int]]:
        """Yield (level, number, width) of every tile and bundle."""
        for level, number, width in tiles_of(self.head.size):
            yield level, number, width
            if level == 0:
                yield ENTRIES, number, width


def export(stored: Stored, folder: Path, show: Callable[[int, int], None]) -> Checkpoint:
    """Write a log into a folder, or add to it what is new; return what it is now. `show` hears (files, bytes).

    Raises RefusedError where the folder has another log, or one that this one does not continue.
    """
    note = stored.signed()
    found = parse(note.decode().partition("\n\n")[0] + "\n", CHECKPOINT)
    _check_continues(stored, found, folder)
    size = 0
    for count, place in enumerate(stored.bodies(), 1):
        path = folder / tile_path(*place)
        if not path.exists():
            size += _write(path, [stored.body(*place) or b""])
        show(count, size)
    _write(folder / HISTORY, stored.history())
    _write(folder / CHECKPOINT, [note])  # Last: it promises the others.
    return found


def _check_continues(stored: Stored, found: Checkpoint, folder: Path) -> None:
    """Refuse to put a log in the place of another, or of one that was longer or different."""
    path = folder / CHECKPOINT
    if not path.exists():
        return
    try:
        old = parse(path.read_text(encoding="utf-8").partition("\n\n")[0] + "\n", str(path))
    except (BrokenError, UnicodeDecodeError) as error:
        raise RefusedError(str(path), f"“{error}”", "a checkpoint", "name an empty folder") from None
    wrong = (
        f"the log {old.origin}" if old.origin != found.origin
        else f"{old.size:,} entries" if old.size > found.size
        else "another history" if root(old.size, perfect_in(stored.leaves.tile)) != old.root
        else None
    )  # fmt: skip
    if wrong is not None:
        raise RefusedError(
            str(path),
            wrong,
            f"a beginning of {found.origin} with {found.size:,} entries",
            "name another folder",
        )


def _write(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a file whole or not at all; return its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    part.replace(path)
    return size


def history(log: Published) -> Iterator[tuple[str, bytes]]:
    """Yield (place, note) of the checkpoints that were signed on the way. Raises BrokenError."""
    for number, line in enumerate(log.history(), 1):
        place = f"{log.name}/{HISTORY}:{number}"
        try:
            yield place, msgspec.json.decode(line, type=str).encode()
        except (msgspec.MsgspecError, UnicodeError):
            raise BrokenError(place, repr(line[:40]), "a checkpoint as a JSON string") from None
