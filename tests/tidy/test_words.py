"""No file names a place that only one machine or one network has: what is cloned elsewhere must read the same.

The words are put together here from halves, so that this file does not hold what it looks for.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT, files

FOLDERS = ("home", "root", "work", "tmp", "opt", "Users", "builds")
HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "crates" + ".io",
    "proxy." + "go" + "lang.org",
    "maven" + ".org",
    "deb." + "deb" + "ian.org",
)
PATH = rf"(?<![\w.>)\]}}])/(?:{'|'.join(FOLDERS)})/"
SIBLING = r"\.\./" + "shared"
PLACES = re.compile(rf"{PATH}|{SIBLING}|{'|'.join(map(re.escape, HOSTS))}".encode())


def places(path: Path) -> list[str]:
    """Return what a file says about one machine or network, as `file:line: text`."""
    lines = path.read_bytes().splitlines()
    found = [
        (number, match[0].decode()) for number, line in enumerate(lines, 1) for match in PLACES.finditer(line)
    ]
    return [f"{path}:{number}: {text}" for number, text in found]


def test_no_file_names_a_place() -> None:
    looked_at = files()
    assert ROOT / "README.md" in looked_at
    assert [line for path in looked_at for line in places(path)] == []


@pytest.mark.parametrize(
    "text",
    [
        "see /" + "home/ada/weiguard",
        '"/' + 'tmp/log.db"',
        "cd /" + "work/main",
        ".." + "/shared/DESIGN.md",
        "https://" + HOSTS[0] + "/simple",
        "files." + HOSTS[1],
    ],
)
def test_a_place_is_found(tmp_path: Path, text: str) -> None:
    file = tmp_path / "f.txt"
    file.write_text(f"first line\n{text}\n")
    assert [line.startswith(f"{file}:2: ") for line in places(file)] == [True]


@pytest.mark.parametrize(
    "text", ["GET /v1/alerts", "build/tmp/x", "{folder}/tmp/x", "a shared key", "work/home"]
)
def test_other_words_are_let_through(tmp_path: Path, text: str) -> None:
    file = tmp_path / "f.txt"
    file.write_text(text)
    assert places(file) == []
