"""CEL as the rules use it, parsed to nested tuples.

A node is `("const", value)`, `("name", "event.amount_fen")`, `("list", nodes)` or `("call", function, nodes)`.
Operators are calls named by their sign, a method's target is its first argument. Macros and messages are not part of
the language.
"""

from __future__ import annotations

import ast
import re
from typing import Any, TypeAlias

Node: TypeAlias = tuple[Any, ...]  # The shapes are in the docstring above.

_TOKEN = re.compile(
    r"""\s*(?:(?P<float>\d+\.\d*(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|(?P<int>\d+)|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<name>[A-Za-z_]\w*)|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]]))""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}
# Loosest first; `?:` stands above them and unary signs below.
_BINARY = [("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%")]


class CelSyntaxError(Exception):
    """The text is no expression of the language."""


def parse(text: str) -> Node:
    """Return the tree of one expression; raise CelSyntaxError where there is none."""
    parser = _Parser(_tokens(text), text)
    node = parser.ternary()
    parser.expect("end")
    return node


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise CelSyntaxError(f"cannot read {text[at:]!r} in {text!r}")
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        at = match.end()
    return [*found, ("end", "end")]


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, tokens: list[tuple[str, str]], text: str) -> None:
        self.tokens, self.text, self.at = tokens, text, 0

    def peek(self, *signs: str) -> bool:
        kind, word = self.tokens[self.at]
        return kind != "string" and word in signs

    def take(self) -> tuple[str, str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, sign: str) -> None:
        kind, word = self.take()
        if kind == "string" or word != sign:
            raise CelSyntaxError(f"expected {sign!r}, found {word!r} in {self.text!r}")

    def ternary(self) -> Node:
        condition = self.binary(0)
        if not self.peek("?"):
            return condition
        self.take()
        yes = self.binary(0)
        self.expect(":")
        return ("call", "?:", [condition, yes, self.ternary()])

    def binary(self, level: int) -> Node:
        if level == len(_BINARY):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek(*_BINARY[level]):
            sign = self.take()[1]
            left = ("call", sign, [left, self.binary(level + 1)])
        return left

    def unary(self) -> Node:
        if self.peek("!", "-"):
            sign = self.take()[1]
            return ("call", "not" if sign == "!" else "negative", [self.unary()])
        return self.postfix(self.primary())

    def postfix(self, node: Node) -> Node:
        while self.peek(".", "["):
            if self.take()[1] == "[":
                node = ("call", "[]", [node, self.ternary()])
                self.expect("]")
                continue
            word = self.take()[1]
            if self.peek("("):
                node = ("call", word, [node, *self.arguments()])
            elif node[0] == "name":
                node = ("name", f"{node[1]}.{word}")
            else:
                raise CelSyntaxError(f"only names have fields: .{word} in {self.text!r}")
        return node

    def primary(self) -> Node:
        kind, word = self.take()
        if kind in ("int", "float"):
            return ("const", int(word) if kind == "int" else float(word))
        if kind == "string":
            return ("const", ast.literal_eval(word))
        if kind == "name":
            return self.word(word)
        if word == "(":
            node = self.ternary()
            self.expect(")")
            return node
        if word == "[":
            self.at -= 1
            return ("list", self.arguments("[", "]"))
        raise CelSyntaxError(f"unexpected {word!r} in {self.text!r}")

    def word(self, word: str) -> Node:
        if word in _WORDS:
            return ("const", _WORDS[word])
        return ("call", word, self.arguments()) if self.peek("(") else ("name", word)

    def arguments(self, opening: str = "(", closing: str = ")") -> list[Node]:
        self.expect(opening)
        nodes: list[Node] = []
        while not self.peek(closing):
            nodes.append(self.ternary())
            if not self.peek(","):
                break
            self.take()
        self.expect(closing)
        return nodes
