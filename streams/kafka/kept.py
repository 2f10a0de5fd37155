"""What the state topic holds of one partition, as keys and values.

Each kind of key has a letter of its own, so that no name out of an event can pass for a position. The topic is
compacted: the last value under a key stands, and none at all means that it is gone.

| key | value |
|---|---|
| `p` | the position: the last input decided, and the counts up to it; written with every batch |
| `k` | the checkpoint: the input that the state stands behind, how many entries it has, and their sum |
| `s` part name | a part of an entry of the engine's state; the first one begins with the number of parts |
| `d` offset | the dispositions of the inputs from an offset on, as far as one checkpoint went beyond the last |
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from struct import Struct
from typing import Final, TypeAlias, TypeVar

import msgspec

from streams.refusing import RefusedError
from streams.stores.deciding import DecidedBy

Message: TypeAlias = tuple[bytes, bytes | None]  # Key and value; None: gone.

PART_BYTES: Final = 512 * 1024  # Of a value; a broker takes no message of any size.
_POSITION: Final = b"p"
_CHECKPOINT: Final = b"k"
_ENTRY: Final = b"s"
_DISPOSITIONS: Final = b"d"
_SHORT: Final = Struct(">H")
_LONG: Final = Struct(">Q")
_HEAD: Final = Struct(">Qq")  # Of dispositions, before what is packed: their number, and the latest instant.
_START_AGAIN: Final = "give the workers topics of another --prefix, and produce the log there"


class Position(msgspec.Struct, frozen=True):
    """The last input decided (-1: none), how many inputs had each disposition, the last tick, and by which rules.

    `counts` are in the order of the dispositions' codes; `tick_us` is in UTC microseconds, -1 without any.
    """

    by: DecidedBy
    offset: int = -1
    counts: tuple[int, ...] = ()
    tick_us: int = -1


class Checkpoint(msgspec.Struct, frozen=True):
    """The input that the state stands behind (-1: none), the number of its entries, and what they add up to."""

    offset: int = -1
    counts: tuple[int, ...] = ()
    entries: int = 0
    sum: int = 0


Mark = TypeVar("Mark", Position, Checkpoint)


class Dispositions(msgspec.Struct, frozen=True):
    """What became of the inputs from an offset on, one byte an input, and until when each is remembered.

    `ats`: the greater of an input's time and the clock after it, in UTC microseconds.
    """

    first: int
    codes: bytes
    ats: array[int]


@dataclass(frozen=True, slots=True)
class Block:
    """Dispositions as they are kept: those of a long history are many, and few of them are needed to go on.

    `latest`: until when one of its inputs is remembered, in UTC microseconds.
    """

    where: str
    first: int
    count: int
    latest: int
    packed: bytes

    def open(self) -> Dispositions:
        """Unpack them. Raises RefusedError where they cannot be read."""
        try:
            whole = zlib.decompress(self.packed)
            found = Dispositions(self.first, whole[: self.count], array("q", whole[self.count :]))
        except (zlib.error, ValueError) as error:
            raise damaged(self.where, f"dispositions that cannot be read ({error})") from None
        if not len(found.codes) == len(found.ats) == self.count:
            raise damaged(self.where, f"dispositions of {len(found.ats)} inputs in the place of {self.count}")
        return found


def damaged(where: str, found: str) -> RefusedError:
    """Say that a partition of the state topic is not as it was written."""
    return RefusedError(where, found, "the state as it was committed", _START_AGAIN)


def position(value: Position) -> Message:
    """Return a position as a message."""
    return _POSITION, msgspec.json.encode(value)


def checkpoint(value: Checkpoint) -> Message:
    """Return a checkpoint's mark as a message."""
    return _CHECKPOINT, msgspec.json.encode(value)


def dispositions(value: Dispositions) -> Message:
    """Return dispositions as a message."""
    head = _HEAD.pack(len(value.codes), max(value.ats, default=0))
    return _DISPOSITIONS + _LONG.pack(value.first), head + zlib.compress(value.codes + value.ats.tobytes(), 1)


