"""The one fate of every input, and sums that must agree."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from engine.payloads import PAYLOADS

Disposition: TypeAlias = Literal["decided", "duplicate", "conflict", "late", "quarantined"]
DISPOSITIONS: Final[tuple[Disposition, ...]] = ("decided", "duplicate", "conflict", "late", "quarantined")
OTHER: Final = "other"  # What an event type outside the contract is counted as.


class Tally:
    """Counts by (event type, disposition)."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}
        self.inputs = 0
        self.unlisted: dict[str, int] = {}  # By "type field": values outside the contract's list.

    def add(self, kind: str, disposition: str) -> None:
        """Count one input."""
        self.inputs += 1
        try:
            self.counts[kind, disposition] += 1
        except KeyError:
            self._begin(kind if kind in PAYLOADS else OTHER, disposition)

    def look_at_lists(self, event: Any) -> None:
        """Count the fields whose value is not on the contract's list."""
        for name, values in event.listed.items():
            value = getattr(event.data, name)
            if value is not None and value not in values:
                field = f"{event.kind} {name}"
                self.unlisted[field] = self.unlisted.get(field, 0) + 1

    def _begin(self, kind: str, disposition: str) -> None:
        """Count a type outside the contract, or one that had not been counted yet."""
        self.counts[kind, disposition] = self.counts.get((kind, disposition), 0) + 1

    def by_disposition(self) -> dict[str, int]:
        """Return how many inputs had each disposition; the sums agree with the number of inputs."""
        found: dict[str, int] = dict.fromkeys(DISPOSITIONS, 0)
        for (_, disposition), count in self.counts.items():
            found[disposition] += count
        assert sum(found.values()) == self.inputs, "every input has exactly one disposition"
        return found
