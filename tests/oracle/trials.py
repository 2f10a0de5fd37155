"""The tests written inside rule files, turned into logs by the conventions of LANGUAGE section 6."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from tests.oracle.instants import duration, micros, rfc3339
from tests.oracle.payloads import PAYLOADS
from tests.oracle.shapes import Case, Raw, Rule

FIRST_DAY = date(2026, 3, 9)  # `d1`, a Monday.
_OWNERS = {
    "O1": {"kind": "individual_business", "registered": True, "vat_status": "small_monthly"},
    "O2": {"kind": "natural", "registered": False, "vat_status": "none"},
    "O3": {"kind": "enterprise", "registered": True, "vat_status": "general"},
}
_ACCOUNTS = {
    **{f"A{n}": ("personal", "O1") for n in range(1, 10)},
    **{f"A{n}": ("personal", "O2") for n in range(21, 30)},
    **{f"M{n}": ("merchant_ordinary", "O3") for n in (1, 2)},
}
_SETTINGS = frozenset({"at", "type", "amount", "account", "repeat", "step", "received", "owner"})
# What a required field holds where a test says nothing; other ids and texts are made unique.
_COMMON = {"owner_id": "O1", "result": "success", "channel": "moments", "by": "self", "kind": "subscription",
           "conversation_id": "V1", "device_id": "D1", "group_id": "G1", "contact_id": "C1", "case_id": "C1",
           "sku": "S1", "category": "food", "decision": "accepted", "period": "2026-03", "valid_from": "2026-03-09",
           "connector_id": "K1", "qual_type": "food_licence"}  # fmt: skip


def trial_log(rule: Rule, trial: Raw) -> tuple[list[dict[str, Any]], str | None]:
    """Return a test's lines in order of arrival, and the instant its clock runs on to."""
    lines, number = _reference(trial), 0
    for given in trial["given"]:
        for turn in range(int(given.get("repeat", 1))):
            number += 1
            lines.append(_line(rule.cases[0], given, number, turn * duration(given.get("step", "0s"))))
    lines.sort(key=lambda line: micros(line["receivedtime"]))
    return lines, rfc3339(instant(trial["until"])) if "until" in trial else None


def expected(trial: Raw) -> list[tuple[str, str]]:
    """Return the raises and escalations a test asks for, as (instant, level), sorted."""
    return sorted((rfc3339(instant(one["at"])), one["level"]) for one in trial["expect"])


def instant(text: str) -> int:
    """Read `09:00`, `d5 10:00`, `2026-03-09`, `2026-03-09 10:00:30` or any with seconds."""
    match = re.fullmatch(r"(?:d(\d+)|(\d{4}-\d\d-\d\d))?[ T]?(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?", str(text))
    assert match is not None, f"no time of a test: {text!r}"
    day = date.fromisoformat(match[2]) if match[2] else FIRST_DAY + timedelta(days=int(match[1] or 1) - 1)
    clock = match[3] or "00:00"
    return micros(f"{day.isoformat()}T{clock if len(clock) > 5 else clock + ':00'}+08:00")


def _reference(trial: Raw) -> list[dict[str, Any]]:
    """Register the owners and accounts that every test finds, the day before its first event."""
    times = [instant(given["at"]) for given in trial["given"]]
    at = rfc3339(min(times, default=instant("d1")) - duration("1d"))
    owners = [
        _event("owner.registered", f"owner-{owner}", at, None, {"owner_id": owner, **data})
        for owner, data in _OWNERS.items()
    ]
    accounts = [
        _event("account.registered", f"account-{account}", at, account, {"kind": kind, "owner_id": owner})
        for account, (kind, owner) in _ACCOUNTS.items()
    ]
    return owners + accounts


def _line(case: Case, given: Raw, number: int, shift: int) -> dict[str, Any]:
    kind = given.get("type") or (case.on[0] if case.on else case.sequence[-1].events[0])
    time = instant(given["at"]) + shift
    data = {name: value for name, value in given.items() if name not in _SETTINGS}
    if "amount" in given:
        yuan, _, rest = str(given["amount"]).partition(".")
        data["amount_fen"] = int(yuan) * 100 + int(rest.ljust(2, "0") or 0)
    for field in PAYLOADS[kind].values():
        if field.required and field.name not in data:
            data[field.name] = _filled(field.name, field.kind, number)
    line = _event(kind, f"t{number}", rfc3339(time), given.get("account", "A1"), data)
    line["receivedtime"] = rfc3339(_received(given, time))
    return line


def _filled(name: str, kind: str, number: int) -> Any:
    if kind == "int":
        return 100
    if kind == "bool":
        return True
    if kind == "list":
        return []
    return _COMMON.get(name, f"{name}-{number}")


def _received(given: Raw, time: int) -> int:
    """`+1d 09:00` is that clock time so many days after the event's own day."""
    if "received" not in given:
        return time
    match = re.fullmatch(r"\+(\d+)d (\d\d:\d\d(?::\d\d)?)", given["received"])
    if match is None:
        return instant(given["received"])
    day = date.fromisoformat(rfc3339(time)[:10]) + timedelta(days=int(match[1]))
    return instant(f"{day.isoformat()} {match[2]}")


def _event(kind: str, name: str, time: str, account: str | None, data: Raw) -> dict[str, Any]:
    line: dict[str, Any] = {
        "specversion": "1.0", "id": name, "source": "test", "type": kind, "time": time,
        "receivedtime": time, "tenant": "t1", "data": data,
    }  # fmt: skip
    return line if account is None else {**line, "subject": account}
