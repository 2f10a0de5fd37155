"""Scenes: short runs of events of one family, each close to what one or a few rules look for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tests.logs.draft import (
    ACCOUNTS,
    AMOUNTS,
    DAY,
    HOUR,
    MINUTE,
    PAYERS,
    PERSONAL,
    SECOND,
    Draft,
    Stage,
    date_of,
)

Scene: TypeAlias = Callable[[Stage], None]


def payment(
    stage: Stage, time: int, account: str, amount: int | None = None, payer: str | None = None
) -> Draft:
    """Add one payment, with the code, order or category that some rule looks at."""
    rng = stage.rng
    draft = stage.add(
        "payment.received",
        time,
        account,
        transaction_id=stage.number("T"),
        amount_fen=amount or rng.choice(AMOUNTS),
        payer_id=payer or rng.choice(PAYERS),
        code_kind=rng.choice([None, "personal_static", "personal_dynamic", "merchant"]),
        code_id=rng.choice([None, "K1", "K2"]),
        face_to_face=rng.choice([None, True, False]),
        cash=rng.choice([None, None, True]),
        cross_border=rng.choice([None, None, True]),
        order_id=rng.choice([None, None, "R1", "R2", "R3"]),
        category=rng.choice([None, None, "food", "device", "toys"]),
    )
    if stage.maybe(0.05):
        draft.owner = rng.choice(["O1", "O2"])
    return draft


def day_of_collecting(stage: Stage) -> None:
    """Collect near the daily limits of an account, a code, a payer and an owner."""
    time = stage.moment()
    account = stage.rng.choice(PERSONAL)
    for _ in range(stage.rng.randint(2, 6)):
        payment(stage, time, stage.rng.choice([account, account, "A1", "A2"]))
        time += stage.gap()


def merchant_day(stage: Stage) -> None:
    """Pay orders in pieces, near the single limit, by a payer who tries twice."""
    time, payer = stage.moment(), stage.rng.choice(PAYERS)
    account = stage.rng.choice(["M1", "M2", "S1"])
    for _ in range(stage.rng.randint(2, 5)):
        amount = stage.rng.choice([2_500_000, 4_500_000, 4_999_999, 5_000_000, 5_000_001, None])
        payment(stage, time, account, amount, payer)
        time += stage.gap()


def payment_burst(stage: Stage) -> None:
    """Pay around twenty times, some exactly ten minutes apart."""
    time, account = stage.moment(), stage.rng.choice(PERSONAL)
    for _ in range(stage.rng.randint(18, 24)):
        payment(stage, time, account, 100)
        time += stage.rng.choice([0, 1, 29 * SECOND, 30 * SECOND, 30 * SECOND, MINUTE])


def night(stage: Stage) -> None:
    """Pay around six in the morning."""
    time = stage.moment()
    time -= time % DAY
    account = stage.rng.choice(["A1", "M1"])
    for _ in range(stage.rng.randint(9, 13)):
        hour = stage.rng.choice([16, 17, 21, 22, 23])  # UTC: 00, 01, 05, 06, 07 in Shanghai.
        payment(stage, time + hour * HOUR + stage.rng.choice([-1, 0, 1]) * SECOND, account, 100)


def probes(stage: Stage) -> None:
    """Pay a yuan, then thousands, at most or just more than ten minutes later."""
    time, account, payer = stage.moment(), stage.rng.choice(PERSONAL), stage.rng.choice(PAYERS)
    payment(stage, time, account, 100, payer)
    payment(stage, time + stage.rng.choice([0, 10 * MINUTE, 10 * MINUTE + 1]), account, 500_000, payer)


def refunds(stage: Stage) -> None:
    """Refund recent payments; with twenty payments of the account they make a rate."""
    paid = [draft for draft in stage.drafts if draft.type == "payment.received"]
    if not paid or stage.maybe(0.5):
        payment_burst(stage)
        paid = [draft for draft in stage.drafts if draft.type == "payment.received"]
    account = stage.rng.choice(paid[-3:]).account
    mine = [draft for draft in paid if draft.account == account]
    time = mine[-1].time
    for _ in range(stage.rng.randint(1, 4)):
        of = stage.rng.choice(mine)
        time += stage.rng.choice([0, MINUTE, HOUR, 7 * DAY])
        stage.add("payment.refunded", time, account, refund_id=stage.number("F"), amount_fen=of.data["amount_fen"],
                  transaction_id=of.data["transaction_id"], to_payer_id=of.data["payer_id"])  # fmt: skip


def freeze(stage: Stage) -> None:
    """Freeze an account; its payers pay its owner's other accounts, up to and just past 72 h later."""
    time, payers = stage.moment(), [*PAYERS]
    old, new = stage.rng.choice([("A1", "A2"), ("A3", "A4"), ("A1", "M2")])
    for payer in payers:
        payment(stage, time + stage.rng.choice([0, HOUR]), old, 100, payer)
    frozen = time + stage.rng.choice([HOUR, 2 * DAY, 30 * DAY])
    stage.add("fund.frozen", frozen, old, case_id=stage.number("C"))
    if stage.maybe(0.3):  # Two freezes at one instant.
        stage.add("fund.frozen", frozen, old, case_id=stage.number("C"))
    for payer in stage.rng.sample(payers, 4):
        payment(stage, frozen + stage.rng.choice([0, HOUR, 72 * HOUR, 72 * HOUR + 1]), new, 100, payer)


