"""The Merkle tree over a log: one hash that stands for all entries, and short proofs about it.

As RFC 6962, section 2.1, has it: SHA-256, leaves and nodes told apart by a first byte, so that no node can pass for an
entry. A tree of n entries is cut at the greatest power of two below n; whatever is perfect never changes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

# Returns the hash of a perfect subtree: (level, index) is that of entries index·2^level up to (index + 1)·2^level.
Perfect: TypeAlias = Callable[[int, int], bytes]
EMPTY: Final = sha256(b"").digest()  # The root of no entries.
HASH_BYTES: Final = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32 bytes that stand for an entry."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32 bytes that stand for two subtrees."""
    return sha256(b"\1" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes of equal height; their number is a power of two."""
    assert hashes, "a subtree has leaves"
    assert len(hashes) & (len(hashes) - 1) == 0, "a perfect subtree has a power of two of them"
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def root(size: int, perfect: Perfect) -> bytes:
    """Return the root of a tree of so many entries."""
    return _subtree(0, size, perfect) if size else EMPTY


def pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the perfect subtrees (level, index) that entries `start` to `end` consist of, from left to right.

    `start` is where a subtree of that width begins, as all are that a proof asks for.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _subtree(start: int, end: int, perfect: Perfect) -> bytes:
    """Return MTH(D[start:end]): the perfect pieces, joined from the right."""
    hashes = [perfect(level, index) for level, index in pieces(start, end)]
    found = hashes.pop()
    while hashes:
        found = node_hash(hashes.pop(), found)
    return found


def inclusion_proof(index: int, size: int, perfect: Perfect) -> list[bytes]:
    """Return what shows that entry `index` (from 0) is in the tree: hashes from the leaf's sibling upwards."""
    assert 0 <= index < size, "the entry is in the tree"
    return _path(index, 0, size, perfect)


def _path(index: int, start: int, end: int, perfect: Perfect) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _cut(end - start)
    if index < middle:
        return [*_path(index, start, middle, perfect), _subtree(middle, end, perfect)]
    return [*_path(index, middle, end, perfect), _subtree(start, middle, perfect)]


def consistency_proof(old: int, size: int, perfect: Perfect) -> list[bytes]:
    """Return what shows that the tree of `size` begins with that of `old` entries."""
    assert 0 < old <= size, "the older tree has entries, and no more than the newer"
    return _steps(old, 0, size, perfect, whole=True)


def _steps(old: int, start: int, end: int, perfect: Perfect, *, whole: bool) -> list[bytes]:
    """Return SUBPROOF of RFC 6962; `whole`: the old tree is this subtree, whose root is known then."""
    if old == end - start:
        return [] if whole else [_subtree(start, end, perfect)]
    cut = _cut(end - start)
    middle = start + cut
    if old <= cut:
        return [*_steps(old, start, middle, perfect, whole=whole), _subtree(middle, end, perfect)]
    return [*_steps(old - cut, middle, end, perfect, whole=False), _subtree(start, middle, perfect)]


def _cut(size: int) -> int:
    """Return the greatest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root of the tree that has this leaf there, by its proof; None where the proof has a wrong length."""
    if not 0 <= index < size:
        return None
    found, last = leaf, size - 1
    for sibling in proof:
        if not last:
            return None
        if index & 1 or index == last:
            found = node_hash(sibling, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        index, last = index >> 1, last >> 1
    return None if last else found


def is_consistent(old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether the proof shows that a tree begins with another. Needs 0 < old <= size."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == new_root
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not hashes:
        return False
    index, last = old - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if not last:
            return False
        if index & 1 or index == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        index, last = index >> 1, last >> 1
    return not last and (older, newer) == (old_root, new_root)


class Growing:
    """A tree of which only the right edge is remembered: enough to grow it, and to know its root at every size."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # Of the perfect subtrees it consists of, the widest first.

    def append(self, leaf: bytes) -> None:
        """Add an entry by its leaf hash."""
        peaks, width = self._peaks, self.size
        while width & 1:
            leaf = node_hash(peaks.pop(), leaf)
            width >>= 1
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it is."""
        if not self._peaks:
            return EMPTY
        found = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            found = node_hash(peak, found)
        return found
