"""The events that contributed to a crossing: how many, the first and the last of them.

Only what is sure to be in the tail at every time the crossing may still change is named, so that the evidence is the
same in whatever order events arrived.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

from engine.cells import Cell
from engine.program import FLAGS, Face, Mark, named

NAMED: Final = 5  # So many ids at each end.


def evidence_of(face: Face, cell: Cell, mark: Mark) -> dict[str, Any]:
    """Return `{count, first, last}` of the contributions in the case's window up to a mark, ids oldest first."""
    position, _, group, _, trigger = mark
    if not face.evidence_us:
        return {"count": 1, "first": [trigger[1]], "last": []}
    items = cell.items
    start = position[0] - face.evidence_us + 1
    if face.alert == "calendar":
        start = max(start, group)
    elif face.alert == "since":
        start = max(start, group[0])
    first = bisect_left(items, (start,))
    last = bisect_left(items, (*position, 1 << 62))  # Past the mark's own contribution.
    counted = [item for item in items[first:last] if item[FLAGS] & face.evidence_mask]
    if face.since >= 0:
        counted = [item for item in counted if item[face.since] == group]
    ids = [named(item)[1] for item in counted]
    shown = ids[-NAMED:] if len(ids) > NAMED else []
    return {"count": len(ids), "first": ids[:NAMED], "last": shown}