def settlement(stage: Stage) -> None:
    """Change a settlement cycle."""
    old, new = stage.rng.choice([(1, 1), (1, 3), (1, 7), (7, 1)])
    account = stage.rng.choice(["M1", "S1"])
    stage.add("settlement.cycle_changed", stage.moment(), account, old_days=old, new_days=new)


def friend_requests(stage: Stage) -> None:
    """Ask around the counts of ten minutes, an hour and a day, with few greetings."""
    time, account = stage.moment(), stage.rng.choice(["A1", "A3", "W1", "W1", "X9"])
    inbound = stage.maybe(0.5 if account == "W1" else 0.2)
    kind = "friend.request_received" if inbound else "friend.request_sent"
    for _ in range(stage.rng.randint(8, 24)):
        stage.add(kind, time, account, request_id=stage.number("q"), contact_id=stage.number("c"),
                  message_hash=stage.rng.choice([None, "g1", "g1", "g1", "g2"]))  # fmt: skip
        time += stage.rng.choice([0, 1, SECOND, MINUTE, MINUTE, MINUTE, 10 * MINUTE - SECOND, 10 * MINUTE])


def contacts(stage: Stage) -> None:
    """Count contacts near the caps, and clean up."""
    time, account = stage.moment(), stage.rng.choice(["A1", "A3", "W1"])
    count = stage.rng.choice([4_499, 4_500, 4_999, 5_000, 10_000])
    stage.add("friend.count_snapshot", time, account, count=count)
    for _ in range(stage.rng.randint(1, 6)):
        by = stage.rng.choice(["self", "self", "peer"])
        stage.add("friend.removed", time, account, contact_id=stage.number("c"), by=by)
        time += stage.gap()


def posts(stage: Stage) -> None:
    """Post from one or several accounts of an owner: often, alike, long, with pictures."""
    time, account = stage.moment(), stage.rng.choice(["A1", "A3"])
    for _ in range(stage.rng.randint(3, 8)):
        who = stage.rng.choice([account, account, "A2", "W1", "M2"])
        stage.add(
            "post.published",
            time,
            who,
            post_id=stage.number("p"),
            channel=stage.rng.choice(["moments", "moments", "video"]),
            content_hash=stage.rng.choice([None, "h1", "h1", "h2"]),
            simhash=stage.rng.choice([None, "00000000000000ff", "00000000000000f8", "00000000000000f0"]),
            lines=stage.rng.choice([None, 6, 7]),
            chars=stage.rng.choice([None, 150, 151]),
            images=stage.rng.choice([None, 0, 5, 9]),
            image_width_px=stage.rng.choice([1080, 1079]),
            image_height_px=stage.rng.choice([None, 1080]),
        )
        time += stage.rng.choice(
            [0, SECOND, 10 * MINUTE, 10 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 24 * HOUR]
        )


