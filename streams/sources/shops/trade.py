"""Ordinary trade: what shops do all day when nothing is wrong.

Amounts, hours and counts stay below the limits of the catalogue, as in most of life; a day may still come near one.
"""

from __future__ import annotations

from random import Random

from streams.sources.shops.cast import Account
from streams.sources.shops.happenings import (
    DESK,
    PAY,
    answer,
    ask,
    login,
    payment,
    post,
    receive_request,
    refund,
    request_friend,
)
from streams.sources.shops.ledger import Data
from streams.sources.shops.moments import HOUR, MINUTE, SECOND, clock
from streams.sources.shops.scene import Scene

SLEEPING = "mini_program"  # Nobody signs in to an account of this kind on an ordinary day.


def ordinary_day(scene: Scene) -> None:
    """Write one whole ordinary day of a shop: some 230 events."""
    rng, shop = scene.rng, scene.shop
    for _ in range(rng.randint(65, 95)):
        sell(scene)
    for account in shop.accounts:
        for _ in range(rng.randint(1, 2)):
            login_from_home(scene, account)
    for account in shop.of_kind("personal", "wecom_member"):
        for _ in range(rng.randint(2, 5)):
            request_friend(scene, account, waking(scene))
            receive_request(scene, account, waking(scene))
    for account in shop.personal:
        for hour in rng.sample((8, 11, 14, 17, 20), rng.randint(2, 4)):
            post(scene, account, scene.midnight + hour * HOUR + rng.randint(0, 50 * 60) * SECOND)
    for _ in range(rng.randint(20, 35)):
        talk(scene, rng.choice(shop.personal))


def quiet_day(scene: Scene, ago: int) -> None:
    """Write a day of the history, so many days ago: few logins, to accounts then open; few sales; rarely a post."""
    rng, shop = scene.rng, scene.shop
    for account in shop.accounts:
        if account.age_days > ago and rng.random() < 0.4:
            login_from_home(scene, account)
    for _ in range(rng.randint(0, 3)):
        sell(scene)
    if rng.random() < 0.2:
        post(scene, rng.choice(shop.personal), waking(scene))


def sell(scene: Scene) -> None:
    """Write a sale: sometimes its order first, then the payment, and once in a while its refund hours later."""
    rng, account, moment = scene.rng, _collecting(scene), waking(scene)
    paid = {**payment(scene, scene.payer(), _price_fen(rng)), **_method(scene, account)}
    if account.kind != "personal" or rng.random() < 0.2:
        paid["order_id"] = _order(scene, paid, moment - rng.randint(20, 300) * SECOND)
    scene.write("payment.received", moment, account, paid, source=PAY, delay=_delay(rng))
    if rng.random() < 0.015:
        refund(scene, account, moment + rng.randint(1, 3) * HOUR, paid, "size")


def login_from_home(scene: Scene, account: Account) -> None:
    """Write a login at about half past nine in the morning or half past eight in the evening."""
    if account.kind == SLEEPING:
        return
    rng = scene.rng
    moment = scene.at("09:30" if rng.random() < 0.6 else "20:30") + int(rng.gauss(0, 18) * MINUTE)
    login(scene, account, moment, device=account.devices[0 if rng.random() < 0.8 else 1])


def talk(scene: Scene, account: Account) -> None:
    """Write a question in business hours and its answer within two minutes."""
    conversation = scene.number("talk")
    moment = scene.midnight + scene.rng.randint(clock("09:01"), clock("21:50"))
    ask(scene, account, moment, conversation)
    answer(scene, account, moment + scene.rng.randint(10, 120) * SECOND, conversation)


def waking(scene: Scene) -> int:
    """Return a moment of the day: from half past seven to eleven, most often in the evening."""
    return scene.at("07:30") + int(scene.rng.triangular(0, 15.4, 12.5) * HOUR)


def _collecting(scene: Scene) -> Account:
    merchants = scene.shop.of_kind("merchant_ordinary")
    if merchants and scene.rng.random() < 0.6:
        return merchants[0]
    return scene.rng.choice(scene.personal)


def _price_fen(rng: Random) -> int:
    """Return a price: mostly thirty to two hundred yuan, ending in 0, 8 or 9 as prices do."""
    yuan = min(max(rng.lognormvariate(4.2, 0.6), 3.0), 480.0)
    return int(yuan) * 100 + rng.choice((0, 0, 80, 90, 99))


def _method(scene: Scene, account: Account) -> Data:
    if account.kind != "personal":
        code: Data = {"method": "jsapi", "code_kind": "merchant", "code_id": account.code_id}
        return {**code, "category": scene.shop.category}
    if scene.rng.random() < 0.5:
        return {
            "method": "code",
            "code_kind": "business_individual",
            "code_id": account.code_id,
            "face_to_face": True,
        }
    return {"method": scene.rng.choice(("transfer", "transfer", "red_packet"))}


def _order(scene: Scene, paid: Data, moment: int) -> object:
    order = scene.number("order")
    data: Data = {"order_id": order, "total_fen": paid["amount_fen"], "buyer_id": paid["payer_id"]}
    scene.write("order.created", moment, scene.shop.accounts[0], data, source=DESK)
    return order


def _delay(rng: Random) -> int:
    """Return how long a payment takes to arrive: seconds, and once in a hundred some hours."""
    if rng.random() < 0.01:
        return rng.randint(5 * MINUTE, 8 * HOUR)
    return rng.randint(200, 3000)
