"""A key for each subject, found from one secret by its name alone, and destroyed without touching any other.

The keys are the leaves of a tree: a node gives each of its sixteen children by a one-way function, so that from a node
all below it can be found and nothing beside it (a puncturable pseudo-random function: Goldreich, Goldwasser, Micali,
"How to construct random functions", 1986; Boneh, Waters, "Constrained pseudorandom functions", 2013). At first the
root is kept. To destroy a key, the node above it is replaced by all that stand beside the way from there down to the
key. So no subject is named anywhere, nothing is written when a new one comes, and the same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b, sha256, sha512
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

SEED_BYTES: Final = 32
# Of a million subjects, one that is erased takes another's key with it with a chance of 1 in 280 million.
PLACE_BYTES: Final = 6
_DIGITS: Final = "0123456789abcdef"
_SIGNS: Final = [bytes((number,)) for number in range(128)]
_NEAR: Final = 3  # Digits from the root whose nodes are remembered: 4,096 of them.
_MOST: Final = 1 << 16  # Keys remembered, some 300 bytes each.


class SubjectKey(msgspec.Struct, frozen=True, gc=False):
    """A subject's key, and its place in the tree: 6 bytes that tell a reader which key opens a value."""

    place: bytes
    secret: bytes

    @property
    def cipher(self) -> AESSIV:
        """Its AES-256-SIV, made anew: one takes 4 kB, and each value is sealed once."""
        return AESSIV(self.secret)


@dataclass(frozen=True, slots=True)
class Puncture:
    """What destroying a key changes: the nodes to be forgotten, by their way from the root, and those to be kept."""

    gone: tuple[str, ...]
    kept: Mapping[str, bytes]


class SubjectKeys:
    """All keys that there still are. `naming` keys the places of subjects; `nodes` are those kept, by their way."""

    def __init__(self, naming: bytes, nodes: Mapping[str, bytes]) -> None:
        self.naming = naming
        self._nodes = dict(nodes)
        self._by_place: dict[bytes, SubjectKey | None] = {}
        self._near: dict[str, bytes] = {}

    @property
    def nodes(self) -> Mapping[str, bytes]:
        """The nodes kept, by their way from the root in hexadecimal digits."""
        return self._nodes

    @property
    def punctured(self) -> bool:
        """Whether a key was ever destroyed."""
        return "" not in self._nodes

    def place(self, tenant: str, subject: str) -> bytes:
        """Return the place of a subject's first key, whether that is still there or not."""
        return self._place(tenant, subject, 0)

    def of(self, tenant: str, subject: str) -> SubjectKey:
        """Return the key of a subject; of one whose key was destroyed and who came back, the next one."""
        generation = 0
        while (found := self.at(self._place(tenant, subject, generation))) is None:
            generation += 1
        return found

    def at(self, place: bytes) -> SubjectKey | None:
        """Return the key at a place; None where it was destroyed."""
        if place in self._by_place:
            return self._by_place[place]
        node = self._node(place.hex())
        key = None
        if node is not None:
            key = SubjectKey(place, sha512(node).digest())
        if len(self._by_place) >= _MOST:
            self._by_place.clear()
        self._by_place[place] = key
        return key

    def destroy(self, tenant: str, subject: str) -> Puncture:
        """Forget the key of a subject for good, here; return what is to be changed where the nodes are kept."""
        way = self.of(tenant, subject).place.hex()
        at = next(end for end in range(len(way) + 1) if way[:end] in self._nodes)
        node = self._nodes.pop(way[:at])
        kept = {}
        for end in range(at, len(way)):
            for digit in _DIGITS:
                child = _below(node, digit)
                if digit != way[end]:
                    kept[way[:end] + digit] = child
                else:
                    below = child
            node = below
        self._nodes |= kept
        self._by_place.clear()
        self._near.clear()
        return Puncture((way[:at],), kept)

    def _place(self, tenant: str, subject: str, generation: int) -> bytes:
        name = tenant.encode("utf-8", "surrogatepass")
        size, number = len(name).to_bytes(4, "big"), generation.to_bytes(4, "big")
        body = size + name + number + subject.encode("utf-8", "surrogatepass")
        return blake2b(body, key=self.naming, digest_size=PLACE_BYTES).digest()

    def _node(self, way: str) -> bytes | None:
        """Return the node at the end of a way, of those kept or below one of them."""
        node = self._near.get(way[:_NEAR])
        if node is not None:
            return _below(node, way[_NEAR:])
        for end in range(len(way) + 1):
            node = self._nodes.get(way[:end])
            if node is not None:
                if end <= _NEAR:
                    node, end = _below(node, way[end:_NEAR]), _NEAR  # noqa: PLW2901  # on the way down
                    self._near[way[:_NEAR]] = node
                return _below(node, way[end:])
        return None


def keys_from(seed: bytes) -> SubjectKeys:
    """Return the keys of a new log. Whoever keeps the seed can find keys that were destroyed since."""
    assert len(seed) == SEED_BYTES, "a seed is as long as a node"
    naming = blake2b(b"naming", key=seed, digest_size=SEED_BYTES).digest()
    return SubjectKeys(naming, {"": blake2b(b"keys", key=seed, digest_size=SEED_BYTES).digest()})


def _below(node: bytes, way: str) -> bytes:
    """Return the node below another: a child is SHA-256 of the node and the digit. Of one length, so none is two's."""
    for number in way.encode():
        node = sha256(node + _SIGNS[number]).digest()
    return node
