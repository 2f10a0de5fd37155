"""What the engine may not touch, found in source code: clocks, chance, the environment, files and the screen.

Names are followed through imports (`import time as t`), because a ban on spellings would only ban the plain ones.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

# Whole modules, which may not be imported at all.
MODULES = {
    "asyncio": "runs things when it likes",
    "importlib": "hides what is imported",
    "locale": "reads the environment",
    "logging": "writes",
    "multiprocessing": "runs things when it likes",
    "os": "reads the environment",
    "pathlib": "touches files",
    "platform": "reads the environment",
    "random": "is chance",
    "secrets": "is chance",
    "shutil": "touches files",
    "socket": "talks to others",
    "sqlite3": "touches files",
    "subprocess": "talks to others",
    "tempfile": "touches files",
    "threading": "runs things when it likes",
    "time": "is a clock",
    "urllib": "talks to others",
    "uuid": "is chance",
}

# Single names: builtin, or in a module that is otherwise allowed.
NAMES = {
    "__import__": "hides what is imported",
    "breakpoint": "talks to others",
    "datetime.date.today": "is a clock",
    "datetime.datetime.now": "is a clock",
    "datetime.datetime.today": "is a clock",
    "datetime.datetime.utcnow": "is a clock",
    "hash": "differs from one process to the next",
    "input": "talks to others",
    "io.FileIO": "touches files",
    "io.open": "touches files",
    "open": "touches files",
    "print": "writes",
    "sys.argv": "reads the environment",
    "sys.flags": "reads the environment",
    "sys.platform": "reads the environment",
    "sys.stderr": "writes",
    "sys.stdin": "talks to others",
    "sys.stdout": "writes",
}

# Calls that read the machine's zone when they are given none: the name's end, and how many arguments name one.
LOCAL_ZONE = {"astimezone": 1, "fromtimestamp": 2}


def impurities(source: str, file: str) -> list[str]:
    """Return what is not allowed in the engine as `file:line: name reason`, in the order of the lines."""
    tree = ast.parse(source, file)
    found = set(_imports(tree)) | set(_uses(tree)) | set(_zoneless_calls(tree))
    return [f"{file}:{line}: {what}" for line, what in sorted(found)]


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find modules and names that may not be imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((node.lineno, f"{name} {NAMES[name]}") for name in full if name in NAMES)
        else:
            continue
        tops = [module.partition(".")[0] for module in modules]
        yield from ((node.lineno, f"{top} {MODULES[top]}") for top in tops if top in MODULES)


def _uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find names that may not be used, whatever they are called here."""
    meanings, bound = _meanings(tree), _bound(tree)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        name = _dotted(node, meanings)
        if name not in NAMES or (hasattr(builtins, name) and name in bound and id(node) not in called):
            continue  # A field may be called `hash` or `input`; calling it that way is still the builtin.
        yield node.lineno, f"{name} {NAMES[name]}"


def _zoneless_calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find conversions between instants and dates that leave the zone to the machine."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if len(node.args) + len(node.keywords) < LOCAL_ZONE.get(name, 0):
                yield node.lineno, f"{name} uses the zone of the machine"


def _meanings(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for, as in `{"dt": "datetime"}`."""
    meanings: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            meanings |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            meanings |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return meanings


def _bound(tree: ast.Module) -> set[str]:
    """Return the names that the file gives to parameters, fields and variables of its own."""
    nodes = list(ast.walk(tree))
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    return stored | {node.arg for node in nodes if isinstance(node, ast.arg)}


def _dotted(node: ast.expr, meanings: dict[str, str]) -> str:
    """Return `datetime.datetime.now` for whatever spelling of it; empty where the name starts from a value."""
    match node:
        case ast.Name(id=name):
            return meanings.get(name, name)
        case ast.Attribute(value=value, attr=attribute):
            start = _dotted(value, meanings)
            return f"{start}.{attribute}" if start else ""
        case _:
            return ""
