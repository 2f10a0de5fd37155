"""Stories of access: who signed in from where, and what they did next."""

from __future__ import annotations

from streams.sources.shops.cast import HARBIN, URUMQI
from streams.sources.shops.happenings import DESK, PAY, PHONE, login
from streams.sources.shops.ledger import Data
from streams.sources.shops.moments import DAY, MINUTE, SECOND
from streams.sources.shops.scene import Scene

DORMANT_DAYS = 100  # How long the account of the sleeping shop is left alone; more than the limit of 90.


def impossible_travel(scene: Scene) -> None:
    """Tell of a login at home at one o'clock, one from Urumqi eighty minutes later on the same phone."""
    account = scene.personal[0]
    login(scene, account, scene.at("13:00"))
    login(scene, account, scene.at("14:20"), city=URUMQI, ip_hash=scene.address())


def takeover(scene: Scene) -> None:
    """Tell of a new device in a new city, and eleven minutes later a payout."""
    account = scene.personal[1]
    login(scene, account, scene.at("05:30"), city=HARBIN, device="phone-unknown", ip_hash=scene.address())
    payout: Data = {"payout_id": scene.number("payout"), "amount_fen": 3_200_00, "kind": "transfer"}
    scene.write("payout.sent", scene.at("05:41"), account, payout, source=PAY)
    scene.write("credential.changed", scene.at("05:44"), account, {"kind": "password"}, source=PHONE)


def proxy(scene: Scene) -> None:
    """Tell how a staff account signs in from a data centre, later through a proxy."""
    account = scene.shop.of_kind("wecom_member")[0]
    for at, network in (("10:25", "hosting"), ("22:50", "proxy")):
        data: Data = {
            "result": "success", "method": "password", "device_id": account.devices[0], "city": scene.shop.city.code,
            "country": "CN", "ip_hash": scene.address(), "asn": "45102", "asn_type": network,
        }  # fmt: skip
        scene.write("login.attempted", scene.at(at), account, data, source=DESK)


def guessing(scene: Scene) -> None:
    """Eleven wrong passwords within five minutes, then the right one."""
    account, address = scene.personal[0], scene.address()
    start = scene.at("02:14")
    for place in range(11):
        login(scene, account, start + place * 25 * SECOND, ip_hash=address, result="failure")
    login(scene, account, start + 5 * MINUTE, ip_hash=address)


def odd_hour(scene: Scene) -> None:
    """Tell how the owner who signs in at nine and half past eight does so at four in the morning."""
    moment = scene.at("04:02") + scene.rng.randint(0, 50) * SECOND
    login(scene, scene.personal[0], moment)


def dormant(scene: Scene) -> None:
    """Tell how a mini-program's account, last used a hundred days ago, signs in."""
    account = scene.shop.of_kind("mini_program")[0]
    moment = scene.at("11:50") + scene.rng.randint(0, 50) * SECOND
    login(scene, account, moment - DORMANT_DAYS * DAY)
    login(scene, account, moment)


def shared_device(scene: Scene) -> None:
    """Four accounts sign in, one after the other, on one phone nobody registered."""
    for place, account in enumerate(scene.shop.accounts):
        moment = scene.at("09:05") + place * 9 * MINUTE
        login(scene, account, moment, device="phone-cupboard")
