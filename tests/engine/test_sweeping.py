"""Forgetting: what is out of reach of every window and every late event leaves the state, and no record tells of it."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, note

from engine import fold
from engine.fold import Engine, Settings
from engine.tenant import Tenant
from tests.engine.driving import Run, event, fed, payment, program, stands
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.draft import DAY, rfc3339
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS

FORGETFUL = Settings(keep=False)


def size_of(engine: Engine) -> int:
    """Return how many things are remembered: cells, tail items, marks, entities, facts, timers."""
    return sum(_of_tenant(tenant) for tenant in engine.tenants.values())


def _of_tenant(tenant: Tenant) -> int:
    cells = [cell for cells in tenant.cells for cell in cells.values()]
    items = sum(len(cell.items) for cell in cells if hasattr(cell, "items"))
    marks = sum(len(marks) for cell in [*cells, tenant.plain] if hasattr(cell, "journal")
                for subs in cell.journal.values() for marks in subs.values())  # fmt: skip
    seen = sum(map(len, tenant.seen.generations))
    return len(cells) + items + marks + seen + len(tenant.standing) + len(tenant.timers) + len(tenant.arrived)


@given(seed=SEEDS)
def test_forgetting_reaches_no_record(seed: int) -> None:
    """The same log with an engine that never forgets: every record is the same, byte for byte."""
    note(f"seed {seed}")
    log = shuffle_within_lateness(make_log(seed, 120), seed)
    forgetful = fed(log, settings=FORGETFUL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold, "sweep", lambda _: None)
        remembering = fed(log, settings=FORGETFUL)
    assert forgetful.said == remembering.said


def days(first: int, last: int, rng: random.Random) -> list[Line]:
    """Return days of payments, logins and questions; every day has accounts and payers of its own."""
    log: list[Line] = []
    for day in range(first, last):
        for n in range(12):
            at = f"d{day} {8 + n:02}:{rng.randrange(60):02}"
            who = f"A{day}-{n % 4}"
            log += [
                payment(f"p{day}-{n}", at, rng.randrange(1, 5_000_000), account=who),
                event(
                    f"l{day}-{n}", "login.attempted", at, account=who, result="failure", device_id=f"D{day}"
                ),
                event(
                    f"q{day}-{n}",
                    "message.received",
                    at,
                    account=who,
                    conversation_id=f"V{day}-{n}",
                    chat="direct",
                ),
                # An answer, if late: what nobody ever answers is remembered for good.
                event(f"s{day}-{n}", "message.sent", f"{at}:59", account=who, conversation_id=f"V{day}-{n}"),
            ]
    return sorted(log, key=lambda line: line["time"])


@pytest.mark.parametrize(
    "rules", [("COL-*",), ("LOG-05", "AML-0*"), ("SLA-01",)], ids=["days", "rolling", "deadlines"]
)
def test_memory_grows_with_what_is_active_and_not_with_history(rules: tuple[str, ...]) -> None:
    """New keys every day: after the longest window and lateness, a day more adds nothing."""
    run = Run(Engine(program(*rules), FORGETFUL))
    rng = random.Random(7)
    sizes = [size_of(run.feed(days(first, first + 10, rng)).engine) for first in range(1, 101, 10)]
    assert sizes[-1] < sizes[4] * 1.2, sizes
    assert sizes[-1] > 0


def test_what_is_quiet_for_long_is_forgotten_but_for_what_lasts() -> None:
    """Registrations and the timeline of what was registered stay; everything else goes."""
    run = Run(Engine(program("COL-*", "LOG-05"), FORGETFUL))
    known = event("r", "account.registered", "d1 08:00", kind="personal", owner_id="O1")
    run.feed([known, *days(1, 6, random.Random(1))])
    before = size_of(run.engine)
    end = days(6, 7, random.Random(1))[-1]
    at = 1_773_600_000_000_000
    ticks = [{**end, "type": "clock.tick", "id": f"t{n}", "data": {}, "time": rfc3339(at + n * DAY // 24)}
             for n in range(24 * 90)]  # fmt: skip
    run.feed([{**tick, "receivedtime": tick["time"]} for tick in ticks])
    (tenant,) = run.engine.tenants.values()
    assert size_of(run.engine) < before / 4
    assert not any(tenant.cells[cls.index] for cls in tenant.variant.classes if not cls.lasting)
    assert list(tenant.accounts) == ["A1"], "what was registered is known for good"


def test_what_an_answer_took_back_is_forgotten_too() -> None:
    """The answer came after the deadline was decided, and is older: nothing stands, and nothing stays."""
    asked = {"account": "A1", "conversation_id": "V1"}
    run = fed(
        [
            event("q", "message.received", "d1 10:00", chat="direct", **asked),
            event("t", "clock.tick", "d2 10:00", account=None),
            event("s", "message.sent", "d1 10:01", "+1d 10:01", **asked),
            *[event(f"u{day}", "clock.tick", f"d{day} 10:00", account=None) for day in range(3, 13)],
        ],
        program("SLA-01"),
        FORGETFUL,
    )
    assert [record.state for record in run.records][-1] == "retracted"
    (tenant,) = run.engine.tenants.values()
    assert not any(tenant.cells)


def test_a_clock_that_jumps_years_forgets_in_steps() -> None:
    """No input pays for all that is due: a few keys an input, until all is done."""
    run = Run(Engine(program("COL-01"), FORGETFUL))
    run.feed([payment(f"p{n:03}", "d1 10:00", 1, account=f"A{n:03}") for n in range(300)])
    (tenant,) = run.engine.tenants.values()
    counts = []
    for n in range(120):
        run.feed([event(f"t{n}", "clock.tick", f"2029-01-01 {n // 60:02}:{n % 60:02}", account=None)])
        counts.append(sum(map(len, tenant.cells)))
    assert counts[0] > 250, "the first tick after the jump drops a few"
    assert counts[-1] == 0
    steps = [before - after for before, after in pairwise(counts)]
    assert max(steps) <= 12


def test_alerts_that_no_cell_holds_are_forgotten_too() -> None:
    """Every post too long is an alert of its own; once nothing late can touch it, it is only in the log."""
    log = [event(f"p{n}", "post.published", f"d1 10:{n:02}", post_id=f"p{n}", channel="moments", lines=99)
           for n in range(50)]  # fmt: skip
    run = fed(log, program("PST-04"), FORGETFUL)
    (tenant,) = run.engine.tenants.values()
    assert len(run.records) == len(tenant.standing) == 50
    run.feed([event("t", "clock.tick", "d4 00:00", account=None)])
    assert (len(tenant.standing), [subs for subs in tenant.plain.journal.values() if subs]) == (0, [])


def test_an_episode_goes_on_whether_or_not_its_key_was_looked_at_in_between() -> None:
    """Three accounts post one picture; two weeks later three post one like it, and then one posts the first again.

    At that post the level holds with it and without it, and no trigger in between found the episode over: it goes on.
    """
    known = [event(f"r{n}", "account.registered", "d1 08:00", account=f"A{n}", kind="personal", owner_id="O1")
             for n in range(3)]  # fmt: skip
    log = [*known, *[post(f"p{n}", f"d1 10:0{n}", f"A{n}", "f8") for n in range(3)]]
    later = [
        *[post(f"q{n}", f"d15 10:0{n}", f"A{n}", "ff") for n in range(3)],
        post("s", "d15 10:05", "A0", "f8"),
    ]
    hours = [event(f"t{day}-{hour}", "clock.tick", f"d{day} {hour:02}:30", account=None)
             for day in range(2, 15) for hour in range(24)]  # fmt: skip
    quiet, ticking = fed([*log, *later], program("PST-03")), fed([*log, *hours, *later], program("PST-03"))
    assert stands(quiet.engine) == stands(ticking.engine)
    assert [
        each["window"]["start"][:10] for each in stands(ticking.engine) if each["key"]["simhash"][-2:] == "f8"
    ] == ["2026-03-09"]


def post(name: str, at: str, account: str, picture: str) -> Line:
    """Return a post of a picture; `ff` and `f8` are alike."""
    simhash = f"00000000000000{picture}"
    return event(name, "post.published", at, account=account, post_id=name, channel="video", simhash=simhash)