_CITIES = {"hz": (30.24692, 120.209789), "wlmq": (43.825592, 87.616848), "sh": (31.23, 121.47)}


def login(stage: Stage, time: int, account: str, *, home: bool = True, result: str = "success") -> None:
    """Add one login, from home or from anywhere."""
    rng = stage.rng
    city = "hz" if home else rng.choice(sorted(_CITIES))
    lat, lon = _CITIES[city]
    placed = rng.random() < 0.9
    stage.add(
        "login.attempted",
        time,
        account,
        result=result,
        device_id="D1" if home else rng.choice(["D1", "D2", "D3", None]),
        ip=f"10.0.0.{rng.randint(1, 2)}" if home else f"10.0.1.{rng.randint(1, 3)}",
        lat=lat if placed else None,
        lon=lon if placed else None,
        acc_km=rng.choice([None, 0, 50, 5.5]),
        city=city if rng.random() < 0.9 else None,
        country="CN" if home else rng.choice(["CN", "SG"]),
        asn=rng.choice([None, "AS1", "AS2"]),
        asn_type=rng.choice([None, "residential", "hosting", "tor"]),
        net_type=rng.choice([None, "mobile", "mobile"]),
    )


def login_history(stage: Stage) -> None:
    """Weeks of logins at home by day, then one from elsewhere, at an odd hour, by a new device."""
    account, time = stage.rng.choice(["A1", "A3"]), stage.moment()
    for _ in range(stage.rng.choice([4, 5, 6, 14, 15, 20, 22])):
        login(stage, time, account)
        time += stage.rng.choice([0, HOUR, DAY, DAY, DAY, 3 * DAY])
    time += stage.rng.choice([0, 3 * HOUR, DAY, 90 * DAY, 90 * DAY + SECOND])
    login(stage, time + stage.rng.randrange(24) * HOUR, account, home=stage.maybe(0.3))
    sensitive(stage)


def stranger(stage: Stage) -> None:
    """Logins from anywhere, minutes or hours apart, on shared devices."""
    time = stage.moment()
    for _ in range(stage.rng.randint(2, 5)):
        login(stage, time, stage.rng.choice(["A1", "A3", "M1", "W1", "A2"]), home=False)
        time += stage.rng.choice([0, MINUTE, HOUR, 3 * HOUR, DAY, 30 * DAY - 1, 30 * DAY])


def failures(stage: Stage) -> None:
    """Failed logins, some exactly ten minutes before the success."""
    end, account = stage.moment(), stage.rng.choice(["A1", "A3"])
    for _ in range(stage.rng.randint(4, 11)):
        before = stage.rng.choice(
            [0, 1, SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE - 1, 10 * MINUTE, 10 * MINUTE + 1]
        )
        login(stage, end - before, account, home=stage.maybe(0.5), result="failure")
    login(stage, end, account)


def sensitive(stage: Stage) -> None:
    """Money out or a new credential soon after a login."""
    logins = [draft for draft in stage.drafts if draft.type == "login.attempted"]
    if not logins:
        return
    last = stage.rng.choice([logins[-1], *logins[-3:]])
    time = last.time + stage.rng.choice([0, MINUTE, 30 * MINUTE, 30 * MINUTE + 1])
    if stage.maybe(0.5):
        stage.add("payout.sent", time, last.account, payout_id=stage.number("o"), amount_fen=100)
    else:
        stage.add("credential.changed", time, last.account, kind="password")


