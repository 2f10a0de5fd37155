"""Reads the checked expression that the official CEL runtime serializes.

The runtime hands its answer over as protocol buffer bytes, and no published package holds the classes for them. The
wire format is small: this file reads the few messages of `cel.expr.CheckedExpr` that the rule language can meet and
turns them into the nodes of `tree.py`. What the language leaves out (macros, messages, bytes, unsigned integers, null)
is not an error here but a `Refusal` with its place, so that all of them can be shown at once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from rules.tree import Call, Const, ListOf, Name, Node, TypeName

_PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}
_WELL_KNOWN = {1: "any", 2: "timestamp", 3: "duration"}
_IDENT, _SELECT = 4, 5

# One field of a message: a number for varints and fixed widths, bytes for everything that has a length.
Field = tuple[int, int | bytes]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A construct of CEL that the rule language leaves out. `offset` counts code points of the source."""

    offset: int
    construct: str


@dataclass(slots=True)
class Reader:
    """Turns one serialized expression into a tree, collecting what has to be refused."""

    positions: dict[int, int]
    types: dict[int, TypeName]
    references: dict[int, tuple[str, str, bytes | None]]
    refusals: list[Refusal] = field(default_factory=list)

    def node(self, data: bytes) -> Node:
        """Return the node of one `Expr` message; a refused construct becomes a stand-in of type `error`."""
        fields = dict(_fields(data))
        at = _number(fields.pop(2, 0))
        kind, offset = self.types.get(at, "dyn"), self.positions.get(at, 0)
        name, overload, constant = self.references.get(at, ("", "", None))
        number, value = next(iter(fields.items()), (0, b""))
        if constant is not None:
            return self._constant(constant, offset)
        if number in {_IDENT, _SELECT} and name and not overload:
            return self._variable(name, kind, offset)  # One variable, whatever selects lie under it.
        match number:
            case 3:
                return self._constant(_bytes(value), offset)
            case 4:
                return self._variable(_bytes(dict(_fields(_bytes(value)))[1]).decode(), kind, offset)
            case 5:
                return self._select(_bytes(value), kind, offset)
            case 6:
                return self._call(_bytes(value), overload, kind, offset)
            case 7:
                parts = _fields(_bytes(value))
                return ListOf(
                    tuple(self.node(_bytes(part)) for inner, part in parts if inner == 1), kind, offset
                )
            case 8:
                return self._map(_bytes(value), kind, offset)
        return self._refuse(offset, "a macro (all, exists, exists_one, map, filter)")

    def _refuse(self, offset: int, construct: str) -> Node:
        self.refusals.append(Refusal(offset, construct))
        return Const(value=False, type="error", offset=offset)

    def _constant(self, data: bytes, offset: int) -> Node:
        number, value = next(iter(_fields(data)), (1, 0))
        match number, value:
            case 2, int():
                return Const(bool(value), "bool", offset)
            case 3, int():
                return Const(_signed(value), "int", offset)
            case 5, bytes():
                return Const(float(struct.unpack("<d", value)[0]), "double", offset)
            case 6, bytes():
                return Const(value.decode(), "string", offset)
        words = {1: "null", 4: "an unsigned number", 7: "a bytes literal"}
        return self._refuse(offset, words.get(number, "this literal"))

    def _variable(self, name: str, kind: TypeName, offset: int) -> Node:
        if kind.startswith("type("):
            return self._refuse(offset, f"the type {name} as a value")
        return Name(name, kind, offset - name.rfind(".") if "." in name else offset)

    def _call(self, data: bytes, overload: str, kind: TypeName, offset: int) -> Node:
        target: tuple[bytes, ...] = ()
        function, args = "", []
        for number, value in _fields(data):
            if number == 1:
                target = (_bytes(value),)
            elif number == 2:
                function = _bytes(value).decode()
            elif number == 3:
                args.append(_bytes(value))
        return Call(function, overload, tuple(self.node(each) for each in (*target, *args)), kind, offset)

    def _select(self, data: bytes, kind: TypeName, offset: int) -> Node:
        """Read a field of a map: `m.key` is `m["key"]`; a test of presence is refused."""
        fields = dict(_fields(data))
        if _number(fields.get(3, 0)):
            return self._refuse(offset, "has()")
        operand = self.node(_bytes(fields[1]))
        return Call(
            "_[_]", "index_map", (operand, Const(_bytes(fields[2]).decode(), "string", offset)), kind, offset
        )

    def _map(self, data: bytes, kind: TypeName, offset: int) -> Node:
        """Read a map literal as the call `@map(key, value, key, value, ...)`; a message is refused."""
        parts = []
        for number, value in _fields(data):
            if number == 1 and _bytes(value):
                return self._refuse(offset, f"the message {_bytes(value).decode()}")
            if number == 2:
                entry = dict(_fields(_bytes(value)))
                if 3 not in entry:
                    return self._refuse(offset, "a message")
                parts += [self.node(_bytes(entry[3])), self.node(_bytes(entry[4]))]
        return Call("@map", "", tuple(parts), kind, offset)


