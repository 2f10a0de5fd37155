"""Cuts a stream of bytes into lines, and knows at each block's end how far it came.

Lines end in LF or CR LF; a byte order mark before the first is taken off. Nothing else is touched: what stands between
two ends goes to the engine whole, whatever it is. Memory is bounded: of a line that is too long to be decoded only the
first bytes are held, and the rest goes to a temporary file until it is stored.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from hashlib import blake2b
from typing import IO, Final

from engine.decoding import LONGEST
from streams.ports import BLOCK_LINES, Block, Position

HELD: Final = (
    LONGEST + 1
)  # Bytes of an overlong line that reach the engine: enough to be refused for its length.
BOM: Final = b"\xef\xbb\xbf"
TOLD: Final = 4_096  # Bytes by which a source is told from another, at its head and at the last line.


def digest(data: bytes) -> str:
    """Return what a position remembers of some bytes."""
    return blake2b(data, digest_size=12).hexdigest()


class Cutter:
    """Takes chunks and gives blocks. `after` is where the stream it is fed with begins."""

    def __init__(self, after: Position | None = None) -> None:
        self.at = after or Position()
        self._kept: list[bytes] = []  # Chunks of a line without an end so far.
        self._kept_bytes = 0
        self._rest: IO[bytes] | None = None
        self._rest_bytes = 0
        self._head = b""

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """Yield the blocks of all lines that end in the chunk."""
        if self._rest is not None:
            chunk = yield from self._overlong(chunk)
        end = chunk.rfind(b"\n") + 1
        if end:
            whole = b"".join([*self._kept, chunk[:end]]) if self._kept else chunk[:end]
            self._kept, self._kept_bytes = [], 0
            yield from self._cut(whole)
            chunk = chunk[end:]
        if chunk:
            self._keep(chunk)

    def finish(self) -> Iterator[Block]:
        """Yield what stands after the last end of line, as a line that is still open."""
        if self._rest is not None:
            yield self._block_of_rest(b"")
        elif self._kept:
            whole = b"".join(self._kept)
            self._kept, self._kept_bytes = [], 0
            yield self._block([whole], whole, ended=False)

    def close(self) -> None:
        """Let go of a line that was not read to its end."""
        if self._rest is not None:
            self._rest.close()

    def _cut(self, whole: bytes) -> Iterator[Block]:
        """Cut bytes that end with a line into blocks; a line too long to decode gets one of its own."""
        lines = whole.split(b"\n")
        lines.pop()
        start = 0
        for first in range(0, len(lines), BLOCK_LINES):
            some = lines[first : first + BLOCK_LINES]
            size = sum(map(len, some)) + len(some)
            yield from self._short(some, whole[start : start + size])
            start += size

    def _short(self, lines: list[bytes], whole: bytes) -> Iterator[Block]:
        if len(whole) <= LONGEST or max(map(len, lines)) <= LONGEST + 1:  # One more for a CR.
            yield self._block(lines, whole, ended=True)
            return
        for line in lines:
            if len(line) <= LONGEST + 1:
                yield self._block([line], line + b"\n", ended=True)
            else:
                self._keep(line)
                yield self._block_of_rest(b"\n")

    def _keep(self, chunk: bytes) -> None:
        """Hold the beginning of a line; past the longest that is decoded, in a file."""
        if self._rest is not None:
            self._rest.write(chunk)
            self._rest_bytes += len(chunk)
            return
        self._kept.append(chunk)
        self._kept_bytes += len(chunk)
        if self._kept_bytes > HELD:
            whole = b"".join(self._kept)
            self._kept, self._kept_bytes = [whole[:HELD]], HELD
            self._rest = tempfile.TemporaryFile()  # noqa: SIM115  # whoever takes the block closes it
            self._rest_bytes = 0
            self._keep(whole[HELD:])

    def _overlong(self, chunk: bytes) -> Generator[Block, None, bytes]:
        """Go on with an overlong line; return what comes behind its end."""
        end = chunk.find(b"\n")
        if end < 0:
            self._keep(chunk)
            return b""
        self._keep(chunk[:end])
        yield self._block_of_rest(b"\n")
        return chunk[end + 1 :]

    def _block_of_rest(self, end: bytes) -> Block:
        (first,), rest = self._kept, self._rest
        assert rest is not None, "an overlong line has a rest"
        rest.seek(0)
        block = self._block([first], first, ended=bool(end), more=self._rest_bytes + len(end))
        self._kept, self._kept_bytes, self._rest = [], 0, None
        return Block(block.lines, block.position, rest)

    def _block(self, lines: list[bytes], whole: bytes, *, ended: bool, more: int = 0) -> Block:
        """Make a block and move on. `whole`: the bytes of the lines with their ends, `more`: how many follow them."""
        at = self.at
        offset = at.offset + len(whole) + more
        last = len(lines[-1]) + (1 if ended and not more else 0)
        begin = len(whole) - last
        head_bytes, head = at.head_bytes, at.head
        if not at.lines:
            head_bytes = min(len(whole), TOLD)
            head = digest(whole[:TOLD])
        self.at = Position(
            offset, at.lines + len(lines), head_bytes, head, at.offset + begin, min(last, TOLD),
            digest(whole[begin : begin + TOLD]), open=not ended,
        )  # fmt: skip
        return Block(_plain(lines, whole, first=not at.offset, cut=bool(more)), self.at)


def _plain(lines: list[bytes], whole: bytes, *, first: bool, cut: bool) -> list[bytes]:
    """Take off the CR of CR LF, and a byte order mark. `cut`: only the beginning of a line, whose CR has no LF."""
    if b"\r" in whole and not cut:
        lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    if first and lines[0].startswith(BOM):
        lines[0] = lines[0][len(BOM) :]
    return lines
