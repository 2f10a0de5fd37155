"""The project's own files, for tests that read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "rules", "streams", "monitoring", "weiguard")
LEFT_BEHIND = frozenset({"__pycache__", "build", "dist"})


def python_files(*folders: str, root: Path = ROOT) -> list[Path]:
    """Return the Python files under some folders, sorted."""
    return sorted(path for folder in folders for path in (root / folder).rglob("*.py"))


def files(root: Path = ROOT) -> list[Path]:
    """Return every file that a commit of `root` would hold, sorted; without git, all but what tools leave behind."""
    if (root / ".git").exists():
        return _known_to_git(root)
    return sorted(path for path in root.rglob("*") if path.is_file() and _is_source(path.relative_to(root)))


def _known_to_git(root: Path) -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode()
    paths = {root / name for name in listed.split("\0") if name}
    return sorted(path for path in paths if path.is_file())  # A file deleted but not yet committed is gone.


def _is_source(path: Path) -> bool:
    hidden = any(part.startswith(".") and part != ".ci" for part in path.parts[:-1])
    return not hidden and LEFT_BEHIND.isdisjoint(path.parts)
