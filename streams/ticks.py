"""The event by which a runner lets every tenant's clock go on, where nothing else comes."""

from __future__ import annotations

from typing import Final

import msgspec

CLOCK: Final = "weiguard/clock"  # The source of ticks.


def tick_event(at: str) -> bytes:
    """Return the event that moves every tenant's clock to an instant, RFC 3339."""
    return msgspec.json.encode(
        {"specversion": "1.0", "id": at, "source": CLOCK, "type": "clock.tick", "time": at}
    )
