"""A rule set kept whole: its files in one piece of bytes, and a rule set again from them.

So a store can keep every rule set it ever ran, by hash, and decide again what was decided long ago. The bytes are the
same for the same files: JSON of [[name, text], …] sorted by name, compressed by zlib.
"""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import Final

import msgspec

from rules.loading import load
from rules.loading.files import LEXICONS, files_of, lexicons_folder
from rules.model import RuleSet

_LEVEL: Final = 9


def archived(folder: Path) -> bytes:
    """Return the files of a rule set's folder as one piece. Raises OSError where one cannot be read."""
    beside = lexicons_folder(folder)
    held = []
    for path in files_of(folder):
        name = f"{LEXICONS}/{path.name}" if path.parent == beside else path.relative_to(folder).as_posix()
        held.append((name, path.read_text(encoding="utf-8")))
    return zlib.compress(msgspec.json.encode(sorted(held)), _LEVEL)


def from_archive(archive: bytes) -> RuleSet:
    """Load the rule set that was archived. Raises RuleProblems where its files hold together no more."""
    with tempfile.TemporaryDirectory(prefix="weiguard-") as folder:
        for name, text in msgspec.json.decode(zlib.decompress(archive), type=list[tuple[str, str]]):
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load(Path(folder))