class Entries:
    """Writes the engine's entries, and knows what all of them add up to."""

    def __init__(self) -> None:
        self._digests: dict[int, int] = {}  # Of a name → of its value.
        self._parts: dict[bytes, int] = {}  # Names that take more than one message.
        self.sum = 0

    def __len__(self) -> int:
        return len(self._digests)

    def put(self, name: bytes, value: bytes | None) -> Iterator[Message]:
        """Yield the messages that put an entry in the place of the one before; none where both are nothing."""
        if not self.note(name, value) and value is None:
            return
        parts = _split(value) if value is not None else []
        for number in range(len(parts), self._parts.get(name, 1)):
            yield _ENTRY + _SHORT.pack(number) + name, None
        for number, part in enumerate(parts):
            yield _ENTRY + _SHORT.pack(number) + name, part
        if len(parts) > 1:
            self._parts[name] = len(parts)
        else:
            self._parts.pop(name, None)

    def note(self, name: bytes, value: bytes | None, parts: int = 1) -> bool:
        """Take an entry into the sum; return whether it was there. `parts`: how many messages it was read from."""
        key = int.from_bytes(blake2b(name, digest_size=8).digest(), "big")
        before = self._digests.pop(key, None)
        if before is not None:
            self.sum -= key ^ before
        if value is not None:
            after = self._digests[key] = zlib.crc32(value)
            self.sum += key ^ after
        self.sum &= (1 << 64) - 1
        if parts > 1:
            self._parts[name] = parts
        return before is not None


def _split(value: bytes) -> list[bytes]:
    count = max(1, -(-len(value) // PART_BYTES))
    parts = [value[number * PART_BYTES : (number + 1) * PART_BYTES] for number in range(count)]
    parts[0] = _SHORT.pack(count) + parts[0]
    return parts


class Kept:
    """What was read of a partition's state, message by message in their order."""

    def __init__(self, topic: str, partition: int) -> None:
        self.where = f"{topic}/{partition}"
        self._values: dict[bytes, bytes] = {}

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Take the next message."""
        if value is None:
            self._values.pop(key or b"", None)
        else:
            self._values[key or b""] = value

    def position(self) -> Position | None:
        """Return the position; None before the first batch."""
        raw = self._values.get(_POSITION)
        return None if raw is None else self._decoded(raw, Position)

    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint's mark."""
        raw = self._values.get(_CHECKPOINT)
        return Checkpoint() if raw is None else self._decoded(raw, Checkpoint)

    def _decoded(self, raw: bytes, kind: type[Mark]) -> Mark:
        try:
            return msgspec.json.decode(raw, type=kind)
        except msgspec.MsgspecError as error:
            raise self._damaged(f"a {kind.__name__.lower()} that cannot be read ({error})") from None

    def dispositions(self) -> list[Block]:
        """Return what became of all inputs up to the checkpoint, in their order. Raises RefusedError on a hole."""
        found = []
        end = 0
        for key in sorted(key for key in self._values if key.startswith(_DISPOSITIONS)):
            one = self._block(key)
            if one.first != end:
                raise self._damaged(f"no dispositions of the inputs {end} to {one.first - 1}")
            found.append(one)
            end = one.first + one.count
        if end != self.checkpoint().offset + 1:
            raise self._damaged(f"dispositions up to input {end - 1}")
        return found

    def _block(self, key: bytes) -> Block:
        value = self._values[key]
        try:
            (first,) = _LONG.unpack(key[1:])
            count, latest = _HEAD.unpack_from(value)
        except struct.error as error:
            raise self._damaged(f"dispositions that cannot be read ({error})") from None
        return Block(self.where, first, count, latest, value[_HEAD.size :])

    def entries(self, into: Entries) -> Iterator[tuple[bytes, bytes]]:
        """Yield the engine's entries, and note them. Raises RefusedError where they are not those that were written."""
        mark = self.checkpoint()
        for key in [key for key in self._values if key.startswith(_ENTRY + b"\0\0")]:
            name = key[3:]
            first = self._values.pop(key)
            (count,) = _SHORT.unpack_from(first)
            rest = [self._values.pop(_ENTRY + _SHORT.pack(part) + name, b"") for part in range(1, count)]
            value = b"".join([first[2:], *rest])
            into.note(name, value, count)
            yield name, value
        if (len(into), into.sum) != (mark.entries, mark.sum):
            raise self._damaged(f"{len(into)} entries that do not add up to the {mark.entries} written")

    def _damaged(self, found: str) -> RefusedError:
        return damaged(self.where, found)
