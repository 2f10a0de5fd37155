"""How alerts are handled is a function of the log: the same after restarts, in other batches, in another database."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alert import alert_id
from engine.fold import Engine
from engine.instants import micros
from streams.embedded import Runner
from streams.handling import Act, Handling, Kind, State, handling_of
from streams.stores.sqlite import SqliteStore
from tests.streams.running import block_of, open_at, program, runner_of

AT = "2026-03-10T10:00:00+08:00"
DAY = {"kind": "day", "start": "2026-03-10T00:00:00+08:00", "end": "2026-03-11T00:00:00+08:00"}
ACCOUNTS = ("A1", "A2")
UNTIL = "2026-03-10T10:30:00+08:00"
CLOCK = micros(AT)


def alert(account: str, tenant: str = "t1") -> str:
    """Return the id of an account's alert of the day."""
    return alert_id(tenant, "COL-01", {"account": account}, DAY)


def act(kind: Kind, by: str = "li", **more: Any) -> Act:
    return Act(kind, by, AT, **more)


SNOOZED = act("snoozed", until=UNTIL)
STEPS: list[tuple[list[Act | None], State, bool]] = [
    ([None], "new", False),
    ([None, act("acknowledged")], "acknowledged", False),
    ([None, act("acknowledged"), None], "new", True),
    ([None, act("assigned", assignee="wang"), None], "new", False),
    ([None, act("acknowledged"), None, act("assigned", assignee="wang")], "new", True),
    ([None, act("acknowledged"), None, act("acknowledged")], "acknowledged", False),
    ([None, act("resolved"), None], "new", True),
    ([None, act("resolved"), act("acknowledged")], "resolved", False),
    ([None, act("resolved"), act("reopened")], "new", False),
    ([None, act("acknowledged"), act("reopened")], "acknowledged", False),
    ([None, SNOOZED], "snoozed", False),
    ([None, SNOOZED, None], "new", True),
    ([None, SNOOZED, act("resolved")], "resolved", False),
    ([None, act("snoozed")], "snoozed", False),
    ([None, act("acknowledged", record=1)], "acknowledged", False),
    ([None, None, act("acknowledged", record=1)], "new", True),
    ([None, None, act("acknowledged", record=2)], "acknowledged", False),
    ([None, act("resolved", record=1), None, act("acknowledged", record=1)], "new", True),
    (
        [None, None, act("snoozed", record=1, until=UNTIL), act("acknowledged", record=2)],
        "acknowledged",
        False,
    ),
]


@pytest.mark.parametrize(("steps", "state", "changed"), STEPS, ids=lambda value: repr(value)[:60])
def test_what_was_done_and_how_it_rose(steps: list[Act | None], state: State, *, changed: bool) -> None:
    """None is a record by which the alert rose."""
    acts = [(place, step) for place, step in enumerate(steps) if step is not None]
    risen = [place for place, step in enumerate(steps) if step is None]
    rises = [(place, number) for number, place in enumerate(risen, 1)]
    found = handling_of(acts, rises, CLOCK)
    assert (found.state, found.changed, found.acts) == (state, changed, len(acts))
    assert found.last == (acts[-1][1] if acts else None)
    assert found.until == (UNTIL if state == "snoozed" and acts[-1][1].until else None)


@pytest.mark.parametrize(("late_us", "state"), [(-1, "snoozed"), (0, "new"), (1, "new")])
def test_a_snooze_ends_by_itself(late_us: int, state: State) -> None:
    found = handling_of([(1, SNOOZED)], [(0, 1)], micros(UNTIL) + late_us)
    assert (found.state, found.changed, found.last) == (state, False, SNOOZED)


def test_who_deals_with_it_stays_until_another_does() -> None:
    acts = [act("assigned", assignee="wang"), act("resolved"), act("reopened"), act("acknowledged")]
    assert handling_of(enumerate(acts, 1), [(0, 1)], CLOCK).assignee == "wang"
    acts += [act("assigned", assignee="zhao"), act("resolved"), act("assigned", assignee="qian")]
    assert handling_of(enumerate(acts, 1), [(0, 1)], CLOCK).assignee == "zhao"
    assert handling_of(enumerate([*acts[:5], act("assigned")], 1), [(0, 1)], CLOCK).assignee is None


