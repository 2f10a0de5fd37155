"""The oracle against answers worked out by hand, where the language is easy to misread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.oracle.deciding import decide
from tests.oracle.instants import rfc3339
from tests.oracle.trials import instant

LIMITS = """
limits:
  clock_ahead: {value: 5m, unit: duration}
  few: {value: 2, unit: count}
  soon: {value: 3m, unit: duration}
  later: {value: 5m, unit: duration}
  days: {value: 2, unit: days}
  licence_for: {table: {food: food_licence}, unit: text}
"""
RULES = {
    "burst": """
    on: payment.received
    per: account
    measure: {n: {count: event, over: 10m}}
    levels: {warn: n >= limit.few, critical: n >= 3}
    """,
    "day": """
    on: payment.received
    per: account
    measure: {total: {sum: event.amount_fen, over: day}}
    levels: {warn: total >= 200, critical: total > 300}
    """,
    "reply": """
    on: message.received
    per: conversation
    expect: {event: message.sent, by: {warn: limit.soon, critical: limit.later}, clock: business, arm: first}
    """,
    "ladder": """
    on: account.verified
    per: account
    remind:
      date: event.verified_until
      before: {info: [limit.days], warn: ["1"]}
      after: {critical: ["1"]}
      unless: {event: [account.verified, account.closed]}
    """,
    "evasion": """
    sequence:
      - {as: paid, event: payment.received}
      - {as: frozen, event: fund.frozen, where: frozen.account == paid.account, within: 30d}
      - as: moved
        event: payment.received
        where: moved.payer_id == paid.payer_id && moved.account != frozen.account
        within: 72h
    per: owner
    measure: {payers: {distinct: payer, over: since(frozen)}}
    levels: {critical: payers >= limit.few}
    """,
    "licence": """
    on: payment.received
    where: event.category in limit.licence_for
    per: [owner, category]
    levels: {critical: "!qualified(owner.id, limit.licence_for[event.category], '')"}
    alert: episode
    """,
    "novel": """
    on: login.attempted
    per: account
    measure: {seen: {count: event, per: [account, device], over: 90d, before: true}}
    levels: {warn: seen == 0}
    """,
    "merchant": """
    on: payment.received
    where: account.kind == "merchant_ordinary"
    levels: {warn: event.amount_fen >= limit.few}
    """,
    "meta": """
    on: payout.sent
    per: account
    measure: {risky: {count: event, of: alert.raised, where: event.rule == "novel", within: 30m}}
    levels: {critical: risky >= 1}
    alert: event
    """,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the rules above."""
    rules = "".join(f"  - id: {name}{body.rstrip()}\n" for name, body in RULES.items())
    (tmp_path / "limits.yaml").write_text(LIMITS, encoding="utf-8")
    (tmp_path / "pack.yaml").write_text(f"pack: hand\nrules:\n{rules}", encoding="utf-8")
    return tmp_path


def line(  # `kind` comes by position alone: some payloads have a field of that name.
    kind: str,
    at: str,
    account: str | None = "A1",
    /,
    name: str = "",
    received: str = "",
    **data: Any,
) -> dict[str, Any]:
    """Return one line; `name` is its id."""
    time = rfc3339(instant(at))
    return {
        "specversion": "1.0",
        "source": "s",
        "id": name or f"{kind}@{at}@{account}",
        "type": kind,
        "time": time,
        "receivedtime": rfc3339(instant(received)) if received else time,
        "tenant": "t",
        "subject": account,
        "data": data,
    }


