"""Other rules in a running engine: what changes, what stays, and that a database knows it from itself alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold import Engine, Settings
from engine.program import Program
from rules.archiving import from_archive
from rules.loading import load
from rules.migrating import affected, migrations, undeclared
from rules.planning.compiling import compile_rules
from streams.embedded import Runner
from streams.ports import Block
from streams.refusing import RefusedError
from streams.stores.deciding import Decider, decided_by
from streams.stores.memory import MemoryStore
from streams.stores.sqlite_reading import last_rules
from tests.contracts.store import PowerCut
from tests.engine.driving import event, payment, program, shipped
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS
from tests.simulation import kill_after
from tests.streams.audit.running import entries_of
from tests.streams.changing import MINE, Shop
from tests.streams.running import lines_of
from weiguard.preparing import prepare_kept
from weiguard.running import opened
from weiguard.settings import Settings as Chosen


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.store.close()


def paid(name: str, at: str, fen: int, payer: str = "P", arrives: str = "") -> Line:
    return payment(name, at, fen, arrives, payer_id=payer)


MOST, LESS = "day_most: {value: 20000", "day_most: {value: 10000"


def test_a_lower_limit_counts_from_the_next_event_on_and_at_once_for_open_windows(shop: Shop) -> None:
    assert shop.take(paid("a", "09:00", 15_000)) == ["raised warn"]
    assert shop.take(paid("b", "d2 09:00", 15_000)) == ["raised warn"]
    assert shop.take(paid("c", "d5 09:00", 15_000)) == ["raised warn"]
    shop.edit(MOST, LESS)
    assert shop.change() == ["escalated critical"], (
        "of today; the days that are over stay as they were decided"
    )
    assert shop.take(paid("d", "d6 09:00", 15_000)) == ["raised critical"]
    shop.replayed()


def test_what_was_said_stays_though_the_new_rules_would_not_say_it(shop: Shop) -> None:
    assert shop.take(paid("a", "09:00", 25_000)) == ["raised critical"]
    shop.edit(MOST, "day_most: {value: 90000")
    assert shop.change() == []
    assert shop.take(paid("b", "10:00", 1_000), paid("c", "d2 10:00", 25_000)) == ["raised warn"]
    shop.replayed()


def test_records_of_an_alert_go_on_counting_across_a_change(shop: Shop) -> None:
    shop.take(paid("a", "09:00", 15_000))
    shop.edit("day_warn: {value: 10000", "day_warn: {value: 16000")
    assert shop.change() == []
    assert shop.take(paid("b", "10:00", 1_000)) == ["amended warn"]
    numbers = [msgspec.json.decode(each.body)["record"] for each in shop.store.records()]
    assert numbers == [1, 2]
    shop.replayed()


@pytest.mark.parametrize("cleanly", [True, False], ids=["stopped", "killed"])
def test_a_restart_goes_on_by_the_new_rules(shop: Shop, *, cleanly: bool) -> None:
    shop.take(paid("a", "09:00", 5_000))
    shop.edit(MOST, LESS)
    shop.change()
    assert shop.take(paid("b", "10:00", 2_000)) == []
    shop.stop(cleanly=cleanly)
    shop.start()
    assert shop.take(paid("c", "11:00", 6_000)) == ["raised critical"]
    shop.replayed()


def test_a_window_defined_otherwise_says_how_it_migrates(shop: Shop) -> None:
    shop.take(paid("a", "09:00", 15_000))
    shop.edit(
        "taken: {sum: event.amount_fen, over: day}",
        "taken: {sum: event.amount_fen * 2, over: day}",
        "takings.yaml",
    )
    (problem,) = undeclared(load(MINE), load(shop.folder))
    assert (problem.subject, problem.expected) == ("TAK-01", "migrate: restart or migrate: refold")
    shop.reloading.asked = True
    shop.reloading.look(shop.runner)
    assert shop.store.decided_by().ruleset == load(MINE).hash  # type: ignore[union-attr]  # it was opened by one
    shop.edit("  - id: TAK-01", "  - migrate: refold\n    id: TAK-01", "takings.yaml")
    assert shop.change() == ["escalated critical"]
    shop.replayed()


def test_a_rule_that_restarts_counts_from_the_change_on_also_after_the_next_one(shop: Shop) -> None:
    shop.take(paid("a", "09:00", 15_000))
    shop.edit(
        "taken: {sum: event.amount_fen, over: day}",
        "taken: {sum: event.amount_fen * 2, over: day}",
        "takings.yaml",
    )
    shop.edit("  - id: TAK-01", "  - migrate: restart\n    id: TAK-01", "takings.yaml")
    assert shop.change() == []
    assert shop.take(paid("b", "10:00", 4_900)) == [], "98.00 since the change"
    by, _ = last_rules(shop.db)
    assert by is not None
    assert by.since == {"TAK-01": "2026-03-09T09:00:00+08:00"}
    shop.edit("answer: {value: 10m", "answer: {value: 20m")
    assert shop.change() == []
    shop.stop(cleanly=False)
    shop.start()
    assert shop.take(paid("c", "11:00", 100)) == ["amended warn"], (
        "100.00 since the change, of the alert said before it"
    )
    shop.replayed()


def test_late_events_and_corrections_find_what_earlier_rules_said(shop: Shop) -> None:
    shop.take(paid("a", "09:00", 25_000), paid("b", "d4 09:00", 1_000))
    shop.take(paid("late", "09:30", 1_000, arrives="d4 10:00"))
    shop.edit(MOST, "day_most: {value: 90000")
    shop.change()
    asked = event("k", "correction.requested", "d4 10:00", account=None, by="li")
    assert shop.take(asked) == [], "a correction retracts nothing that earlier rules said"
    shop.edit(MOST.replace("20000", "90000"), MOST)
    assert shop.change() == []
    assert shop.take(paid("c", "d4 11:00", 25_000)) == ["raised critical"]
    shop.replayed()


def test_rules_that_do_not_hold_together_are_told_and_the_old_ones_go_on(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.edit("event.amount_fen", "event.amont_fen", "takings.yaml")
    shop.reloading.asked = True
    shop.reloading.look(shop.runner)
    told = capsys.readouterr().err
    assert "did you mean event.amount_fen?" in told
    assert told.endswith("weiguard: the rules were not changed; those in use go on\n")
    assert shop.take(paid("a", "09:00", 25_000)) == ["raised critical"]
    assert list(shop.store.epochs())[1:] == []


def test_a_change_stands_in_the_log_and_its_rule_sets_are_kept(shop: Shop) -> None:
    shop.take(paid("a", "09:00", 15_000))
    before = load(shop.folder).hash
    shop.edit(MOST, LESS)
    shop.change()
    after = load(shop.folder).hash
    said: list[Any] = [msgspec.json.decode(each.raw) for each in shop.store.inputs(1)]
    assert [(each["type"], each["tenant"], each["data"]["rule"]) for each in said] == [
        ("rule.changed", "t1", "TAK-01")
    ]
    assert said[0]["data"] == {"rule": "TAK-01", "ruleset": after, "author": "li", "approver": "wang"}
    assert [(epoch.first, epoch.by.ruleset) for epoch in shop.store.epochs()] == [(1, before), (2, after)]
    for ruleset in (before, after):
        archive = shop.store.ruleset(ruleset)
        assert archive is not None
        assert from_archive(archive).hash == ruleset
    most = []
    for seq in (1, 2):
        text = shop.store.rule("TAK-01", seq)
        assert text is not None
        most.append(msgspec.json.decode(text)["limits"]["day_most"]["value"])
    assert most == [20_000, 10_000], "an alert is explained by the text of its time"


def test_a_change_that_is_cut_off_did_not_happen_and_can_be_made_at_the_next_start(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after kill -9: the files are new, the database is not."""
    shop.take(paid("a", "09:00", 15_000))
    shop.edit(MOST, LESS)

    def cut(*_: Any) -> None:
        raise PowerCut

    monkeypatch.setattr(shop.store, "_put_state", cut)  # The last part of a change.
    with pytest.raises(PowerCut):
        shop.change()
    shop.stop(cleanly=False)
    with pytest.raises(RefusedError, match="change them with `weiguard run --reload`"):
        shop.start()
    shop.start(reload=True)
    assert shop.store.last == 1
    shop.reloading.look(shop.runner)
    assert [msgspec.json.decode(each.body)["level"] for each in shop.store.records()] == ["warn", "critical"]
    shop.replayed()


