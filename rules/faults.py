"""A fault in an expression, in the words of the rule language, and the runtime's own faults put into them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from rules.functions import FUNCTIONS
from rules.scanning import paths
from rules.suggesting import did_you_mean
from rules.tree import TypeName

WORDS: Final[dict[TypeName, str]] = {
    "int": "a whole number", "double": "a decimal number", "bool": "true or false", "string": "a text",
    "timestamp": "an instant", "duration": "a duration", "event": "an event", "dyn": "a value of any type",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in an expression. `offset` counts code points from the start of its source."""

    offset: int
    found: str
    expected: str
    mend: str


def in_words(kind: TypeName) -> str:
    """Return a type as a reader would say it: `a whole number`, `a list of texts`."""
    if kind in WORDS:
        return WORDS[kind]
    if kind.startswith("list("):
        return f"a list of {_plural(kind[5:-1])}"
    if kind.startswith("map("):
        return f"a table of {_plural(kind[4:-1].partition(',')[2])}"
    return kind


def _plural(kind: TypeName) -> str:
    return (
        "truths"
        if kind == "bool"
        else f"{in_words(kind).partition(' ')[2]}s".replace("of any types", "s of any type")
    )


_ERROR: Final = re.compile(r"^(?:[A-Z_]+: )?ERROR: <input>:(-?\d+):(-?\d+): (.*)", re.MULTILINE)
_UNDECLARED: Final = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD: Final = re.compile(r"found no matching overload for '([^']*)' applied to '(.*)'")
_NO_FIELD: Final = re.compile(r"expression of type '(.*)' cannot be the operand of a select")
_SYNTAX: Final = re.compile(r"Syntax error: (.*?)(?: expecting (.*))?$")


def runtime_faults(text: str, source: str, known: Collection[str]) -> list[Fault]:
    """Turn the runtime's one text into faults with places in the source; `known` are the names in scope."""
    starts = [0, *(at + 1 for at, character in enumerate(source) if character == "\n")]
    faults = []
    for line, column, message in _ERROR.findall(text):
        row = int(line)
        if 1 <= row <= len(starts):
            at = min(starts[row - 1] + int(column) - 1, len(source))
            faults.append(_runtime_fault(_tidy(message), at, source, known))
    if faults:
        return faults
    if "recursion" in text:
        return [Fault(0, "an expression nested more than 32 deep", "a flatter one", "split it with let")]
    return [Fault(0, _tidy(text.splitlines()[0]), "an expression the runtime accepts", "mend it")]


def _tidy(message: str) -> str:
    """Take the runtime's own wrapping off a message."""
    short = re.sub(r" \[[A-Z_]+\]$", "", message).removesuffix(" (in container '')")
    return (
        short.replace("google.protobuf.", "")
        .replace("Duration", "duration")
        .replace("Timestamp", "timestamp")
    )


def _runtime_fault(message: str, at: int, source: str, known: Collection[str]) -> Fault:
    if found := _UNDECLARED.match(message):
        return _undeclared(found[1], at, source, known)
    if found := _OVERLOAD.match(message):
        return _no_overload(found[1], found[2], at)
    if found := _NO_FIELD.match(message):
        return _no_field(found[1], at, source)
    if found := _SYNTAX.match(message):
        expected = found[2] or "an expression"
        if len(expected) > 60:
            expected = "a value"  # The runtime lists every token that may begin one.
        return Fault(at, f"syntax error: {found[1]}", expected, "mend the expression here")
    return Fault(at, message, "an expression the runtime accepts", "mend it here")


def _undeclared(name: str, at: int, source: str, known: Collection[str]) -> Fault:
    """Report an unknown name; the runtime points at its last dot, we at its start."""
    head = name.rpartition(".")[0]
    start = at - len(head) if head and source[at - len(head) :].startswith(name) else at
    called = source[start + len(name) :].lstrip().startswith("(") if not head else False
    before = source[:at].rstrip()
    if called or source[at : at + 1] == "(":
        mend = did_you_mean(name, FUNCTIONS) or f"the functions are {' '.join(sorted(FUNCTIONS))}"
        return Fault(max(0, len(before) - len(name)) if before.endswith(name) else start,
                     f"undeclared reference to '{name}'", "a function of the rule language", mend)  # fmt: skip
    stem = name.removesuffix(".given")
    others = [each for each in known if each != stem]
    mend = did_you_mean(stem, others) or _kin(stem, known)
    return Fault(start, f"undeclared reference to '{name}'", "a name that stands here", mend)


def _kin(name: str, known: Collection[str]) -> str:
    """Say which names begin as an unknown one does, or how names begin at all."""
    prefix = name.rpartition(".")[0]
    alike = sorted(each for each in known if each.rpartition(".")[0] == prefix)
    if not alike:
        alike = sorted({each.partition(".")[0] + "." if "." in each else each for each in known})
    if not alike:
        return "no name stands here"
    return f"there are {' '.join(alike[:12])}" + (" …" if len(alike) > 12 else "")


def _no_overload(function: str, types: str, at: int) -> Fault:
    found = f"no matching overload for '{function}' applied to '{types}'"
    kinds = re.findall(r"(?:list|map)\([^()]*(?:\([^()]*\))?[^()]*\)|\w+", types[1:-1])
    spoken = " and ".join(in_words(kind.replace(", ", ",")) for kind in kinds)
    if function in FUNCTIONS:
        wanted = " or ".join(f"({', '.join(params)})" for _, params, _ in FUNCTIONS[function].overloads)
        return Fault(at, found, f"{function}{wanted}", f"it was given {spoken}")
    symbol = function.strip("_@").replace("_", " ") or function
    mend = f"{symbol} was given {spoken}"
    if sorted(set(kinds)) == ["double", "int"]:
        mend += "; say double(…) for the whole number, or write it with a decimal point"
    return Fault(at, found, f"values that {symbol} takes together", mend)


def _no_field(kind: str, at: int, source: str) -> Fault:
    """Report a field of a value that has none; the runtime points at the dot."""
    path = next((each for each in paths(source) if each.offset <= at < each.offset + len(each.name)), None)
    if path is None or path.member:
        return Fault(at, f"a field of {in_words(kind)}", "a table, or no field", "only tables have fields")
    name = path.name[: at - path.offset]
    return Fault(path.offset, f"undeclared reference to '{path.name}'", f"{name}, which is {in_words(kind)}",
                 did_you_mean(path.name, [f"{name}.given"]) or "it has no fields")  # fmt: skip
