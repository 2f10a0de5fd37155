"""State as entries: what changed, what is gone, and a tenant put together again; damage stops the engine."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from engine.fold import Engine, Settings
from engine.instants import micros
from engine.keeping import StateError
from tests.engine.driving import Run, event, fed, payment, program, raw_of, tick
from tests.engine.soundness import check
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS

Entries = dict[bytes, bytes]
KEPT = Settings(keep=False)
FAR = micros("2030-01-01T00:00:00+08:00")  # Past every deadline of a made log.


def tracking(log: list[Line]) -> Run:
    """Return an engine that keeps account of what changes, and has been fed a log."""
    engine = Engine(program(), KEPT)
    engine.track()
    return Run(engine).feed(log)


def taken(engine: Engine, store: Entries | None = None) -> Entries:
    """Take a checkpoint into a store of entries."""
    kept: Entries = {} if store is None else store
    for name, value in engine.checkpoint():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
    engine.settle()
    return kept


def restored(entries: Entries, past: Run | None = None, log: list[Line] | None = None) -> Engine:
    """Return a new engine with the state of the entries, and what was seen of a log."""
    engine = Engine(program(), KEPT)
    engine.track()
    engine.restore(list(entries.items()))
    for line, outcome in zip(log or [], past.outcomes if past else [], strict=True):
        if outcome.disposition == "decided":
            engine.recall(raw_of(line), outcome.clock_us)
    return engine


LOG = [payment("a", "09:00", 3_000_000), payment("b", "10:00", 1_000_000)]


@given(seed=SEEDS)
def test_what_is_put_together_again_goes_on_alike(seed: int) -> None:
    note(f"seed {seed}")
    log = shuffle_within_lateness(make_log(seed, 80), seed)
    half = len(log) // 2
    before = tracking(log[:half])
    again = Run(restored(taken(before.engine), before, log[:half]))
    assert again.feed(log[half:]).said == fed(log, settings=KEPT).said[half:]


@given(seed=SEEDS)
def test_many_checkpoints_keep_all_that_one_keeps(seed: int) -> None:
    """Changes since the last call, taken one upon the other, leave nothing out; what is only forgotten may linger."""
    note(f"seed {seed}")
    log = shuffle_within_lateness(make_log(seed, 80), seed)
    once = taken(tracking(log).engine)
    store: Entries = {}
    run = tracking([])
    for at in range(0, len(log), 7):
        taken(run.feed(log[at : at + 7]).engine, store)
    assert once.keys() <= store.keys()
    again = restored(store, run, log)
    assert again.until(FAR) == run.engine.until(FAR)


@given(seed=SEEDS, every=st.integers(1, 25))
def test_a_store_has_the_cells_that_there_are(seed: int, every: int) -> None:
    """What came and went between two checkpoints is in none; what one has is told when it goes, after a restart too."""
    note(f"seed {seed}")
    log = shuffle_within_lateness(make_log(seed, 80), seed)
    store: Entries = {}
    run, half = tracking([]), len(log) // 2
    for at in range(0, half, every):
        taken(run.feed(log[at : min(at + every, half)]).engine, store)
    again = Run(restored(store, run, log[:half]))
    for at in range(half, len(log), every):
        taken(again.feed(log[at : at + every]).engine, store)
    again.engine.until(FAR)
    taken(again.engine, store)
    assert cells_in(store) == cells_of(again.engine)


def cells_in(store: Entries) -> set[tuple[Any, ...]]:
    """Return tenant, place and key of every cell in a store of entries."""
    names = map(pickle.loads, store)
    return {name for name in names if isinstance(name[1], int)}


def cells_of(engine: Engine) -> set[tuple[Any, ...]]:
    """Return the same of the cells that an engine has, but for those of sequences, which are kept by their steps."""
    return {
        (name, place, key)
        for name, tenant in engine.tenants.items()
        for place, cells in enumerate(tenant.cells)
        if place not in tenant.program.sequence_of
        for key in cells
    }


def test_a_second_checkpoint_holds_only_what_changed() -> None:
    run = tracking(LOG)
    first = list(run.engine.checkpoint())
    assert sorted(run.engine.checkpoint()) == sorted(first), "what is not settled is still to be written"
    run.engine.settle()
    quiet = list(run.engine.checkpoint())
    assert len(quiet) < len(first)
    assert len(quiet) == 1, "the tenant's clock and the like"
    names = {name for name, _ in first}
    after = list(run.feed([payment("c", "11:00", 1)]).engine.checkpoint())
    assert len(after) < len(first)
    assert {name for name, _ in after} & names, "the account's cell has the same name as before"


def test_an_entry_that_is_gone_is_told() -> None:
    """Once windows have closed past lateness, the entries of their keys go."""
    run = tracking(LOG)
    store = taken(run.engine)
    run.feed([event(f"t{day}", "clock.tick", f"d{day} 12:00", account=None) for day in range(2, 120)])
    gone = [name for name, value in run.engine.checkpoint() if value is None]
    assert gone
    assert set(gone) <= store.keys()


def test_what_was_there_before_a_restart_is_told_when_it_goes() -> None:
    store = taken(tracking(LOG).engine)
    before = cells_in(store)
    again = Run(restored(store))
    for day in range(2, 120):
        taken(again.feed([event(f"t{day}", "clock.tick", f"d{day} 12:00", account=None)]).engine, store)
    assert cells_in(store) == cells_of(again.engine) < before


def test_a_restored_engine_is_sound() -> None:
    log = [*LOG, event("q", "message.received", "11:00", conversation_id="V", chat="direct")]
    run = tracking(log)
    engine = restored(taken(run.engine), run, log)
    check(engine)
    assert engine.clock("t1") == run.engine.clock("t1")
    assert [record.rule for record in Run(engine).feed([tick("11:10")]).records] == ["SLA-01", "SLA-01"]


def test_what_was_seen_is_recalled() -> None:
    run = tracking(LOG)
    entries = taken(run.engine)
    for engine, disposition in ((restored(entries, run, LOG), "duplicate"), (restored(entries), "decided")):
        assert engine.feed(raw_of(LOG[0])).disposition == disposition


def login(name: str, at: str, device: str, arrives: str = "") -> Line:
    return event(name, "login.attempted", at, arrives, result="success", device_id=device)


def registered(name: str, account: str, kind: str, at: str, arrives: str = "", owner: str = "O1") -> Line:
    return event(name, "account.registered", at, arrives, account=account, kind=kind, owner_id=owner)


PAYERS = range(3)
CHAIN = [
    registered("r1", "A1", "personal", "d1 08:00"),
    registered("r2", "A2", "personal", "d1 08:00"),
    *[payment(f"p{n}", f"d1 09:0{n}", 1, account="A1", payer_id=f"P{n}") for n in PAYERS],
    event("z", "fund.frozen", "d1 10:00", case_id="Z"),
    *[payment(f"m{n}", f"d1 11:0{n}", 1, account="A2", payer_id=f"P{n}") for n in PAYERS],
]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param(LOG, payment("c", "11:00", 1_000_001), ["escalated COL-01"], id="a sum of the day"),
        pytest.param([login("l1", "09:00", "D1"), login("l2", "10:00", "D2"),
                      event("p", "payout.sent", "10:10", payout_id="p", amount_fen=1)],
                     login("late", "08:00", "D2", "11:00"), ["raised LOG-02", "retracted LOG-02", "retracted LOG-15"],
                     id="an alert that is an event for another rule"),
        pytest.param(CHAIN, registered("late", "A2", "personal", "d1 08:30", "12:00", "O2"), ["retracted MTX-05"],
                     id="the chains of a sequence"),
        pytest.param([*CHAIN[1:], registered("r", "A1", "personal", "d1 08:00", "12:00")],
                     registered("late", "A1", "personal", "d1 08:30", "12:00", "O2"), ["retracted MTX-05"],
                     id="what a late event had changed before"),
        pytest.param(CHAIN[:-1], CHAIN[-1], ["raised MTX-05"], id="the steps of a sequence"),
        pytest.param([event("q", "message.received", "10:00", conversation_id="V", chat="direct")], tick("10:04"),
                     ["raised SLA-01"], id="a deadline that waits"),
        pytest.param([event(f"l{n}", "login.attempted", f"10:0{n}", result="failure") for n in range(5)],
                     event("late", "login.attempted", "10:00:30", "11:00", result="failure"),
                     ["raised LOG-05", "retracted LOG-05"], id="an episode that a late event moves"),
        pytest.param([event("l", "limit_profile.set", "08:00", account=None, limit="personal_daily_warn", value=1)],
                     payment("a", "09:00", 1), ["raised COL-01"], id="a limit that the tenant set"),
    ],
)  # fmt: skip
def test_each_part_of_the_state_is_kept(before: list[Line], after: Line, said: list[str]) -> None:
    """One entry of each kind decides what the next input comes to, after a restart as without one."""
    run = tracking(before)
    again = Run(restored(taken(run.engine), run, before)).feed([after])
    calm = run.feed([after]).outcomes[-1].records
    assert again.records == calm
    wanted = {each.split()[1] for each in said}
    assert sorted(f"{each.state} {each.rule}" for each in calm if each.rule in wanted) == said


def test_what_no_cell_holds_is_kept_while_a_late_event_can_put_it_into_one() -> None:
    """A merchant's payment is in no cell of COL-01; a late registration makes the account a personal one."""
    rules = program("COL-01")
    before = [registered("r", "A1", "merchant_ordinary", "08:00"), payment("a", "09:00", 4_000_000)]
    late = registered("late", "A1", "personal", "08:30", "12:00")
    engines = [Engine(rules, KEPT), Engine(rules, KEPT)]
    for engine in engines:
        engine.track()
    Run(engines[0]).feed(before)
    engines[1].restore(list(taken(engines[0]).items()))
    said = [Run(engine).feed([late]).records for engine in engines]
    assert [record.level for record in said[0]] == ["warn"]
    assert said[0] == said[1]