def paid(
    at: str,
    account: str = "A1",
    payer: str = "P1",
    fen: int | str = 100,
    name: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Return one payment, its transaction named like the line."""
    name = name or f"{account}@{at}@{payer}"
    return line("payment.received", at, account, name=name, **{
        "transaction_id": f"T-{name}", "amount_fen": fen, "payer_id": payer, **more,
    })  # fmt: skip


def standing(
    lines: list[dict[str, Any]], folder: Path, rule: str, until: str = ""
) -> list[tuple[str, str, str]]:
    """Return (level, at, trigger) of a rule's standing alerts, by time."""
    outcome = decide(lines, folder, only={rule}, until=rfc3339(instant(until)) if until else None)
    return sorted(
        ((one["level"], one["at"][5:19], one["trigger"]["id"]) for one in outcome.standing),
        key=lambda t: t[1:],
    )


def test_an_episode_ends_where_no_level_holds_without_the_new_trigger(folder: Path) -> None:
    """At 09:14:59 only 09:05 and itself count; without itself no level would hold, so that it starts anew."""
    lines = [paid("09:00"), paid("09:05"), paid("09:14:59")]
    assert [one[1] for one in standing(lines, folder, "burst")] == ["03-09T09:05:00", "03-09T09:14:59"]


def test_an_episode_goes_on_where_a_level_holds_without_the_new_trigger(folder: Path) -> None:
    lines = [paid("09:00"), paid("09:05"), paid("09:09:59")]
    assert standing(lines, folder, "burst") == [("critical", "03-09T09:09:59", "A1@09:09:59@P1")]


def test_the_edge_of_a_rolling_window_is_outside(folder: Path) -> None:
    assert standing([paid("09:00"), paid("09:10")], folder, "burst") == []
    assert len(standing([paid("09:00"), paid("09:09:59.999999")], folder, "burst")) == 1


def test_a_day_keeps_the_first_trigger_of_its_highest_level(folder: Path) -> None:
    lines = [
        paid("09:00", fen=200),
        paid("10:00", fen=101),
        paid("11:00", fen=500),
        paid("d2 00:00", fen=199),
    ]
    assert standing(lines, folder, "day") == [("critical", "03-09T10:00:00", "A1@10:00@P1")]


def test_a_late_event_moves_the_crossing(folder: Path) -> None:
    lines = [paid("09:00"), paid("11:00"), paid("08:00", received="d2 08:59")]
    assert standing(lines, folder, "day") == [("warn", "03-09T09:00:00", "A1@09:00@P1")]


@pytest.mark.parametrize(
    ("answer", "until", "found"),
    [
        pytest.param("09:03:00", "10:00", [], id="an answer exactly at the deadline is in time"),
        pytest.param(
            "09:03:00.000001", "10:00", [("warn", "03-09T09:03:00", "q")], id="a microsecond later it is not"
        ),
        pytest.param(
            "09:05:00.000001", "10:00", [("critical", "03-09T09:05:00", "q")], id="nor at the second deadline"
        ),
        pytest.param("", "09:03:00", [], id="the clock must be past the deadline"),
        pytest.param("", "09:03:00.000001", [("warn", "03-09T09:03:00", "q")], id="and then it fires"),
    ],
)
def test_an_answer_that_must_come(
    folder: Path, answer: str, until: str, found: list[tuple[str, str, str]]
) -> None:
    lines = [line("message.received", "09:00", name="q", conversation_id="V")]
    if answer:
        lines.append(line("message.sent", answer, conversation_id="V"))
    assert standing(lines, folder, "reply", until) == found


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        pytest.param("21:59:30", "03-10T09:02:30", id="the night does not count"),
        pytest.param("23:00", "03-10T09:03:00", id="nor does the evening"),
        pytest.param("21:57", "03-09T22:00:00", id="the last instant of the day does"),
        pytest.param("22:00", "03-10T09:03:00", id="closing time is closed"),
    ],
)
def test_business_hours(folder: Path, asked: str, due: str) -> None:
    lines = [line("message.received", asked, name="q", conversation_id="V")]
    assert standing(lines, folder, "reply", f"2026-{due[:5]} {due[6:]}.1")[0][1] == due


def test_no_second_arming_while_one_waits(folder: Path) -> None:
    """The question of 10:00 is covered by the one still open; the one after the answer arms again."""
    asked = [line("message.received", at, name=at, conversation_id="V") for at in ("09:00", "10:00", "12:00")]
    lines = [*asked[:2], line("message.sent", "11:00", conversation_id="V"), asked[2]]
    found = standing(lines, folder, "reply", "13:00")
    assert found == [("critical", "03-09T09:05:00", "09:00"), ("critical", "03-09T12:05:00", "12:00")]


@pytest.mark.parametrize(
    ("verified", "until_date", "more", "clock", "found"),
    [
        pytest.param(
            "d1 10:00", "2026-03-12", "", "d5 00:00:01", ["03-10", "03-11", "03-13"], id="every rung"
        ),
        pytest.param("d1 10:00", "2026-03-12", "", "d2 00:00", [], id="a rung at the clock has not passed"),
        pytest.param(
            "d2 10:00",
            "2026-03-12",
            "",
            "d5 00:00:01",
            ["03-11", "03-13"],
            id="rungs past when armed are skipped",
        ),
        pytest.param(
            "d1 10:00",
            "2026-03-12",
            "d3 00:00",
            "d9",
            ["03-10", "03-11"],
            id="a rung stands before its instant",
        ),
        pytest.param(
            "d1 10:00", "2026-03-12", "d2 23:00", "d9", ["03-10"], id="what is not reached is withdrawn"
        ),
        pytest.param(
            "d9 10:00", "2026-03-12", "", "d9 10:00", ["03-17"], id="all past: the last fires at arming"
        ),
    ],
)
def test_a_ladder(
    folder: Path, verified: str, until_date: str, more: str, clock: str, found: list[str]
) -> None:
    lines = [line("account.verified", verified, verified_until=until_date)]
    if more:
        lines.append(line("account.closed", more))
    assert [one[1][:5] for one in standing(lines, folder, "ladder", clock)] == found


