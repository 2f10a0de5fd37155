"""The registers: what is on file about each shop before trade begins.

Owners, accounts, devices, qualifications and limits are events like any other; they are written a good while before the
first day told, dated when each came into force.
"""

from __future__ import annotations

from datetime import date

from streams.sources.shops.cast import LICENCE_FOR, Account, Shop
from streams.sources.shops.ledger import Data, Ledger
from streams.sources.shops.moments import DAY, HOUR, MINUTE, day_text, instant, midnight

SOURCE = "register"
EXPIRED, LAST_WEEK, RENEWED = -1, 7, 400  # Days from the first day told to a licence's last day.
LAST_DAYS = {"food": EXPIRED, "device": LAST_WEEK, "prepackaged_food": RENEWED}


def register(ledger: Ledger, shops: tuple[Shop, ...], first: date, history_days: int) -> None:
    """Write every shop's papers; they are on file from `history_days` before the first day told."""
    opening = midnight(first) - history_days * DAY
    for shop in shops:
        moment = opening + shop.number * MINUTE
        owner: Data = {
            "owner_id": shop.owner_id, "kind": shop.owner_kind,
            "registered": shop.registered, "vat_status": shop.vat_status,
        }  # fmt: skip
        ledger.write("owner.registered", moment, "", owner, source=SOURCE)
        for account in shop.accounts:
            _register_account(ledger, shop, account, first, moment)
        _register_devices(ledger, shop, moment)
        _register_licences(ledger, shop, first, moment)


def _register_account(ledger: Ledger, shop: Shop, account: Account, first: date, moment: int) -> None:
    opened = midnight(first) - account.age_days * DAY + 9 * HOUR
    data: Data = {"kind": account.kind, "owner_id": shop.owner_id, "opened_at": instant(opened)}
    if account.staff_id:
        data["staff_id"] = account.staff_id
    on_file = max(moment, opened)  # An account that opens later is put on file when it opens.
    ledger.write("account.registered", on_file, account.id, data, source=SOURCE)
    if account.kind == "service":
        verified: Data = {"verified_until": day_text(first, 7 + 23 * (shop.number % 2))}
        ledger.write("account.verified", on_file + MINUTE, account.id, verified, source=SOURCE)
    if account.kind == "merchant_special" and shop.number % 2 == 0:
        limit: Data = {
            "limit": "special_merchant_single",
            "value": 20_000_000,
            "unit": "fen",
            "account": account.id,
        }
        ledger.write("limit_profile.set", on_file + MINUTE, "", limit, source=SOURCE)


def _register_devices(ledger: Ledger, shop: Shop, moment: int) -> None:
    laptop: Data = {"device_id": f"laptop-{shop.number:02d}", "managed": True, "owner_id": shop.owner_id}
    ledger.write("device.registered", moment, "", laptop, source=SOURCE)


def _register_licences(ledger: Ledger, shop: Shop, first: date, moment: int) -> None:
    licence = LICENCE_FOR.get(shop.category)
    if licence is None:
        return
    last = LAST_DAYS[shop.category]
    data: Data = {
        "qual_id": f"licence-{shop.number:02d}", "qual_type": licence, "owner_id": shop.owner_id,
        "scope": [shop.category], "valid_from": day_text(first, last - 1824), "valid_to": day_text(first, last),
    }  # fmt: skip
    ledger.write("qualification.issued", moment, "", data, source=SOURCE)
