"""A correction folds what came too late: it ends where the log ends that had all of it in time."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, note

from engine.alert import Record, standing_view
from engine.correcting import NoPastError
from engine.decoding import Refusal, timed
from engine.fold import Engine, Outcome, Settings
from engine.instants import micros
from tests.engine.driving import ABOUT_ARRIVAL, Run, brief, event, fed, payment, program, raw_of, stands, tick
from tests.logs.arrival import Line
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS
from tests.streams.shadowing import shadowed


@dataclass(slots=True)
class Remembered:
    """A log kept in memory, as a correction reads it."""

    kept: list[tuple[Outcome, bytes]] = field(default_factory=list)
    last: dict[str, Record] = field(default_factory=dict)
    keeps_shadows: bool = True

    def decided(self, tenant: str) -> Iterator[bytes]:
        own = [(outcome, raw) for outcome, raw in self._of(tenant, "decided")]
        own.sort(key=lambda pair: (pair[0].time_us, _name(pair[0])))
        return iter([raw for _, raw in own])

    def late(self, tenant: str) -> Iterator[bytes]:
        return iter([raw for _, raw in self._of(tenant, "late")])

    def standing(self, tenant: str, shadows: AbstractSet[str]) -> Iterator[Record]:
        return iter([record for record in self.last.values() if record.tenant == tenant])

    def ended_us(self, tenant: str) -> int:
        return 0

    def _of(self, tenant: str, disposition: str) -> list[tuple[Outcome, bytes]]:
        return [pair for pair in self.kept if (pair[0].tenant, pair[0].disposition) == (tenant, disposition)]


def _name(outcome: Outcome) -> tuple[str, str]:
    assert outcome.event is not None
    return outcome.event.source, outcome.event.id


def corrected(log: list[Line], *only: str) -> tuple[Run, Remembered]:
    """Feed a log whose corrections read back what came before them."""
    past = Remembered()
    run = Run(Engine(program(*only), Settings(keep=False), past))
    for line in log:
        (outcome,) = run.feed([line]).outcomes[-1:]
        past.kept.append((outcome, raw_of(line)))
        past.last.update({record.id: record for record in (*outcome.records, *outcome.shadows)})
    return run, past


@pytest.mark.parametrize("kept", [True, False])
def test_where_nobody_keeps_what_shadows_find_a_correction_leaves_it_as_it_is(*, kept: bool) -> None:
    past = Remembered(keeps_shadows=kept)
    run = Run(Engine(shadowed(None), Settings(keep=False), past))
    for line in (payment("a", "d1 10:00", 4_500_000), LATE, ask("k", "d5 10:00")):
        (outcome,) = run.feed([line]).outcomes[-1:]
        past.kept.append((outcome, raw_of(line)))
        past.last.update({record.id: record for record in outcome.shadows if kept})
    found = run.outcomes[-1].shadows
    assert ([record.rule for record in found if record.rule == "COL-01"] == ["COL-01"]) == kept
    assert bool(found) == kept
    assert not run.records


def ask(name: str, at: str, tenant: str = "t1") -> Line:
    return event(name, "correction.requested", at, account=None, by="auditor", Tenant=tenant)


LATE = payment("late", "d1 09:00", 4_000_000, "d5 09:00")
COPY = payment("copy", "d1 09:00", 4_000_000, "d5 09:00", account="A2", transaction_id="T-late")
REGISTERED = event("r", "account.registered", "d1 09:00", "d5 09:00", kind="merchant_ordinary", owner_id="O1")


@pytest.mark.parametrize(
    ("log", "said"),
    [
        pytest.param([payment("a", "d1 10:00", 1_000_000), LATE], [("raised", "warn", "late")],
                     id="an alert in the past"),
        pytest.param([payment("a", "d1 10:00", 1_000_001), LATE], [("raised", "critical", "a")],
                     id="what came later that day crosses now"),
        pytest.param([payment("a", "d1 10:00", 4_000_000), LATE], [("escalated", "critical", "a")],
                     id="a higher level"),
        pytest.param([payment("a", "d1 08:00", 4_000_000), LATE], [("escalated", "critical", "late")],
                     id="by the late one"),
        pytest.param([payment("a", "d1 08:00", 5_000_001), LATE], [], id="what stands already"),
        pytest.param([payment("a", "d1 10:00", 4_000_000), REGISTERED], [("retracted", "warn", "a")],
                     id="a registration takes an alert back"),
        pytest.param([payment("a", "d1 10:00", 4_000_000), payment("a", "d1 10:00", 4_000_000, "d5 09:00")], [],
                     id="a late copy of what was decided says nothing new"),
        pytest.param([payment("a", "d1 10:00", 1), LATE, COPY], [("raised", "warn", "late")],
                     id="of two late copies the first stands"),
    ],
)  # fmt: skip
def test_a_correction(log: list[Line], said: list[tuple[str, str, str]]) -> None:
    run, _ = corrected([*log, ask("c", "d5 10:00")], "COL-01")
    records = run.outcomes[-1].records
    assert run.outcomes[-2].disposition == "late"
    assert brief(records) == said
    assert all(record.late and record.cause == {"source": "test", "id": "c"} for record in records)


def test_a_second_correction_has_nothing_to_say() -> None:
    log = [payment("a", "d1 10:00", 4_000_000), LATE, ask("c", "d5 10:00"), ask("d", "d5 11:00")]
    run, _ = corrected(log, "COL-01")
    assert brief(run.outcomes[-2].records) == [("escalated", "critical", "a")]
    assert run.outcomes[-1].records == []


def test_an_alert_goes_on_counting_through_a_correction() -> None:
    more = payment("b", "d5 12:00", 4_000_000)
    run, _ = corrected([payment("a", "d1 10:00", 4_000_000), LATE, ask("c", "d5 10:00"), more], "COL-01")
    assert [(record.record, record.state) for record in run.records] == [
        (1, "raised"),
        (2, "escalated"),
        (1, "raised"),
    ]


def test_what_a_checkpoint_has_and_is_gone_since_is_told_gone_after_a_correction() -> None:
    """A day's payments are forgotten before the correction, which finds nothing left of them to tell of."""
    past = Remembered()
    engine = Engine(program("COL-01"), Settings(keep=False), past)
    engine.track()
    run = Run(engine).feed([payment("a", "d1 10:00", 4_000_000)])
    kept = {name for name, value in engine.checkpoint() if value is not None}
    engine.settle()
    run.feed([tick(f"d{day} 12:00", f"t{day}") for day in (4, 5, 6)])
    run.feed([ask("c", "d7 10:00")])
    gone = {name for name, value in engine.checkpoint() if value is None}
    assert kept - gone == {pickle.dumps(("t1", "rest"), 5)}


