"""Keys that end by themselves with time: one for each week of a tenant, each made from the one before.

A key is followed by its SHA-256, so from the one that is kept all later ones can be found and none that is earlier (a
forward-secure key: Bellare, Yee, "Forward-security in private-key cryptography", 2003). To end all that is older than
a week is to keep that week's key instead. The first key of all is a subject's (subjects.py), destroyed when the first
week ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from streams.sealing.subjects import Puncture, SubjectKeys

WEEK_US: Final = 7 * 86_400 * 10**6
_CHAIN: Final = "\0weeks"  # The subject whose key is the first; nobody is called so.
_MOST: Final = 4_096  # Keys remembered.


def week_of(instant_us: int) -> int:
    """Return the number of an instant's week, in UTC microseconds: whole weeks since 1970-01-01."""
    return max(instant_us, 0) // WEEK_US


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a tenant's weeks: its place in the tree, and the first week that can be opened, with its key.

    While no week has ended `key` is None, and `week` is the first by which anything was sealed. `puncture`: what ending
    the first one changes in the tree.
    """

    chain: bytes
    week: int
    key: bytes | None = None
    puncture: Puncture | None = None


class Weeks:
    """The keys of all tenants' weeks, and what a store has not heard of yet."""

    def __init__(self, keys: SubjectKeys, kept: Iterable[Kept] = ()) -> None:
        self._keys = keys
        self._kept = {each.chain: each for each in kept}
        self._chains: dict[str, bytes] = {}
        self._secrets: dict[tuple[bytes, int], AESSIV | None] = {}
        self._news: dict[bytes, Kept] = {}

    def chain(self, tenant: str, week: int) -> bytes:
        """Return the place of a tenant's weeks, 6 bytes; something is to be sealed by one of them."""
        found = self._chains.get(tenant)
        if found is None:
            found = self._chains[tenant] = self._keys.place(tenant, _CHAIN)
            if found not in self._kept:
                self._kept[found] = self._news[found] = Kept(found, week)
        return found

    def cipher(self, chain: bytes, week: int) -> AESSIV | None:
        """Return the AES-SIV of a week; None where that has ended, or was never begun."""
        name = (chain, week)
        if name not in self._secrets:
            if len(self._secrets) >= _MOST:
                self._secrets.clear()
            key = self._key(chain, week)
            self._secrets[name] = AESSIV(sha512(key).digest()) if key is not None else None
        return self._secrets[name]

    def _key(self, chain: bytes, week: int) -> bytes | None:
        kept = self._kept.get(chain)
        if kept is not None and kept.key is not None:
            start, key = kept.week, kept.key
        else:
            first = self._keys.at(chain)
            if first is None:
                return None
            start, key = 0, sha256(first.secret).digest()
        if week < start:
            return None
        for _ in range(week - start):
            key = sha256(key).digest()
        return key

    def end(self, tenants: Mapping[str, int]) -> bool:
        """End all weeks of tenants before a week of each, where that is new; return whether anything ended."""
        ended = False
        for tenant, week in tenants.items():
            chain = self._chains.get(tenant) or self._keys.place(tenant, _CHAIN)
            kept = self._kept.get(chain)
            if kept is None or week <= kept.week:
                continue
            key = self._key(chain, week)
            puncture = self._keys.destroy(tenant, _CHAIN) if kept.key is None else None
            self._kept[chain] = self._news[chain] = Kept(chain, week, key, puncture)
            ended = True
        if ended:
            self._secrets.clear()
        return ended

    def ended_us(self, tenant: str) -> int:
        """Return before which instant, in UTC microseconds, what a tenant was sent has ended; 0: nothing has."""
        kept = self._kept.get(self._keys.place(tenant, _CHAIN))
        return kept.week * WEEK_US if kept is not None and kept.key is not None else 0

    @property
    def stand(self) -> tuple[int, int]:
        """How many tenants have weeks, and the sum of their numbers."""
        return len(self._kept), sum(each.week for each in self._kept.values())

    def news(self) -> list[Kept]:
        """Return what a store is to write with the next batch, and count it as written."""
        found = list(self._news.values())
        self._news = {}
        return found
