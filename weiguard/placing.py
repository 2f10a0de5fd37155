"""Where a draft goes: into the files of a folder of rules, in the shipped layout or side by side.

Files keep their layout; if the rules do not hold together with the draft, all files are again as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rules.inserting import appended, root_of
from rules.loading import load
from rules.loading.files import LIMITS, PACKS, lexicons_folder
from rules.model import RuleSet
from rules.problems import RuleProblems
from streams.refusing import RefusedError
from weiguard.drafting import Draft
from weiguard.failing import say


def place(draft: Draft, pack: str, folder: Path, rules: RuleSet) -> list[Path]:
    """Write a draft into a folder; return the files written, the rule's first. `rules` are those of the folder.

    Raises RefusedError where a file cannot take it up, and then nothing was written.
    """
    limits = {name: text for name, text in draft.limits.items() if name not in rules.limits}
    lexicons = {name: text for name, text in draft.lexicons.items() if name not in rules.lexicons}
    rule_file = _pack_file(pack, folder, rules)
    written = {rule_file: _with_rule(rule_file, pack, draft.rule)}
    if limits:
        file = folder / LIMITS / f"{pack}.yaml" if (folder / PACKS).is_dir() else folder / "limits.yaml"
        if file in written:
            raise RefusedError(
                "--pack", pack, "a pack with another file than the limits", "choose another name"
            )
        written[file] = _with_limits(file, limits)
    written |= {lexicons_folder(folder) / f"{name}.txt": text for name, text in lexicons.items()}
    _write(written, folder)
    return list(written)


def _pack_file(pack: str, folder: Path, rules: RuleSet) -> Path:
    """Return the file that has a pack, or the one that is to have it."""
    for each in rules.packs:
        if each.name == pack and each.rules:
            return folder / each.rules[0].at.file
    path = folder / PACKS / f"{pack}.yaml" if (folder / PACKS).is_dir() else folder / f"{pack}.yaml"
    if path.exists():
        raise RefusedError(
            "--pack", f"{path}, which holds something else", f"the pack {pack}", "name another"
        )
    return path


def _with_rule(path: Path, pack: str, rule: str) -> str:
    if not path.exists():
        lines = "".join(f"  {line}" if line.strip() else line for line in rule.splitlines(keepends=True))
        return f"pack: {pack}\ntitle: {{zh: {pack}, en: {pack}}}\nrules:\n{lines}"
    return _added(path, "rules", rule)


def _with_limits(path: Path, limits: Mapping[str, str]) -> str:
    entries = "".join(limits.values())
    if not path.exists():
        return "limits:\n" + "".join(f"  {line}" for line in entries.splitlines(keepends=True))
    return _added(path, "limits", entries)


def _added(path: Path, section: str, entry: str) -> str:
    text = _text(path)
    added = appended(text, root_of(text, path.name), section, entry)
    if added is None:
        found = f"the {section} of {path} in brackets, or none"
        raise RefusedError("rules new", found, "an entry a line", "write them so, or name another --pack")
    return added


def _text(path: Path) -> str:
    """Return a file as it is, line ends too."""
    return path.read_bytes().decode()


def _write(files: Mapping[Path, str], folder: Path) -> None:
    """Write files, and take all of it back where the rules do not hold together with them."""
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    try:
        load(folder)
    except RuleProblems as error:
        for path, raw in before.items():
            if raw is None:
                path.unlink()
            else:
                path.write_bytes(raw)
        say(str(error))
        raise RefusedError(
            "rules new",
            f"problems with the new rule in {folder}",
            "rules that hold together",
            "nothing was written; choose another pack, or another rule to start from",
        ) from None