@pytest.mark.slow
def test_a_change_killed_at_any_statement_is_made_whole_by_the_next_start(tmp_path: Path) -> None:
    """`kill -9` at the first statement of a change, the second, and so on, until one comes to its end."""
    left = []
    for point in count(1):
        shop = Shop(tmp_path / str(point))
        shop.take(paid("a", "09:00", 15_000), paid("b", "09:30", 1_000, payer="Q"))
        shop.edit(MOST, LESS)
        shop.stop(cleanly=False)
        killed = _changed_in_a_child(shop, point)
        shop.start(reload=True)
        shop.reloading.look(shop.runner)
        shop.take(paid("c", "10:00", 500))
        shop.replayed()
        left.append(([(each.seq, each.raw) for each in shop.store.inputs()],
                     [each.body for each in shop.store.records()], entries_of(shop.store)))  # fmt: skip
        shop.stop()
        if not killed:
            break
    assert len(left) > 20
    assert all(each == left[-1] for each in left)


def _changed_in_a_child(shop: Shop, point: int) -> bool:
    """Change the rules in a process that is killed when so many statements have been begun; return whether it was."""
    child = os.fork()
    if child == 0:
        try:
            shop.start(reload=True)
            kill_after(shop.store._db.set_trace_callback, point)  # noqa: SLF001  # trouble is made inside
            shop.reloading.look(shop.runner)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@dataclass(frozen=True, slots=True)
