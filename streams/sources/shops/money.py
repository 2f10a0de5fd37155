"""Money stories: limits of accounts and codes, bursts, refunds.

Amounts are in fen. Each story keeps to one account, payer or order of its own, so that what it shows stays readable in
the midst of the day's trade.
"""

from __future__ import annotations

from streams.sources.shops.happenings import PAY, pay, refund
from streams.sources.shops.ledger import Data
from streams.sources.shops.moments import HOUR, MINUTE, SECOND, clock
from streams.sources.shops.scene import Scene


def over_the_daily_limit(scene: Scene) -> None:
    """Tell how a wholesale customer pays in six parts; the day passes the warning and then the limit of 50,000.00."""
    account, payers = scene.personal[0], scene.rng.sample(scene.shop.payers, 6)
    for place, payer in enumerate(payers):
        pay(scene, account, scene.at("10:10") + place * 97 * MINUTE, 8_600_00 + place * 35_00, payer)


def late_payments(scene: Scene) -> None:
    """Two payments of the morning arrive in the evening and move the crossing of the limit back in time."""
    account, payers = scene.personal[0], scene.rng.sample(scene.shop.payers, 6)
    for place, payer in enumerate(payers[:4]):
        pay(scene, account, scene.at("09:20") + place * 2 * HOUR, 10_400_00, payer)
    pay(scene, account, scene.at("08:40"), 6_200_00, payers[4], delay=11 * HOUR)
    pay(scene, account, scene.at("11:05"), 9_900_00, payers[5], delay=10 * HOUR)


def code_limits(scene: Scene) -> None:
    """Tell of a market stall: one payer pays 620.00 by the static code, and the code takes over 5,000.00 in a day."""
    account, regular = scene.personal[0], scene.payer()
    for place in range(14):
        payer = regular if place in (4, 9) else scene.payer()
        amount, kind = (310_00, "personal_static") if payer is regular else (430_00, "personal_dynamic")
        moment = scene.at("10:00") + place * 31 * MINUTE
        code: Data = {"code_id": f"{account.code_id}-stall", "code_kind": kind, "face_to_face": True}
        pay(scene, account, moment, amount, payer, code=code)


def remote_static_code(scene: Scene) -> None:
    """Tell how a screenshot of the static code goes to a customer far away."""
    account = scene.personal[1]
    code: Data = {"code_id": account.code_id, "code_kind": "personal_static", "face_to_face": False}
    pay(scene, account, scene.at("13:27"), 128_00, scene.payer(), code=code)


def business_on_personal_codes(scene: Scene) -> None:
    """Tell of a hundred and three cups of tea by fifty-five payers on a personal code, over the last eighteen days."""
    account, payers = scene.personal[1], scene.rng.sample(scene.shop.payers, 55)
    code: Data = {"code_id": account.code_id, "code_kind": "personal_dynamic", "face_to_face": True}
    for place in range(103):
        moment = scene.midnight - (102 - place) * 4 * HOUR + clock("15:00")
        pay(scene, account, moment, 28_00, payers[place % 55], code=code)


def large_payment(scene: Scene) -> None:
    """Tell how a merchant takes 46,000.00 in one payment, later 52,000.00."""
    merchant = scene.merchant
    pay(scene, merchant, scene.at("11:15"), 46_000_00, scene.shop.payers[0], method="native")
    pay(scene, merchant, scene.at("16:48"), 52_000_00, scene.shop.payers[1], method="native")


def flash_sale(scene: Scene) -> None:
    """Twenty-six payments within six minutes of a post."""
    for place in range(26):
        moment = scene.at("20:00") + place * 14 * SECOND
        pay(scene, scene.personal[0], moment, 39_90, scene.payer())


def many_refunds(scene: Scene) -> None:
    """Tell of a bad batch: thirty payments of the morning, ten of them refunded in the afternoon."""
    merchant = scene.shop.of_kind("wechat_shop")[0]
    paid = [
        pay(scene, merchant, scene.at("09:00") + place * 4 * MINUTE, 59_00, scene.payer(), method="mini")
        for place in range(30)
    ]
    for place, sale in enumerate(paid[::3]):
        refund(scene, merchant, scene.at("14:00") + place * 11 * MINUTE, sale, "quality")


def night_trade(scene: Scene) -> None:
    """Eleven payments between one and four in the morning."""
    for place in range(11):
        moment = scene.at("01:05") + place * 15 * MINUTE
        pay(scene, scene.personal[1], moment, 66_00 + place * 100, scene.payer())


def settlement_cycle(scene: Scene) -> None:
    """Tell how the institution moves a merchant from T+1 to T+7."""
    merchant = scene.merchant
    moment = scene.at("10:00") + scene.rng.randint(0, 50) * MINUTE
    scene.write("settlement.cycle_changed", moment, merchant, {"old_days": 1, "new_days": 7}, source=PAY)


def no_contract_limit(scene: Scene) -> None:
    """Tell how a special merchant collects although nobody entered its contract limit."""
    merchant = scene.shop.of_kind("merchant_special")[0]
    pay(scene, merchant, scene.at("15:20"), 18_800_00, scene.payer(), method="native")
