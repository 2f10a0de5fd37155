"""A published audit log of any size, made once and kept on disk: entries as long as those of alerts are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from bench.log import FOLDER
from engine.merkle import leaf_hash
from streams.audit.checkpoints import Checkpoint
from streams.audit.notes import Signer
from streams.audit.tiles import ENTRIES, WIDTH, RightEdge, bundle, tile_path

SIGNER: Final = Signer("bench.example.cn/log", bytes(32))  # Of a log that proves nothing to anybody.
KEY: Final = FOLDER / "audit.key"
PUBLIC: Final = FOLDER / "audit.key.pub"
_SORTED: Final = msgspec.json.Encoder(order="sorted")
_WORDS: Final = "今日已收款 43,210.00 元，上限 50,000.00 元。" * 10


def keys() -> Path:
    """Return the file of the private key, written first where it is not there yet."""
    if not KEY.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        KEY.touch(mode=0o600)
        KEY.write_text(f"{SIGNER.private()}\n", encoding="utf-8")
        PUBLIC.write_text(f"{SIGNER.verifier}\n", encoding="utf-8")
    return KEY


def published(log: Path) -> Path:
    """Return the folder of an audit log with as many entries as a log has lines."""
    with log.open("rb") as lines:
        size = sum(1 for _ in lines)
    folder = FOLDER / f"tlog-{size}"
    if not (folder / "checkpoint").exists():
        keys()
        _write(folder, size)
    return folder


def _write(folder: Path, size: int) -> None:
    edge = RightEdge()
    for start in range(0, size, WIDTH):
        told = list(entries(start, min(size, start + WIDTH)))
        for entry in told:
            edge.append(leaf_hash(entry))
        _put(folder / tile_path(ENTRIES, start // WIDTH, len(told)), bundle(told))
        for level, number, body in edge.changed():
            if len(body) == WIDTH * 32 or edge.size == size:
                _put(folder / tile_path(level, number, len(body) // 32), body)
    _put(folder / "checkpoint", Checkpoint(SIGNER.name, size, edge.root()).signed(SIGNER))


def alert_of(number: int) -> str:
    """Return the id of the alert that an entry tells of."""
    return f"a_{number:032x}"


def entries(start: int, end: int) -> Iterator[bytes]:
    """Yield entries by their numbers."""
    for number in range(start, end):
        record = {
            "id": alert_of(number),
            "level": "warn",
            "message": {"zh": _WORDS},
            "values": {"sum": number},
        }
        yield _SORTED.encode({"kind": "alert", "position": number, "record": record, "tenant": "default"})


def _put(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
