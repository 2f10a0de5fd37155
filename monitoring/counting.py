"""What metrics are read from: engines as they are, alerts as they were committed, durations batch by batch.

One thread counts, another one reads. The one that counts takes no lock: whatever is read from it is first copied by a
single call into C (`dict.copy`, `list`), which the interpreter's lock makes whole. To iterate over a dict as it stands
would raise RuntimeError where the engine adds to it meanwhile.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
from sys import intern
from typing import Final, Protocol
from weakref import WeakKeyDictionary

import msgspec

from engine.fold import Engine
from engine.program import LEVELS
from engine.tenant import Tenant

# Upper bounds in seconds: a batch takes milliseconds; a correction, or a checkpoint of a large state, takes many.
BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Said(Protocol):
    """What a record says of whether its alert stands."""

    @property
    def id(self) -> str:
        """The alert."""

    @property
    def tenant(self) -> str:
        """Whose it is."""

    @property
    def level(self) -> str:
        """How grave it is."""

    @property
    def state(self) -> str:
        """What changed: `retracted` where it stands no more."""


class _Said(msgspec.Struct, frozen=True, gc=False):
    id: str
    tenant: str
    level: str
    state: str


_SAID: Final = msgspec.json.Decoder(_Said)


def said(bodies: Iterable[bytes]) -> Iterator[Said]:
    """Read of stored records no more than is counted."""
    return map(_SAID.decode, bodies)


class OpenAlerts:
    """How many alerts stand, by level. Remembers the id and level of those that do, and no other."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(LEVELS[1:], 0)
        self._levels: dict[str, dict[str, str]] = {}  # Tenant → alert → level.

    def take(self, record: Said) -> None:
        """Take note of an alert's next record."""
        levels = self._levels.get(record.tenant)
        if levels is None:
            levels = self._levels[record.tenant] = {}
        before = levels.pop(record.id, None)
        if before is not None:
            self.counts[before] -= 1
        if record.state != "retracted":
            levels[record.id] = intern(record.level)
            self.counts[record.level] += 1

    def drop(self, tenant: str) -> None:
        """Forget a tenant's alerts: another process counts them from now on."""
        for level in self._levels.pop(tenant, {}).values():
            self.counts[level] -= 1


class Durations:
    """How often something took how long."""

    def __init__(self) -> None:
        self.sum_s = 0.0
        self._counts = [0] * (len(BOUNDS_S) + 1)

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self._counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return upper bounds as text, each with how many took so long at most."""
        names = [*map(str, BOUNDS_S), "+Inf"]
        return list(zip(names, accumulate(list(self._counts)), strict=True))


class Watched:
    """One engine, and what it counts from the moment on that it is watched.

    What a restart decides again was counted by the process that decided it first.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._events = Counter(engine.tally.counts)
        self._undecided = Counter(engine.undecided)
        # A correction puts another tenant, which begins at 0, in the place of the one that was: so each object is
        # counted by itself. What the old one refolded since the last look goes uncounted; the sum never goes back.
        self._refolds: WeakKeyDictionary[Tenant, int] = WeakKeyDictionary(
            {tenant: tenant.refolds for tenant in engine.tenants.values()}
        )
        self._refolded = 0

    def tenants(self) -> list[Tenant]:
        """Return the tenants there are now."""
        return list(self.engine.tenants.values())

    def events(self) -> Counter[tuple[str, str]]:
        """Return how many inputs were decided, by (type, disposition)."""
        return Counter(self.engine.tally.counts.copy()) - self._events

    def undecided(self) -> Counter[str]:
        """Return how many expressions had no value, by rule."""
        return Counter(self.engine.undecided) - self._undecided

    def refolds(self) -> int:
        """Return how often late events had something folded again. Calls must not overlap."""
        for tenant in self.tenants():
            now = tenant.refolds
            self._refolded += now - self._refolds.get(tenant, 0)
            self._refolds[tenant] = now
        return self._refolded