def read(serialized: bytes) -> tuple[Node, tuple[Refusal, ...]]:
    """Return the tree of a serialized `google.protobuf.Any` of a `CheckedExpr`, and what in it is refused.

    Constructs that are refused stand in the tree as constants of type `error`.
    """
    checked = _bytes(dict(_fields(serialized))[2])
    types: dict[int, TypeName] = {}
    references: dict[int, tuple[str, str, bytes | None]] = {}
    positions: dict[int, int] = {}
    root = b""
    for number, value in _fields(checked):
        match number, value:
            case 2, bytes():
                key, entry = _entry(value)
                references[key] = _reference(_bytes(entry))
            case 3, bytes():
                key, entry = _entry(value)
                types[key] = _type(_bytes(entry))
            case 4, bytes():
                root = value
            case 5, bytes():
                pairs = (_entry(_bytes(part)) for inner, part in _fields(value) if inner == 4)
                positions = {key: _number(entry) for key, entry in pairs}
    reader = Reader(positions, types, references)
    tree = reader.node(root)
    return tree, tuple(reader.refusals)


def _reference(data: bytes) -> tuple[str, str, bytes | None]:
    """Read a reference: name, overload ids joined by spaces (several where a type is open), constant."""
    name, overloads, constant = "", [], None
    for number, value in _fields(data):
        match number, value:
            case 1, bytes():
                name = value.decode()
            case 3, bytes():
                overloads.append(value.decode())
            case 4, bytes():
                constant = value
    return name, " ".join(overloads), constant


def _type(data: bytes) -> TypeName:
    """Read a type as its short name; what the language has no name for is `dyn`, or named for its refusal."""
    for number, value in _fields(data):
        match number, value:
            case 2, _:
                return "null"
            case 3, int():
                return _PRIMITIVES[value]
            case 5, int():
                return _WELL_KNOWN[value]
            case 6, bytes():
                return f"list({_type(_bytes(dict(_fields(value)).get(1, b'')))})"
            case 7, bytes():
                parts = dict(_fields(value))
                return f"map({_type(_bytes(parts.get(1, b'')))},{_type(_bytes(parts.get(2, b'')))})"
            case 9, bytes():
                return value.decode()
            case 11, bytes():
                return f"type({_type(value)})"
    return "dyn"


def _fields(data: bytes) -> Iterator[Field]:
    """Every field of one message, in order."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        size, at = _varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _entry(data: bytes) -> tuple[int, int | bytes]:
    """One entry of a map with integer keys; proto3 leaves zeros and empty messages out."""
    parts = dict(_fields(data))
    return _number(parts.get(1, 0)), parts.get(2, 0)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _number(value: int | bytes) -> int:
    assert isinstance(value, int), "the runtime sent bytes where its schema has a number"
    return _signed(value)


def _bytes(value: int | bytes) -> bytes:
    """Return a message or string; a missing one arrives as the default 0 and is empty."""
    return value if isinstance(value, bytes) else b""
