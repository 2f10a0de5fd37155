"""A checked CEL expression as a tree of plain values.

The official runtime parses and type-checks; `reading.py` turns its serialized answer into these nodes. Everything
after that (unit checks, which names an expression reads, the Python it becomes) works on them alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

# CEL's type as a short name: int double bool string timestamp duration event, list(string) list(int) list(double),
# map(string,int) map(string,double) map(string,string) map(int,int).
TypeName: TypeAlias = str


@dataclass(frozen=True, slots=True)
class Const:
    """A literal. `duration("24h")` stays a call."""

    value: bool | int | float | str
    type: TypeName
    offset: int  # Code points from the start of the expression's source.


@dataclass(frozen=True, slots=True)
class Name:
    """A declared variable, dotted names whole: `event.amount_fen`, `limit.x`, `collected`, `event.x.given`."""

    name: str
    type: TypeName
    offset: int


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list literal."""

    items: tuple[Node, ...]
    type: TypeName
    offset: int


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function: `_&&_`, `_>=_`, `@in`, `percent`; a member's target is its first argument."""

    function: str
    overload: str
    args: tuple[Node, ...]
    type: TypeName
    offset: int


Node: TypeAlias = Const | Name | ListOf | Call
