"""A thousand rules: the eight of the bench, each copied with other thresholds, as a folder of rule files.

The copies read limits of their own, so nothing but the engine's own sharing can save them work.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

EIGHT = ("COL-01", "COL-07", "FRD-01", "FRD-02", "PST-01", "LOG-05", "AML-04", "AML-05")
LIMIT = re.compile(r"limit\.(\w+)")


def write(catalogue: Path, folder: Path, rules: int = 1000) -> Path:
    """Write so many rules made from the eight in a catalogue; return the folder. An older one is replaced."""
    yaml = YAML(typ="safe", pure=True)
    limits = _limits(yaml, catalogue)
    originals = list(_originals(yaml, catalogue))
    missing = set(EIGHT) - {rule["id"] for rule in originals}
    assert not missing, f"the catalogue lacks {sorted(missing)}"
    copied: list[dict[str, Any]] = []
    needed: dict[str, Any] = {}
    for number in range(rules):
        rule, turn = originals[number % len(originals)], number // len(originals)
        copied.append(_copy(rule, turn, number, limits, needed))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pack = {"pack": "copies", "title": {"zh": "副本", "en": "Copies"}, "rules": copied}
    for name, content in (("copies.yaml", pack), ("limits.yaml", {"limits": needed})):
        with (folder / name).open("w", encoding="utf-8") as file:
            writer = YAML(typ="safe", pure=True)
            writer.allow_unicode = True
            writer.width = 10_000
            writer.dump(content, file)
    return folder


def _files(catalogue: Path) -> Iterable[Path]:
    return sorted(path for path in catalogue.rglob("*.yaml") if "build" not in path.parts)


def _originals(yaml: YAML, catalogue: Path) -> Iterable[dict[str, Any]]:
    for path in _files(catalogue):
        content = yaml.load(path.read_text(encoding="utf-8"))
        for rule in (content or {}).get("rules", ()):
            if rule["id"] in EIGHT:
                yield rule


def _limits(yaml: YAML, catalogue: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in _files(catalogue):
        found.update((yaml.load(path.read_text(encoding="utf-8")) or {}).get("limits", {}))
    return found


def _copy(
    rule: dict[str, Any], turn: int, number: int, limits: dict[str, Any], needed: dict[str, Any]
) -> dict[str, Any]:
    """Return one copy under a number of its own; its limits go into `needed`, two per cent higher each turn."""

    def renamed(match: re.Match[str]) -> str:
        name = f"{match[1]}_{turn}"
        limit = deepcopy(limits[match[1]])
        limit["value"] = int(limit["value"] + limit["value"] * turn * 0.02 + turn)
        needed[name] = limit
        return f"limit.{name}"

    copy = _each_text(deepcopy(rule), renamed)
    copy["id"] = f"{'ABCDEFGHIJ'[number // 100]}CP-{number % 100:02d}"
    copy.pop("tests", None)
    assert isinstance(copy, dict)
    return copy


def _each_text(value: Any, renamed: Any) -> Any:
    if isinstance(value, str):
        return LIMIT.sub(renamed, value)
    if isinstance(value, list):
        return [_each_text(item, renamed) for item in value]
    if isinstance(value, dict):
        return {key: _each_text(item, renamed) for key, item in value.items()}
    return value
