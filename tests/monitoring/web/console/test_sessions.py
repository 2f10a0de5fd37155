"""Sessions end by themselves, and are kept as digests; guesses are counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitoring.web.console.sessions import IDLE_S, LONGEST_S, MOST, Sessions
from monitoring.web.console.throttle import SPAN_S, WRONG, Throttle
from monitoring.web.console.users import User

LI = User("li", "risk")


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


@given(st.lists(st.integers(1, 2 * IDLE_S), max_size=30))
def test_a_session_lives_while_it_is_used_and_no_longer_than_twelve_hours(waits: list[int]) -> None:
    clock = Clock()
    sessions = Sessions(clock)
    name = sessions.begin(LI)
    age, lives = 0, True
    for wait in waits:
        clock.at += wait
        age += wait
        lives = lives and wait < IDLE_S and age < LONGEST_S
        assert (sessions.of(name) is not None) == lives


def test_to_look_whether_one_lives_is_no_use_of_it() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    session = sessions.of(sessions.begin(LI))
    assert session is not None
    for _ in range(10):
        assert sessions.lives(session)
        clock.at += IDLE_S / 10
    assert not sessions.lives(session)


def test_ids_stand_nowhere_and_never_come_again() -> None:
    sessions = Sessions()
    names = {sessions.begin(LI) for _ in range(50)}
    assert len(names) == 50
    kept = repr(vars(sessions))
    assert not any(name in kept for name in names)


def test_the_oldest_goes_where_there_are_too_many() -> None:
    sessions = Sessions()
    names = [sessions.begin(LI) for _ in range(MOST + 1)]
    assert sessions.of(names[0]) is None
    assert sessions.of(names[1]) is not None


def test_one_who_was_invited_comes_once() -> None:
    sessions = Sessions()
    name = sessions.invite(LI)
    assert sessions.accept("guessed") is None
    assert sessions.accept(name) == LI
    assert sessions.accept(name) is None


@given(st.lists(st.tuples(st.integers(0, 600), st.booleans()), max_size=60))
def test_no_more_than_five_wrong_tries_in_a_quarter_of_an_hour(tries: list[tuple[int, bool]]) -> None:
    clock = Clock()
    throttle = Throttle(clock)
    wrong: list[float] = []
    for wait, right in tries:
        clock.at += wait
        recent = [at for at in wrong if at > clock.at - SPAN_S]
        seconds = throttle.begin("user li", "address here")
        assert (seconds > 0) == (len(recent) >= WRONG)
        if seconds:
            assert seconds <= SPAN_S
        elif right:
            throttle.right("user li", "address here")
            # Who is right is no guesser; but from the same address others may be guessed.
            throttle.begin("user li")
            throttle.right("user li")
        else:
            wrong.append(clock.at)
