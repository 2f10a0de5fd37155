"""What is kept of compiled rules for the next start: the same as made anew, and nothing that somebody else wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from engine.program import Program
from rules import caching
from rules.archiving import archived, from_archive
from rules.caching import MOST, keep_in, kept
from rules.loading import SHIPPED, load
from rules.planning.compiling import compile_rules


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Keep in a folder that is not there yet, for one test."""
    keep_in(tmp_path / "deep" / "kept")
    yield tmp_path / "deep" / "kept"
    keep_in(None)


def made(what: bytes, made_of: bytes = b"x") -> tuple[bytes, bool]:
    """Return what is kept or made, and whether it was made now."""
    calls: list[int] = []

    def make() -> bytes:
        calls.append(1)
        return what

    return kept("test", made_of, make, bytes, bytes), bool(calls)


def test_what_was_made_once_is_read(folder: Path) -> None:
    """By what it was made of, and by nothing else."""
    assert made(b"one") == (b"one", True)
    assert made(b"two") == (b"one", False)
    assert made(b"two", b"y") == (b"two", True)
    assert len(list(folder.iterdir())) == 2


def test_the_shipped_rules_come_back_as_they_are(folder: Path) -> None:
    """Rule set, warnings and program: what is kept decides the same, by the same generated code."""
    archive = archived(SHIPPED)
    whole = load()
    for _ in range(2):
        found = from_archive(archive)
        assert found == whole
        assert compile_rules(found).source == compile_rules(whole).source
        text = "全网最低价"
        for name, lexicon in whole.lexicons.items():
            assert found.lexicons[name].hits(text) == lexicon.hits(text)
    assert list(folder.iterdir())


@pytest.mark.parametrize("only", [("COL-0*",), ("COL-01", "COL-02")])
def test_what_was_written_of_some_rules_comes_back_for_them_alone(
    folder: Path, only: tuple[str, ...]
) -> None:
    """For limits as they are shipped, and for tenants that override them."""
    archive = archived(SHIPPED)
    rules = from_archive(archive)
    written = folded(compile_rules(rules, only))
    compile_rules(rules, ("PST-*",), archive)
    for _ in range(2):
        assert folded(compile_rules(rules, only, archive)) == written


def folded(program: Program) -> list[CodeType]:
    """Return the code of both variants."""
    variants = (program.constant, program.dynamic)
    return [handler.fold.__code__ for variant in variants for handler in variant.by_kind]


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "folder"])
def test_a_file_that_is_not_whole_is_made_anew(folder: Path, damage: str) -> None:
    """And put in its place, if that can be."""
    made(b"one")
    (file,) = folder.iterdir()
    body = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(body[:-1])
        case "changed":
            file.write_bytes(body[:-1] + b"?")
        case "empty":
            file.write_bytes(b"")
        case _:
            file.unlink()
            file.mkdir()
    assert made(b"one") == (b"one", True)
    assert made(b"two") == ((b"two", True) if damage == "folder" else (b"one", False))


@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_others_may_write_is_not_read(folder: Path, which: str) -> None:
    """It would be code of theirs."""
    made(b"one")
    (file,) = folder.iterdir()
    (file if which == "file" else folder).chmod(0o770)
    assert made(b"two") == (b"two", True)


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """Wherever it leads."""
    made(b"one")
    (file,) = folder.iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert made(b"two") == (b"two", True)


def test_nothing_is_kept_where_nothing_can_be(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    keep_in(tmp_path / "file" / "kept")
    try:
        assert made(b"one") == (b"one", True)
        assert made(b"one") == (b"one", True)
    finally:
        keep_in(None)


def test_other_code_keeps_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So an upgrade never meets what an earlier version wrote."""
    made(b"one")
    monkeypatch.setattr(caching, "_made_by", lambda: b"another version")
    assert made(b"two") == (b"two", True)
    assert len(list(folder.iterdir())) == 2


def test_it_does_not_grow(folder: Path) -> None:
    """What was not needed for longest goes first."""
    for number in range(MOST):
        made(b"%d" % number, b"%d" % number)
    for at, file in enumerate(sorted(folder.iterdir())):
        os.utime(file, (at, at))
    first = min(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    made(b"new", b"new")
    assert len(list(folder.iterdir())) == MOST
    assert not first.exists()
