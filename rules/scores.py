"""Scores: how unlike its own account's history an event is. One table of names, features and Python.

A score is a pure function of the trigger and of earlier events of the same key, so whatever order they arrive in it
comes out alike, and the window bounds what is kept. What it compares are features: values that are equal or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, TypeAlias

from rules.functions import percent

Features: TypeAlias = Sequence[object]  # In the order of the score's table; None where the event brings none.
# The score, None where it has no value; and how many of the earlier events it could compare with.
Scored: TypeAlias = tuple[float | None, int]


@dataclass(frozen=True, slots=True)
class Score:
    """One score of the language: the features it takes, in their order, and the unit of what it returns."""

    name: str
    features: tuple[str, ...]
    unit: str
    impl: Callable[[Features, Sequence[Features]], Scored]

    @property
    def doc(self) -> str:
        """Return what it does, in a sentence."""
        return (self.impl.__doc__ or "").splitlines()[0]


# What a feature weighs beside the others of its group, in thousandths (Wiefling et al. 2021, 2022). They give the whole
# user agent 539 besides, which no event brings.
_NETWORK: Final = {"address": 600, "network": 300, "place": 100}
_CLIENT: Final = {"browser": 268, "system": 188, "kind of device": 5}
_WEIGHTS: Final = (*_NETWORK.values(), *_CLIENT.values())
_GROUPS: Final = (range(len(_NETWORK)), range(len(_NETWORK), len(_WEIGHTS)))


def freeman(mine: Features, history: Sequence[Features]) -> Scored:
    """Return the percentage of the account's own logins than which this one is rarer, by network and client.

    After Freeman et al., "Who Are You? A Statistical Approach to Measuring User Authenticity", NDSS 2016, with the
    weights of Wiefling et al.: S = Π p(x) / p(x | account), p(x | account) a weighted sum over the features of a group
    (network, client). Here p(x), how common a value is among all accounts, is left out: only the account's own history
    counts. What is left orders an account's logins by Π of weighted counts; every divisor is alike and falls out, so
    that the counts are whole numbers and a tie is one.

    Each login is compared with all others, this one among them, as if it were not known which came last. The result is
    a place among them and needs no threshold of its own: 95 is the 95th percentile of the account's own scores.
    A feature that this login does not bring is not compared; an earlier login that lacks one which this one brings is
    left out, and so is one whose network or whose client no other login shares: it may have been a stranger, who must
    not make the next one look usual. None where none is left, or where this login brings no feature.
    """
    groups = [[at for at in group if mine[at] is not None] for group in _GROUPS]
    groups = [group for group in groups if group]
    brought = [at for group in groups for at in group]
    if not brought:
        return None, 0
    past: dict[Features, int] = {}  # A Counter's own overhead would be most of the work.
    for row in history:
        past[row] = past.get(row, 0) + 1
    past = {
        row: times
        for row, times in past.items()
        if None not in row or all(row[at] is not None for at in brought)
    }
    tallies: dict[int, dict[object, int]] = {at: {mine[at]: 1} for at in brought}
    for row, times in past.items():
        for at, tally in tallies.items():
            value = row[at]
            tally[value] = tally.get(value, 0) + times
    own = _likeness(mine, groups, tallies)
    compared = rarer = 0
    for row, times in past.items():
        likeness = _likeness(row, groups, tallies)
        if likeness:
            compared += times
            rarer += times if likeness > own else 0
    return percent(rarer, compared), compared


def _likeness(row: Features, groups: list[list[int]], tallies: Mapping[int, Mapping[object, int]]) -> int:
    """Return how like the others a login is: 0 where they share nothing of its network, or nothing of its client."""
    return prod(sum(_WEIGHTS[at] * (tallies[at][row[at]] - 1) for at in group) for group in groups)


SCORES: Final[dict[str, Score]] = {
    score.name: score for score in (Score("freeman", (*_NETWORK, *_CLIENT), "percent", freeman),)
}
