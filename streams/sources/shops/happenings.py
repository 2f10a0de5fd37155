"""Happenings: one payment, login, post, friend request, question or answer, as days and stories need them.

A happening left to itself is harmless: the account's own phone, its home city, a fresh text, an address known before.
"""

from __future__ import annotations

from streams.sources.shops.cast import Account, City
from streams.sources.shops.ledger import NORMAL_DELAY, Data
from streams.sources.shops.moments import MINUTE
from streams.sources.shops.scene import Scene

PAY, WECOM, PHONE, DESK, BILL = "wechatpay", "wecom", "phone", "desk", "bill"
POSTED_SIDE_PX = 1080


def pay(
    scene: Scene,
    account: Account,
    moment: int,
    amount_fen: int,
    payer: str,
    *,
    delay: int = NORMAL_DELAY,
    code: Data | None = None,
    **other: object,
) -> Data:
    """Write one payment of so many fen into an account, a transfer unless by a code, and return its data."""
    how: Data = {"method": "code", **code} if code else {"method": "transfer"}
    data = {**payment(scene, payer, amount_fen), **how, **other}
    scene.write("payment.received", moment, account, data, source=PAY, delay=delay)
    return data


def payment(scene: Scene, payer: str, amount_fen: int) -> Data:
    """Return the fields every payment has, under a transaction of its own."""
    return {
        "transaction_id": scene.number("4200"),
        "amount_fen": amount_fen,
        "payer_id": payer,
        "currency": "CNY",
    }


def refund(scene: Scene, account: Account, moment: int, paid: Data, reason: str) -> None:
    """Write the refund of a whole payment to the one who paid it."""
    data: Data = {
        "refund_id": scene.number("refund"), "transaction_id": paid["transaction_id"],
        "amount_fen": paid["amount_fen"], "to_payer_id": paid["payer_id"], "reason": reason,
    }  # fmt: skip
    scene.write("payment.refunded", moment, account, data, source=PAY)


def login(
    scene: Scene,
    account: Account,
    moment: int,
    *,
    city: City | None = None,
    device: str = "",
    ip_hash: str = "",
    result: str = "success",
) -> None:
    """Write one login attempt; city, device and address are the account's own unless given."""
    place = city or scene.shop.city
    data: Data = {
        "result": result, "method": "password", "device_id": device or account.devices[0], "city": place.code,
        "country": "CN", "lat": place.lat, "lon": place.lon, "acc_km": 20.0, "ip_hash": ip_hash or account.ip_hash,
        "asn": "4134", "asn_type": "residential",
    }  # fmt: skip
    if result == "failure":
        data["failure_reason"] = "wrong_password"
    scene.write("login.attempted", moment, account, data, source=PHONE)


def post(scene: Scene, account: Account, moment: int, **other: object) -> None:
    """Write one post to Moments with a short fresh text and good images; `other` replaces fields."""
    rng = scene.rng
    data: Data = {
        "post_id": scene.number("post"), "channel": "moments", "media": "image",
        "chars": rng.randint(20, 120), "lines": rng.randint(1, 5), "images": rng.choice((1, 3, 6, 9)),
        "image_width_px": POSTED_SIDE_PX, "image_height_px": POSTED_SIDE_PX,
        "content_hash": f"{rng.getrandbits(64):016x}",
    }  # fmt: skip
    scene.write("post.published", moment, account, {**data, **other}, source=PHONE)


def request_friend(scene: Scene, account: Account, moment: int, *, greeting: str = "") -> None:
    """Write a friend request that an account sends, with words of its own unless a greeting is given."""
    data: Data = {
        "message_hash": greeting or f"{scene.rng.getrandbits(32):08x}", "device_id": account.devices[0],
    }  # fmt: skip
    _request(scene, account, moment, "friend.request_sent", data)


def receive_request(scene: Scene, account: Account, moment: int) -> None:
    """Write a friend request that an account receives."""
    _request(scene, account, moment, "friend.request_received", {})


def _request(scene: Scene, account: Account, moment: int, kind: str, other: Data) -> None:
    """Write the request; two in five are decided within ninety minutes."""
    rng, request = scene.rng, scene.number("request")
    contact = rng.choice(scene.shop.contacts)
    way = rng.choice(("search", "card", "group"))
    data: Data = {"request_id": request, "contact_id": contact, "add_way": way, **other}
    scene.write(kind, moment, account, data, source=WECOM)
    if rng.random() < 0.4:
        decision = rng.choice(("accepted", "accepted", "rejected"))
        decided: Data = {"request_id": request, "decision": decision, "contact_id": contact}
        later = moment + rng.randint(1, 90) * MINUTE
        scene.write("friend.request_decided", later, account, decided, source=WECOM)


def ask(scene: Scene, account: Account, moment: int, conversation: str) -> None:
    """Write a customer's question."""
    data = _message(scene, conversation)
    data["contact_id"] = scene.rng.choice(scene.shop.contacts)
    scene.write("message.received", moment, account, data, source=WECOM)


def answer(
    scene: Scene, account: Account, moment: int, conversation: str, *, delay: int = NORMAL_DELAY
) -> None:
    """Write the answer to a question; `delay` is how long it takes to arrive, in milliseconds."""
    scene.write("message.sent", moment, account, _message(scene, conversation), source=WECOM, delay=delay)


def _message(scene: Scene, conversation: str) -> Data:
    return {
        "conversation_id": conversation, "message_id": scene.number("message"), "chat": "direct", "content": "text",
    }  # fmt: skip
