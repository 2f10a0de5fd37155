"""Why an expression has no value: the first part of it that fails although its own parts have values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rules.tree import Call, ListOf, Node

_WHY: Final = {
    "_+_": "an overflow", "_-_": "an overflow", "_*_": "an overflow", "-_": "an overflow",
    "_/_": "a division by zero or an overflow", "_%_": "a division by zero or an overflow",
    "_[_]": "no such index or key", "int": "a value that is no int of 64 bits", "double": "a text that is no number",
    "bool": "a text that is neither true nor false", "timestamp": "a text that is no instant in microseconds",
    "duration": "a text that is no duration in microseconds", "matches": "a bad pattern",
    "percent": "a percentage of nothing", "@map": "a key that comes twice",
}  # fmt: skip


def reason(tree: Node, source: str, run: Callable[[Node], object]) -> str:
    """Return a line that names the failing part; `run` gives a part's value or None."""
    node = _failing(tree, run)
    line = source.count("\n", 0, node.offset) + 1
    column = node.offset - (source.rfind("\n", 0, node.offset) + 1) + 1
    function = node.function if isinstance(node, Call) else ""
    name = function.strip("_@").replace("_", "") or function
    why = [_WHY[function]] if function in _WHY else []
    if not why or (isinstance(node, Call) and any(arg.type == "dyn" for arg in node.args)):
        why.append(f"values that {name} does not take")
    return f"{line}:{column}: no value: {' or '.join(why)} in '{name}'"


def _failing(node: Node, run: Callable[[Node], object]) -> Node:
    parts = node.args if isinstance(node, Call) else node.items if isinstance(node, ListOf) else ()
    for part in parts:
        if run(part) is None:
            return _failing(part, run)
    return node
