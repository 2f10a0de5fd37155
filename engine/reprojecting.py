"""Reference data came late: contributions that looked it up are withdrawn and entered anew, in the same step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.deadlines import enter, settle_again, withdraw
from engine.keeping import keep_loose
from engine.lateness import revise
from engine.program import KIND, SUB, Contribution, Found, Key, Position
from engine.sequences import bind_again, displace, place

if TYPE_CHECKING:
    from engine.tenant import Tenant


def look_again(tenant: Tenant, readers: list[Contribution]) -> None:
    """Look up again what these contributions read, and mend whatever follows from it."""
    changed: dict[Position, tuple[Contribution, Contribution]] = {}
    for old in readers:
        again = tenant.variant.by_kind[old[KIND]].again
        new = again(tenant, old) if again is not None else old
        if new != old:
            changed[old[: SUB + 1]] = (old, new)
    if changed:
        _replace(tenant, changed)


def _replace(tenant: Tenant, changed: dict[Position, tuple[Contribution, Contribution]]) -> None:
    removed = [old for old, _ in changed.values()]
    added = [new for _, new in changed.values()]
    for held in (tenant.arrived, tenant.recent or []):
        for index, item in enumerate(held):
            pair = changed.get(item[: SUB + 1])
            if pair is not None:
                held[index] = pair[1]
    _change_sequences(tenant, removed, added)
    _change_deadlines(tenant, removed, added)
    revise(tenant, removed, added)
    for old, new in changed.values():
        _change_plain(tenant, old, new)
        keep_loose(tenant, new)


def _change_plain(tenant: Tenant, old: Contribution, new: Contribution) -> None:
    """Take back what cases without a cell found on the old contribution, and judge the new one."""
    plain = tenant.variant.by_kind[old[KIND]].plain
    if plain is None:
        return
    gone: list[Found] = []
    found: list[Found] = []
    plain(tenant, old, gone, tenant.mute)
    plain(tenant, new, found, tenant.mute)
    for case, sub, mark in gone:
        marks = tenant.plain.journal[case][sub]
        marks[:] = [held for held in marks if held[0] != mark[0]]
        tenant.changed[case, tenant.plain, sub, mark[2]] = True
    for case, sub, mark in found:
        tenant.plain.marks(case, sub).append(mark)
        tenant.changed[case, tenant.plain, sub, mark[2]] = True


def _change_deadlines(tenant: Tenant, removed: list[Contribution], added: list[Contribution]) -> None:
    touched: dict[tuple[int, Key], None] = {}
    for items, change in ((removed, withdraw), (added, enter)):
        for item in items:
            owed = tenant.variant.by_kind[item[KIND]].owed
            for place_, key in owed(item) if owed is not None else ():
                change(tenant, tenant.program.deadline_of[place_], key, item)
                touched[place_, key] = None
    for place_, key in touched:
        settle_again(tenant, tenant.program.deadline_of[place_], tenant.cells[place_][key])


def _change_sequences(tenant: Tenant, removed: list[Contribution], added: list[Contribution]) -> None:
    for case in tenant.program.sequences:
        flags = 0
        for link in case.links:
            flags |= link.flag
        for old in removed:
            if old[5] & flags:
                displace(tenant, case, old)
        for new in added:
            if new[5] & flags:
                place(tenant, case, new)
        for item in (*removed, *added):
            if item[5] & flags:
                bind_again(tenant, case, item)
