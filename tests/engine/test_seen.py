"""What a tenant has seen: found again within the lateness, forgotten after it, a few entries at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.seen import SWEEP, Seen

LATENESS = 1_000
NAME = ("test/one", "e1")
RAW = b"{}"


def found(seen: Seen, name: tuple[str, ...]) -> list[bytes]:
    return [generation[name] for generation in seen.generations if name in generation]


def remember(seen: Seen, at: int, name: tuple[str, ...], raw: bytes = RAW) -> None:
    """Do as the engine does with an input of a time."""
    (seen.now if at < seen.until_us else seen.generation(at))[name] = raw


def turn(seen: Seen, clock: int) -> None:
    """Let the clock be at an instant, as the engine does."""
    if clock >= seen.until_us:
        seen.turn(clock)


@pytest.mark.parametrize(
    ("clock", "known"),
    [
        pytest.param(1_500, True, id="at once"),
        pytest.param(2_500, True, id="as late as may be"),
        pytest.param(2_999, True, id="while its generation stands"),
        pytest.param(3_000, False, id="two generations on it could only come too late"),
        pytest.param(90_000, False, id="long after"),
    ],
)
def test_a_name_is_known_as_long_as_it_can_come_again(clock: int, known: bool) -> None:
    seen = Seen(LATENESS)
    turn(seen, 1_500)
    remember(seen, 1_500, NAME)
    turn(seen, clock)
    assert bool(found(seen, NAME)) is known


@given(
    st.integers(0, 50 * LATENESS),
    st.lists(st.integers(0, 3 * LATENESS), max_size=30),
    st.integers(0, LATENESS),
)
def test_nothing_that_can_still_come_in_time_is_forgotten(start: int, steps: list[int], behind: int) -> None:
    """Whatever way the clock goes, an input no further behind it than the lateness finds its first copy."""
    seen, clock = Seen(LATENESS), start
    told: list[tuple[int, tuple[str, ...]]] = []
    for number, step in enumerate([0, *steps]):
        clock += step
        turn(seen, clock)
        at = max(0, clock - behind)
        remember(seen, at, ("s", str(number)))
        told.append((at, ("s", str(number))))
        for time, name in told:
            if time >= clock - LATENESS:
                assert found(seen, name) == [RAW]


@given(st.lists(st.integers(0, 5 * LATENESS), min_size=1, max_size=60))
def test_memory_does_not_grow_with_the_log(steps: list[int]) -> None:
    seen, clock = Seen(LATENESS), 0
    for number, step in enumerate(steps):
        clock += step
        turn(seen, clock)
        remember(seen, clock, ("s", str(number)))
        assert len(seen.generations) <= 2


def test_an_input_ahead_of_the_clock_has_a_generation_of_its_own() -> None:
    seen = Seen(LATENESS)
    turn(seen, 500)
    remember(seen, 9_500, NAME)
    remember(seen, 500, ("s", "now"))
    assert found(seen, NAME) == [RAW]
    turn(seen, 9_600)
    assert found(seen, NAME) == [RAW]
    assert found(seen, ("s", "now")) == []


def test_what_was_dropped_is_given_back_a_little_at_a_time() -> None:
    seen = Seen(LATENESS)
    turn(seen, 0)
    for number in range(SWEEP * 2 + 1):
        remember(seen, 0, ("s", str(number)))
    turn(seen, 5_000)
    left = []
    while seen.dying:
        left.append(sum(len(generation) for generation in seen.dying))
        seen.sweep()
    assert left == [SWEEP * 2 + 1, SWEEP + 1, 1]
    seen.sweep()
    assert found(seen, ("s", "0")) == []


def test_no_lateness_at_all_still_knows_what_just_came() -> None:
    seen = Seen(0)
    turn(seen, 7)
    remember(seen, 7, NAME)
    assert found(seen, NAME) == [RAW]
    turn(seen, 9)
    assert found(seen, NAME) == []
