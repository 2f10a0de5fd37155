"""Every module and package opens by saying why it exists."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.tidy.tree import PACKAGES, ROOT, python_files


def silent(root: Path, *folders: str) -> list[str]:
    """Return the modules without a docstring."""
    files = python_files(*folders, root=root)
    return [
        path.relative_to(root).as_posix()
        for path in files
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]


def test_every_module_says_why_it_exists() -> None:
    assert python_files(*PACKAGES, "tests"), "nothing was looked at"
    assert silent(ROOT, *PACKAGES, "tests") == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in python_files(*PACKAGES, "tests")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_a_silent_module_is_found(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/a.py").write_text('"""Says why."""\n')
    (tmp_path / "pkg/b.py").write_text("# A comment is not a docstring.\n")
    (tmp_path / "pkg/c.py").write_text('"""  """\n')
    assert silent(tmp_path, "pkg") == ["pkg/b.py", "pkg/c.py"]
