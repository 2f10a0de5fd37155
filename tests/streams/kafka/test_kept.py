"""What a partition's state topic holds is read back as it was written, or refused."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.kept import (
    PART_BYTES,
    Checkpoint,
    Dispositions,
    Entries,
    Kept,
    Message,
    Position,
    checkpoint,
    dispositions,
    position,
)
from streams.refusing import RefusedError
from streams.stores.deciding import DecidedBy

BY = DecidedBy("sha256:1", ("COL-01",), "Asia/Shanghai", 1, {}, "c")
NAMES = st.binary(min_size=1, max_size=3)
VALUES = st.none() | st.binary(max_size=4) | st.integers(PART_BYTES - 2, PART_BYTES * 2 + 2).map(bytes)
CHANGES = st.lists(st.tuples(NAMES, VALUES), max_size=12)


def read(messages: Iterable[Message]) -> Kept:
    kept = Kept("weiguard.state", 0)
    for key, value in messages:
        kept.take(key, value)
    return kept


def told(kept: Kept) -> dict[bytes, bytes]:
    return dict(kept.entries(Entries()))


@given(st.lists(CHANGES, min_size=1, max_size=4))
def test_entries_are_read_as_they_were_put_last(checkpoints: list[list[tuple[bytes, bytes | None]]]) -> None:
    """Whatever grows, shrinks, goes and comes again, and wherever the writer was started anew."""
    entries, messages, wanted = Entries(), list[Message](), dict[bytes, bytes]()
    for changes in checkpoints:
        for name, value in changes:
            messages += entries.put(name, value)
            if value is None:
                wanted.pop(name, None)
            else:
                wanted[name] = value
        messages.append(checkpoint(Checkpoint(0, (), len(entries), entries.sum)))
        again = Entries()
        assert dict(read(messages).entries(again)) == wanted
        assert (len(again), again.sum) == (len(entries), entries.sum)
        entries = again


def test_a_name_from_outside_is_no_position() -> None:
    entries = Entries()
    messages = [position(Position(BY, 7)), *entries.put(b"p", b"forged"), *entries.put(b"k", b"forged")]
    messages.append(checkpoint(Checkpoint(7, (), len(entries), entries.sum)))
    kept = read(messages)
    assert kept.position() == Position(BY, 7)
    assert kept.checkpoint().offset == 7
    assert told(kept) == {b"p": b"forged", b"k": b"forged"}


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_an_entry_that_is_missing_is_found_out(lost: int) -> None:
    entries = Entries()
    messages = [*entries.put(b"a", b"1"), *entries.put(b"b", bytes(PART_BYTES + 1))]
    mark = checkpoint(Checkpoint(0, (), len(entries), entries.sum))
    del messages[lost]
    with pytest.raises(RefusedError, match="do not add up"):
        told(read([*messages, mark]))


def test_an_entry_that_changed_is_found_out() -> None:
    entries = Entries()
    ((key, value),) = entries.put(b"a", b"1")
    assert value is not None
    mark = checkpoint(Checkpoint(0, (), len(entries), entries.sum))
    with pytest.raises(RefusedError, match="do not add up"):
        told(read([(key, value[:-1] + b"2"), mark]))


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b"\xff"])
def test_a_position_that_cannot_be_read_is_refused(garbage: bytes) -> None:
    with pytest.raises(RefusedError, match="a position that cannot be read"):
        read([(b"p", garbage)]).position()


def blocks(*sizes: int) -> list[Message]:
    """Return dispositions of blocks of so many inputs, and a checkpoint behind them."""
    starts = [0, *accumulate(sizes)]
    made = [
        dispositions(Dispositions(start, bytes([start % 5]) * size, array("q", range(start, start + size))))
        for start, size in zip(starts, sizes, strict=False)
    ]
    return [*made, checkpoint(Checkpoint(starts[-1] - 1))]


@given(st.lists(st.integers(1, 300), max_size=5))
def test_dispositions_are_read_in_order(sizes: list[int]) -> None:
    kept = read(reversed(blocks(*sizes))).dispositions()
    assert [each.count for each in kept] == sizes
    found = [each.open() for each in kept]
    assert [max(each.ats) for each in found] == [each.latest for each in kept]
    assert [at for each in found for at in each.ats] == list(range(sum(sizes)))


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_missing_dispositions_are_found_out(lost: int) -> None:
    messages = blocks(3, 4, 5)
    del messages[lost]
    with pytest.raises(RefusedError, match="dispositions"):
        read(messages).dispositions()


def test_dispositions_that_are_damaged_are_found_out() -> None:
    (key, value), mark = blocks(3)
    assert value is not None
    (cut,) = read([(key, value[:-3]), mark]).dispositions()
    with pytest.raises(RefusedError, match="dispositions that cannot be read"):
        cut.open()
    with pytest.raises(RefusedError, match="dispositions that cannot be read"):
        read([(key, value[:3]), mark]).dispositions()
