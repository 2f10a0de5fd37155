"""Checkpoints: how large the log is and what its root is, signed (c2sp.org/tlog-checkpoint).

Three lines, the log's name (its origin), its size, and its root in base64; then signatures. Whoever keeps one can tell
later whether the log was changed behind it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from engine.merkle import HASH_BYTES
from streams.audit.broken import BrokenError
from streams.audit.coding import decoded
from streams.audit.notes import Signer, Verifier, open_note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's name, its number of entries, and the 32 bytes of its root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return what is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> bytes:
        """Return it as a signed note."""
        return signer.sign(self.text())


def parse(text: str, where: str) -> Checkpoint:
    """Read the text of a checkpoint; lines behind the third are passed over. Raises BrokenError."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0]:
        raise BrokenError(where, f"{len(lines) - 1} lines", "a checkpoint: origin, size, root")
    origin, size, coded = lines[:3]
    if not re.fullmatch("0|[1-9][0-9]{0,18}", size):
        raise BrokenError(f"{where}:2", repr(size[:40]), "the number of entries")
    try:
        root = decoded(coded)
    except ValueError:
        root = b""
    if len(root) != HASH_BYTES:
        raise BrokenError(f"{where}:3", repr(coded[:60]), "a SHA-256 in base64")
    return Checkpoint(origin, int(size), root)


def opened(note: bytes, verifiers: Sequence[Verifier], where: str) -> tuple[Checkpoint, list[Verifier]]:
    """Read a checkpoint and return who signed it. Raises BrokenError where none of these did.

    A log's own key has the log's name, so that one key never speaks for two logs.
    """
    text, signed = open_note(note, verifiers, where)
    found = parse(text, where)
    if all(each.name != found.origin for each in signed):
        names = " or ".join(sorted({each.name for each in signed}))
        raise BrokenError(f"{where}:1", f"the log {found.origin}", f"{names}, whose key signed")
    return found, signed
