"""The cast: a dozen small shops, with the owners, accounts, devices, cities and customers a real one has.

Who they are depends on the place in the row alone (the first shop sells cosmetics from two personal accounts, the
third is a device dealer with a merchant account, and so on, again from the start after twelve), so that stories can be
told of a shop that fits them. Names and numbers of customers come from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class City:
    """A city: its administrative code and the degrees of its centre."""

    code: str
    lat: float
    lon: float


HANGZHOU = City("330100", 30.2469, 120.2098)
GUANGZHOU = City("440100", 23.1291, 113.2644)
CHENGDU = City("510100", 30.5728, 104.0668)
WUHAN = City("420100", 30.5928, 114.3055)
URUMQI = City("650100", 43.8256, 87.6168)
HARBIN = City("230100", 45.8038, 126.5350)
HOMES = (HANGZHOU, GUANGZHOU, CHENGDU, WUHAN)


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a shop, with the devices it is used from and the codes it collects with."""

    id: str
    kind: str
    staff_id: str
    devices: tuple[str, ...]
    ip_hash: str
    code_id: str
    age_days: int  # Days from its opening to the first day told.


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop: one owner, what is sold, where from, to whom."""

    number: int
    owner_id: str
    owner_kind: str
    registered: bool
    vat_status: str
    category: str
    city: City
    accounts: tuple[Account, ...]
    payers: tuple[str, ...]
    contacts: tuple[str, ...]

    def of_kind(self, *kinds: str) -> tuple[Account, ...]:
        """Return the accounts of these kinds, in order."""
        return tuple(account for account in self.accounts if account.kind in kinds)

    @property
    def personal(self) -> tuple[Account, ...]:
        """The personal accounts; every shop has at least one."""
        return self.of_kind("personal")


@dataclass(frozen=True, slots=True)
class Casting:
    """One row of the cast: what the owner is, what is sold, the kinds of the accounts."""

    owner_kind: str
    vat_status: str
    category: str
    kinds: tuple[str, ...]


PERSONAL, MERCHANT, WECOM = "personal", "merchant_ordinary", "wecom_member"
CASTINGS = (
    Casting("natural", "none", "cosmetics", (PERSONAL, PERSONAL)),
    Casting("individual_business", "small_monthly", "clothing", (PERSONAL, PERSONAL, MERCHANT)),
    Casting("enterprise", "general", "device", (PERSONAL, WECOM, WECOM, MERCHANT, "service", "mini_program")),
    Casting("individual_business", "small_quarterly", "toys", (PERSONAL, PERSONAL, PERSONAL, MERCHANT)),
    Casting("natural", "none", "handicrafts", (PERSONAL, PERSONAL, PERSONAL)),
    Casting(
        "enterprise",
        "general",
        "furniture",
        (PERSONAL, WECOM, WECOM, "merchant_special", "video_channel", "service"),
    ),
    Casting("individual_business", "small_monthly", "food", (PERSONAL, PERSONAL, MERCHANT)),
    Casting("enterprise", "general", "prepackaged_food", (PERSONAL, MERCHANT, "wechat_shop", "subscription")),
    Casting("natural", "none", "second_hand", (PERSONAL, PERSONAL)),
    Casting("individual_business", "small_monthly", "tea", (PERSONAL, PERSONAL, WECOM)),
    Casting("enterprise", "general", "wholesale", (PERSONAL, PERSONAL, MERCHANT, "merchant_special")),
    Casting("individual_business", "small_quarterly", "jewellery", (PERSONAL, PERSONAL, MERCHANT)),
)
LICENCE_FOR = {"food": "food_licence", "prepackaged_food": "food_filing", "device": "device_licence"}
YOUNG_DAYS = 12  # The second staff account of a shop is a new one: under 30 days old.


def cast(rng: Random, shops: int) -> tuple[Shop, ...]:
    """Return so many shops; `rng` chooses their customers."""
    return tuple(_shop(rng, number) for number in range(shops))


def _shop(rng: Random, number: int) -> Shop:
    casting = CASTINGS[number % len(CASTINGS)]
    kinds = casting.kinds
    accounts = tuple(_account(rng, number, place, kinds) for place in range(len(kinds)))
    return Shop(
        number=number,
        owner_id=f"owner-{number:02d}",
        owner_kind=casting.owner_kind,
        registered=casting.owner_kind != "natural",
        vat_status=casting.vat_status,
        category=casting.category,
        city=HOMES[number % len(HOMES)],
        accounts=accounts,
        payers=tuple(_name(rng, "payer") for _ in range(rng.randint(70, 120))),
        contacts=tuple(_name(rng, "contact") for _ in range(rng.randint(150, 250))),
    )


def _account(rng: Random, number: int, place: int, kinds: tuple[str, ...]) -> Account:
    kind = kinds[place]
    young = kind == WECOM and kinds[:place].count(WECOM) == 1
    phone = f"phone-{number:02d}-{place}"
    return Account(
        id=f"{kind.split('_')[0]}-{number:02d}-{place}",
        kind=kind,
        staff_id=f"staff-{number:02d}-{place}" if kind == WECOM else "",
        devices=(phone, f"laptop-{number:02d}"),
        ip_hash=_name(rng, "ip"),
        code_id=f"code-{number:02d}-{place}",
        age_days=YOUNG_DAYS if young else rng.randint(200, 1400),
    )


def _name(rng: Random, what: str) -> str:
    return f"{what}-{rng.getrandbits(40):010x}"
