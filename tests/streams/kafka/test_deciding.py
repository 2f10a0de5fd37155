"""One partition decided: nothing twice, nothing left out, nobody else's, and the same wherever batches end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alert import Record
from engine.fold import Engine
from engine.program import Program
from rules.loading import SHIPPED, load
from rules.planning.compiling import compile_rules
from streams.kafka.addressing import partition_of
from streams.kafka.deciding import Deciding
from streams.kafka.kept import Entries, Kept
from streams.refusing import RefusedError
from tests.streams.shadowing import shadowed

PARTITIONS = 4
TENANT = "t1"
HOME = partition_of(TENANT, PARTITIONS)


@dataclass(frozen=True, slots=True)
class Message:
    offset: int
    value: bytes | None


@cache
def program() -> Program:
    return compile_rules(load(SHIPPED), ("COL-01", "COL-07", "ENG-*"))


def deciding(every: int = 10) -> Deciding:
    return Deciding(Engine(program()), "weiguard.events", HOME, PARTITIONS, every)


def payment(number: int, tenant: str = TENANT) -> Message:
    event = {
        "specversion": "1.0", "id": f"e{number}", "source": "till", "type": "payment.received", "tenant": tenant,
        "time": f"2026-03-10T09:{number % 60:02}:00+08:00", "subject": "A1",
        "data": {"transaction_id": f"x{number}", "amount_fen": 1_000_001, "payer_id": "p"},
    }  # fmt: skip
    return Message(number, msgspec.json.encode(event))


PAYMENTS = [payment(number) for number in range(40)]


def test_what_was_decided_is_skipped() -> None:
    one = deciding()
    assert one.decide(PAYMENTS[:5]).inputs == 5
    assert one.decide(PAYMENTS[:5]).inputs == 0
    assert one.decide(PAYMENTS[3:8]).inputs == 3
    assert (one.offset, sum(one.counts)) == (7, 8)


@pytest.mark.parametrize("start", [1, 6, 39])
def test_a_gap_is_refused_and_nothing_behind_it_decided(start: int) -> None:
    one = deciding()
    if start == 6:
        one.decide(PAYMENTS[:5])
    before = one.offset
    with pytest.raises(RefusedError, match=f"found input {start} where {before + 1} was to come"):
        one.decide(PAYMENTS[start:])
    assert one.offset == before


def test_another_partitions_tenant_is_refused() -> None:
    stranger = next(f"s{n}" for n in range(99) if partition_of(f"s{n}", PARTITIONS) != HOME)
    (refused,) = deciding().decide([payment(0, stranger)]).refused
    assert f"found '{stranger}' in partition {HOME}" in refused.reason
    assert refused.raw == payment(0, stranger).value


def test_what_shadow_rules_find_is_counted_and_written_nowhere() -> None:
    plain, hushed = deciding(), deciding()
    hushed.engine = Engine(shadowed(None))
    said, found = plain.decide(PAYMENTS), hushed.decide(PAYMENTS)
    rules = {record.rule for _, record in said.records}
    assert [each for each in found.shadows if each.rule in rules] == [record for _, record in said.records]
    assert rules
    assert (found.records, hushed.pending, said.shadows) == ([], [], [])


def test_null_is_quarantined_as_nothing() -> None:
    (refused,) = deciding().decide([Message(0, None)]).refused
    assert (refused.raw, refused.tenant) == (b"", "")


@given(st.lists(st.integers(1, 39), max_size=6, unique=True), st.integers(0, 6), st.integers(1, 20))
def test_batches_checkpoints_and_restarts_reach_no_record(cuts: list[int], restart: int, every: int) -> None:
    bounds = [0, *sorted(cuts), len(PAYMENTS)]
    one, kept, found = deciding(every), Kept("weiguard.state", HOME), list[tuple[int, Record]]()
    for number, (start, end) in enumerate(pairwise(bounds)):
        if number == restart:
            one = again(kept, every)
        found += one.decide(PAYMENTS[start:end]).records
        for key, value in [*(checkpoint(one) if one.due else ()), one.position()]:
            kept.take(key, value)
    assert found == deciding().decide(PAYMENTS).records
    assert one.counts == [len(PAYMENTS), 0, 0, 0, 0]


def checkpoint(one: Deciding) -> list[tuple[bytes, bytes | None]]:
    """Return the messages of a whole checkpoint."""
    entries = list(one.engine.checkpoint())
    mark, _ = one.begin_checkpoint()
    messages = [*one.put(entries), *one.rest(mark)]
    one.end_checkpoint(mark, len(entries))
    return messages


def again(kept: Kept, every: int) -> Deciding:
    """Bring a new one to where the state says, as a restart does."""
    one, mark, position = deciding(every), kept.checkpoint(), kept.position()
    if position is None:
        return one
    blocks = kept.dispositions()
    assert sum(block.count for block in blocks) == mark.offset + 1
    entries = Entries()
    one.engine.restore(kept.entries(entries))
    one.entries = entries
    one.begin(mark, position.tick_us)
    one.decide(PAYMENTS[: position.offset + 1])
    assert (one.offset, tuple(one.counts)) == (position.offset, position.counts)
    return one
