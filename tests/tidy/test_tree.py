"""The other tidy tests see what `tree.files` lists, so it must miss nothing and invent nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT, files, python_files


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    for name in ("a.py", ".ci/run", ".venv/lib/b.py", "pkg/c.yaml", "pkg/__pycache__/d.pyc", "build/e.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in files(root)]


def test_without_git_tools_leavings_are_left_out(small_tree: Path) -> None:
    assert names(small_tree) == [".ci/run", "a.py", "pkg/c.yaml"]


def test_with_git_its_ignore_file_decides(small_tree: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=small_tree, check=True)  # noqa: S607 - git is found on PATH
    (small_tree / ".gitignore").write_text(".venv\n__pycache__\npkg/\n")
    assert names(small_tree) == [".ci/run", ".gitignore", "a.py", "build/e.py"]


def test_this_file_is_listed() -> None:
    assert Path(__file__) in files()
    assert Path(__file__) in python_files("tests")
    assert ROOT / "pyproject.toml" in files()
