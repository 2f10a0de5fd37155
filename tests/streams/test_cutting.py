"""Cutting a stream into lines: nothing is lost or changed, wherever the chunks end."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ports import BLOCK_LINES, Block, Position
from streams.sources import cutting
from streams.sources.cutting import BOM, Cutter, digest

PIECES = st.sampled_from(
    [b"a", b"\r", b"\n", b"\r\n", b"\x00", BOM, b'{"id":"e1"}', b"\xff\xfe", b"x" * 40, b"y" * 90]
)


@pytest.fixture(autouse=True)
def short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a line be too long from 65 bytes on."""
    monkeypatch.setattr(cutting, "LONGEST", 64)
    monkeypatch.setattr(cutting, "HELD", 65)


def cut(data: bytes, sizes: list[int] | None = None) -> list[Block]:
    """Cut bytes that come in chunks of these sizes."""
    cutter = Cutter()
    blocks: list[Block] = []
    for size in sizes or []:
        blocks += cutter.feed(data[:size])
        data = data[size:]
    if data:
        blocks += cutter.feed(data)
    return [kept(block) for block in [*blocks, *cutter.finish()]]


def kept(block: Block) -> Block:
    """Return a block whose rest is in memory, where it need not be closed."""
    if block.rest is None:
        return block
    with block.rest as rest:
        return Block(block.lines, block.position, io.BytesIO(rest.read()))


def whole(blocks: list[Block]) -> list[bytes]:
    """Return the lines of blocks, overlong ones put together."""
    found = []
    for block in blocks:
        found += block.lines[:-1] if block.rest is not None else block.lines
        if block.rest is not None:
            found.append(block.lines[-1] + block.rest.read())
    return found


def expected(data: bytes) -> list[bytes]:
    """Return the lines of some bytes, by the definition."""
    lines = data.removeprefix(BOM).split(b"\n")
    if not lines[-1] and data != BOM:
        lines.pop()
    return [line if len(line) > 65 else line.removesuffix(b"\r") for line in lines] if data else []


@given(pieces=st.lists(PIECES, max_size=40), data=st.data())
def test_lines_are_the_same_wherever_the_chunks_end(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    sizes = data.draw(st.lists(st.integers(1, 100), max_size=20))
    assert whole(cut(stream, sizes)) == expected(stream)


@given(pieces=st.lists(PIECES, max_size=40), data=st.data())
def test_every_position_tells_where_it_is(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    lines = 0
    for block in cut(stream, data.draw(st.lists(st.integers(1, 100), max_size=20))):
        at = block.position
        lines += len(block.lines)
        assert at is not None
        assert (at.lines, at.open) == (lines, not stream[: at.offset].endswith(b"\n"))
        assert at.head == digest(stream[: at.head_bytes])
        assert at.last == digest(stream[at.last_at : at.last_at + at.last_bytes])
        assert at.last_at == stream[: at.offset].removesuffix(b"\n").rfind(b"\n") + 1


@given(pieces=st.lists(PIECES, max_size=40), data=st.data())
def test_cutting_goes_on_behind_any_position(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join([*pieces, b"\n"])
    blocks = cut(stream, data.draw(st.lists(st.integers(1, 100), max_size=20)))
    position = data.draw(st.sampled_from([block.position for block in blocks]))
    assert position is not None
    cutter = Cutter(position)
    rest = [kept(block) for block in (*cutter.feed(stream[position.offset :]), *cutter.finish())]
    assert whole(cut(stream))[position.lines :] == whole(rest)
    assert cutter.at.offset == len(stream)


def test_a_block_has_a_bounded_number_of_lines() -> None:
    blocks = cut(b"a\n" * (2 * BLOCK_LINES + 1))
    assert [len(block.lines) for block in blocks] == [BLOCK_LINES, BLOCK_LINES, 1]


def test_an_overlong_line_has_a_block_of_its_own_and_reaches_the_engine_too_long() -> None:
    blocks = cut(b"a\n" + b"x" * 200 + b"\nb\n", [10, 20, 30, 40])
    assert [len(block.lines) for block in blocks] == [1, 1, 1]
    assert len(blocks[1].lines[0]) == 65
    assert blocks[1].rest is not None
    assert blocks[1].position == Position(
        offset=203,
        lines=2,
        head_bytes=2,
        head=digest(b"a\n"),
        last_at=2,
        last_bytes=65,
        last=digest(b"x" * 65),
    )


@pytest.mark.parametrize("length", range(60, 70))
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_lines_about_as_long_as_is_allowed(length: int, end: bytes) -> None:
    line = b"x" * length
    rng = random.Random(length)
    blocks = cut(line + end, [rng.randrange(1, 40) for _ in range(4)])
    assert whole(blocks)[0].removesuffix(b"\r") == line
    assert (len(blocks[0].lines[0]) > 64) == (length > 64), "the engine refuses exactly what is too long"


@pytest.mark.parametrize("before", [63, 64, 65])
def test_a_carriage_return_where_an_overlong_line_is_cut_stays(before: int) -> None:
    line = b"x" * before + b"\r" + b"y" * 10
    assert whole(cut(line + b"\n" + b"z\r\n")) == [line, b"z"]
    assert whole(cut(line)) == [line]
