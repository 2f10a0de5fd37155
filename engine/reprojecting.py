"""Reference data came late: contributions that looked it up are withdrawn and entered anew, in the same step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.exchanging import exchange
from engine.keeping import keep_loose
from engine.program import KIND, SUB, Contribution, Position
from engine.ripening import entered
from engine.sequences import bind_again, displace, place

if TYPE_CHECKING:
    from engine.tenant import Tenant


def look_again(tenant: Tenant, readers: list[Contribution]) -> None:
    """Look up again what these contributions read, and mend whatever follows from it."""
    # What takes whose place; what entered of an event follows the event.
    changed: dict[Position, tuple[Contribution | None, Contribution]] = {}
    for old in readers:
        again = tenant.variant.by_kind[old[KIND]].again
        new = again(tenant, old) if again is not None else old
        if new != old:
            changed[old[: SUB + 1]] = (old, new)
    read = list(changed.values()) if tenant.program.ripening_of else []
    for seen, now in read:
        assert seen is not None, "only what was there is read again"
        for before, after in entered(tenant, seen, now):
            if before is None or before != after:
                changed[after[: SUB + 1]] = (before, after)
            else:
                changed.pop(after[: SUB + 1], None)
    if changed:
        _replace(tenant, changed)


def _replace(tenant: Tenant, changed: dict[Position, tuple[Contribution | None, Contribution]]) -> None:
    removed = [old for old, _ in changed.values() if old is not None]
    added = [new for _, new in changed.values()]
    now = {place: new for place, (_, new) in changed.items()}
    tenant.arrived.replace(now)
    if tenant.recent:
        tenant.recent[:] = [now.get(item[: SUB + 1], item) for item in tenant.recent]
    _change_sequences(tenant, removed, added)
    exchange(tenant, removed, added)
    for new in added:
        keep_loose(tenant, new)


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
