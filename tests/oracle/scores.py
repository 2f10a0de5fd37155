"""Scores from their definition: every login beside every other, in whole thousandths."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from tests.oracle.undecided import Undecided

Login: TypeAlias = tuple[Any, ...]  # Six features; None for one that it does not bring.

# Wiefling et al.: the address, its network, its place; of the user agent what events bring of it.
_NETWORK = {0: 600, 1: 300, 2: 100}
_CLIENT = {3: 268, 4: 188, 5: 5}


def freeman(mine: Login, before: list[Login]) -> tuple[float, list[Login]]:
    """Return the share, in percent, of earlier logins that are likelier than this one, and those it was compared with.

    How likely a login is: the weighted share of all the others that have its address, network and place, times that of
    those that have its browser, system and kind of device.
    """
    brought = [at for at in range(6) if mine[at] is not None]
    if not brought:
        raise Undecided("a login that brings nothing to compare")
    before = [login for login in before if all(login[at] is not None for at in brought)]
    everyone = [*before, mine]

    @cache
    def likely(login: Login) -> int:
        """Return a login's share of all the others, but for a divisor that is the same for each."""
        product = 1
        for weights in (_NETWORK, _CLIENT):
            used = [at for at in weights if at in brought]
            alike = sum(weights[at] for at in used for other in everyone if other[at] == login[at])
            product *= alike - sum(weights[at] for at in used) if used else 1  # It is not among the others.
        return product

    compared = [login for login in before if likely(login) > 0]
    if not compared:
        raise Undecided("no earlier login to compare with")
    rarer = sum(1 for login in compared if likely(login) > likely(mine))
    return rarer * 100 / len(compared), compared


SCORES: dict[str, Callable[[Login, list[Login]], tuple[float, list[Login]]]] = {"freeman": freeman}
