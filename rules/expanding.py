"""Writes lets out: a name for an expression becomes the expression where it is read.

A let that is read twice stands twice in the tree, and lets may read lets, so a small text can grow without bound; the
growth is counted before anything is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rules.tree import Call, ListOf, Name, Node

MOST_NODES: Final = 20_000  # Of one expression with its lets written out.
DEEPEST: Final = 48  # Levels of it: Python's parser stops at 200 brackets, and a level may take four.


class TooLargeError(ValueError):
    """An expression grows beyond all reason once its lets are written out; the text says how."""


def expand(tree: Node, lets: Mapping[str, Node]) -> Node:
    """Return a tree with every let written out where it is read; `NAME.given` of a let becomes `@given(tree)`.

    Lets may read lets. Raises TooLargeError where the result passes MOST_NODES or DEEPEST, or a let reads itself.
    """
    return _Expansion(lets).of(tree).tree


@dataclass(frozen=True, slots=True)
class _Grown:
    """An expanded tree, the number of its nodes and of its levels."""

    tree: Node
    size: int = 1
    depth: int = 1


class _Expansion:
    """Writes lets out, each once, and counts."""

    def __init__(self, lets: Mapping[str, Node]) -> None:
        self._lets = lets
        self._done: dict[str, _Grown | None] = {}  # None while a let is being written out.

    def of(self, tree: Node) -> _Grown:
        """Return a tree expanded and measured."""
        match tree:
            case Name(name=name, offset=offset):
                if name in self._lets:
                    return self._let(name)
                head = name.removesuffix(".given")
                if head != name and head in self._lets:
                    return self._measured(
                        [self._let(head)], lambda parts: Call("@given", "", parts, "bool", offset)
                    )
            case ListOf(items=items, type=kind, offset=offset):
                return self._measured(map(self.of, items), lambda parts: ListOf(parts, kind, offset))
            case Call(function=name, overload=overload, args=args, type=kind, offset=offset):
                return self._measured(
                    map(self.of, args), lambda parts: Call(name, overload, parts, kind, offset)
                )
        return _Grown(tree)

    def _let(self, name: str) -> _Grown:
        if name not in self._done:
            self._done[name] = None
            self._done[name] = self.of(self._lets[name])
        done = self._done[name]
        if done is None:
            raise TooLargeError(f"{name} reads itself")
        return done

    def _measured(self, parts: Iterable[_Grown], build: Callable[[tuple[Node, ...]], Node]) -> _Grown:
        grown = list(parts)
        size = 1 + sum(part.size for part in grown)
        depth = 1 + max((part.depth for part in grown), default=0)
        if size > MOST_NODES:
            raise TooLargeError(f"more than {MOST_NODES:,} parts once lets are written out")
        if depth > DEEPEST:
            raise TooLargeError(f"more than {DEEPEST} levels once lets are written out")
        return _Grown(build(tuple(part.tree for part in grown)), size, depth)
