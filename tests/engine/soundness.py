"""What must be so inside a live engine at any moment between two inputs.

The records tell what the engine says; this asks whether what it remembers agrees with itself: order of the tails,
standing and journal, heads and tails. It is asked of logs shorter than lateness, from which nothing has left the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from engine.approving import heard
from engine.cells import Cell, standing_of
from engine.deadlines import Owing
from engine.fold import Engine
from engine.instants import rfc3339
from engine.program import FLAGS, LEVELS, SUB, TIME, CellClass, Contribution, Family, Found, named
from engine.sequences import Steps
from engine.tenant import Tenant


def check(engine: Engine) -> None:
    """Check every tenant of an engine. Raises AssertionError with what disagrees."""
    for tenant in engine.tenants.values():
        check_tails(tenant)
        check_standing(tenant)
        check_journals(tenant)
        check_heads(tenant)


def cells_of(tenant: Tenant) -> Iterator[Cell]:
    """Yield every cell that is more than one bare contribution, the one of the rules without a cell among them."""
    yield tenant.plain
    for cells in tenant.cells:
        for cell in cells.values():
            if isinstance(cell, Cell):
                yield cell


def check_tails(tenant: Tenant) -> None:
    """Every tail, and every step of a sequence, is strictly sorted by position."""
    for cell in cells_of(tenant):
        assert_sorted(cell.items)
        assert cell.last >= (cell.items[-1][TIME] if cell.items and not isinstance(cell, Owing) else -1)
    for cells in tenant.cells:
        for held in cells.values():
            for steps in held.ordered if isinstance(held, Steps) else ():
                assert_sorted(steps)


def assert_sorted(items: list[Contribution]) -> None:
    """Check that positions rise strictly."""
    places = [item[: SUB + 1] for item in items]
    assert all(before < after for before, after in pairwise(places)), places


def check_standing(tenant: Tenant) -> None:
    """Check that what stands is what the journals say, no more and no less."""
    zone = tenant.zone.info
    said = {
        name: (record.level, record.at, record.trigger)
        for name, record in tenant.standing.items()
        if record.state != "retracted"
    }
    meant: dict[Any, Any] = {}
    for cell in cells_of(tenant):
        for index, subs in cell.journal.items():
            face = tenant.program.faces[index]
            for sub, marks in subs.items():
                said_of = heard(tenant, face, face.key(cell.key, sub), marks)
                for group in {mark[2] for mark in marks}:
                    mark = standing_of(said_of, group)
                    if mark is not None:
                        position, level, _, _, (source, name) = mark
                        trigger = {"source": source, "id": name}
                        meant[index, face.key(cell.key, sub), group] = (
                            LEVELS[level], rfc3339(position[TIME] + face.boundary, zone), trigger,
                        )  # fmt: skip
    assert said == meant


def check_journals(tenant: Tenant) -> None:
    """Check that marks are in order, and none is without the contribution that crossed its level.

    The rules without a cell are left out: each of their alerts is about one event, so their marks need no order.
    """
    for cell in cells_of(tenant):
        if cell is tenant.plain:
            continue
        held = {(item[1], item[2]) for item in cell.items} | {named(item) for item in cell.items}
        for index, subs in cell.journal.items():
            for marks in subs.values():
                face = tenant.program.faces[index]
                assert [mark[0] for mark in marks] == sorted(mark[0] for mark in marks), face.rule
                # What a boundary saw lies before it: of a mark that nothing can move any more it may be gone.
                sure = tenant.clock - tenant.lateness_us if face.boundary else 0
                assert {mark[4] for mark in marks if mark[0][TIME] >= sure} <= held, face.rule


def check_heads(tenant: Tenant) -> None:
    """Every head is what its tail comes to when it is folded from nothing."""
    for cls in tenant.variant.classes:
        for cell in tenant.cells[cls.index].values():
            if isinstance(cell, Cell) and cell.items:
                for family in cls.families:
                    check_head(tenant, cls, family, cell)


def check_head(tenant: Tenant, cls: CellClass, family: Family, cell: Cell) -> None:
    """Compare a family's head, rewound by nothing, with its steps run over the whole tail."""
    fresh = cls.make(cell.key)
    fresh.items = []
    unsaid: list[Found] = []
    last = None
    for item in cell.items:
        fresh.items.append(item)
        if item[FLAGS] & family.mask:
            family.step(tenant, fresh, item, unsaid, [0] * len(tenant.mute))
            last = item
    if last is None:
        return
    at = cell.items.index(last) + 1
    fresh.items = cell.items
    head = family.rewind(tenant, cell, at, last[TIME])
    standing = {face.slot for face in family.faces}
    for slot in type(cell).__slots__:
        if slot in standing or slot == "open" or slot.endswith("_p"):
            continue  # What stands is the journal's; windows before the last are looked at by what they raise.
        if slot.endswith(("_s", "_h")) and family.faces[0].boundary:
            continue  # The window of its alerts may roll over at the boundary only.
        found, meant = getattr(head, slot), getattr(fresh, slot)
        where = (tenant.program.faces[family.faces[0].index].rule, cell.key, slot)
        if slot.endswith("k"):
            assert found >= meant, ("a peak is an upper bound", *where)
        else:
            assert found == meant, where
