"""Stories of intake: copies, contradictions, clocks that are wrong, lines nobody can read."""

from __future__ import annotations

from streams.sources.shops.happenings import BILL, PAY, pay, payment
from streams.sources.shops.ledger import NORMAL_DELAY, Data
from streams.sources.shops.moments import HOUR, MINUTE
from streams.sources.shops.scene import Scene


def copies(scene: Scene) -> None:
    """Tell how a notification comes three times, and the bill knows the same payment with its fee."""
    merchant = scene.merchant
    moment = scene.at("10:02")
    data: Data = {**payment(scene, scene.payer(), 145_00), "method": "jsapi"}
    notice = scene.number("notice")
    for delay in (NORMAL_DELAY, 15_000, 30 * MINUTE):
        scene.ledger.write(
            "payment.received", moment, merchant.id, data, source=PAY, delay=delay, name=notice
        )
    scene.write("payment.received", moment, merchant, {**data, "fee_fen": 87}, source=BILL, delay=12 * HOUR)


def conflict(scene: Scene) -> None:
    """Tell how the bill names another amount for a payment than its notification did."""
    merchant, moment = scene.merchant, scene.at("09:48")
    data = pay(scene, merchant, moment, 310_00, scene.payer(), method="jsapi")
    scene.write(
        "payment.received", moment, merchant, {**data, "amount_fen": 301_00}, source=BILL, delay=11 * HOUR
    )


def far_ahead(scene: Scene) -> None:
    """Tell how a till whose clock runs forty minutes fast reports a payment."""
    moment = scene.at("17:40")
    pay(scene, scene.personal[0], moment, 75_00, scene.payer(), delay=-40 * MINUTE)


def too_late(scene: Scene) -> None:
    """Tell how a phone that was off for thirty hours reports a payment of the day before."""
    moment = scene.midnight - 14 * HOUR
    pay(scene, scene.personal[0], moment, 88_00, scene.payer(), delay=30 * HOUR)


def unreadable(scene: Scene) -> None:
    """Tell how an export writes the amount as text, in yuan."""
    data: Data = {**payment(scene, scene.payer(), 0), "amount_fen": "128.00"}
    scene.write("payment.received", scene.at("13:13"), scene.shop.accounts[0], data, source="export")
