"""What is stored finds what comes out again, however the one was changed against the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitoring.aligning import AHEAD, Aligned

Named = tuple[int, str]  # A name and what is said under it.


def aligned(stored: list[Named]) -> Aligned[Named]:
    return Aligned(iter(enumerate(stored)), lambda thing: thing[0])


@given(
    again=st.lists(st.integers(0, 40), unique=True),
    lost=st.sets(st.integers(0, 40)),
    changed=st.sets(st.integers(0, 40)),
    added=st.lists(st.tuples(st.integers(0, 40), st.integers(100, 140)), unique_by=lambda pair: pair[1]),
)
def test_what_was_lost_changed_or_added_is_told_as_that_and_nothing_else_is(
    again: list[int], lost: set[int], changed: set[int], added: list[tuple[int, int]]
) -> None:
    stored = [(name, "other" if name in changed else "same") for name in again if name not in lost]
    for place, name in added:
        stored.insert(place, (name, "stranger"))
    held = aligned(stored)
    strangers = []
    for name in again:
        found, passed = held.take((name, "same"))
        strangers += passed
        if name in lost:
            assert found is None
        else:
            assert found is not None
            assert stored[found[0]] == found[1] == (name, "other" if name in changed else "same")
    strangers += held.left()
    assert sorted(name for _, (name, _) in strangers) == sorted(name for _, name in added)
    assert all(stored[place] == thing for place, thing in strangers)


def test_it_looks_no_further_than_it_says() -> None:
    stored = [(name, "") for name in range(1_000, 1_000 + AHEAD)]
    assert aligned([*stored[:-1], (1, "")]).take((1, ""))[0] == (AHEAD - 1, (1, ""))
    far = aligned([*stored, (1, "")])
    assert far.take((1, "")) == (None, [])
    assert len(list(far.left())) == AHEAD + 1, "nothing of it is lost"