def test_other_tenants_are_left_alone() -> None:
    other = [{**line, "tenant": "t2"} for line in (payment("a", "d1 10:00", 4_000_000), LATE)]
    run, _ = corrected([*other, payment("a", "d1 10:00", 4_000_000), LATE, ask("c", "d5 10:00")], "COL-01")
    assert {record.tenant for record in run.outcomes[-1].records} == {"t1"}


def test_without_a_log_to_read_again_a_correction_is_refused() -> None:
    with pytest.raises(NoPastError, match="its log cannot be read again here"):
        fed([LATE, ask("c", "d5 10:00")])


@given(seed=SEEDS)
def test_a_correction_ends_where_the_sorted_log_does(seed: int) -> None:
    """Field for field, with everything that was late in its place."""
    note(f"seed {seed}")
    log = make_log(seed, 80)
    end = log[-1]["receivedtime"]
    asked = [
        {**ask(f"c-{tenant}", "d1 10:00", tenant), "time": end, "receivedtime": end}
        for tenant in ("t1", "t2")
    ]
    run, past = corrected([*log, *asked])
    wanted = stands(fed(as_if_in_time(run, past)).engine)
    last = [record for record in past.last.values() if record.state != "retracted"]
    given_ = [standing_view(record) for record in last if record.rule not in ABOUT_ARRIVAL]
    assert sorted(given_, key=lambda each: str(each["id"])) == wanted


def as_if_in_time(run: Run, past: Remembered) -> list[Line]:
    """Return what was decided or late, each fact once, in the tenant's order, and the clocks as they were."""
    facts: list[Line] = []
    names: set[tuple[Any, ...]] = set()
    for disposition in ("decided", "late"):
        for outcome, raw in past.kept:
            own = _names(raw)
            if (
                outcome.disposition == disposition
                and outcome.tenant
                and (disposition == "decided" or names.isdisjoint(own))
            ):
                names |= own
                facts.append(msgspec.json.decode(raw))
    ends = {name: tenant.clock for name, tenant in run.engine.tenants.items()}
    kinds = ("correction.requested", "clock.tick")
    facts = [{**line, "receivedtime": line["time"]} for line in facts if line["type"] not in kinds]
    facts.sort(key=lambda line: (micros(line["time"]), line["source"], line["id"]))
    ticks = [line for _, raw in past.kept if (line := _decoded(raw)).get("type") == "clock.tick"]
    assert {line["tenant"] for line in ticks} >= ends.keys()
    return [*facts, *ticks]


def _decoded(raw: bytes) -> Line:
    line: Line = msgspec.json.decode(raw)
    return line


def _names(raw: bytes) -> set[tuple[Any, ...]]:
    read = timed(raw)
    if isinstance(read, Refusal):
        return set()
    fact = read[0]
    natural = fact.natural()
    return {(fact.tenant, fact.source, fact.id)} | (
        {(fact.tenant, *natural)} if natural is not None else set()
    )