def test_since_gives_one_alert_for_each_step_event(folder: Path) -> None:
    """Two freezes, and payers P1 and P2 move after both: two alerts at one trigger; P3 adds none."""
    before = [paid("09:00", payer=payer) for payer in ("P1", "P2")]
    frozen = [line("fund.frozen", at, name=at, case_id=at) for at in ("10:00", "11:00")]
    owners = [
        line("account.registered", "08:00", account, kind="personal", owner_id="O")
        for account in ("A1", "A2")
    ]
    moved = [paid(at, "A2", payer=payer) for at, payer in (("12:00", "P1"), ("12:01", "P2"), ("12:02", "P3"))]
    found = standing([*owners, *before, *frozen, *moved], folder, "evasion")
    assert found == [("critical", "03-09T12:01:00", "A2@12:01@P2")] * 2


def test_a_licence_ends_with_its_last_day_and_an_episode_with_a_licence(folder: Path) -> None:
    def issued(name: str, start: str, end: str) -> dict[str, Any]:
        return line("qualification.issued", "08:00", None, name=name, qual_id=name, qual_type="food_licence",
                    owner_id="O", valid_from=start, valid_to=end)  # fmt: skip

    owner = line("account.registered", "08:00", kind="personal", owner_id="O")
    times = ("d1 23:59:59", "d2 00:00", "d2 12:00", "d4 09:00", "d9 09:00")
    sold = [paid(at, category="food") for at in times]
    licences = [issued("Q1", "2026-03-09", "2026-03-09"), issued("Q2", "2026-03-12", "2026-03-13")]
    assert [one[1] for one in standing([owner, *licences, *sold], folder, "licence")] == [
        "03-10T00:00:00",
        "03-17T09:00:00",
    ]


def test_reference_data_and_limits_are_those_of_the_events_own_time(folder: Path) -> None:
    """They count from their position on, however late they arrive; an account's limit goes before its owner's."""

    def limit(at: str, value: int, **scope: str) -> dict[str, Any]:
        return line("limit_profile.set", at, None, received="13:00", limit="few", value=value, **scope)

    registered = line("account.registered", "10:00", received="13:00", kind="merchant_ordinary", owner_id="O")
    sold = [paid(at, fen=3) for at in ("09:59", "10:01", "11:01", "12:01")]
    limits = [
        limit("11:00", 4, owner_id="O"),
        limit("12:00", 3, account="A1"),
        limit("12:00:01", 9, account="A2"),
    ]
    found = standing([*sold, registered, *limits], folder, "merchant")
    assert [one[1] for one in found] == ["03-09T10:01:00", "03-09T12:01:00"]


def test_absent_data_never_fires(folder: Path) -> None:
    """A login without a device has no key for the measure: the comparison with 0 is undecided."""
    lines = [
        line("login.attempted", "09:00", result="success"),
        line("login.attempted", "10:00", result="success", device_id="D"),
    ]
    assert [one[1] for one in standing(lines, folder, "novel")] == ["03-09T10:00:00"]


def test_a_rule_about_alerts_looks_back_inclusively(folder: Path) -> None:
    def paid_out(at: str) -> dict[str, Any]:
        return line("payout.sent", at, name=at, payout_id=at, amount_fen=1)

    login = line("login.attempted", "09:00", result="success", device_id="D")
    lines = [paid_out("08:59"), login, paid_out("09:30"), paid_out("09:30:00.000001")]
    assert standing(lines, folder, "meta") == [("critical", "03-09T09:30:00", "09:30")]
    assert {one["rule"] for one in decide(lines, folder, only={"meta"}).standing} == {"meta"}


@pytest.mark.parametrize(
    ("copy", "fate"),
    [
        pytest.param({"received": "d2 10:00"}, "decided", id="25 h late is in time"),
        pytest.param({"received": "d2 10:00:00.000001"}, "late", id="a microsecond more is late"),
        pytest.param({"received": "08:54:59"}, "decided", id="ahead, but nobody asks"),
        pytest.param({"name": "first"}, "duplicate", id="the same again"),
        pytest.param({"name": "first", "fen": 101}, "conflict", id="the same name, another amount"),
        pytest.param({"name": "first", "category": "food"}, "duplicate", id="a field that only one has"),
        pytest.param({"fen": "1.00"}, "quarantined", id="an amount that is no integer"),
    ],
)
def test_dispositions(folder: Path, copy: dict[str, Any], fate: str) -> None:
    lines = [paid("08:50", name="first"), paid("09:00", **copy)]
    assert decide(lines, folder, only={"day"}).fates == ["decided", fate]
