"""The login score: a place among the account's own logins, the same in any order, and as a second hand reckons it."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.scores import SCORES, freeman
from tests.oracle.scores import freeman as defined
from tests.oracle.undecided import Undecided

Login: TypeAlias = tuple[str | None, ...]
HOME: Login = ("a", "4134", "330100", "WeChat", "Android", "phone")
NOTHING: Login = (None,) * 6


def login(**other: str | None) -> Login:
    """Return a login from home, but for what is said."""
    names = ("address", "network", "place", "browser", "system", "kind")
    return tuple(other.get(name, usual) for name, usual in zip(names, HOME, strict=True))


_VALUES = st.sampled_from(["a", "b", "c"])
LOGINS = st.tuples(*[_VALUES] * 6)
PATCHY = st.tuples(*[st.none() | _VALUES] * 6)


@pytest.mark.parametrize(
    ("mine", "history", "score"),
    [
        pytest.param(HOME, [HOME] * 5, (0.0, 5), id="what came every day is rarer than nothing"),
        pytest.param(login(address="b"), [HOME] * 5, (100.0, 5), id="another address is rarer than all"),
        pytest.param(login(address="b"), [login(address=each) for each in "vwxyz"], (0.0, 5),
                     id="where every address is new, none is unusual"),
        pytest.param(login(address="b", network="x", place="y"), [login(address=each) for each in "vwxyz"],
                     (100.0, 5), id="unless network and place are new too"),
        pytest.param(HOME, [], (None, 0), id="nothing is rare without a history"),
        pytest.param(NOTHING, [HOME] * 5, (None, 0), id="a login that brings nothing is not compared"),
        pytest.param(HOME, [login(network=None)] * 5, (None, 0), id="nor are logins that lack what it brings"),
        pytest.param(login(network=None, address="b"), [HOME] * 5, (100.0, 5), id="what it lacks itself is left out"),
        pytest.param(login(address="z", network="z", place="z"),
                     [HOME] * 5 + [login(address=each, network=each, place=each) for each in "vwxy"], (100.0, 5),
                     id="strangers who came once each are no measure of what is usual"),
        pytest.param(login(address="z", network="z", place="z"),
                     [HOME] * 5 + [login(address="z", network="z", place="z")], (500 / 6, 6),
                     id="one who came before is, once he comes again"),
    ],
)  # fmt: skip
def test_a_login_has_its_place_among_the_others(
    mine: Login, history: list[Login], score: tuple[float | None, int]
) -> None:
    assert freeman(mine, history) == score


def test_a_new_browser_is_rarer_than_a_new_system_was() -> None:
    """The browser weighs more: a login with a known system and a new browser has less in common with the others."""
    systems, browsers = [login(system="x")] * 2, [login(browser="x")] * 2
    assert freeman(login(browser="x"), [HOME] * 10 + systems + browsers[:1])[0] == 1200 / 13
    assert freeman(login(system="x"), [HOME] * 10 + browsers + systems[:1])[0] == 1000 / 13


@given(mine=PATCHY, history=st.lists(PATCHY, max_size=12))
def test_the_score_is_that_of_its_definition(mine: Login, history: list[Login]) -> None:
    """Logins beside logins, one pair at a time, come to the same as counts of values."""
    try:
        share, compared = defined(mine, history)
    except Undecided:
        assert freeman(mine, history)[0] is None
    else:
        assert freeman(mine, history) == (share, len(compared))


@given(mine=LOGINS, history=st.lists(LOGINS, max_size=12), other=st.randoms(use_true_random=False))
def test_the_order_of_the_history_says_nothing(mine: Login, history: list[Login], other: object) -> None:
    shuffled = list(history)
    other.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert freeman(mine, shuffled) == freeman(mine, history)


@given(logins=st.lists(LOGINS, min_size=20, max_size=60))
def test_of_an_account_s_own_logins_few_are_unusual(logins: list[Login]) -> None:
    """Whichever came last: of those that resemble another, one in twenty and one at most are rarer than 95 %.

    One that resembles none is compared with all that do; one that does, with all of them but itself.
    """
    scored = [freeman(each, [*logins[:at], *logins[at + 1 :]]) for at, each in enumerate(logins)]
    fewest = min(compared for _, compared in scored)
    like = [score for score, compared in scored if score is not None and compared == fewest]
    assert sum(score >= 95 for score in like) <= len(like) / 20 + 1


def test_the_table_says_what_a_score_takes_and_gives() -> None:
    score = SCORES["freeman"]
    assert score.features == ("address", "network", "place", "browser", "system", "kind of device")
    assert score.unit == "percent"
    assert score.doc.startswith("Return the percentage of the account's own logins")
