"""A pipe put into a file, so that what can be read only once is read as often as needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streams.sources.opening import CHUNK, opened


def spool(path: str, to: Path, show: Callable[[int, int], None]) -> None:
    """Copy what a path or `-` gives, unpacked; `show` hears of lines and bytes. Raises RefusedError."""
    lines = size = 0
    with opened(path) as (stream, _), to.open("wb") as file:
        while chunk := stream.read(CHUNK):
            file.write(chunk)
            lines += chunk.count(b"\n")
            size += len(chunk)
            show(lines, size)
