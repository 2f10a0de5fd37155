"""Tiles, bundles, checkpoints and proofs: the specifications' examples, and that all of them agree on one tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.merkle import HASH_BYTES, Growing, inclusion_proof, leaf_hash, root
from streams.audit import proofs
from streams.audit.broken import BrokenError
from streams.audit.checkpoints import Checkpoint, opened, parse
from streams.audit.notes import Signer
from streams.audit.tiles import (
    ENTRIES,
    RightEdge,
    bundle,
    hashes_of,
    perfect_in,
    tile_path,
    tiles_of,
    unbundled,
)

SIGNER = Signer("example.cn/log", bytes(32))


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        (2, 273, 17, "tile/2/273.p/17"),
        (ENTRIES, 1_000, 1, "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_are_those_of_the_specification(level: int, number: int, width: int, path: str) -> None:
    assert tile_path(level, number, width) == path


def test_a_tree_of_70_000_has_the_tiles_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    assert [tile for tile in tiles if tile[2] < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert len(tiles) == 273 + 1 + 1 + 1 + 1
    assert list(tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles_of(0)) == []


class Tiles:
    """Tiles as they would be stored."""

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], bytes] = {}

    def take(self, edge: RightEdge) -> None:
        self.held |= {(level, number): body for level, number, body in edge.changed()}

    def hashes(self, level: int, number: int) -> list[bytes]:
        body = self.held[level, number]
        return hashes_of(body, len(body) // HASH_BYTES, "tile")


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600, 65_535, 65_536, 65_537, 66_000])
def test_the_right_edge_writes_the_tiles_of_its_tree(size: int) -> None:
    edge, growing, stored = RightEdge(), Growing(), Tiles()
    for index in range(size):
        if index % 1_000 == 999:  # Written, forgotten, and taken up again.
            stored.take(edge)
            edge = RightEdge(index, stored.hashes)
        leaf = leaf_hash(b"%d" % index)
        edge.append(leaf)
        growing.append(leaf)
    stored.take(edge)
    assert edge.root() == growing.root()
    assert root(size, perfect_in(stored.hashes)) == growing.root()
    assert sorted(
        (level, number, len(body) // HASH_BYTES) for (level, number), body in stored.held.items()
    ) == sorted(tiles_of(size))
    assert edge.changed() == []


@given(entries=st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert unbundled(bundle(entries), len(entries), "bundle") == entries


@pytest.mark.parametrize("body", [b"\0", b"\0\2a", b"\0\1a\0", b"\0\1a", b"\0\1a\0\1b\0\1c"])
def test_a_bundle_of_another_length_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenError, match="tile/entries/000"):
        unbundled(body, 2, "tile/entries/000")


def test_a_tile_of_another_length_is_refused() -> None:
    with pytest.raises(BrokenError, match="found 33 bytes; expected 1 hashes"):
        hashes_of(bytes(33), 1, "tile/0/000.p/1")


def test_a_checkpoint_is_three_lines() -> None:
    made = Checkpoint("example.cn/log", 3, bytes(32))
    assert made.text() == "example.cn/log\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    assert opened(made.signed(SIGNER), [SIGNER.verifier], "checkpoint") == (made, [SIGNER.verifier])
    assert parse(made.text() + "an extension\n", "checkpoint") == made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("example.cn/log\n3\n", "2 lines"),
        ("\n3\nAAAA\n", "3 lines"),
        ("example.cn/log\n03\nAAAA\n", "'03'"),
        ("example.cn/log\n-1\nAAAA\n", "'-1'"),
        ("example.cn/log\n3\nAAAA\n", "'AAAA'"),
        ("example.cn/log\n3\n?\n", "'?'"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str, found: str) -> None:
    with pytest.raises(BrokenError, match="checkpoint") as refused:
        parse(text, "checkpoint")
    assert refused.value.found == found


def test_a_key_of_another_log_does_not_speak_for_this_one() -> None:
    note = Checkpoint("example.cn/another", 3, bytes(32)).signed(SIGNER)
    with pytest.raises(BrokenError, match=r"found the log example\.cn/another; expected example\.cn/log"):
        opened(note, [SIGNER.verifier], "checkpoint")


def proof_of(index: int, size: int) -> proofs.Proof:
    leaves = [b"%d" % each for each in range(size)]
    edge, stored = RightEdge(), Tiles()
    for leaf in leaves:
        edge.append(leaf_hash(leaf))
    stored.take(edge)
    note = Checkpoint(SIGNER.name, size, edge.root()).signed(SIGNER)
    hashes = inclusion_proof(index, size, perfect_in(stored.hashes))
    return proofs.Proof(leaves[index], index, tuple(hashes), note)


@given(size=st.integers(1, 600), data=st.data())
def test_a_proof_is_read_as_it_was_written_and_holds(size: int, data: st.DataObject) -> None:
    proof = proof_of(data.draw(st.integers(0, size - 1)), size)
    assert proofs.parse(proof.encode(), "a.tlog-proof") == proof
    assert proof.verify([SIGNER.verifier], "a.tlog-proof").size == size


PROOF = proof_of(5, 7).encode()


@given(at=st.integers(0, len(PROOF) - 1), bit=st.integers(0, 7))
def test_a_proof_with_one_flipped_bit_does_not_hold(at: int, bit: int) -> None:
    body = bytearray(PROOF)
    body[at] ^= 1 << bit
    with pytest.raises(BrokenError, match=r"a\.tlog-proof"):
        proofs.parse(bytes(body), "a.tlog-proof").verify([SIGNER.verifier], "a.tlog-proof")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (b"@v1", b"@v2", ":1"),
        (b"extra ", b"more ", ":2"),
        (b"index 5", b"index 05", ":3"),
        (b"index 5", b"index 6", ""),
        (b"index 5\n", b"index 5\nAAAA\n", ":4"),
        (b"index 5\n", b"index 5\n?\n", ":4"),
        (b"\n\n", b"\n", ""),
    ],
)
def test_what_is_no_proof_is_refused_where_it_is_wrong(old: bytes, new: bytes, where: str) -> None:
    with pytest.raises(BrokenError) as refused:
        proofs.parse(PROOF.replace(old, new), "p").verify([SIGNER.verifier], "p")
    assert refused.value.where.startswith(f"p{where}")
