"""Law 4: whatever the order of arrival within lateness, what stands at the end is what the sorted log gives."""

from __future__ import annotations

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from engine.fold import Settings
from rules.loading import SHIPPED
from tests.engine.driving import ABOUT_ARRIVAL, Run, fed, folded, stands
from tests.laws.agreeing import by_key
from tests.logs.arrival import Line, micros, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS, arrivals, logs
from tests.oracle.deciding import decide
from tests.oracle.instants import rfc3339

SIZE = 70


def in_order(run: Run, log: list[Line]) -> list[Line]:
    """Return what was decided, as if all had come at its time, in the tenant's order; then the clock as it was.

    Which copy of a fact stands speaks of arrival: the copies that did not are left out.
    """
    ends = {name: tenant.clock for name, tenant in run.engine.tenants.items()}
    decided = [
        line for line, outcome in zip(log, run.outcomes, strict=True) if outcome.disposition == "decided"
    ]
    facts = [
        {**line, "receivedtime": rfc3339(min(micros(line["time"]), ends[line["tenant"]]))}
        for line in decided
        if line["type"] != "clock.tick"
    ]
    facts.sort(key=lambda line: (micros(line["time"]), line["source"], line["id"]))
    return facts + [
        {"specversion": "1.0", "id": "end", "source": "clock", "type": "clock.tick", "tenant": name,
         "time": rfc3339(end), "data": {}}
        for name, end in ends.items()
    ]  # fmt: skip


@given(pair=arrivals(least=40, most=SIZE))
def test_any_arrival_ends_where_the_sorted_log_does(pair: tuple[list[Line], list[Line]]) -> None:
    """Field for field: id, level, crossing, values, limits, evidence, words."""
    for log in pair:
        run = fed(log)
        assert stands(run.engine) == stands(fed(in_order(run, log)).engine)


@given(pair=arrivals(least=40, most=SIZE))
def test_two_arrivals_of_one_log_end_alike(pair: tuple[list[Line], list[Line]]) -> None:
    first, second = map(fed, pair)
    assert stands(first.engine) == stands(second.engine)


@given(seed=SEEDS)
def test_what_stands_is_what_the_definitions_say(seed: int) -> None:
    """The oracle sorts the whole log and evaluates every rule from its definition, with no state at all."""
    note(f"seed {seed}")
    log = make_log(seed, SIZE)
    for arrival in (log, shuffle_within_lateness(log, seed)):
        run, meant = fed(arrival), decide(arrival, SHIPPED)
        found, wanted = by_key(run.engine.standing()), by_key(meant.standing)
        assert found.keys() == wanted.keys()
        for key, one in wanted.items():
            # A record also shows what its words name; the oracle knows the measures that levels read.
            shown = {name: found[key]["values"].get(name) for name in one["values"]}
            assert {**found[key], "values": shown} == one, key
        counts = run.engine.tally.by_disposition()
        assert {name: count for name, count in counts.items() if count} == dict(meant.dispositions)


@pytest.mark.parametrize("settings", [Settings(), Settings(guards=False)], ids=["guarded", "unguarded"])
@given(pair=arrivals(least=40, most=SIZE))
def test_folding_the_records_gives_what_stands(
    settings: Settings, pair: tuple[list[Line], list[Line]]
) -> None:
    """Nothing is deleted: who reads only the records, in order, knows what stands."""
    for log in pair:
        run = fed(log, settings=settings)
        arrived = [record for record in run.records if record.rule not in ABOUT_ARRIVAL]
        assert folded(arrived) == stands(run.engine)


@given(log=logs(least=40), share=st.floats(0, 1), seed=SEEDS)
def test_it_holds_at_every_moment(log: list[Line], share: float, seed: int) -> None:
    """Not only at the end: stopped anywhere, what stands is what the sorted log up to that clock gives."""
    arrived = shuffle_within_lateness(log, seed)
    arrived = arrived[: int(share * len(arrived))]
    run = fed(arrived)
    assert stands(run.engine) == stands(fed(in_order(run, arrived)).engine)
