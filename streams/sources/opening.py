"""Opens a file, a pipe or standard input as a stream of plain bytes; packed ones are told by their first bytes.

The name says nothing: a pipe has none, and people rename files. Unpacking is bounded: a small file that would unpack
to a huge one never takes more memory than one chunk.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final, Protocol

import zstandard

from streams.refusing import RefusedError

CHUNK: Final = 1 << 18  # Bytes read at a time: about a thousand events.
STDIN: Final = "-"
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_PIECE: Final = 1 << 11  # Packed bytes unpacked at a time; even the densest unpack to 64 MiB at most.
_WINDOW: Final = 1 << 27  # The largest window that `zstd` makes unless told to.


class Reader(Protocol):
    """A stream of plain bytes; `read` gives at most so many, none at the end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""


@contextmanager
def opened(path: str) -> Iterator[tuple[Reader, bool]]:
    """Open a path or `-`; yield the plain stream, and whether it is packed. Raises RefusedError."""
    if path == STDIN:
        assert isinstance(sys.stdin.buffer, BufferedReader), (
            "standard input can be looked at before it is read"
        )
        yield _unpacked(sys.stdin.buffer, "standard input")
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115  # closed below; only opening it is refused here
    except OSError as error:
        raise RefusedError(
            path, _words(error), "a file of events that can be read", "check its name and its rights"
        ) from None
    with file:
        yield _unpacked(file, path)


def _words(error: OSError) -> str:
    text = (error.strerror or str(error)).lower()
    return f"“{text}” when opening it"


def _unpacked(file: BufferedReader, name: str) -> tuple[Reader, bool]:
    try:
        start = file.peek(len(_ZSTD))[: len(_ZSTD)]
    except OSError as error:
        raise RefusedError(
            name, _words(error), "a file of events that can be read", "name a file, not a folder"
        ) from None
    if start.startswith(_GZIP):
        return _Gzip(file, name), True
    if start == _ZSTD:
        return _Zstd(file, name), True
    return file, False


def _broken(name: str, kind: str, why: object) -> RefusedError:
    return RefusedError(
        name,
        f"{kind} data that cannot be unpacked ({why})",
        "a whole file",
        "get it again; what came before the damage is kept",
    )


class _Gzip:
    """A gzip stream, of one member or many."""

    def __init__(self, file: BufferedReader, name: str) -> None:
        self._file = gzip.GzipFile(fileobj=file)
        self._name = name

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read1(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _broken(self._name, "gzip", str(error).rstrip(".")) from None


class _Zstd:
    """A zstd stream, of one frame or many. A frame that breaks off is an error, not an end."""

    def __init__(self, file: BufferedReader, name: str) -> None:
        self._file = file
        self._name = name
        self._frames = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._packed = b""
        self._plain = bytearray()

    def read(self, size: int, /) -> bytes:
        while not self._plain:
            self._packed = self._packed or self._file.read(_PIECE)
            if not self._packed:
                if self._frame is not None:
                    raise _broken(self._name, "zstd", "it ends in the middle of a frame")
                return b""
            self._step()
        taken = bytes(self._plain[:size])
        del self._plain[:size]
        return taken

    def _step(self) -> None:
        frame = self._frame = self._frame or self._frames.decompressobj()
        try:
            self._plain += frame.decompress(self._packed)
        except zstandard.ZstdError as error:
            raise _broken(self._name, "zstd", error) from None
        self._packed = frame.unused_data if frame.eof else b""
        if frame.eof:
            self._frame = None
