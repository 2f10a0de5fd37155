"""The past that a correction reads: what is stored and what is pending, and nothing that came later."""

from __future__ import annotations

import io
import sys
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest

from engine.alert import Record
from engine.decoding import Refusal, timed
from engine.fold import Engine
from engine.instants import rfc3339
from engine.windows import Zone
from streams.commit import CODE, Batch
from streams.past import ReplayedPast, StoredPast
from streams.replaying import replay
from streams.sources.jsonl import JsonLines
from streams.stores.memory import MemoryStore
from tests.streams.running import block_of, made, program, runner_of

ZONE = Zone("Asia/Shanghai").info


def corrected(seed: int) -> list[bytes]:
    """Return a made log in which each tenant asks for corrections, twice, at its clock."""
    engine = Engine(program())
    lines: list[bytes] = []
    made_lines = made(seed, 90)
    for number, raw in enumerate(made_lines):
        engine.feed(raw)
        lines.append(raw)
        if number in (len(made_lines) // 2, len(made_lines) - 1):
            for tenant in sorted(engine.tenants):
                at = rfc3339(engine.clock(tenant) or 0, ZONE)
                asked = {"specversion": "1.0", "id": f"c{number}", "source": "me", "type": "correction.requested",
                         "tenant": tenant, "time": at, "data": {"by": "me"}}  # fmt: skip
                lines.append(msgspec.json.encode(asked))
    return lines


def replayed(source: JsonLines) -> list[Record]:
    records: list[Record] = []
    replay(source, Engine(program()), lambda found, _lines: records.extend(found))
    return records


@pytest.mark.parametrize("seed", range(8))
def test_a_correction_is_the_same_in_every_runner(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = corrected(seed)
    (tmp_path / "log").write_bytes(b"\n".join(lines))
    wanted = replayed(JsonLines(str(tmp_path / "log")))

    class Input:
        buffer = io.BufferedReader(io.BytesIO(b"\n".join(lines)))

    monkeypatch.setattr(sys, "stdin", Input())
    assert replayed(JsonLines("-")) == wanted
    for size in (7, 1_000):
        store = MemoryStore()
        for at in range(0, len(lines), size):
            runner = runner_of(store)
            runner.take("log", block_of(lines[at : at + size], at))
            if at % 2:
                runner.checkpoint()
        bodies = [msgspec.json.decode(each.body, type=Record) for each in store.records()]
        assert bodies == wanted


def test_some_correction_corrects_something(tmp_path: Path) -> None:
    found = 0
    for seed in range(8):
        (tmp_path / "log").write_bytes(b"\n".join(corrected(seed)))
        found += sum(record.cause["source"] == "me" for record in replayed(JsonLines(str(tmp_path / "log"))))
    assert found > 0


@pytest.mark.parametrize("cut", [0, 1, 30, 59])
def test_what_is_decided_comes_in_the_tenants_order(cut: int) -> None:
    lines = made(4, 60)
    store = MemoryStore()
    runner = runner_of(store)
    runner.take("log", block_of(lines, 0))
    past = StoredPast(store)
    batch = _pending(store, cut)
    past.move(cut, batch)
    wanted: dict[str, list[tuple[int, str, str, bytes]]] = defaultdict(list)
    for each in store.inputs():
        read = timed(each.raw)
        if each.disposition == "decided" and not isinstance(read, Refusal):
            wanted[each.tenant].append((read[1], read[0].source, read[0].id, each.raw))
    for tenant, facts in wanted.items():
        assert list(past.decided(tenant)) == [raw for *_, raw in sorted(facts)]


def _pending(store: MemoryStore, after: int) -> Batch:
    rows = [
        (
            each.seq,
            each.line,
            each.tenant,
            each.time_us,
            each.clock_us,
            CODE[each.disposition],
            each.reason,
            each.raw,
        )
        for each in store.inputs(after)
    ]
    return Batch("log", rows)


def test_a_replay_tells_late_from_decided(tmp_path: Path) -> None:
    lines = made(4, 60)
    (tmp_path / "log").write_bytes(b"\n".join(lines))
    past = ReplayedPast(JsonLines(str(tmp_path / "log")))
    engine = Engine(program())
    late: dict[str, list[bytes]] = defaultdict(list)
    for raw in lines:
        outcome = engine.feed(raw)
        past.codes.append(CODE[outcome.disposition])
        if outcome.disposition == "late":
            late[outcome.tenant].append(raw)
    for tenant in ("t1", "t2"):
        assert list(past.late(tenant)) == late[tenant]
    past.close()
