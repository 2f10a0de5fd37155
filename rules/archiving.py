"""A rule set kept whole: its files in one piece of bytes, and a rule set again from them.

So a store can keep every rule set it ever ran, by hash, and decide again what was decided long ago. The bytes are the
same for the same files: JSON of [[name, text], …] sorted by name, compressed by zlib.
"""

from __future__ import annotations

import pickle
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from rules.caching import kept
from rules.loading import load
from rules.loading.files import LEXICONS, files_of, lexicons_folder
from rules.model import RuleSet

_LEVEL: Final = 9
_MOST: Final = 1 << 28  # Bytes of all files together, far beyond any rule set: an archive may be anybody's.


class ArchiveError(Exception):
    """Bytes that are no archive of a rule set; the text is what they are instead."""


def archived(folder: Path) -> bytes:
    """Return the files of a rule set's folder as one piece. Raises OSError where one cannot be read."""
    beside = lexicons_folder(folder)
    held = []
    for path in files_of(folder):
        name = f"{LEXICONS}/{path.name}" if path.parent == beside else path.relative_to(folder).as_posix()
        written = name.encode("utf-8", "backslashreplace").decode()  # A name need not be text.
        held.append((written, path.read_text(encoding="utf-8")))
    return _packed(held)


def _packed(held: list[tuple[str, str]]) -> bytes:
    return zlib.compress(msgspec.json.encode(sorted(held)), _LEVEL)


def loaded(folder: Path) -> tuple[RuleSet, bytes]:
    """Load the rule set of a folder; return it and its files as one piece.

    What is returned is what was loaded, whoever edits meanwhile. Raises RuleProblems, or OSError where a file cannot be
    read.
    """
    try:
        archive = archived(folder)
    except UnicodeDecodeError:
        load(folder)  # It says which file that is, and where in it.
        archive = archived(folder)
    if archive == _packed([]):
        load(folder)  # It says what is missing where.
    return from_archive(archive), archive


def from_archive(archive: bytes) -> RuleSet:
    """Load the rule set that was archived.

    Raises RuleProblems where its files hold together no more, and ArchiveError where it is none.
    """
    rules: RuleSet = kept("rules", archive, lambda: _from_files(archive), pickle.dumps, pickle.loads)
    return rules


def _from_files(archive: bytes) -> RuleSet:
    with tempfile.TemporaryDirectory(prefix="weiguard-") as folder:
        for name, text in _files(archive):
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load(Path(folder))


def _files(archive: bytes) -> list[tuple[str, str]]:
    """Return (name, text) of each file. Raises ArchiveError."""
    try:
        unpacker = zlib.decompressobj()
        body = unpacker.decompress(archive, _MOST)
        if not unpacker.eof:
            raise ArchiveError("bytes that were cut off, or too many")
        files = msgspec.json.decode(body, type=list[tuple[str, str]])
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ArchiveError(f"what cannot be unpacked ({error})") from None
    for name, _ in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise ArchiveError(f"a file named {name!r}")
    return files
