"""Timelines of entities: an event reads what was known at its own place, in whatever order changes came."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.program import Position
from engine.reference import (
    ACCOUNT,
    DEVICE,
    LIMITS,
    ORDER,
    OWNER,
    Edit,
    Snapshot,
    Timeline,
    edited,
    qualified,
)

BASE: Snapshot = ("personal", None, (), {})


def place(time: int, name: str = "e") -> Position:
    return (time, "test/one", name, "")


def changes() -> st.SearchStrategy[list[tuple[int, Edit]]]:
    """Draw changes of a small entity at distinct times."""
    names = st.sampled_from("abc")
    edits: st.SearchStrategy[Any] = st.one_of(
        st.tuples(st.just("set"), st.sampled_from([0, 1]), names),
        st.tuples(st.sampled_from(["add", "drop"]), st.just(2), names),
        st.tuples(st.just("put"), st.just(3), st.tuples(names, st.integers(0, 9))),
    )
    return st.lists(st.tuples(st.integers(0, 40), edits), max_size=12, unique_by=lambda change: change[0])


def read_by_hand(changes: list[tuple[int, Edit]], time: int) -> Snapshot:
    """Apply every change up to a time, one after the other."""
    snapshot = BASE
    for at, edit in sorted(changes, key=lambda change: change[0]):
        if at <= time:
            snapshot = edited(snapshot, (edit,))
    return snapshot


@given(changes(), st.integers(0, 1_000))
def test_any_order_of_arrival_gives_the_same_line(changes: list[tuple[int, Edit]], seed: int) -> None:
    line = Timeline(BASE)
    arrived = random.Random(seed).sample(changes, len(changes))
    for number, (time, edit) in enumerate(arrived):
        line.change(place(time), (edit,))
        for asked in range(-1, 42, 3):
            assert line.at(place(asked)) == read_by_hand(arrived[: number + 1], asked)
        assert line.now == read_by_hand(arrived[: number + 1], 99)
        assert line.last_time == max(at for at, _ in arrived[: number + 1])


@given(changes())
def test_a_line_is_taken_back_from_its_history(changes: list[tuple[int, Edit]]) -> None:
    line, again = Timeline(BASE), Timeline(BASE)
    for time, edit in changes:
        line.change(place(time), (edit,))
    again.restore(line.history())
    assert [again.at(place(time)) for time in range(42)] == [line.at(place(time)) for time in range(42)]
    assert (again.now, again.last_time, again.history()) == (line.now, line.last_time, line.history())


def test_a_change_holds_from_its_own_place_on() -> None:
    line = Timeline(BASE)
    line.change(place(5, "m"), (("set", 0, "wecom_member"),))
    assert line.at(place(5, "l"))[0] == "personal", "an event of the same instant that sorts before it"
    assert line.at(place(5, "m"))[0] == "wecom_member", "itself"
    assert line.at(place(5, "n"))[0] == "wecom_member"
    assert line.at(place(4, "z"))[0] == "personal"


def test_two_changes_at_one_instant_stand_in_the_order_of_their_names() -> None:
    line = Timeline(BASE)
    line.change(place(5, "b"), (("set", 0, "second"),))
    line.change(place(5, "a"), (("set", 0, "first"),))
    assert line.now[0] == "second"
    assert line.at(place(5, "a"))[0] == "first"


def test_nothing_is_known_of_an_entity_nobody_spoke_of() -> None:
    line = Timeline(ACCOUNT)
    assert (line.now, line.at(place(9)), line.last_time) == (ACCOUNT, ACCOUNT, -1)
    line.restore([])
    assert line.now == ACCOUNT


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param((("set", 0, "service"),), ("service", None, (), {}), id="set"),
        pytest.param((("set", 1, None),), BASE, id="set to nothing"),
        pytest.param(
            (("add", 2, "b"), ("add", 2, "a")), ("personal", None, ("a", "b"), {}), id="a set is sorted"
        ),
        pytest.param(
            (("add", 2, "a"), ("add", 2, "a")), ("personal", None, ("a",), {}), id="and holds things once"
        ),
        pytest.param((("add", 2, "a"), ("drop", 2, "a")), BASE, id="drop"),
        pytest.param((("drop", 2, "x"),), BASE, id="drop what is not there"),
        pytest.param(
            (("put", 3, ("k", 1)), ("put", 3, ("k", 2))), ("personal", None, (), {"k": 2}), id="put again"
        ),
    ],
)
def test_edits(edits: tuple[Edit, ...], expected: Snapshot) -> None:
    before = dict(BASE[3])
    assert edited(BASE, edits) == expected
    assert BASE[3] == before, "a snapshot is never changed in place"


def test_licences_of_any_shape_are_sorted() -> None:
    """A licence without end and one with an end stand in one set."""
    one = ("Q1", "food_licence", ("food",), "2026-01-01", None)
    two = ("Q1", "food_licence", (), "2026-01-01", "2026-12-31")
    forth = edited(OWNER, (("add", 4, one), ("add", 4, two)))
    assert forth == edited(OWNER, (("add", 4, two), ("add", 4, one)))
    assert set(forth[4]) == {one, two}


def owner(*licences: tuple[Any, ...], revoked: tuple[str, ...] = ()) -> Snapshot:
    return (*OWNER[:4], licences, revoked)


FOOD = ("Q1", "food_licence", ("food", "dairy"), "2026-01-01", "2026-12-31")


@pytest.mark.parametrize(
    ("holder", "scope", "day", "expected"),
    [
        pytest.param(owner(FOOD), "food", "2026-06-01", True, id="held"),
        pytest.param(owner(FOOD), "", "2026-06-01", True, id="for whatever scope"),
        pytest.param(owner(FOOD), "drugs", "2026-06-01", False, id="not for this scope"),
        pytest.param(owner(FOOD), "food", "2026-01-01", True, id="its first day"),
        pytest.param(owner(FOOD), "food", "2025-12-31", False, id="the day before"),
        pytest.param(owner(FOOD), "food", "2026-12-31", True, id="its last day"),
        pytest.param(owner(FOOD), "food", "2027-01-01", False, id="the day after"),
        pytest.param(owner(FOOD, revoked=("Q1",)), "food", "2026-06-01", False, id="revoked"),
        pytest.param(owner(FOOD, revoked=("Q2",)), "food", "2026-06-01", True, id="another one revoked"),
        pytest.param(owner((*FOOD[:4], None)), "food", "2026-06-01", False, id="no end said: valid on no day"),
        pytest.param(owner(("Q2", "drug_licence", ("food",), "2026-01-01", "2026-12-31")), "food", "2026-06-01", False,
                     id="another kind"),
        pytest.param(owner(), "", "2026-06-01", False, id="none"),
        pytest.param(owner(("Q0", "food_licence", (), "2020-01-01", "2024-12-31"), FOOD), "food", "2026-06-01", True,
                     id="an older one besides"),
    ],
)  # fmt: skip
def test_qualified(holder: Snapshot, scope: str, day: str, expected: bool) -> None:
    assert qualified(holder, "food_licence", scope, day) is expected


def test_what_is_true_of_whom_nobody_registered() -> None:
    """The contract: such an account is personal; its owner a natural person who is registered nowhere."""
    assert ACCOUNT[0] == "personal"
    assert OWNER[:3] == ("natural", False, "none")
    assert DEVICE == (False, None)
    assert ORDER[0] is False
    assert LIMITS == ({},)
