"""The daily indexes of a log, each made anew from the entries that it speaks of: one that leaves an entry out is a lie.

An alert's record says at which clock it was told; so a day that was never closed is noticed too.
"""

from __future__ import annotations

from typing import Any

from streams.audit.broken import BrokenError
from streams.audit.facets import account_of
from streams.audit.indexing import KIND, OpenDay, behind, day_of, index_of


class Indexed:
    """What of each tenant stands behind its last index."""

    def __init__(self) -> None:
        self._days: dict[str, OpenDay] = {}

    def take(self, entry: bytes, leaf: bytes, told: dict[str, Any], where: str) -> None:
        """Take the next entry, the hash of its leaf and what it says. Raises BrokenError where an index is wrong."""
        tenant = told.get("tenant")
        if not isinstance(tenant, str) or not tenant:
            return
        held = self._days.get(tenant) or self._days.setdefault(tenant, OpenDay())
        if told["kind"] == KIND:
            self._days[tenant] = _checked(held, entry, where)
            return
        day = day_of(told)
        if day is not None:
            last = held.last
            if held.day not in ("", day) or (last is not None and day < last.until):
                between = held.day or (last.until if last is not None else "")
                raise BrokenError(
                    where, f"what was told on {day}, and no {KIND} before it", f"one of {between}"
                )
            held.day = day
        held.take(account_of(told), leaf)


def _checked(held: OpenDay, entry: bytes, where: str) -> OpenDay:
    """Check an index against what stands before it, and return what is open behind it."""
    index = index_of(entry, where)
    if not held.entries:
        raise BrokenError(where, f"an index of {index.day}, and nothing that it speaks of", "one of entries")
    after = held.last.until if held.last is not None else ""
    if not after <= index.day < index.until or held.day not in ("", index.day):
        expected = f"one of {held.day}" if held.day else f"one of a day before its clock and from {after} on"
        raise BrokenError(where, f"an index of {index.day}, closed on {index.until}", expected)
    again = held.entry(index.tenant, index.position, index.day, index.clock)
    if again != entry:
        raise BrokenError(
            where, entry.decode(), f"what the entries since the last index give: {again.decode()}"
        )
    return behind(entry, index)
