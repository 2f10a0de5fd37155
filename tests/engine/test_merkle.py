"""The tree is that of RFC 6962: its published hashes, its definition, and proofs that hold for nothing else."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.merkle import (
    EMPTY,
    Growing,
    Perfect,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    perfect_root,
    root,
    root_by_inclusion,
)

# The eight entries of the test suite of Certificate Transparency, and the roots of its trees of one to eight.
ENTRIES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def by_definition(entries: list[bytes]) -> bytes:
    """Return MTH as section 2.1 words it."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    cut = 1
    while cut * 2 < len(entries):
        cut *= 2
    return sha256(b"\1" + by_definition(entries[:cut]) + by_definition(entries[cut:])).digest()


def perfect_of(entries: list[bytes]) -> Perfect:
    leaves = [leaf_hash(entry) for entry in entries]
    return lambda level, index: perfect_root(leaves[index << level : (index + 1) << level])


def made(size: int) -> list[bytes]:
    return [b"entry %d" % n for n in range(size)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size: int) -> None:
    assert by_definition(ENTRIES[:size]).hex() == ROOTS[size - 1]
    assert root(size, perfect_of(ENTRIES)).hex() == ROOTS[size - 1]


def test_the_published_proofs() -> None:
    """As in section 2.1.3: the proofs in a tree of seven."""
    entries = made(7)
    leaves = [leaf_hash(entry) for entry in entries]
    h, k = perfect_root(leaves[2:4]), perfect_root(leaves[:4])
    i, j, g = perfect_root(leaves[4:6]), leaves[6], perfect_root(leaves[:2])
    l = sha256(b"\1" + i + j).digest()  # noqa: E741  # the RFC's own letter
    perfect = perfect_of(entries)
    assert inclusion_proof(0, 7, perfect) == [leaves[1], h, l]
    assert inclusion_proof(3, 7, perfect) == [leaves[2], g, l]
    assert inclusion_proof(4, 7, perfect) == [leaves[5], j, k]
    assert inclusion_proof(6, 7, perfect) == [i, k]
    assert consistency_proof(3, 7, perfect) == [leaves[2], leaves[3], g, l]
    assert consistency_proof(4, 7, perfect) == [l]
    assert consistency_proof(6, 7, perfect) == [i, j, k]


@given(size=st.integers(0, 300))
def test_the_root_is_the_definition_s(size: int) -> None:
    growing = Growing()
    for entry in made(size):
        growing.append(leaf_hash(entry))
    assert growing.root() == by_definition(made(size)) == root(size, perfect_of(made(size)))
    assert growing.size == size


@given(size=st.integers(1, 130), data=st.data())
def test_an_inclusion_proof_holds_for_its_entry_and_for_no_other(size: int, data: st.DataObject) -> None:
    entries = made(size)
    index = data.draw(st.integers(0, size - 1))
    top, proof = by_definition(entries), inclusion_proof(index, size, perfect_of(entries))
    leaf = leaf_hash(entries[index])
    assert root_by_inclusion(leaf, index, size, proof) == top
    assert root_by_inclusion(leaf_hash(b"another"), index, size, proof) != top
    other = data.draw(st.integers(0, size).filter(lambda other: other != index))
    assert root_by_inclusion(leaf, other, size, proof) != top
    assert root_by_inclusion(leaf, index, size, [*proof, leaf]) is None
    if proof:
        assert root_by_inclusion(leaf, index, size, proof[:-1]) is None


@given(size=st.integers(1, 130), data=st.data())
def test_a_consistency_proof_holds_for_its_trees_and_for_no_other(size: int, data: st.DataObject) -> None:
    entries = made(size)
    old = data.draw(st.integers(1, size))
    proof = consistency_proof(old, size, perfect_of(entries))
    older, newer = by_definition(entries[:old]), by_definition(entries)
    assert is_consistent(old, older, size, newer, proof)
    forked = by_definition([*entries[: old - 1], b"another"])
    assert not is_consistent(old, forked, size, newer, proof)
    assert not is_consistent(old, older, size, forked, proof)
    assert not is_consistent(old, older, size, newer, [*proof, older])
    if proof:
        assert not is_consistent(old, older, size, newer, proof[:-1])


@pytest.mark.parametrize(("old", "size"), [(0, 3), (4, 3), (-1, 3)])
def test_sizes_that_cannot_be_are_not_consistent(old: int, size: int) -> None:
    assert not is_consistent(old, EMPTY, size, EMPTY, [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_an_entry_outside_the_tree_has_no_root(index: int, size: int) -> None:
    assert root_by_inclusion(EMPTY, index, size, []) is None