def line(number: int, kind: str, minute: int, tenant: str = "t1", **data: Any) -> bytes:
    event = {
        "specversion": "1.0", "id": f"e{number}", "source": "s", "type": kind, "tenant": tenant,
        "time": f"2026-03-10T10:{minute:02}:00+08:00", "data": data,
    }  # fmt: skip
    if kind == "payment.received":
        event["subject"] = data.pop("account")
    return msgspec.json.encode(event)


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    """Make a log of payments that raise alerts, and of acts on these, on others and on none, some twice."""
    lines = [b"{broken"]
    for number in range(draw(st.integers(3, 14))):
        minute = draw(st.integers(0, 59))
        account = draw(st.sampled_from(ACCOUNTS))
        if draw(st.booleans()):
            amount = draw(st.sampled_from([3_000_000, 4_500_000, 6_000_000]))
            lines.append(
                line(
                    number,
                    "payment.received",
                    minute,
                    account=account,
                    transaction_id=f"x{number}",
                    amount_fen=amount,
                    payer_id="p",
                )
            )
            continue
        kind = draw(st.sampled_from(["acknowledged", "assigned", "snoozed", "resolved", "reopened"]))
        more = {"assignee": "wang"} if kind == "assigned" else {"until": UNTIL} if kind == "snoozed" else {}
        tenant = draw(st.sampled_from(["t1", "t1", "t1", "t2"]))
        name = draw(st.sampled_from([alert(account), alert(account), "a_none", ""]))
        lines.append(line(number, f"alert.{kind}", minute, tenant, alert_id=name, by="li", **more))
    return lines + draw(st.lists(st.sampled_from(lines), max_size=3))


def handled(store: SqliteStore) -> dict[str, tuple[Handling, list[Act]]]:
    names = [alert(account) for account in ACCOUNTS]
    found = store.handled([*names, "a_none"], lambda _: CLOCK)
    return {name: (found[name], store.acts_of(name)) for name in found}


@settings(max_examples=25, deadline=None)
@given(log=logs(), data=st.data())
def test_handling_is_a_function_of_the_log(log: list[bytes], data: st.DataObject) -> None:
    cuts = sorted({0, len(log), *data.draw(st.lists(st.integers(0, len(log)), max_size=4))})
    with tempfile.TemporaryDirectory() as folder:
        with open_at(Path(folder) / "once.db") as store:
            runner_of(store).take("log", block_of(log, 0))
            once, table = handled(store), store.acts.all()
        for start, end in pairwise(cuts):
            with open_at(Path(folder) / "again.db") as store:
                runner_of(store).take("log", block_of(log[start:end], start))
        with open_at(Path(folder) / "again.db") as store:
            assert (handled(store), store.acts.all()) == (once, table)
        with open_at(Path(folder) / "again.db", refold=True) as store:
            Runner(store, Engine(program())).refold()
            assert (handled(store), store.acts.all()) == (once, table)
    assert once["a_none"] == (Handling(), [])


def test_an_act_on_another_tenants_alert_does_nothing(tmp_path: Path) -> None:
    paid = line(
        1, "payment.received", 0, account="A1", transaction_id="x", amount_fen=6_000_000, payer_id="p"
    )
    strange = line(2, "alert.resolved", 1, "t2", alert_id=alert("A1"), by="mallory")
    twice = line(3, "alert.acknowledged", 2, alert_id=alert("A1"), by="li")
    with open_at(tmp_path / "log.db") as store:
        runner_of(store).take("log", block_of([paid, strange, twice, twice], 0))
        assert [each.by for each in store.acts_of(alert("A1"))] == ["li"]
        assert handled(store)[alert("A1")][0].state == "acknowledged"
