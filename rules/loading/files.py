"""The files of a rule set: packs, limits and lexicons, in the shipped layout or side by side in one folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rules.lexicons import Lexicon, parse
from rules.locating import Fields
from rules.location import Location
from rules.parsing import decoded, read_bytes
from rules.problems import Desk
from rules.suggesting import did_you_mean

PACKS: Final = "catalog"
LIMITS: Final = "limits"
LEXICONS: Final = "lexicons"
MAX_FILES: Final = 1_000


@dataclass(slots=True)
class Files:
    """What was read: packs and limits as nodes, lexicons as text by name."""

    packs: list[Fields] = field(default_factory=list)
    limits: list[Fields] = field(default_factory=list)
    lexicons: dict[str, Lexicon] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)  # Where each lexicon is, by name.


def read_files(folder: Path, desk: Desk) -> Files:
    """Read every rule file of a folder, in the order of their names."""
    files = Files()
    here = Location(str(folder), 1, 1)
    if not folder.is_dir():
        what = "a file" if folder.exists() else "nothing there"
        desk.refuse(
            here,
            what,
            "a folder with rule files",
            "name the folder that holds catalog/, limits/ and lexicons/",
        )
        return files
    for path in _rule_files(folder):
        root = read_bytes(path.read_bytes(), _shown(path, folder), desk)
        if root is not None:
            _file(root, files, desk)
    for path in _lexicon_files(folder):
        _lexicon(path, _shown(path, folder), files, desk.about(f"lexicon {path.stem}"))
    if not files.packs and not desk.findings.problems:
        desk.refuse(
            here, "no rule file", "at least one pack", "write a file with pack: …, title: … and rules: …"
        )
    return files


def files_of(folder: Path) -> list[Path]:
    """Return every file that a rule set is read from: packs, limits and lexicons. Raises OSError without a folder."""
    return [*_rule_files(folder), *_lexicon_files(folder)]


def _file(root: Fields, files: Files, desk: Desk) -> None:
    if "limits" in root.fields and "pack" not in root.fields:
        files.limits.append(root)
    elif "pack" in root.fields or "rules" in root.fields:
        files.packs.append(root)
    else:
        name = next(iter(root.fields), "nothing")
        mend = did_you_mean(name, ("pack", "limits")) or "start the file with pack: … or limits: …"
        desk.refuse(root.at, f"a file with {name}", "a pack or limits", mend)


def _lexicon(path: Path, shown: str, files: Files, desk: Desk) -> None:
    """Read one term list; a mild fault is warned of."""
    text = decoded(path.read_bytes(), shown, desk)
    if text is None:
        return
    lines = text.split("\n")
    files.lexicons[path.stem], faults = parse(path.stem, text)
    files.places[path.stem] = Location(shown, 1, 1, lines[0])
    for fault in faults:
        at = Location(shown, fault.line, fault.column, lines[fault.line - 1])
        if fault.mild:
            desk.warn(at, "idle_context", context=fault.context, term=fault.term)
        else:
            desk.refuse(at, fault.found, fault.expected, fault.mend)


def _rule_files(folder: Path) -> list[Path]:
    places = [place for place in (folder / PACKS, folder / LIMITS) if place.is_dir()] or [folder]
    if folder not in places and any(_yaml(path) for path in folder.iterdir()):
        places.insert(0, folder)
    found = [path for place in places for path in sorted(place.iterdir()) if _yaml(path)]
    return found[:MAX_FILES]


def _lexicon_files(folder: Path) -> list[Path]:
    place = lexicons_folder(folder)
    if not place.is_dir():
        return []
    return sorted(path for path in place.iterdir() if path.suffix == ".txt" and path.is_file())


def lexicons_folder(folder: Path) -> Path:
    """Return where a rule set has its term lists: inside, or beside where all its files lie side by side."""
    beside = () if (folder / PACKS).is_dir() else (folder.parent / LEXICONS,)
    return next((place for place in (folder / LEXICONS, *beside) if place.is_dir()), folder / LEXICONS)


def _yaml(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") and path.is_file() and not path.name.startswith(".")


def _shown(path: Path, folder: Path) -> str:
    """Return a file's name as problems show it: without the folder, which the caller knows."""
    shown = path.name if path.parent == folder else f"{path.parent.name}/{path.name}"
    return shown.encode("utf-8", "backslashreplace").decode()
