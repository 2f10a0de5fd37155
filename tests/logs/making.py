"""A random log from a seed: two tenants, a small cast, scenes placed over some days, and all the ways of arriving."""

from __future__ import annotations

import random
from typing import Any

from tests.logs.arrival import Line, arrive, micros
from tests.logs.draft import BASE, DAY, HOUR, SECOND, Draft, Stage, rfc3339
from tests.logs.reference import changes, decisions, limits, registrations
from tests.logs.scenes import SCENES

FAMILIES = frozenset({*SCENES, "reference", "limits", "decisions"})
TENANTS = ("t1", "t2")


def make_log(seed: int, size: int, families: set[str] | None = None) -> list[Line]:
    """Return about `size` lines in order of arrival; the same seed gives the same log.

    `families`: which scenes to play (default: one to three, so that a log is dense in them); `limits` lowers limits by
    events, `reference` changes accounts and owners in the middle, `decisions` overrides limits and suppresses
    alerts. The last lines are a `clock.tick` for each tenant, later than all else.
    """
    rng = random.Random(seed)
    chosen = _some(rng, seed) if families is None else frozenset(families)
    assert chosen <= FAMILIES, f"unknown families: {sorted(chosen - FAMILIES)}"
    span = rng.choice([DAY // 2, 2 * DAY, 5 * DAY, 40 * DAY])
    shares = (size, 0) if size < 60 else (size - size // 3, size // 3)
    drafts: list[Draft] = []
    for tenant, share in zip(TENANTS, shares, strict=True):
        drafts += _play(rng, span, share, chosen, tenant)
    drafts.sort(key=lambda draft: draft.time)  # Stable: a scene's own order decides nothing else.
    lines = arrive(drafts, rng)
    if lines and rng.random() < 0.3:
        at = rng.randrange(len(lines))
        lines.insert(at, _unreadable(rng, lines[at]["receivedtime"]))
    return lines + _ticks(lines, rng)


def _some(rng: random.Random, seed: int) -> frozenset[str]:
    scenes = rng.sample(sorted(SCENES), rng.randint(1, 3))
    chosen = [*scenes, *(name for name in ("limits", "reference") if rng.random() < 0.6)]
    return frozenset([*chosen, *(["decisions"] if seed % 10 > 6 else [])])


def _play(rng: random.Random, span: int, share: int, families: frozenset[str], tenant: str) -> list[Draft]:
    """Play scenes until a tenant has its share of events; the last one is played to its end."""
    if share == 0:
        return []
    stage = Stage(rng, span)
    registrations(stage, families)
    if "limits" in families:
        limits(stage, families)
    if "decisions" in families:
        decisions(stage, families)
    played = sorted(families & SCENES.keys())
    while played and len(stage.drafts) < share:
        rng.choice(SCENES[rng.choice(played)])(stage)
        if "reference" in families and rng.random() < 0.3:
            changes(stage)
    for draft in stage.drafts:
        draft.tenant = tenant
    return stage.drafts


def _unreadable(rng: random.Random, received: str) -> Line:
    data: dict[str, Any] = {"transaction_id": "T0", "amount_fen": "12.00", "payer_id": "P1"}
    if rng.random() < 0.5:
        data = {"amount_fen": 1, "payer_id": "P1"}
    return {"specversion": "1.0", "id": "bad", "source": "import", "type": "payment.received", "tenant": TENANTS[0],
            "subject": "A1", "time": rfc3339(BASE), "receivedtime": received, "data": data}  # fmt: skip


def _ticks(lines: list[Line], rng: random.Random) -> list[Line]:
    """Move the clock of every tenant past whatever waits: at once, after hours, or after weeks."""
    latest = max((micros(line["receivedtime"]) for line in lines), default=BASE)
    at = rfc3339(latest + rng.choice([SECOND, HOUR, 26 * HOUR, 100 * DAY]))
    return [
        {"specversion": "1.0", "id": f"tick-{tenant}", "source": "clock", "type": "clock.tick", "tenant": tenant,
         "time": at, "receivedtime": at, "data": {}}
        for tenant in TENANTS
    ]  # fmt: skip
