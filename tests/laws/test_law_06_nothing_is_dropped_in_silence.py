"""Law 6: each input has exactly one disposition, and what cannot be read is kept whole with its reason."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.decoding import Refusal, decode
from engine.disposition import DISPOSITIONS
from engine.fold import Engine
from streams.stores.memory import MemoryStore
from streams.stores.sqlite_reading import open_reader
from tests.logs.arrival import Line
from tests.logs.strategies import logs
from tests.streams.running import block_of, lines_of, program, runner_of
from tests.weiguard.conftest import Weiguard, weiguard

__all__ = ["weiguard"]

RUBBISH = st.one_of(
    st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"")),
    st.sampled_from(
        [b"", b"{", b"null", b'{"id":1}', b"[" * 5_000, b"\xff", b'{"a":"\\ud800"}', b"\x00", b"1e999"]
    ),
)


@given(log=logs(), rubbish=st.lists(st.tuples(st.integers(0, 80), RUBBISH), max_size=15))
def test_every_input_has_one_disposition(log: list[Line], rubbish: list[tuple[int, bytes]]) -> None:
    lines = lines_of(log)
    for at, junk in rubbish:
        lines.insert(min(at, len(lines)), junk)
    store = MemoryStore()
    runner = runner_of(store)
    runner.take("log", block_of(lines, 0))
    kept = list(store.inputs())
    assert [each.raw for each in kept] == lines, "what came is kept, byte for byte"
    assert {each.disposition for each in kept} <= set(DISPOSITIONS)
    assert sum(store.dispositions().values()) == len(lines)
    for each in kept:
        if isinstance(decode(each.raw), Refusal):
            assert each.disposition == "quarantined"
        assert bool(each.reason) == (each.disposition in ("quarantined", "conflict"))


@given(log=logs())
def test_the_engines_counts_add_up_by_type(log: list[Line]) -> None:
    engine = Engine(program())
    outcomes = [engine.feed(line) for line in lines_of(log)]
    counted = Counter(outcome.disposition for outcome in outcomes)
    assert engine.tally.by_disposition() == {name: counted[name] for name in DISPOSITIONS}
    assert sum(engine.tally.counts.values()) == len(outcomes) == engine.tally.inputs


def test_what_is_refused_is_found_again_with_its_reason(weiguard: Weiguard, tmp_path: Path) -> None:
    good = {"specversion": "1.0", "id": "e1", "source": "s", "type": "payment.received",
            "time": "2026-03-09T10:00:00+08:00", "subject": "A1", "data": {}}  # fmt: skip
    wrong = {"transaction_id": "T1", "amount_fen": "12.00", "payer_id": "P1"}
    lines = [
        b"\x00\x01\x02 no text",
        msgspec.json.encode({**good, "data": wrong}),
        msgspec.json.encode({**good, "time": "2026-03-09 10:00", "data": {**wrong, "amount_fen": 1}}),
        b"",
        msgspec.json.encode({**good, "id": "e2", "data": {**wrong, "amount_fen": 1}}),
    ]
    (tmp_path / "log").write_bytes(b"\n".join(lines) + b"\n")
    done = weiguard("run", "log", "--json")
    assert json.loads(done.err.splitlines()[-1])["dispositions"] == {"decided": 1, "quarantined": 4}
    with open_reader(tmp_path / "weiguard.db") as reader:
        rows = [(each.line, each.raw, each.reason) for each in reader.quarantined(0, 9)]
    assert [(line, raw) for line, raw, _ in rows] == list(enumerate(lines[:4], 1))
    reasons = [reason for _, _, reason in rows]
    assert reasons[1] == 'data.amount_fen: found "12.00"; expected an integer'
    assert reasons[2].startswith('time: found "2026-03-09 10:00"; expected an RFC 3339 instant')
    assert reasons[3] == "line: found nothing; expected a JSON object"
