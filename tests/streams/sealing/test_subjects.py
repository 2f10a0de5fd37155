"""Keys of subjects: found by name alone, destroyed one by one, and never found again from what is left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.sealing.subjects import SEED_BYTES, SubjectKeys, keys_from

SEED = bytes(range(SEED_BYTES))
NAMES = st.tuples(st.sampled_from(["t1", "t2", ""]), st.text(max_size=4))


def sealed(keys: SubjectKeys, name: tuple[str, str]) -> bytes:
    return keys.of(*name).cipher.encrypt(b"v", None)


@given(
    gone=st.lists(NAMES, unique=True, min_size=1, max_size=6), kept=st.lists(NAMES, unique=True, max_size=6)
)
def test_destroying_keys_leaves_all_others_as_they_were(
    gone: list[tuple[str, str]], kept: list[tuple[str, str]]
) -> None:
    before, keys = keys_from(SEED), keys_from(SEED)
    stored = dict(keys.nodes)
    for name in gone:
        place = keys.of(*name).place
        puncture = keys.destroy(*name)
        for way in puncture.gone:
            del stored[way]
        stored |= puncture.kept
        assert keys.at(place) is None
    again = SubjectKeys(keys.naming, stored)
    for name in gone:
        assert again.at(before.of(*name).place) is None
        assert sealed(again, name) != sealed(before, name), "who comes back has another key"
    for name in set(kept) - set(gone):
        assert sealed(again, name) == sealed(keys, name) == sealed(before, name)


def test_one_seed_gives_one_key_and_other_seeds_others() -> None:
    name = ("t1", "p1")
    assert sealed(keys_from(SEED), name) == sealed(keys_from(SEED), name)
    assert sealed(keys_from(SEED), name) != sealed(keys_from(bytes(SEED_BYTES)), name)


def test_names_are_not_mixed_up() -> None:
    keys = keys_from(SEED)
    assert len({keys.of(*name).place for name in (("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""))}) == 4


def test_no_node_above_a_destroyed_key_is_kept() -> None:
    keys = keys_from(SEED)
    way = keys.of("t1", "p1").place.hex()
    keys.destroy("t1", "p1")
    assert not any(way.startswith(kept) for kept in keys.nodes)
    assert len(keys.nodes) == 12 * 15, "what stands beside each of 12 steps"
