"""The lines of the bench log, written straight as text: a million of them should take seconds, not minutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from time import gmtime, strftime

OFFSET = 8 * 3600  # China's, in seconds.
KINDS = ("personal",) * 17 + ("merchant_ordinary", "wecom_member", "mini_program")  # Twentieths.
OWNERS = (
    ("natural", "false", "none"),
    ("individual_business", "true", "small_monthly"),
    ("individual_business", "true", "small_quarterly"),
    ("enterprise", "true", "general"),
)
CITIES = (("330100", 30.2469, 120.2098), ("440100", 23.1291, 113.2644), ("510100", 30.5728, 104.0668))
CODE_KINDS = (
    "personal_static",
    "personal_dynamic",
    "personal_dynamic",
    "business_individual",
    "business_individual",
)
CATEGORIES = ("cosmetics", "clothing", "tea", "toys", "food")
HOT_ACCOUNTS = 20  # How many accounts the hot owner has.


@dataclass(frozen=True, slots=True)
class Shape:
    """How accounts and owners lie: account `a` belongs to owner `a mod owners` where it is registered."""

    accounts: int
    owners: int
    registered: int

    def account(self, rng: Random, hot: float) -> int:
        """Draw an account: a few are very busy, most are not. With `hot`, that share goes to the first owner's."""
        if hot and rng.random() < hot:
            return rng.randrange(HOT_ACCOUNTS) * self.owners % self.registered
        return int(self.accounts * rng.random() ** 2)


def registrations(shape: Shape, moment: int) -> Iterator[str]:
    """Return the lines that register owners, a licence each, and accounts."""
    for owner in range(shape.owners):
        kind, registered, vat = OWNERS[owner % 4]
        data = f'"owner_id":"O{owner}","kind":"{kind}","registered":{registered},"vat_status":"{vat}"'
        yield _line(f"o{owner}", "register", "owner.registered", "", moment, 0, data)
        data = (
            f'"qual_id":"Q{owner}","qual_type":"food_licence","owner_id":"O{owner}",'
            f'"valid_from":"2025-01-01","valid_to":"2029-12-31"'
        )
        yield _line(f"q{owner}", "register", "qualification.issued", "", moment, 0, data)
    for account in range(shape.registered):
        opened = "2024-05-01T09:00:00+08:00"
        data = f'"kind":"{KINDS[account % 20]}","owner_id":"O{account % shape.owners}","opened_at":"{opened}"'
        yield _line(f"a{account}", "register", "account.registered", f"A{account}", moment, 0, data)


def happening(shape: Shape, rng: Random, account: int, moment: int, delay: int, number: int) -> str:
    """Return one line of the usual mix; `moment` and `delay` are seconds."""
    draw = rng.random()
    if draw < 0.55:
        return _sale(shape, rng, account, moment, delay, number)
    if draw < 0.75:
        return _request(rng, account, moment, delay, number)
    if draw < 0.90:
        return _post(rng, account, moment, delay, number)
    return _login(rng, account, moment, delay, number, failed=rng.random() < 0.07)


def burst(shape: Shape, rng: Random, account: int, now: float, count: int) -> list[tuple[float, str]]:
    """Return so many events of one account with their arrivals: three kinds within minutes, or a day of large sums."""
    kind, found = rng.randrange(4), []
    for place in range(count):
        moment = int(now) + place * (900 if kind == 3 else 9)
        number = f"{int(now)}b{account}-{place}"
        if kind == 0:
            line = _sale(shape, rng, account, moment, 0, number)
        elif kind == 1:
            line = _request(rng, account, moment, 0, number)
        elif kind == 2:
            line = _login(rng, account, moment, 0, number, failed=True)
        else:
            sibling = (account + shape.owners * (place % 2)) % shape.registered
            line = _payment(
                rng,
                sibling,
                _payer(shape, account, place % 3),
                rng.randint(2_000_00, 9_000_00),
                moment,
                0,
                number,
            )
        found.append((float(moment), line))
    return found


def _sale(shape: Shape, rng: Random, account: int, moment: int, delay: int, number: int | str) -> str:
    """Return a payment by one of the owner's forty customers, once in a hundred of thousands of yuan."""
    payer = _payer(shape, account, rng.randrange(40))
    amount = rng.randint(200_000, 900_000) if rng.random() < 0.01 else rng.randint(500, 30_000)
    return _payment(rng, account, payer, amount, moment, delay, number)


def _payer(shape: Shape, account: int, number: int) -> int:
    return (account % shape.owners * 7 + number) % 60_000


def _payment(
    rng: Random, account: int, payer: int, amount: int, moment: int, delay: int, number: int | str
) -> str:
    data = f'"transaction_id":"42{number}","amount_fen":{amount},"payer_id":"P{payer}","currency":"CNY"'
    draw = rng.random()
    if draw < 0.3:
        code = CODE_KINDS[int(draw * 16)]
        data += f',"method":"code","code_id":"C{account}","code_kind":"{code}","face_to_face":true'
    else:
        data += ',"method":"transfer"'
    if draw > 0.85:
        data += f',"order_id":"R{number}","category":"{CATEGORIES[account % 5]}"'
    return _line(f"p{number}", "wechatpay", "payment.received", f"A{account}", moment, delay, data)


def _request(rng: Random, account: int, moment: int, delay: int, number: int | str) -> str:
    data = (
        f'"request_id":"f{number}","contact_id":"K{rng.randrange(200_000)}","add_way":"search",'
        f'"message_hash":"{rng.randrange(16**8):08x}"'
    )
    return _line(f"f{number}", "wecom", "friend.request_sent", f"A{account}", moment, delay, data)


def _post(rng: Random, account: int, moment: int, delay: int, number: int | str) -> str:
    data = (
        f'"post_id":"m{number}","channel":"moments","media":"image","chars":{rng.randint(5, 152)},"lines":'
        f'{rng.randint(1, 6)},"images":{rng.choice((1, 3, 6, 9))},"image_width_px":1080,"image_height_px":1080,'
        f'"content_hash":"{rng.randrange(16**16):016x}"'
    )
    return _line(f"m{number}", "phone", "post.published", f"A{account}", moment, delay, data)


def _login(rng: Random, account: int, moment: int, delay: int, number: int | str, *, failed: bool) -> str:
    code, lat, lon = CITIES[account % 3]
    result = "failure" if failed else "success"
    device = account if rng.random() < 0.9 else account + 1
    data = (
        f'"result":"{result}","method":"password","device_id":"D{device}","city":"{code}","country":"CN","lat":{lat},'
        f'"lon":{lon},"ip_hash":"i{account}","asn":"4134","asn_type":"mobile"'
    )
    return _line(f"l{number}", "phone", "login.attempted", f"A{account}", moment, delay, data)


def _line(id: str, source: str, kind: str, subject: str, moment: int, delay: int, data: str) -> str:
    about = f',"subject":"{subject}"' if subject else ""
    received = f',"receivedtime":"{_instant(moment + delay)}"' if delay else ""
    return (
        f'{{"specversion":"1.0","id":"{id}","source":"{source}","type":"{kind}","tenant":"bench"{about},'
        f'"time":"{_instant(moment)}"{received},"data":{{{data}}}}}'
    )


def _instant(moment: int) -> str:
    minute, second = divmod(moment, 60)
    return f"{_minute(minute)}:{second:02d}+08:00"


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    return strftime("%Y-%m-%dT%H:%M", gmtime(minute * 60 + OFFSET))
