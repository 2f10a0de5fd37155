"""A rule set kept whole: what comes back is what was loaded, and an archive of a stranger does no harm."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import msgspec
import pytest

from rules.archiving import ArchiveError, archived, from_archive, loaded
from rules.loading import SHIPPED, load
from rules.problems import RuleProblems
from tests.streams.changing import MINE


def packed(*files: tuple[str, str]) -> bytes:
    return zlib.compress(msgspec.json.encode(files))


def test_what_was_archived_is_the_same_rule_set() -> None:
    rules, archive = loaded(SHIPPED)
    assert archive == archived(SHIPPED)
    assert from_archive(archive).hash == rules.hash == load(SHIPPED).hash


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        pytest.param(
            packed(("../limits.yaml", "")), r"a file named '\.\./limits\.yaml'", id="beside its folder"
        ),
        pytest.param(
            packed(("/etc/limits.yaml", "")), "a file named '/etc/limits.yaml'", id="at a place of its own"
        ),
        pytest.param(packed(("a/../../b", "")), "a file named", id="beside it by a detour"),
        pytest.param(packed(("", "")), "a file named ''", id="without a name"),
        pytest.param(packed()[:-3], "cut off", id="cut off"),
        pytest.param(b"nonsense", "cannot be unpacked", id="not packed"),
        pytest.param(zlib.compress(b"{}"), "cannot be unpacked", id="no list of files"),
    ],
)
def test_what_is_no_archive_is_not_unpacked(archive: bytes, words: str) -> None:
    with pytest.raises(ArchiveError, match=words):
        from_archive(archive)


def test_a_file_that_is_no_text_is_told_with_its_place(tmp_path: Path) -> None:
    shutil.copytree(MINE, tmp_path / "mine")
    (tmp_path / "mine" / "limits.yaml").write_bytes(b"limits: \xff\n")
    with pytest.raises(RuleProblems, match=r"limits\.yaml"):
        loaded(tmp_path / "mine")


def test_a_folder_without_rules_is_told_by_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(RuleProblems) as found:
        loaded(tmp_path)
    assert str(tmp_path) in str(found.value)


def test_a_file_whose_name_is_no_text_is_kept(tmp_path: Path) -> None:
    shutil.copytree(MINE, tmp_path / "mine")
    (tmp_path / "mine" / "limits.yaml").rename(tmp_path / "mine" / "limits\udcff.yaml")
    assert loaded(tmp_path / "mine")[0].hash == load(MINE).hash
