"""Files of events: packed or plain, growing, followed, replaced; and how far they were read."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
import zstandard

from streams.ports import Block, Position
from streams.refusing import RefusedError
from streams.sources.jsonl import JsonLines
from streams.sources.opening import CHUNK

LINES = [f'{{"id":"e{n}","padding":"{"x" * 40}"}}'.encode() for n in range(5_000)]
PLAIN = b"\n".join(LINES) + b"\n"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "gzip of several members": lambda data: gzip.compress(data[:999]) + gzip.compress(data[999:]),
    "zstd of several frames": lambda data: zstandard.compress(data[:999]) + zstandard.compress(data[999:]),
    "zstd without sizes": lambda data: zstandard.ZstdCompressor(write_content_size=False).compress(data),
}


def lines_of(source: JsonLines, after: Position | None = None) -> list[bytes]:
    return [line for block in source.blocks(after) for line in block.lines]


def last(source: JsonLines, after: Position | None = None) -> Position:
    (*_, block) = source.blocks(after)
    assert block.position is not None
    return block.position


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events"


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS.keys())
class TestPacked:
    def test_it_is_read_to_the_end(self, path: Path, pack: Callable[[bytes], bytes]) -> None:
        path.write_bytes(pack(PLAIN))
        assert lines_of(JsonLines(str(path))) == LINES

    def test_it_goes_on_behind_every_block(self, path: Path, pack: Callable[[bytes], bytes]) -> None:
        path.write_bytes(pack(PLAIN))
        source = JsonLines(str(path))
        for block in source.blocks(None):
            assert block.position is not None
            assert lines_of(source, block.position) == LINES[block.position.lines :]

    def test_a_file_that_grew_gives_what_is_new(self, path: Path, pack: Callable[[bytes], bytes]) -> None:
        path.write_bytes(pack(PLAIN))
        at = last(JsonLines(str(path)))
        path.write_bytes(pack(PLAIN + b"new\n"))
        assert lines_of(JsonLines(str(path)), at) == [b"new"]

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            pytest.param(PLAIN[:1_000], "fewer than", id="cut short"),
            pytest.param(b"", "fewer than", id="emptied"),
            pytest.param(PLAIN.replace(b"e0", b"E0", 1), "another file", id="another head"),
            pytest.param(PLAIN[:-9] + b"y" + PLAIN[-8:], "another file", id="another last line"),
            pytest.param(b"z" * 2 * len(PLAIN), "another file", id="replaced"),
        ],
    )
    def test_another_file_is_refused(
        self, path: Path, pack: Callable[[bytes], bytes], changed: bytes, words: str
    ) -> None:
        path.write_bytes(pack(PLAIN))
        at = last(JsonLines(str(path)))
        path.write_bytes(pack(changed))
        with pytest.raises(RefusedError, match=words) as refused:
            lines_of(JsonLines(str(path)), at)
        assert "give a new file another name" in str(refused.value)

    @pytest.mark.parametrize(
        ("grown", "new"),
        [
            pytest.param(b"", [], id="nothing came"),
            pytest.param(b"\n", [], id="its end came"),
            pytest.param(b"\r\n", [], id="its end came, as CR LF"),
            pytest.param(b"\nnext\n", [b"next"], id="its end and another"),
            pytest.param(b"\r\nnext", [b"next"], id="its end as CR LF and another"),
            pytest.param(
                b"ued\nnext\n", [b"continued", b"next"], id="it was continued: it is taken again, whole"
            ),
        ],
    )
    @pytest.mark.parametrize("before", [b"", PLAIN], ids=["alone", "after others"])
    def test_a_last_line_without_an_end(
        self, path: Path, pack: Callable[[bytes], bytes], before: bytes, grown: bytes, new: list[bytes]
    ) -> None:
        path.write_bytes(pack(before + b"contin"))
        source = JsonLines(str(path))
        assert lines_of(source)[-1] == b"contin"
        at = last(source)
        path.write_bytes(pack(before + b"contin" + grown))
        assert lines_of(source, at) == new
        if new:
            assert lines_of(source, last(source, at)) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(
            gzip.compress(PLAIN)[:-500], "gzip data that cannot be unpacked", id="gzip that breaks off"
        ),
        pytest.param(gzip.compress(PLAIN) + b"rubbish", "gzip data", id="gzip with rubbish behind"),
        pytest.param(b"\x1f\x8b\x08\x00" + b"x" * 99, "gzip data", id="no gzip at all"),
        pytest.param(
            zstandard.compress(PLAIN)[:-500], "it ends in the middle of a frame", id="zstd that breaks off"
        ),
        pytest.param(b"\x28\xb5\x2f\xfd" + b"x" * 99, "zstd data", id="no zstd at all"),
        pytest.param(zstandard.compress(PLAIN) + b"rubbish", "zstd data", id="zstd with rubbish behind"),
    ],
)
def test_damaged_packing_is_refused(path: Path, data: bytes, words: str) -> None:
    path.write_bytes(data)
    with pytest.raises(RefusedError, match=words):
        lines_of(JsonLines(str(path)))


def test_what_came_before_the_damage_is_handed_out(path: Path) -> None:
    noise = os.urandom(400_000).replace(b"\n", b"").hex().encode()
    path.write_bytes(gzip.compress(PLAIN * 10 + noise)[:-5])
    got: list[bytes] = []
    with pytest.raises(RefusedError):  # noqa: PT012  # the loop is what raises
        for block in JsonLines(str(path)).blocks(None):
            got += block.lines
    assert got == LINES * 10


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"a\r\nb\r\n", [b"a", b"b"], id="CR LF"),
        pytest.param(b"\xef\xbb\xbfa\nb\n", [b"a", b"b"], id="byte order mark"),
        pytest.param(b"\n\na\n", [b"", b"", b"a"], id="empty lines are inputs"),
        pytest.param(b"a\x00b\n\x00\n", [b"a\x00b", b"\x00"], id="NUL"),
        pytest.param(b"a\rb\n", [b"a\rb"], id="CR inside"),
        pytest.param(b"\xff\xfe{\x00\n", [b"\xff\xfe{\x00"], id="no UTF-8"),
    ],
)
def test_lines_reach_the_engine_as_they_are(path: Path, data: bytes, lines: list[bytes]) -> None:
    path.write_bytes(data)
    assert lines_of(JsonLines(str(path))) == lines


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no such file"):
        lines_of(JsonLines(str(tmp_path / "none")))
    with pytest.raises(RefusedError, match="is a directory"):
        lines_of(JsonLines(str(tmp_path)))


def test_it_is_known_by_its_full_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(PLAIN)
    monkeypatch.chdir(path.parent)
    assert JsonLines("events").name == str(path)
    assert JsonLines("./events").size == len(PLAIN)


def test_a_pipe_is_read_as_it_comes_and_has_no_position(path: Path) -> None:
    os.mkfifo(path)
    source = JsonLines(str(path))
    assert not source.lasting
    came: list[Block] = []
    writer = threading.Thread(target=lambda: path.write_bytes(PLAIN))
    writer.start()
    came = list(source.blocks(None))
    writer.join()
    assert [line for block in came for line in block.lines] == LINES
    assert {block.position for block in came} == {None}


class TestFollowed:
    def test_it_waits_for_what_is_appended_and_takes_whole_lines_only(self, path: Path) -> None:
        path.write_bytes(b"a\nb")
        appended = iter([b"", b"c\nd\ne", b"\n"])

        def pause(_: float) -> None:
            with path.open("ab") as file:
                file.write(next(appended))

        blocks = islice(JsonLines(str(path), follow=True, pause=pause).blocks(None), 6)
        assert [block.lines for block in blocks] == [[b"a"], [], [], [b"bc", b"d"], [], [b"e"]]

    def test_it_goes_on_where_it_stopped(self, path: Path) -> None:
        path.write_bytes(b"a\nb\nopen")
        source = JsonLines(str(path), follow=True, pause=lambda _: None)
        (block,) = islice(source.blocks(None), 1)
        path.write_bytes(b"a\nb\nopen\nc\n")
        (more,) = islice(source.blocks(block.position), 1)
        assert (block.lines, more.lines) == ([b"a", b"b"], [b"open", b"c"])

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            pytest.param(lambda path: path.write_bytes(b"a"), "replaced or cut short", id="cut short"),
            pytest.param(lambda path: path.unlink(), "removed", id="removed"),
            pytest.param(
                lambda path: (path.rename(path.with_name("old")), path.write_bytes(PLAIN)),
                "replaced",
                id="replaced",
            ),
        ],
    )
    def test_a_file_that_does_not_only_grow_is_refused(
        self, path: Path, change: Callable[[Path], object], words: str
    ) -> None:
        path.write_bytes(b"a\nb\n")
        source = JsonLines(str(path), follow=True, pause=lambda _: None)
        blocks = source.blocks(None)
        assert [next(blocks).lines, next(blocks).lines] == [[b"a", b"b"], []]
        change(path)
        with pytest.raises(RefusedError, match=words):
            list(islice(blocks, 3))

    def test_packed_files_and_pipes_are_not_followed(self, path: Path) -> None:
        path.write_bytes(gzip.compress(PLAIN))
        with pytest.raises(RefusedError, match="packed data"):
            lines_of(JsonLines(str(path), follow=True))


MEASURED = """
import resource, sys
from streams.sources.jsonl import JsonLines
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
lines = rest = 0
for block in JsonLines(sys.argv[1]).blocks(None):
    lines += len(block.lines)
    while block.rest is not None and (piece := block.rest.read(1 << 16)):
        rest += len(piece)
    if block.rest is not None:
        block.rest.close()
print(lines, rest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("pack", "size"),
    [
        pytest.param(bytes, 100_000_000, id="a line of 100 MB"),
        pytest.param(
            zstandard.compress, 400_000_000, id="a small file that unpacks to 400 MB", marks=pytest.mark.slow
        ),
        pytest.param(gzip.compress, 400_000_000, id="the same in gzip", marks=pytest.mark.slow),
    ],
)
def test_a_huge_line_takes_bounded_memory(path: Path, pack: Callable[[bytes], bytes], size: int) -> None:
    path.write_bytes(pack(b"a\n" + b"x" * size + b"\nb\n"))
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True
    )
    lines, rest, kib = map(int, done.stdout.split())
    assert (lines, rest) == (3, size - (1 << 20) - 1)
    assert kib * 1024 < 80_000_000, f"{kib:,} KiB"
    assert resource.getpagesize() < CHUNK
