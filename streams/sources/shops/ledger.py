"""The ledger: every event of the made-up shops, handed out in the order of arrival.

Only the ledger numbers events and knows the shape of a line; stories and trade say what happened, when, and how long it
took to get here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from streams.sources.shops.moments import instant

Data: TypeAlias = dict[str, object]

TENANT = "shops"
NORMAL_DELAY = 700  # Milliseconds from an event to its arrival, where nothing else is said.


class Ledger:
    """Collects events; `lines()` gives them as JSON lines, sorted by arrival, in the order of writing where equal."""

    def __init__(self) -> None:
        self._events: list[tuple[int, int, bytes]] = []
        self._numbers: dict[str, int] = {}
        self.payments: dict[str, tuple[int, str, int]] = {}  # By transaction: moment, account, fen.

    def __len__(self) -> int:
        return len(self._events)

    def number(self, prefix: str) -> str:
        """Return the next name with this prefix: `pay-000001`."""
        following = self._numbers.get(prefix, 0) + 1
        self._numbers[prefix] = following
        return f"{prefix}-{following:06d}"

    def write(
        self,
        kind: str,
        moment: int,
        subject: str,
        data: Data,
        *,
        source: str,
        delay: int = NORMAL_DELAY,
        name: str = "",
    ) -> str:
        """Put down one event and return its id.

        `moment` and `delay` are milliseconds; with a negative delay the source's clock is fast.
        """
        amount = data.get("amount_fen")
        if kind == "payment.received" and isinstance(amount, int):  # One story has another.
            self.payments.setdefault(str(data["transaction_id"]), (moment, subject, amount))
        identity = name or self.number(kind.replace(".", "-").replace("_", "-"))
        line: Data = {
            "specversion": "1.0", "id": identity, "source": source, "type": kind, "tenant": TENANT,
            "time": instant(moment), "receivedtime": instant(moment + delay),
        }  # fmt: skip
        if subject:
            line["subject"] = subject
        line["data"] = data
        self._events.append((moment + delay, len(self._events), msgspec.json.encode(line)))
        return identity

    def lines(self) -> Iterator[bytes]:
        """Return every event as one JSON line without its newline, in the order of arrival."""
        return (line for _, _, line in sorted(self._events))
