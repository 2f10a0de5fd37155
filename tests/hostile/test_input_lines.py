"""Lines that somebody bent: the engine never raises, gives each one disposition, and takes a bounded time for it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alert import Record, encode
from engine.decoding import LONGEST
from engine.disposition import DISPOSITIONS
from engine.event import EVENTS
from engine.fold import Engine, Outcome, Settings
from engine.program import Program
from rules.loading import load
from rules.planning.compiling import compile_rules
from tests.hostile.bending import bent_bytes, bent_event
from tests.logs.making import make_log
from tests.oracle.payloads import PAYLOADS

SEEDS = st.integers(0, 1_000_000)
BOUND_SECONDS = 5.0  # For one line; far more than any needs, far less than a line that hangs the engine.
_FIT: dict[str, Any] = {
    "text": "x", "int": 7, "float": 31.25, "bool": True, "list": ["a", "b"], "any": "x", "date": "2026-03-10",
    "instant": "2026-03-10T09:00:00+08:00", "simhash": "0123456789abcdef",
}  # fmt: skip


@cache
def program() -> Program:
    return compile_rules(load())


class Remembered:
    """The past of an engine that is fed here: all it said so far."""

    keeps_shadows = True

    def __init__(self) -> None:
        self.said: list[tuple[bytes, Outcome]] = []

    def decided(self, tenant: str) -> Iterator[bytes]:
        found = [(each.time_us, each.event, raw) for raw, each in self._of(tenant, "decided")]
        found.sort(key=lambda one: (one[0], one[1].source, one[1].id) if one[1] is not None else (0, "", ""))
        return (raw for _, _, raw in found)

    def late(self, tenant: str) -> Iterator[bytes]:
        return (raw for raw, _ in self._of(tenant, "late"))

    def standing(self, tenant: str, shadows: AbstractSet[str]) -> Iterator[Record]:
        records = [record for _, each in self.said for record in each.records if record.tenant == tenant]
        return iter({record.id: record for record in records}.values())

    def ended_us(self, tenant: str) -> int:
        return 0

    def _of(self, tenant: str, disposition: str) -> list[tuple[bytes, Outcome]]:
        return [
            (raw, each) for raw, each in self.said if (each.tenant, each.disposition) == (tenant, disposition)
        ]


def engine() -> Engine:
    return Engine(program(), Settings(), past=Remembered())


def one_of(kind: str, number: int) -> dict[str, Any]:
    """Return an event of a type with every field."""
    data = {field.name: _FIT[field.kind] for field in PAYLOADS[kind].values()}
    return {
        "specversion": "1.0", "id": f"k{number}", "source": "test/one", "type": kind, "subject": "A1", "tenant": "t1",
        "time": "2026-03-10T09:00:00+08:00", "data": data,
    }  # fmt: skip


def fed(engine: Engine, lines: list[bytes]) -> list[Outcome]:
    """Feed lines and check what every outcome promises, whatever the lines are."""
    assert isinstance(engine.past, Remembered), "made here"
    outcomes = []
    for raw in lines:
        started = time.process_time()
        outcome = engine.feed(raw)
        assert time.process_time() - started < BOUND_SECONDS, raw[:200]
        assert outcome.disposition in DISPOSITIONS
        assert (outcome.reason != "") == (outcome.disposition in ("quarantined", "conflict")), outcome
        if outcome.event is None:
            assert outcome.disposition == "quarantined"
        for record in outcome.records:
            assert msgspec.json.decode(encode(record))["ruleset"] == record.ruleset
        outcomes.append(outcome)
        engine.past.said.append((raw, outcome))
    counts = engine.tally.by_disposition()
    assert sum(counts.values()) == engine.tally.inputs == len(lines)
    for name in DISPOSITIONS:
        assert counts[name] == sum(outcome.disposition == name for outcome in outcomes)
    return outcomes


def made(seed: int, size: int) -> list[dict[str, Any]]:
    """Return a made log with one event of every type the contract knows strewn in."""
    rng = random.Random(seed)
    log: list[dict[str, Any]] = [dict(line) for line in make_log(seed, size)]
    for number, kind in enumerate(rng.sample(sorted(EVENTS), 20)):
        log.insert(rng.randrange(len(log)), one_of(kind, number))
    return log


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes(lines: list[bytes]) -> None:
    fed(engine(), lines)


@given(SEEDS)
def test_lines_with_bent_bytes(seed: int) -> None:
    rng = random.Random(seed)
    lines = [msgspec.json.encode(line) for line in made(seed, 40)]
    fed(engine(), [bent_bytes(line, rng) if rng.random() < 0.6 else line for line in lines])


@given(SEEDS)
def test_events_with_bent_values(seed: int) -> None:
    rng = random.Random(seed)
    log = made(seed, 40)
    fed(
        engine(),
        [msgspec.json.encode(bent_event(one, rng) if rng.random() < 0.6 else one) for one in log],
    )


@given(SEEDS)
def test_every_line_twice_and_once_more_bent(seed: int) -> None:
    """Copies are compared with what came first, however odd either is."""
    rng = random.Random(seed)
    lines = []
    for one in made(seed, 25):
        first = bent_event(one, rng) if rng.random() < 0.5 else one
        raw = msgspec.json.encode(first)
        lines += [raw, raw, msgspec.json.encode(bent_event(first, rng)), bent_bytes(raw, rng)]
    fed(engine(), lines)


@given(SEEDS)
def test_what_was_bent_can_be_kept_and_taken_back(seed: int) -> None:
    """A checkpoint taken among bent events restores, and goes on to the same records."""
    rng = random.Random(seed)
    log = made(seed, 40)
    lines = [msgspec.json.encode(bent_event(one, rng) if rng.random() < 0.4 else one) for one in log]
    cut = rng.randrange(len(lines))
    whole, again = engine(), engine()
    whole.track()
    again.track()
    first = [whole.feed(raw) for raw in lines[:cut]]
    again.restore([(name, value) for name, value in whole.checkpoint() if value is not None])
    for raw, outcome in zip(lines, first, strict=False):
        if outcome.disposition == "decided":
            again.recall(raw, outcome.clock_us)
    assert said(whole, lines[cut:]) == said(again, lines[cut:])


def said(engine: Engine, lines: list[bytes]) -> list[tuple[str, list[bytes]]]:
    """Return disposition and records of each line."""
    return [
        (each.disposition, [encode(record) for record in each.records]) for each in map(engine.feed, lines)
    ]


def _big(**fields: Any) -> bytes:
    whole = one_of("post.published", 1)
    whole["data"] |= fields
    return msgspec.json.encode(whole)


def _within(value: Any, depth: int) -> Any:
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"x" * 100_000_000, id="a hundred megabytes"),
        pytest.param(b"[" * LONGEST, id="a megabyte of brackets"),
        pytest.param(b'{"a":' * (LONGEST // 5), id="a megabyte of objects"),
        pytest.param(b'"' + b"\\u0000" * (LONGEST // 7) + b'"', id="a megabyte of escapes"),
        pytest.param(b"9" * LONGEST, id="a number of a million digits"),
        pytest.param(b"1" + b"." + b"9" * (LONGEST - 10), id="a fraction of a million digits"),
        pytest.param(b" " * LONGEST, id="a megabyte of blanks"),
        pytest.param(_big(text="转账拆分微信" * 50_000), id="a text of a megabyte, full of terms"),
        pytest.param(_big(text="a" * 1_000_000), id="a text of one letter"),
        pytest.param(_big(text="\u0301" * 300_000), id="a text of combining marks"),
        pytest.param(_big(**{f"f{n}": n for n in range(60_000)}), id="sixty thousand unknown fields"),
        pytest.param(_big(zzz=[[]] * 200_000), id="two hundred thousand empty lists"),
        pytest.param(_big(zzz="4444 " * 200_000), id="groups of digits that might be card numbers"),
        pytest.param(_big(zzz="4111111111111111a" * 60_000), id="card numbers that touch each other"),
        pytest.param(_big(zzz=["4111111111111111"] * 55_000), id="fifty thousand card numbers"),
        pytest.param(_big(zzz=_within("4111111111111111", 480)), id="a card number deep inside"),
    ],
)
def test_one_heavy_line(raw: bytes) -> None:
    fed(engine(), [raw, raw])