class Lowered:
    """The shipped rules with another daily limit, as a change of them."""

    program: Program
    changed: frozenset[str]
    decider: Decider


@cache
def lowered() -> Lowered:
    """Make the change once for all tests."""
    rules = shipped()
    limit = replace(rules.limits["personal_daily"], value=1_000_000)
    other = replace(rules, limits={**rules.limits, "personal_daily": limit}, hash="sha256:other")
    program = compile_rules(other)
    decider = Decider(decided_by(program, Settings()), {})
    return Lowered(program, affected(other, migrations(rules, other)), decider)


def one_event(tenant: str, at: str) -> list[dict[str, object]]:
    """Return a tenant's event of the change."""
    data = {"rule": "COL-01", "ruleset": "sha256:other", "author": "li", "approver": "wang"}
    line = {
        "specversion": "1.0",
        "id": f"{tenant}-{at}",
        "source": "rules",
        "type": "rule.changed",
        "time": at,
    }
    return [{**line, "tenant": tenant, "data": data}]


def of_unchanged(store: MemoryStore) -> list[dict[str, Any]]:
    """Return the records of the rules that did not change, but for the rule set's name."""
    records: list[dict[str, Any]] = [msgspec.json.decode(each.body) for each in store.records()]
    return [{**each, "ruleset": ""} for each in records if each["rule"] not in lowered().changed]


@given(seed=SEEDS, share=st.floats(0, 1))
def test_rules_that_did_not_change_say_what_they_would_have_said(seed: int, share: float) -> None:
    """Field for field but for the rule set's name, wherever the change is, with late events on both sides of it."""
    log = make_log(seed, 60, {"payments", "freezes", "limits", "reference", "decisions"})
    lines = lines_of(shuffle_within_lateness(log, seed))
    at = int(share * len(lines))
    plain, changed = MemoryStore(), MemoryStore()
    Runner(plain, Engine(program())).take("log", Block(lines, None))
    runner = Runner(changed, Engine(program()))
    runner.take("log", Block(lines[:at], None))
    runner.change_rules(lowered().program, lowered().changed, lowered().decider, one_event)
    again = Runner(
        changed, Engine(lowered().program)
    )  # A start right behind the change finds the same state.
    again.resume()
    again.take("log", Block(lines[at:], None))
    assert of_unchanged(changed) == of_unchanged(plain)


def test_the_change_of_the_property_changes_some_rules_and_not_others() -> None:
    assert {"COL-01", "ENG-07"} <= lowered().changed, "the rule, and one that watches it"
    assert len(lowered().changed) < 10


def test_what_is_kept_is_what_was_loaded_whoever_edits_meanwhile(tmp_path: Path) -> None:
    shutil.copytree(MINE, tmp_path / "mine")
    settings = Chosen(rules=tmp_path / "mine", db=tmp_path / "shop.db")
    made = prepare_kept(settings)
    limits = tmp_path / "mine" / "limits.yaml"
    limits.write_text(limits.read_text(encoding="utf-8").replace(MOST, LESS), encoding="utf-8")
    with opened(made, settings) as (_, store):
        archive = store.ruleset(made.rules.hash)
    assert archive is not None
    assert from_archive(archive).hash == made.rules.hash
