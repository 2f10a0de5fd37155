"""A scene: one shop on one day, and all that is needed to write what happens there."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from streams.sources.shops.cast import Account, Shop
from streams.sources.shops.ledger import NORMAL_DELAY, Data, Ledger
from streams.sources.shops.moments import clock


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something happens; `midnight` is the day's beginning, in milliseconds."""

    ledger: Ledger
    rng: Random
    shop: Shop
    midnight: int

    def at(self, text: str) -> int:
        """Return the moment of `HH:MM` or `HH:MM:SS` on this day."""
        return self.midnight + clock(text)

    def write(
        self, kind: str, moment: int, account: Account, data: Data, *, source: str, delay: int = NORMAL_DELAY
    ) -> str:
        """Put down one event of an account and return its id; `moment` and `delay` are milliseconds."""
        return self.ledger.write(kind, moment, account.id, data, source=source, delay=delay)

    def number(self, prefix: str) -> str:
        """Return the next name with this prefix."""
        return self.ledger.number(prefix)

    def payer(self) -> str:
        """Return one of the shop's customers."""
        return self.rng.choice(self.shop.payers)

    def address(self) -> str:
        """Return the hash of an address that nobody used before."""
        return f"ip-{self.rng.getrandbits(40):010x}"

    @property
    def personal(self) -> tuple[Account, ...]:
        """The shop's personal accounts."""
        return self.shop.personal

    @property
    def merchant(self) -> Account:
        """The shop's ordinary merchant account."""
        return self.shop.of_kind("merchant_ordinary")[0]
