"""Files of events, one a line: plain or packed, whole, growing or followed; pipes and standard input.

How far a file was read is known to the byte, so the next run goes on where the last one stopped. A file that is not
the one that was read (cut short, replaced, rewritten) is refused: to go on in it would skip events, or take them for
others.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

import msgspec

from streams.ports import Block, Position
from streams.refusing import RefusedError
from streams.sources.cutting import Cutter, digest
from streams.sources.opening import CHUNK, STDIN, Reader, opened

IDLE_SECONDS: Final = 0.05  # How long a followed file that has nothing new is left alone.
_MEND: Final = "give a new file another name, or start a new database with --db"


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file, a pipe, or `-`. `follow`: wait at the end for what is appended."""

    path: str
    follow: bool = False
    pause: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """The file by its full name, so that it is known again from another folder."""
        return self.path if self.path == STDIN else str(Path(self.path).resolve())

    @property
    def live(self) -> bool:
        """Whether it waits for more at its end."""
        return self.follow

    @property
    def size(self) -> int | None:
        """Bytes of a plain file; None where they cannot be told."""
        if self.path == STDIN or not Path(self.path).is_file():
            return None
        with opened(self.path) as (_, packed):
            return None if packed else Path(self.path).stat().st_size

    def blocks(self, after: Position | None) -> Iterator[Block]:
        """Yield blocks from a position on; raises RefusedError."""
        with opened(self.path) as (stream, packed):
            if not self.lasting:
                if self.follow:
                    raise RefusedError(
                        self.path,
                        "a pipe",
                        "a file to follow",
                        "leave out --follow: a pipe is read to its end anyway",
                    )
                yield from _unplaced(stream)
                return
            if self.follow and packed:
                raise RefusedError(
                    self.path, "packed data", "a plain file to follow", "unpack it, or leave out --follow"
                )
            at = self._go_to(stream, after) if after is not None else Position()
            if after is not None and at.offset < after.offset:
                # The open line at its end has been continued: it is taken again, whole.
                yield from self.blocks(at)
                return
            with closing(Cutter(at)) as cutter:
                yield from self._follow(stream, cutter) if self.follow else _to_the_end(stream, cutter)

    @property
    def lasting(self) -> bool:
        """Whether it is a file that can be read again."""
        return (
            self.path != STDIN and Path(self.path).exists() and stat.S_ISREG(Path(self.path).stat().st_mode)
        )

    def _go_to(self, stream: Reader, after: Position) -> Position:
        """Move to a position, having looked whether the file is still the same up to there."""
        overlap = after.last_at < after.head_bytes  # A short file: its last line begins in its head.
        begin = _read(stream, max(after.head_bytes, after.last_at + after.last_bytes if overlap else 0))
        if overlap:
            at, last = len(begin), begin[after.last_at : after.last_at + after.last_bytes]
        else:
            _skip(stream, len(begin), after.last_at)
            last = _read(stream, after.last_bytes)
            at = after.last_at + len(last)
        head = begin[: after.head_bytes]
        if len(head) < after.head_bytes or len(last) < after.last_bytes:
            raise self._cut_short(after)
        if (digest(head), digest(last)) != (after.head, after.last):
            raise RefusedError(
                self.path,
                "another file than the one read before",
                f"the file whose first {after.lines:,} lines were read",
                _MEND,
            )
        if _skip(stream, at, after.offset) < after.offset:
            raise self._cut_short(after)
        return _behind_open_line(stream, after, head) if after.open else after

    def _cut_short(self, after: Position) -> RefusedError:
        return RefusedError(
            self.path,
            f"a file of fewer than the {after.offset:,} bytes read before",
            "that file, as it was or longer",
            _MEND,
        )

    def _follow(self, stream: Reader, cutter: Cutter) -> Iterator[Block]:
        assert isinstance(stream, BufferedReader), "a packed file is not followed"
        was = Path(self.path).stat().st_ino
        while True:
            chunk = stream.read(CHUNK)
            if chunk:
                yield from cutter.feed(chunk)
                continue
            yield Block([], None)
            self._still_there(was, stream.tell())
            self.pause(IDLE_SECONDS)

    def _still_there(self, was: int, read: int) -> None:
        try:
            now = Path(self.path).stat()
        except FileNotFoundError:
            now = None
        if now is None or now.st_ino != was or now.st_size < read:
            found = "that it was removed" if now is None else "that it was replaced or cut short"
            raise RefusedError(self.path, f"{found} while being followed", "a file that only grows", _MEND)


def _behind_open_line(stream: Reader, after: Position, head: bytes) -> Position:
    """Look what became of a line that had no end: nothing yet, an end, or a continuation, which takes us back to it."""
    follows = _read(stream, 1)
    if not follows:
        return after
    if follows == b"\r":
        follows += _read(stream, 1)
    if follows.endswith(b"\n"):
        return msgspec.structs.replace(after, offset=after.offset + len(follows), open=False)
    head = head[: after.last_at]
    return Position(
        after.last_at, after.lines - 1, len(head), digest(head), after.last_at, 0, digest(b""), open=False
    )


def _to_the_end(stream: Reader, cutter: Cutter) -> Iterator[Block]:
    while chunk := stream.read(CHUNK):
        yield from cutter.feed(chunk)
    yield from cutter.finish()


def _unplaced(stream: Reader) -> Iterator[Block]:
    """Read what cannot be read twice: its blocks have no position, and come as soon as there is something."""
    read = stream.read1 if isinstance(stream, BufferedReader) else stream.read
    with closing(Cutter()) as cutter:
        while chunk := read(CHUNK):
            for block in cutter.feed(chunk):
                yield Block(block.lines, None, block.rest)
        for block in cutter.finish():
            yield Block(block.lines, None, block.rest)


def _read(stream: Reader, size: int) -> bytes:
    """Read so many bytes, fewer only at the end."""
    found = b""
    while len(found) < size and (piece := stream.read(size - len(found))):
        found += piece
    return found


def _skip(stream: Reader, at: int, to: int) -> int:
    """Move forward to an offset; return where the stream is then, which is less only at its end."""
    if isinstance(stream, BufferedReader):
        end = stream.seek(0, 2)
        return stream.seek(min(to, end))
    while at < to and (piece := stream.read(min(CHUNK, to - at))):
        at += len(piece)
    return at
