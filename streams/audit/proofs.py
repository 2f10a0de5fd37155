"""A proof that one entry is in the log, as a file that needs nothing else but the log's key (c2sp.org/tlog-proof).

Where the entry stands, the hashes from its leaf up to the root, and the checkpoint with that root. The entry travels in
the line `extra`; that line is not to be trusted before the proof holds for it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.merkle import HASH_BYTES, leaf_hash, root_by_inclusion
from streams.audit.broken import BrokenError
from streams.audit.checkpoints import Checkpoint, opened
from streams.audit.coding import decoded
from streams.audit.notes import Verifier

HEADER: Final = "c2sp.org/tlog-proof@v1"
SUFFIX: Final = ".tlog-proof"
MOST_BYTES: Final = 1 << 20  # Of a proof: an entry, at most 63 hashes, and a note.
_MOST_HASHES: Final = 63


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry, its place from 0, the hashes from its sibling upwards, and the checkpoint as a signed note."""

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """Return it as a file."""
        lines = [HEADER, f"extra {b64encode(self.entry).decode()}", f"index {self.index}"]
        lines += [b64encode(each).decode() for each in self.hashes]
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint

    def verify(self, verifiers: Sequence[Verifier], where: str) -> Checkpoint:
        """Return the checkpoint that has the entry in it. Raises BrokenError where signature or hashes do not hold."""
        checkpoint, _ = opened(self.checkpoint, verifiers, f"{where}, checkpoint")
        root = root_by_inclusion(leaf_hash(self.entry), self.index, checkpoint.size, self.hashes)
        if root is None:
            found = f"{len(self.hashes)} hashes for entry {self.index}"
            raise BrokenError(where, found, f"as many as lead to the root of {checkpoint.size} entries")
        if root != checkpoint.root:
            found = f"that entry {self.index} leads to the root {b64encode(root).decode()}"
            raise BrokenError(where, found, f"the signed one, {b64encode(checkpoint.root).decode()}")
        return checkpoint


def parse(body: bytes, where: str) -> Proof:
    """Read a proof that has its entry with it. Raises BrokenError."""
    head, gap, checkpoint = body.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if len(body) > MOST_BYTES or not gap or lines[0] != HEADER:
        raise BrokenError(f"{where}:1", repr(lines[0][:60]), f"a proof that begins with {HEADER}")
    if len(lines) < 3 or not lines[1].startswith("extra "):
        raise BrokenError(f"{where}:2", "no entry", "the line `extra` with the entry in base64")
    entry = _bytes(lines[1].removeprefix("extra "), f"{where}:2")
    index = re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[2])
    if index is None:
        raise BrokenError(f"{where}:3", repr(lines[2][:60]), "the line `index` with the entry's place")
    hashes = tuple(_bytes(line, f"{where}:{number}") for number, line in enumerate(lines[3:], 4))
    wrong = next((number for number, each in enumerate(hashes, 4) if len(each) != HASH_BYTES), None)
    if wrong is not None or len(hashes) > _MOST_HASHES:
        raise BrokenError(f"{where}:{wrong or 4}", "what is no proof", f"hashes of {HASH_BYTES} bytes")
    return Proof(entry, int(index[1]), hashes, checkpoint)


def _bytes(coded: str, where: str) -> bytes:
    try:
        return decoded(coded)
    except ValueError:
        raise BrokenError(where, repr(coded[:60]), "base64") from None
