"""Would-be alerts: what rules that are shadows find is told apart from what is said.

A shadow rule decides like any other and its records are made like any other's, with the same ids and numbers, so that
they are what it would say were it none. At the end of an input they are taken out of what is said: no feed, no audit
entry and nobody who is told of alerts ever has one.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.alert import Record


def apart(records: list[Record], shadows: AbstractSet[str]) -> tuple[list[Record], list[Record]]:
    """Return the records that are said and those of shadow rules, each in their order. `shadows`: ids of rules."""
    return (
        [record for record in records if record.rule not in shadows],
        [record for record in records if record.rule in shadows],
    )
