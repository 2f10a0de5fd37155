"""The canonical names that expressions read, and trees compared by what they say.

`account.id` and `event.account` are one thing, a let inside a filter stands for its expression, and two expressions
with the same signature are one, in whatever rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rules.tree import Call, Const, ListOf, Name, Node

SAME: Final = {"account.id": "event.account", "owner.id": "event.owner", "account.owner_id": "event.owner"}
LOOKUPS: Final = ("qualified", "consented", "listed")


def rewrite(tree: Node, change: Callable[[Node], Node | None]) -> Node:
    """Return a tree with every node for which `change` gives another one replaced by it, outermost first."""
    other = change(tree)
    if other is not None:
        return other
    match tree:
        case Call():
            parts = tuple(rewrite(part, change) for part in tree.args)
            return Call(tree.function, tree.overload, parts, tree.type, tree.offset)
        case ListOf():
            return ListOf(tuple(rewrite(part, change) for part in tree.items), tree.type, tree.offset)
        case _:
            return tree


def canonical(tree: Node) -> Node:
    """Return a tree that reads every value by its one name."""

    def change(node: Node) -> Node | None:
        if isinstance(node, Name):
            given = node.name.endswith(".given")
            base = node.name.removesuffix(".given")
            if base in SAME:
                return Name(SAME[base] + (".given" if given else ""), node.type, node.offset)
        return None

    return rewrite(tree, change)


def expanded(tree: Node, lets: dict[str, Node]) -> Node:
    """Return a tree with lets replaced by what they stand for; `NAME.given` of a let is left alone."""

    def change(node: Node) -> Node | None:
        if isinstance(node, Name) and node.name in lets:
            return expanded(lets[node.name], lets)
        return None

    return rewrite(tree, change)


def signature(tree: Node) -> str:
    """Return a text that is equal for trees that say the same."""
    match tree:
        case Const():
            return f"{tree.type}:{tree.value!r}"
        case Name():
            return tree.name
        case ListOf():
            return "[" + ",".join(map(signature, tree.items)) + "]"
        case Call():
            return f"{tree.overload or tree.function}({','.join(map(signature, tree.args))})"


def names_in(tree: Node) -> set[str]:
    """Return every name a tree reads, `X.given` as X."""
    match tree:
        case Name():
            return {tree.name.removesuffix(".given")}
        case ListOf():
            return set().union(*map(names_in, tree.items))
        case Call():
            return set().union(*map(names_in, tree.args))
        case _:
            return set()
