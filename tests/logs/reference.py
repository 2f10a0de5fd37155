"""Reference events: who owns what, and lower limits that let a small log reach them."""

from __future__ import annotations

from tests.logs.draft import ACCOUNTS, BASE, DAY, HOUR, OWNERS, Stage, date_of, rfc3339

NARROW = ["A1", "A1", "A3", "M1", "S1", "W1", "W1"]  # Accounts and owners of which something is decided.
BROAD = ["O1", "O1", "O2", "O3"]
PACKS = ["COL", "FRD", "PST", "LOG", "QUA", "SLA", "AML", "MTX"]  # What rules' ids begin with.

# Counts and sums a log of a hundred events would hardly reach, and the values that it does.
LOWERED: dict[str, dict[str, tuple[int, ...]]] = {
    "payments": {
        "business_payers": (2, 3),
        "business_payments": (3, 4),
        "business_payers_high": (3, 4),
        "collection_burst_warn": (3, 4),
        "collection_burst": (5, 6),
        "refund_min_payments": (3, 5),
        "night_min_payments": (3, 5),
        "special_merchant_single": (2_500_000, 5_000_000),
        "personal_daily": (2_500_000, 100_000_000),
        "below_limit_payments_warn": (2,),
        "near_limit_payments_warn": (2,),
        "registration_turnover": (5_000_000, 20_000_000),
    },
    "freezes": {"evading_payers": (2, 4)},
    "friends": {
        "requests_daily_warn": (4, 6),
        "requests_daily": (8, 12),
        "requests_burst_warn": (3, 4),
        "requests_burst": (5, 6),
        "wecom_hourly_warn": (3, 4),
        "wecom_hourly": (5, 6),
        "wecom_inbound_daily": (4, 6),
        "wecom_inbound_minute": (2, 3),
        "greeting_min_requests": (3, 5),
        "cleanup_warn": (1, 2),
        "cleanup": (2, 3),
    },
    "posts": {
        "moments_daily_warn": (1, 2),
        "moments_daily": (3, 4),
        "moments_burst": (2, 3),
        "same_text_accounts": (2,),
    },
    "logins": {
        "login_failures_warn": (2, 3),
        "failures_before_success": (1, 2),
        "city_learning_logins": (1, 2),
        "profile_logins": (14, 15),
        "device_accounts_warn": (2,),
        "device_accounts": (3,),
    },
    "messages": {},
    "licences": {},
}


def registrations(stage: Stage, families: frozenset[str]) -> None:
    """Register owners, accounts, orders and a device; most before all else, some in the middle of it, some twice."""
    rng = stage.rng
    for owner, (kind, registered, vat_status) in OWNERS.items():
        if stage.maybe(0.8):
            _owner(stage, _early(stage), owner, kind, registered, vat_status)
    for account, (kind, owner) in ACCOUNTS.items():
        opened = rfc3339(BASE - rng.choice([1, 20, 29, 30, 400]) * DAY) if stage.maybe(0.8) else None
        if stage.maybe(0.7):
            stage.add(
                "account.registered", _early(stage), account, kind=kind, owner_id=owner, opened_at=opened
            )
    for order in ("R1", "R2") if "payments" in families else ():
        plan = {"instalment_plan_id": "I1", "contract_id": rng.choice([None, "C1"])} if order == "R2" else {}
        stage.add("order.created", _early(stage), order_id=order, total_fen=5_000_000, **plan)
    if "logins" in families and stage.maybe(0.5):
        stage.add(
            "device.registered", stage.moment(), device_id=rng.choice(["D1", "D2"]), managed=stage.maybe(0.5)
        )


def changes(stage: Stage) -> None:
    """Change the owner or kind of an account, or the standing of an owner."""
    rng, account = stage.rng, stage.rng.choice(sorted(ACCOUNTS))
    if stage.maybe(0.7):
        kind = rng.choice(["personal", "merchant_ordinary", ACCOUNTS[account][0]])
        stage.add(
            "account.registered", stage.moment(), account, kind=kind, owner_id=rng.choice(sorted(OWNERS))
        )
    else:
        owner = rng.choice(sorted(OWNERS))
        kind, registered, vat_status = rng.choice(list(OWNERS.values()))
        _owner(stage, stage.moment(), owner, kind, registered, vat_status)


def limits(stage: Stage, families: frozenset[str]) -> None:
    """Lower some limits of an account or an owner, early or in the middle."""
    rng = stage.rng
    lowered = _lowered(families)
    for name in rng.sample(sorted(lowered), min(len(lowered), rng.randint(2, 6))):
        where = rng.choice([{"account": rng.choice(NARROW)}, {"owner_id": rng.choice(BROAD)}])
        value = rng.choice(lowered[name])
        stage.add("limit_profile.set", _early(stage), limit=name, value=value, source="test", **where)


def decisions(stage: Stage, families: frozenset[str]) -> None:
    """Override limits and suppress alerts for a time, anywhere in the log; now and then with two eyes only."""
    rng = stage.rng
    lowered = _lowered(families)
    for name in rng.sample(sorted(lowered), min(len(lowered), rng.randint(0, 4))):
        for _ in range(rng.choice([1, 1, 2])):
            where = rng.choice([{"account": rng.choice(NARROW)}, {"owner_id": rng.choice(BROAD)}, {}])
            value = rng.choice(lowered[name])
            stage.add("override.set", _moment(stage), limit=name, value=value, **where, **_people(stage))
    for _ in range(rng.randint(0, 4)):
        rule = rng.choice([f"{rng.choice(PACKS)}-*", f"{rng.choice(PACKS)}-0{rng.randint(1, 9)}", "*"])
        key = rng.choice([{"account": rng.choice(NARROW)}, {"owner": rng.choice(BROAD)}, {}])
        stage.add("suppression.added", _moment(stage), rule=rule, key=key, **_people(stage))
        if stage.maybe(0.4):
            stage.add("suppression.ended", _moment(stage), rule=rule, key=key, author="li", approver="wang")


def _people(stage: Stage) -> dict[str, str]:
    """Return who decides and who approves, and mostly until when."""
    until = stage.moment() + stage.gap()
    ends = stage.rng.choice([{}, {"until": rfc3339(until)}, {"until": date_of(until)}])
    return {"author": "li", "approver": "li" if stage.maybe(0.1) else "wang", **ends}


def _moment(stage: Stage) -> int:
    return _early(stage) if stage.maybe(0.5) else stage.moment()


def _lowered(families: frozenset[str]) -> dict[str, tuple[int, ...]]:
    lowered: dict[str, tuple[int, ...]] = {}
    for family in sorted(families & LOWERED.keys()):
        lowered |= LOWERED[family]
    return lowered


def _owner(stage: Stage, time: int, owner: str, *standing: str | bool) -> None:
    kind, registered, vat_status = standing
    data = {"owner_id": owner, "kind": kind, "registered": registered, "vat_status": vat_status}
    stage.add("owner.registered", time, **data)


def _early(stage: Stage) -> int:
    return BASE - HOUR if stage.maybe(0.75) else stage.moment()
