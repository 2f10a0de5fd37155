"""Imports point one way, and no modules import each other in a circle; pyproject.toml has the contracts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.tree import PACKAGES, ROOT


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the contracts of `root/pyproject.toml` on the packages in `root`."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    arguments = ["--no-cache", "--no-logo"]
    return subprocess.run([*command, *arguments], cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def empty_house(tmp_path: Path) -> Path:
    """Make the five packages with nothing in them, under the contracts of this project."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    return tmp_path


def test_this_project_keeps_its_contracts() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_house_keeps_them_too(empty_house: Path) -> None:
    done = lint_imports(empty_house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "source", "broken"),
    [
        pytest.param(
            "engine/a.py", "import rules", "engine is not allowed to import rules", id="engine to rules"
        ),
        pytest.param(
            "rules/a.py", "import streams", "rules is not allowed to import streams", id="rules to streams"
        ),
        pytest.param(
            "streams/a.py",
            "import monitoring",
            "streams is not allowed to import monitoring",
            id="streams up",
        ),
        pytest.param(
            "monitoring/a.py",
            "import weiguard",
            "monitoring is not allowed to import weiguard",
            id="monitoring up",
        ),
        pytest.param(
            "engine/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import weiguard",
            "engine is not allowed to import weiguard",
            id="for types alone is an import too",
        ),
    ],
)
def test_an_import_that_points_up_is_refused(empty_house: Path, file: str, source: str, broken: str) -> None:
    (empty_house / file).write_text(source)
    done = lint_imports(empty_house)
    assert done.returncode == 1
    assert broken in done.stdout


def test_a_circle_of_modules_is_refused(empty_house: Path) -> None:
    (empty_house / "engine/a.py").write_text("import engine.b")
    (empty_house / "engine/b.py").write_text("import engine.a")
    done = lint_imports(empty_house)
    assert done.returncode == 1
    assert "No import cycles between the modules of a package BROKEN" in done.stdout