def test_what_was_forgotten_stays_forgotten_after_a_restart() -> None:
    """One chat has a question long answered and one that still waits; a late answer reads the chat again.

    The alert of the first is out of reach, and nobody says it again: neither who remembers nor who was restarted.
    """
    chat = {"conversation_id": "V", "chat": "direct"}
    before = [
        event("q", "message.received", "d1 10:00", **chat),
        event("a", "message.sent", "d1 11:00", conversation_id="V"),
        event("waits", "message.received", "d1 12:00", **chat),
    ]
    later = [tick(f"d{day} {hour:02}:00", f"t{day}-{hour}") for day in (2, 3, 4) for hour in range(24)]
    run = tracking([*before, later[0]])
    store = taken(run.engine)
    taken(run.feed(later[1:]).engine, store)
    again = Run(restored(store, run, [*before, *later]))
    late = event("late", "message.sent", "d4 20:00", "+1d 01:00", conversation_id="V")
    calm = run.feed([late]).outcomes[-1].records
    assert again.feed([late]).records == calm == []


def names_code() -> bytes:
    return b"cos\nsystem\n(S'true'\ntR."


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        pytest.param([(names_code(), b"")], "plain values only", id="a name that names code"),
        pytest.param(
            [(pickle.dumps(("t1", "rest")), names_code())], "plain values only", id="a value that names code"
        ),
        pytest.param([(b"\x80\x05", b"")], "cannot be read", id="a name cut off"),
        pytest.param([(pickle.dumps(("t1", "rest")), b"")], "cannot be read", id="an empty value"),
        pytest.param([(pickle.dumps(("t1", "rest")), b"\xff\xfe")], "cannot be read", id="no pickle at all"),
        pytest.param(
            [(pickle.dumps(7), pickle.dumps(7))], "expected \\(tenant, kind", id="a name of nothing"
        ),
    ],
)
def test_damage_is_refused(entries: list[tuple[bytes, bytes]], words: str) -> None:
    with pytest.raises(StateError, match=words):
        Engine(program()).restore(entries)


def test_state_of_other_rules_is_refused() -> None:
    """The same cell with other slots: a value would land under a wrong name."""
    entries = taken(tracking(LOG).engine)
    other = Engine(program("COL-01"))
    with pytest.raises(StateError):
        other.restore(list(entries.items()))
