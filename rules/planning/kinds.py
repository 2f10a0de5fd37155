"""An event type, or another kind of contribution, as the generator sees it: what it reads and where it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rules.planning.fields import (
    ACCOUNT,
    DEVICE,
    FACT_FIELDS,
    ORDER,
    OWNER,
    PAYMENT,
    REQUEST,
    prefix_of,
)
from rules.planning.plan import Group, Stream, Unit
from rules.tree import Call, Node

ENTITIES: Final = {
    "account": ACCOUNT, "owner": OWNER, "device": DEVICE, "order": ORDER, "payment": PAYMENT, "request": REQUEST,
}  # fmt: skip
ID_OF: Final = {
    "device": "event.device_id", "order": "event.order_id", "payment": "event.transaction_id",
    "request": "event.request_id",
}  # fmt: skip


@dataclass(slots=True)
class Kind:
    """An event type as the generator sees it."""

    name: str
    number: int
    streams: list[Stream]
    groups: list[Group]
    plain: list[Unit]  # Cases that need no cell.
    deadlines: list[Unit]
    sequences: list[Unit]  # Cases of which this type is a step.
    boundary: Unit | None = None  # The case whose calendar boundaries it stands for.
    source: Kind | None = None  # The event type whose events enter later as this kind.
    later: list[Kind] = field(default_factory=list)  # The kinds as which its own events enter later.
    place: int = -1  # Of a kind that enters later: where what waits for it is.
    columns: dict[str, int] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)  # What must be in a column.
    reads: set[str] = field(default_factory=set)  # What is read at all.
    lookups: dict[str, Node] = field(default_factory=dict)  # Column name → the call it holds.
    entities: frozenset[str] = frozenset()  # Looked up whatever becomes of limits.
    known: dict[str, Node] = field(
        default_factory=dict
    )  # Every such call of the program; shared by all types.

    @property
    def derived(self) -> bool:
        """Return whether it is no event of the log but made by the engine."""
        return self.name.startswith("@") or self.name in FACT_FIELDS

    @property
    def told(self) -> bool:
        """Return whether it is a fact that is derived with all its values, and looks nothing up."""
        return self.derived and self.boundary is None and self.source is None

    def lines(self, *, dynamic: bool) -> set[str]:
        """Return the entities it looks up; with limits as of the event, always the account and its owner."""
        if self.told:
            return set()
        return {*self.entities, "account", "owner"} if dynamic else set(self.entities)

    def settle_entities(self) -> None:
        """Note the entities it looks up, once all that is read of it is known."""
        names = self.reads | self.needs
        found = {prefix_of(name) for name in names} & set(ENTITIES)
        if any(isinstance(call, Call) and call.function == "qualified" for call in self.lookups.values()):
            found.add("owner")
        if "event.owner" in names or "owner" in found:
            found.add("account")
        self.entities = frozenset(found)
