"""What is installed is this project and nothing that hides it; what is built holds all that it needs to run."""

from __future__ import annotations

import importlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import pytest

from tests.tidy.tree import PACKAGES, ROOT, files


def strangers(providers: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return which of our packages other distributions provide too, by package."""
    others = {package: sorted(set(providers.get(package, ())) - {"weiguard"}) for package in PACKAGES}
    return {package: names for package, names in others.items() if names}


def test_no_other_distribution_provides_our_packages() -> None:
    assert strangers(packages_distributions()) == {}


def test_a_distribution_that_does_is_found() -> None:
    assert strangers({"engine": ["weiguard", "engine"], "rules": ["weiguard"]}) == {"engine": ["engine"]}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_imported_from_this_tree(package: str) -> None:
    assert importlib.import_module(package).__path__[0] == str(ROOT / package)


def test_the_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="weiguard")
    assert callable(command.load())


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("weiguard-*.whl")
    names = {path.relative_to(ROOT).as_posix() for path in files()}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == {name for name in names if name.startswith(tuple(f"{package}/" for package in PACKAGES))}
    assert any(name.startswith("rules/catalog/") for name in held)
