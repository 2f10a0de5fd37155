"""Events before they have a source, an id and an arrival; and the small cast that all scenes share."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
BASE = 1_772_985_600 * SECOND  # 2026-03-09 00:00 in Shanghai, a Monday.
SHANGHAI = timezone(timedelta(hours=8))

OWNERS = {
    "O1": ("individual_business", True, "small_monthly"),
    "O2": ("natural", False, "none"),
    "O3": ("enterprise", True, "small_quarterly"),
}
ACCOUNTS = {
    "A1": ("personal", "O1"),
    "A2": ("personal", "O1"),
    "A3": ("personal", "O2"),
    "A4": ("personal", "O2"),
    "M1": ("merchant_ordinary", "O3"),
    "M2": ("merchant_ordinary", "O1"),
    "S1": ("merchant_special", "O3"),
    "W1": ("wecom_member", "O1"),
}
PERSONAL = ("A1", "A2", "A3", "A4", "X9")  # X9 is registered by nobody.
PAYERS = ("P1", "P2", "P3", "P4")
# Around every limit on an amount, in fen; the small ones are probes.
AMOUNTS = (1, 100, 101, 9_999, 50_000, 50_001, 249_999, 250_000, 400_000, 450_000, 499_999, 500_000, 500_001,
           2_400_000, 2_500_000, 2_500_001, 3_999_999, 4_000_000, 4_499_999, 4_500_000, 4_999_999, 5_000_000,
           5_000_001, 8_000_000, 9_000_000, 20_000_000, 50_000_000)  # fmt: skip
# Distances between events that stand exactly on, just inside and just outside of a window's edge.
GAPS = (0, 0, SECOND, 30 * SECOND, MINUTE, 10 * MINUTE - SECOND, 10 * MINUTE, 10 * MINUTE + SECOND, 30 * MINUTE,
        HOUR, 5 * HOUR, 24 * HOUR - SECOND, 24 * HOUR, 24 * HOUR + SECOND)  # fmt: skip


@dataclass(slots=True)
class Draft:
    """One event of a tenant, without identity or arrival."""

    time: int
    type: str
    account: str | None
    data: dict[str, Any]
    owner: str | None = None
    tenant: str = ""


@dataclass(slots=True)
class Stage:
    """Where scenes put their events. `span` is the length of the log in microseconds."""

    rng: random.Random
    span: int
    drafts: list[Draft] = field(default_factory=list)
    numbers: int = 0

    def add(self, kind: str, time: int, account: str | None = None, /, **data: Any) -> Draft:
        """Put an event of a type at a time."""
        draft = Draft(time, kind, account, {name: value for name, value in data.items() if value is not None})
        self.drafts.append(draft)
        return draft

    def number(self, prefix: str) -> str:
        """Return a name not used before in this log."""
        self.numbers += 1
        return f"{prefix}{self.numbers}"

    def moment(self) -> int:
        """Return a time inside the log: anywhere, on a whole hour, or within a second of a midnight."""
        rng = self.rng
        time = BASE + rng.randrange(max(1, self.span))
        match rng.randrange(6):
            case 0:
                return time - time % HOUR
            case 1:
                midnight = time - (time - BASE) % DAY
                return midnight + rng.choice([-SECOND, -1, 0, SECOND])
            case 2:
                return time - time % 1_000
        return time - time % SECOND

    def gap(self) -> int:
        """Return a distance to the next event of a scene."""
        return self.rng.choice(GAPS)

    def maybe(self, chance: float) -> bool:
        """Say yes with a chance."""
        return self.rng.random() < chance


def rfc3339(us: int) -> str:
    """Write an instant in Shanghai's time."""
    seconds, rest = divmod(us, SECOND)
    text = datetime.fromtimestamp(seconds, UTC).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}{f'.{rest:06d}' if rest else ''}+08:00"


def date_of(us: int) -> str:
    """Write the day of an instant in Shanghai."""
    return rfc3339(us)[:10]
