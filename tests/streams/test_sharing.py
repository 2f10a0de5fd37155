"""Shares of a log: every line in one of them, a tenant never in two, and places told in the whole log."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import msgspec
import pytest

from engine.decoding import LONGEST, decode
from engine.refusal import Refusal
from streams.sharing import Share, share_of, tenants_at_start
from streams.sources.jsonl import JsonLines
from tests.streams.running import made

FIELDS = {"specversion": "1.0", "source": "s", "id": "1", "time": "2026-03-10T09:00:00Z"}
ODD = [
    {**FIELDS, "type": "unheard.of", "data": 1},
    {**FIELDS, "type": "group.created", "tenant": None, "subject": "A1", "data": {"group_id": "G"}},
    {**FIELDS, "type": "group.created", "tenant": "默认", "subject": "A1", "data": {"group_id": "G"}},
    {**FIELDS, "type": "group.created", "tenant": "", "data": {"group_id": "G"}},
    {**FIELDS, "type": "group.created", "tenant": 7, "data": {"group_id": "G"}},
    {**FIELDS, "type": "clock.tick", "tenant": "t1"},
    {**FIELDS, "type": "clock.tick", "tenant": None},
    {**FIELDS, "type": "clock.tick"},
    {**FIELDS, "type": "clock.tick", "time": "noon"},
    {**FIELDS, "type": 1},
]
LINES = [
    *made(2, 80),
    *map(msgspec.json.encode, ODD),
    msgspec.json.encode({"tenant": "t1", **FIELDS, "type": "x"})[:-1] + b', "tenant": "t2"}',
    b"{",
    b"",
    b"\xff",
    b"[" * 100_000,
]


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_a_tenant_is_in_one_share(of: int) -> None:
    shares = defaultdict(set)
    for raw in LINES:
        event = decode(raw)
        share = share_of(raw, of)
        if isinstance(event, Refusal):
            assert 0 <= share < of
        elif event.tenant == "":
            assert share == -1
        else:
            shares[event.tenant].add(share)
    assert set(shares) == {"t1", "t2", "default", "默认"}
    assert all(len(some) == 1 for some in shares.values())


@pytest.mark.parametrize("of", [1, 2, 5])
def test_shares_together_are_the_log(tmp_path: Path, of: int) -> None:
    lines = [*LINES, b"x" * (LONGEST + 2)]  # The last is too long for a block: the rest of it is apart.
    (tmp_path / "log").write_bytes(b"\n".join(lines))
    source = JsonLines(str(tmp_path / "log"))
    found = defaultdict(list)
    shares = [Share(source, number, of) for number in range(of)]
    for share in shares:
        nth = 0
        for block in share.blocks(None):
            for raw in block.lines:
                nth += 1
                found[share.line(nth)].append(raw)
            assert block.lines or block.rest is None
            if block.rest is not None:
                block.rest.close()
        assert share.lines == len(lines)
        for block in share.blocks(None):
            nth -= len(block.lines)
            if block.rest is not None:
                block.rest.close()
        assert (nth, share.lines) == (0, len(lines)), "to read again is no progress"
    assert sorted(found) == list(range(1, len(lines) + 1))
    for number, copies in found.items():
        assert all(lines[number - 1].startswith(raw) for raw in copies)
        assert len(copies) == (of if lines[number - 1] and share_of(lines[number - 1], of) == -1 else 1)
    assert sum(share.uncounted for share in shares) == 2 * (of - 1)


def test_tenants_are_counted_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\n".join(made(2, 80)))
    (tmp_path / "none").write_bytes(b"")
    assert tenants_at_start(JsonLines(str(tmp_path / "log"))) == 2
    assert tenants_at_start(JsonLines(str(tmp_path / "none"))) == 0
