"""The queue between those who send and the one who decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.commit import InputRow
from streams.ports import BLOCK_LINES, Block
from streams.sources import arriving as module
from streams.sources.arriving import Arriving, ClosedError, FullError


@pytest.fixture(autouse=True, scope="module")
def no_wait() -> Iterator[None]:
    """Let nothing wait for a line that nobody will send."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_WAIT_S", 0)
        yield


def opened(**most: int) -> tuple[Arriving, Any]:
    """Return a queue that is read, and its blocks."""
    told: list[bool] = []
    arriving = Arriving(lambda: told.append(True), **most)
    blocks = arriving.blocks(None)
    with pytest.raises(ClosedError):
        arriving.put([b"too early"])
    assert next(blocks).lines == []
    assert told == [True]
    return arriving, blocks


def decide(block: Block) -> None:
    """Answer a block as a runner does."""
    assert block.taken is not None
    block.taken([row(line) for line in block.lines])


def row(line: bytes) -> InputRow:
    return (0, 0, "", 0, 0, 0, "", line)


@given(puts=st.lists(st.integers(0, 2_500), max_size=8))
def test_each_is_told_of_its_own_lines(puts: list[int]) -> None:
    arriving, blocks = opened(most_lines=10**6)
    sent = [[b"%d.%d" % (number, at) for at in range(count)] for number, count in enumerate(puts)]
    futures = [arriving.put(lines) for lines in sent]
    assert arriving.depth == sum(puts)
    while arriving.depth:
        block = next(blocks)
        assert 0 < len(block.lines) <= BLOCK_LINES
        decide(block)
    assert [[each[7] for each in future.result(0)] for future in futures] == sent


def test_nobody_is_told_before_all_of_it_is_durable() -> None:
    arriving, blocks = opened()
    future = arriving.put([b"x"] * (BLOCK_LINES + 1))
    decide(next(blocks))
    assert not future.done()
    decide(next(blocks))
    assert len(future.result(0)) == BLOCK_LINES + 1


def test_it_is_bounded_and_one_request_always_fits() -> None:
    arriving, blocks = opened(most_lines=2, most_bytes=100)
    arriving.put([b"x"] * 5)
    with pytest.raises(FullError):
        arriving.put([b"x"])
    decide(next(blocks))
    arriving.put([b"x" * 100])
    with pytest.raises(FullError):
        arriving.put([b"x"])


def test_at_its_end_all_who_wait_are_told() -> None:
    arriving, blocks = opened()
    given_up = arriving.put([b"gone"])
    given_up.cancel()
    half = arriving.put([b"x"] * BLOCK_LINES)
    waiting = arriving.put([b"y"])
    assert len(next(blocks).lines) == BLOCK_LINES
    arriving.close()
    for future in (half, waiting):
        with pytest.raises(ClosedError):
            future.result(0)
    with pytest.raises(ClosedError):
        arriving.put([b"z"])
