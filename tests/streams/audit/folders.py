"""Logs made up for tests, as the folders of files that an export writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.merkle import leaf_hash
from streams.audit.checkpoints import Checkpoint
from streams.audit.notes import Signer
from streams.audit.tiles import ENTRIES, WIDTH, RightEdge, bundle, tile_path

SIGNER = Signer("example.cn/log", bytes(range(32)))


def write_log(folder: Path, entries: Sequence[bytes], signer: Signer = SIGNER) -> Path:
    """Write entries as tiles, bundles and a signed checkpoint; return the folder."""
    edge = RightEdge()
    for entry in entries:
        edge.append(leaf_hash(entry))
    for level, number, body in edge.changed():
        put(folder, tile_path(level, number, len(body) // 32), body)
    for start in range(0, len(entries), WIDTH):
        some = entries[start : start + WIDTH]
        put(folder, tile_path(ENTRIES, start // WIDTH, len(some)), bundle(some))
    put(folder, "checkpoint", Checkpoint(signer.name, len(entries), edge.root()).signed(signer))
    put(folder, "key.pub", f"{signer.verifier}\n".encode())
    return folder


def put(folder: Path, name: str, body: bytes) -> None:
    """Write one file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
