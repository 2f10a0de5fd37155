"""How events arrive: late, twice, in two versions, ahead of their time; and other orders in which they might have."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from tests.logs.draft import HOUR, MINUTE, SECOND, Draft, rfc3339

Line: TypeAlias = dict[str, Any]
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
LATENESS = 25 * HOUR
SOURCES = ("import", "wechatpay/m1", "wechatpay/m2")
_NATURAL = {
    "payment.received": ("transaction_id",),
    "payment.refunded": ("refund_id",),
    "payout.sent": ("payout_id",),
    "order.created": ("order_id",),
    "friend.request_sent": ("subject", "request_id"),
    "friend.request_received": ("subject", "request_id"),
    "post.published": ("subject", "post_id"),
    "qualification.issued": ("qual_id", "valid_from"),
    "qualification.renewed": ("qual_id", "valid_from"),
}


def arrive(drafts: list[Draft], rng: random.Random) -> list[Line]:
    """Give drafts their identity and arrival, add copies, and return the lines in order of arrival."""
    lines: list[tuple[int, int, Line]] = []
    for number, draft in enumerate(drafts):
        name = f"e{rng.randrange(number + 1) if rng.random() < 0.05 else number}"
        line = _line(draft, name, rng.choice(SOURCES))
        received = draft.time + _delay(rng)
        lines.append((received, number, line))
        if rng.random() < 0.08:
            lines.append((_again(received, draft, rng), number, _copy(line, rng)))
    taken: set[tuple[str, str, str]] = set()
    for received, number, line in lines:
        _unique(line, number, taken)
        line["receivedtime"] = rfc3339(received)
    return [line for _, _, line in sorted(lines, key=lambda entry: (entry[0], rng.random()))]


def shuffle_within_lateness(log: list[Line], seed: int) -> list[Line]:
    """Return another order in which the same events might have arrived.

    Every event that was in time stays so, copies of one fact keep their order, and what was late or ahead, or is a
    tick, arrives when it did; `receivedtime` never falls along the order.
    """
    rng = random.Random(seed)
    latest = max(map(_received, log), default=0)
    still = _still(log, latest)
    seen: dict[tuple[str, ...], int] = {}
    moved: list[tuple[int, int, Line]] = []
    for number, line in enumerate(log):
        if number in still:
            moved.append((_received(line), number, line))
            continue
        received = micros(line["time"]) + rng.choice([0, 0, rng.randrange(23 * HOUR)])
        received = min(latest, max([received, *(seen.get(name, received) for name in _identities(line))]))
        seen.update(dict.fromkeys(_identities(line), received))
        moved.append((received, number, {**line, "receivedtime": rfc3339(received)}))
    return [line for _, _, line in sorted(moved, key=lambda entry: entry[:2])]


def _still(log: list[Line], latest: int) -> set[int]:
    """Return the places of the lines that must arrive when they did, and of every copy of one of them.

    The last arrival is one of them, so that the clock ends where it did.
    """
    still = {
        number
        for number, line in enumerate(log)
        if _received(line) == latest or not 0 <= _received(line) - micros(line["time"]) < LATENESS
    } | {number for number, line in enumerate(log) if line["type"] == "clock.tick"}
    before = -1
    while len(still) > before:
        before = len(still)
        names = {name for number in still for name in _identities(log[number])}
        still |= {number for number, line in enumerate(log) if not names.isdisjoint(_identities(line))}
    return still


def _line(draft: Draft, name: str, source: str) -> Line:
    line: Line = {"specversion": "1.0", "id": name, "source": source, "type": draft.type, "time": rfc3339(draft.time),
                  "tenant": draft.tenant, "data": draft.data}  # fmt: skip
    if draft.account is not None:
        line["subject"] = draft.account
    if draft.owner is not None:
        line["owner"] = draft.owner
    return line


def _delay(rng: random.Random) -> int:
    """Mostly none, often hours, rarely too long or less than nothing."""
    chance = rng.random()
    if chance < 0.7:
        return 0
    if chance < 0.95:
        return rng.choice([SECOND, MINUTE, HOUR, 24 * HOUR, rng.randrange(LATENESS), LATENESS - 1])
    if chance < 0.98:
        return -rng.choice([SECOND, 5 * MINUTE, 5 * MINUTE + 1, HOUR])
    return LATENESS + rng.choice([1, SECOND, 5 * HOUR])


def _again(received: int, draft: Draft, rng: random.Random) -> int:
    """Say when a copy comes: as long as it is known for one, or long after all else of its time is forgotten."""
    if rng.random() < 0.1:
        return received + rng.choice([2, 40]) * 24 * HOUR
    return max(received, min(received + rng.choice([0, 1, HOUR, 20 * HOUR]), draft.time + LATENESS - SECOND))


def _copy(line: Line, rng: random.Random) -> Line:
    """Say a fact again: with the same id, or, where it has a natural key, from another source; or contradict it."""
    copy = {**line, "data": dict(line["data"])}
    if line["type"] in _NATURAL and rng.random() < 0.6:
        copy["source"] = "bill"
        copy["id"] = f"bill-{line['id']}"
        copy["time"] = rng.choice([line["time"], _moved(line["time"])])
    if line["type"] == "payment.received":
        copy["data"].pop("category", None)
        copy["data"]["fee_fen"] = 1  # Known to one of the copies only: no contradiction.
    if rng.random() < 0.4:
        key = next(
            (name for name in ("amount_fen", "kind", "result", "chars", "count") if name in copy["data"]),
            None,
        )
        if key is not None:
            value = copy["data"][key]
            copy["data"][key] = value + 1 if isinstance(value, int) else f"{value}-other"
    return copy


def _moved(time: str) -> str:
    return rfc3339(micros(time) + MINUTE)


def _unique(line: Line, number: int, taken: set[tuple[str, str, str]]) -> None:
    """Two facts may share an id only under two sources, unless they are copies of one."""
    name = (line["tenant"], line["source"], line["id"])
    if name in taken and line["id"] != f"e{number}":
        line["id"] = f"e{number}"
    taken.add((line["tenant"], line["source"], line["id"]))


def _identities(line: Line) -> list[tuple[str, ...]]:
    tenant = line.get("tenant", "default")
    found: list[tuple[str, ...]] = [(tenant, line["source"], line["id"])]
    parts = _NATURAL.get(line["type"])
    if parts is not None:
        values = [str({**line["data"], "subject": line.get("subject")}.get(part)) for part in parts]
        found.append((tenant, line["type"], *values))
    return found


def _received(line: Line) -> int:
    return micros(str(line.get("receivedtime", line["time"])))


def micros(text: str) -> int:
    """Read an instant that a log of this package holds."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
