"""Settlements: what the payment institution pays out each morning, of what a merchant collected the day before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from streams.sources.shops.cast import Shop
from streams.sources.shops.happenings import PAY
from streams.sources.shops.ledger import Ledger
from streams.sources.shops.moments import DAY, HOUR

_MERCHANTS: Final = ("merchant_ordinary", "merchant_special")
_MOST: Final = 200  # Payments of one settlement.


def settle(ledger: Ledger, shops: Iterable[Shop], opening: int, days: range) -> None:
    """Write the settlements of what merchants collected on such days from `opening` on, at six the next morning."""
    mine = {account.id for shop in shops for account in shop.of_kind(*_MERCHANTS)}
    taken: dict[tuple[int, str], list[tuple[str, int]]] = defaultdict(list)
    for transaction, (moment, account, amount) in ledger.payments.items():
        day = (moment - opening) // DAY
        if account in mine and day in days:
            taken[day, account].append((transaction, amount))
    for (day, account), paid in sorted(taken.items()):
        for first in range(0, len(paid), _MOST):
            part = paid[first : first + _MOST]
            data: dict[str, object] = {
                "settlement_id": ledger.number("settlement"),
                "transaction_ids": [transaction for transaction, _ in part],
                "amount_fen": sum(amount for _, amount in part),
            }
            moment = opening + (day + 1) * DAY + 6 * HOUR
            ledger.write("settlement.posted", moment, account, data, source=PAY)
