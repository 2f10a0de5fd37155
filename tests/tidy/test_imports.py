"""Imports point one way, and no modules import each other in a circle; pyproject.toml has the contracts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.tree import PACKAGES, ROOT

TYPES_APART = "exclude_type_checking_imports = true\n"


def lint_imports(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter, with the contracts of `root/pyproject.toml`, on the packages in `root`."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    command += ["--no-cache", "--no-logo", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def lint_types_too(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contract on direction alone, over imports under `TYPE_CHECKING` too."""
    text = (root / "pyproject.toml").read_text()
    assert text.count(TYPES_APART) == 1
    config = folder / "strict.toml"
    config.write_text(text.replace(TYPES_APART, ""))
    return lint_imports(root, "--config", str(config), "--contract", "one-way")


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


def test_imports_for_types_point_one_way_too(tmp_path: Path) -> None:
    done = lint_types_too(ROOT, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_house_keeps_them_too(empty_house: Path) -> None:
    done = lint_imports(empty_house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("low", "high"),
    [("engine", "rules"), ("rules", "streams"), ("streams", "monitoring"), ("monitoring", "weiguard")],
)
def test_an_import_that_points_up_is_refused(empty_house: Path, low: str, high: str) -> None:
    (empty_house / low / "a.py").write_text(f"import {high}")
    done = lint_imports(empty_house)
    assert done.returncode == 1
    assert f"{low} is not allowed to import {high}" in done.stdout


def test_an_import_for_types_that_points_up_is_refused(empty_house: Path, tmp_path: Path) -> None:
    source = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import weiguard\n"
    (empty_house / "engine/a.py").write_text(source)
    done = lint_types_too(empty_house, tmp_path)
    assert done.returncode == 1
    assert "engine is not allowed to import weiguard" in done.stdout


def test_a_circle_of_modules_is_refused(empty_house: Path) -> None:
    (empty_house / "engine/a.py").write_text("import engine.b")
    (empty_house / "engine/b.py").write_text("import engine.a")
    done = lint_imports(empty_house)
    assert done.returncode == 1
    assert "No import cycles between the modules of a package BROKEN" in done.stdout
