"""Contributions taken out of all that was decided of them, and others put in: cells, deadlines, and what needs neither.

So facts that the engine derives enter and leave, and events whose reference data came late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.boundaries import arm_again
from engine.deadlines import enter, settle_again, withdraw
from engine.lateness import revise
from engine.program import KIND, Contribution, Found, Key

if TYPE_CHECKING:
    from engine.tenant import Tenant


def exchange(tenant: Tenant, removed: list[Contribution], added: list[Contribution]) -> None:
    """Take contributions out and put others in, and decide again what they touch."""
    _of_deadlines(tenant, removed, added)
    revise(tenant, removed, added)
    if tenant.program.every_of:
        for new in added:
            route = tenant.variant.by_kind[new[KIND]].route
            arm_again(tenant, new, route(new) if route is not None else [])
    for old in removed:
        _take_back(tenant, old)
    for new in added:
        _judge(tenant, new)


def _of_deadlines(tenant: Tenant, removed: list[Contribution], added: list[Contribution]) -> None:
    touched: dict[tuple[int, Key], None] = {}
    for items, change in ((removed, withdraw), (added, enter)):
        for item in items:
            owed = tenant.variant.by_kind[item[KIND]].owed
            for place, key in owed(item) if owed is not None else ():
                change(tenant, tenant.program.deadline_of[place], key, item)
                touched[place, key] = None
    for place, key in touched:
        settle_again(tenant, tenant.program.deadline_of[place], tenant.cells[place][key])
        tenant.touch(place, key)


def _plainly(tenant: Tenant, item: Contribution) -> list[Found]:
    """Return what cases without a cell find on a contribution."""
    found: list[Found] = []
    plain = tenant.variant.by_kind[item[KIND]].plain
    if plain is not None:
        plain(tenant, item, found, tenant.mute)
    return found


def _take_back(tenant: Tenant, old: Contribution) -> None:
    for case, sub, mark in _plainly(tenant, old):
        marks = tenant.plain.journal[case][sub]
        marks[:] = [held for held in marks if held[0] != mark[0]]
        tenant.changed[case, tenant.plain, sub, mark[2]] = True


def _judge(tenant: Tenant, new: Contribution) -> None:
    for case, sub, mark in _plainly(tenant, new):
        tenant.plain.marks(case, sub).append(mark)
        tenant.changed[case, tenant.plain, sub, mark[2]] = True
