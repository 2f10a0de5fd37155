"""Structuring stories: payments cut up or spread out, evasion of a freeze, turnover that the tax law asks about."""

from __future__ import annotations

from streams.sources.shops.happenings import DESK, PAY, pay
from streams.sources.shops.ledger import Data
from streams.sources.shops.moments import DAY, HOUR, MINUTE, clock
from streams.sources.shops.scene import Scene


def split_order(scene: Scene) -> None:
    """Tell how an order of 120,000.00 is paid in three payments, each below the limit of one payment."""
    merchant, order = scene.merchant, scene.number("order")
    buyer = scene.payer()
    data: Data = {"order_id": order, "total_fen": 120_000_00, "buyer_id": buyer}
    scene.write("order.created", scene.at("14:00"), merchant, data, source=DESK)
    for place, amount in enumerate((44_000_00, 43_500_00, 32_500_00)):
        moment = scene.at("14:06") + place * 5 * MINUTE
        pay(scene, merchant, moment, amount, buyer, method="native", order_id=order)


def below_the_limit(scene: Scene) -> None:
    """One payer sends 4,800.00 five times, each just below a personal account's 5,000.00."""
    payer = scene.payer()
    for place in range(5):
        pay(scene, scene.personal[1], scene.at("12:00") + place * 43 * MINUTE, 4_800_00, payer)


def two_accounts(scene: Scene) -> None:
    """One payer sends 27,000.00 to each of two personal accounts of one owner."""
    payer = scene.payer()
    for place, account in enumerate(scene.personal[:2]):
        pay(scene, account, scene.at("13:10") + place * 2 * HOUR, 27_000_00, payer)


def spread_over_accounts(scene: Scene) -> None:
    """Two personal accounts take 29,000.00 each: the owner is above the limit, neither account is."""
    for place in range(10):
        moment = scene.at("09:40") + place * HOUR
        pay(scene, scene.personal[place % 2], moment, 5_800_00, scene.payer())


def large_value(scene: Scene) -> None:
    """Tell of an estate sale: 510,000.00 to one natural person in a day."""
    for place in range(3):
        moment = scene.at("15:00") + place * HOUR
        pay(scene, scene.personal[2], moment, 170_000_00, scene.payer())


def probe_then_large(scene: Scene) -> None:
    """Tell how a payer sends 0.50 and, four minutes later, 6,800.00."""
    merchant, payer = scene.merchant, scene.payer()
    pay(scene, merchant, scene.at("17:02"), 50, payer, method="native")
    pay(scene, merchant, scene.at("17:06"), 6_800_00, payer, method="native")


def freeze_evasion(scene: Scene) -> None:
    """Tell how an account is frozen; three of its payers pay another account of the owner within the day."""
    frozen, other = scene.personal[0], scene.personal[1]
    payers = scene.rng.sample(scene.shop.payers, 3)
    for place, payer in enumerate(payers):
        pay(scene, frozen, scene.midnight - 5 * DAY + clock("18:00") + place * HOUR, 260_00, payer)
        pay(scene, other, scene.at("12:20") + place * 70 * MINUTE, 240_00, payer)
    data: Data = {"case_id": scene.number("case"), "amount_fen": 3_100_00, "reason": "complaints"}
    scene.write("fund.frozen", scene.at("09:12"), frozen, data, source=PAY)


def unregistered_turnover(scene: Scene) -> None:
    """Tell how a person who never registered sold for some 80,000.00 since January and passes 100,000.00 today."""
    for place in range(60):
        moment = scene.midnight - (60 - place) * DAY + clock("19:00")
        pay(scene, scene.personal[place % 2], moment, 1_330_00, scene.payer())
    for place in range(8):
        moment = scene.at("11:00") + place * HOUR
        pay(scene, scene.personal[place % 2], moment, 1_480_00, scene.payer())


def vat_month(scene: Scene) -> None:
    """Tell how a small taxpayer, at 85,000.00 since the start of the month, passes the exemption of 100,000.00."""
    merchant = scene.merchant
    for place in range(17):
        moment = scene.midnight - 9 * DAY + place * 12 * HOUR + clock("08:30")
        pay(scene, merchant, moment, 5_000_00, scene.payer(), method="native")
    for place in range(4):
        moment = scene.at("10:30") + place * 2 * HOUR
        pay(scene, merchant, moment, 4_600_00, scene.payer(), method="native")