_WAITS = (0, 3 * MINUTE - 1, 3 * MINUTE, 3 * MINUTE + 1, 5 * MINUTE, 5 * MINUTE + 1, 11 * HOUR, 12 * HOUR)


def conversation(stage: Stage) -> None:
    """Messages and answers around opening hours and around the deadlines, ties included."""
    rng, talk = stage.rng, stage.rng.choice(["V1", "V2"])
    time = stage.moment()
    if stage.maybe(0.6):
        time -= time % DAY
        time += rng.choice([1, 14, 5]) * HOUR + rng.choice([-3 * MINUTE, -30 * SECOND, -1, 0, 1])
    for _ in range(rng.randint(1, 4)):
        account = rng.choice(["A1", "A1", "W1"])
        chat, vip = rng.choice([None, "direct", "direct", "group"]), rng.choice([None, None, None, True])
        stage.add("message.received", time, account, conversation_id=talk, chat=chat, vip=vip)
        if stage.maybe(0.7):
            stage.add("message.sent", time + rng.choice(_WAITS), account, conversation_id=talk)
        time += rng.choice([0, MINUTE, 4 * MINUTE, HOUR, 10 * HOUR])


def licence(stage: Stage) -> None:
    """Issue a licence that ends soon, renew or revoke it or let it end, and list goods that need it."""
    rng = stage.rng
    time, owner = stage.moment(), rng.choice(["O1", "O2", "O3"])
    qual, days = stage.number("Q"), rng.choice([0, 1, 6, 7, 8, 30, 31, 61, 91])
    termed = stage.maybe(0.15)
    valid_to, term = (None, 1) if termed else (date_of(time + days * DAY), None)
    stage.add("qualification.issued", time, qual_id=qual, qual_type="food_licence", owner_id=owner, scope=["food"],
              valid_from=date_of(time - rng.choice([0, 360]) * DAY), valid_to=valid_to, term_years=term)  # fmt: skip
    later = time + rng.choice([0, HOUR, DAY, 3 * DAY, max(0, days - 7) * DAY])
    if stage.maybe(0.4):
        stage.add("qualification.renewed", later, qual_id=stage.number("Q"), supersedes=qual, qual_type="food_licence",
                  owner_id=owner, valid_from=date_of(later), valid_to=date_of(later + 40 * DAY))  # fmt: skip
    elif stage.maybe(0.3):
        stage.add("qualification.revoked", later, qual_id=qual)
    accounts = [account for account, (_, of) in ACCOUNTS.items() if of == owner]
    for _ in range(rng.randint(1, 3)):
        when = rng.choice([time, later, later + DAY, time + days * DAY, time + (days + 1) * DAY])
        stage.add("product.listed", when - rng.choice([0, when % DAY]), rng.choice(accounts),
                  product_id=stage.number("g"), category=rng.choice(["food", "food", "device"]))  # fmt: skip


def verification(stage: Stage) -> None:
    """Verify an account for some days, perhaps verify it again or close it."""
    time, account = stage.moment(), stage.rng.choice(["W1", "M1"])
    for _ in range(stage.rng.randint(1, 2)):
        until = date_of(time + stage.rng.choice([0, 1, 7, 8, 30, 35]) * DAY)
        stage.add("account.verified", time, account, verified_until=until)
        time += stage.rng.choice([0, HOUR, 3 * DAY, 10 * DAY])
    if stage.maybe(0.2):
        stage.add("account.closed", time, account)


SCENES: dict[str, tuple[Scene, ...]] = {
    "payments": (
        day_of_collecting,
        day_of_collecting,
        merchant_day,
        payment_burst,
        night,
        probes,
        refunds,
        settlement,
    ),
    "freezes": (freeze,),
    "friends": (friend_requests, contacts),
    "posts": (posts,),
    "logins": (login_history, stranger, failures, sensitive),
    "messages": (conversation,),
    "licences": (licence, verification),
}
