"""Checks one expression: the official CEL runtime for types, the rule language for everything else.

The runtime reads and types the source against the names of its scope; its answer comes back as a tree (`wire.py`).
What the language leaves out, units that do not mix, inline numbers and times that nobody can read are found on that
tree. All faults of an expression are reported at once, each with its place and the way to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from cel_expr_python import cel

from rules.functions import FUNCTIONS
from rules.refusing import Finding, findings
from rules.scanning import Path, paths
from rules.suggesting import did_you_mean
from rules.tree import Call, ListOf, Name, Node, TypeName
from rules.units import Units
from rules.wire import read

LONGEST: Final = 4_000  # Characters of one expression; the longest shipped one has 200.
MACROS: Final = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})

WORDS: Final[dict[TypeName, str]] = {
    "int": "a whole number", "double": "a decimal number", "bool": "true or false", "string": "a text",
    "timestamp": "an instant", "duration": "a duration", "event": "an event", "dyn": "a value of any type",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declared:
    """A name that an expression may read. `optional`: it may have no value, and `NAME.given` tells."""

    type: TypeName
    unit: str = ""
    optional: bool = False


Scope: TypeAlias = dict[str, Declared]  # By dotted name.


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in an expression. `offset` counts code points from the start of its source."""

    offset: int
    found: str
    expected: str
    mend: str


@dataclass(frozen=True, slots=True)
class Checked:
    """An expression without faults. `names` are the variables it reads; `X.given` counts as itself."""

    tree: Node
    type: TypeName
    unit: str
    names: frozenset[str]
    warnings: tuple[str, ...] = ()


def check(  # noqa: PLR0913 (what surrounds an expression in a rule file)
    source: str,
    scope: Mapping[str, Declared],
    *,
    want: TypeName | None = None,
    levels: bool = False,
    lexicons: Iterable[str] | None = None,
    open_types: bool = False,
) -> Checked | tuple[Fault, ...]:
    """Check one expression against the names of a scope; return it typed, or every fault in it.

    `want` is the type that its place needs. `levels` refuses numbers without a name. `lexicons` are the term lists
    there are (None: not known, not checked). `open_types` lets values of mixed type and patterns that are not literal
    through, as `rules eval` does for values that somebody binds.
    """
    if refused := _unreadable(source):
        return (refused,)
    read_names = list(paths(source))
    faults = [*_forbidden(read_names, scope)]
    env = cel.NewEnv(variables=_variables(read_names, scope), functions=_declarations())
    try:
        serialized = env.compile(source).serialize()
    except RuntimeError as error:
        return _sorted([*faults, *_runtime_faults(str(error), source, scope)])
    tree, refusals = read(serialized)
    faults += [_refused(refusal.offset, refusal.construct) for refusal in refusals]
    if not faults:
        found = findings(tree, levels=levels, lexicons=lexicons, open_types=open_types)
        faults += [_fault_of(each, source) for each in found]
    units = Units(lambda name: scope[name].unit if name in scope else "")
    unit = units.of(tree)
    faults += [Fault(at, found, "one unit", "compare like with like, or name another limit") for at, found in units.faults]
    if want is not None and tree.type not in {want, "error"}:
        faults.append(Fault(0, in_words(tree.type), in_words(want), f"the whole expression must give {in_words(want)}"))
    if faults:
        return _sorted(faults)
    return Checked(tree, tree.type, unit, names(tree), tuple(_warnings(tree, scope)))


def names(tree: Node) -> frozenset[str]:
    """Return every variable that a tree reads."""
    match tree:
        case Name(name=name):
            return frozenset({name})
        case ListOf(items=parts) | Call(args=parts):
            return frozenset().union(*map(names, parts))
    return frozenset()


def in_words(kind: TypeName) -> str:
    """Return a type as a reader would say it: `a whole number`, `a list of texts`."""
    if kind in WORDS:
        return WORDS[kind]
    if kind.startswith("list("):
        return f"a list of {in_words(kind[5:-1]).removeprefix('a ').removeprefix('an ')}s".replace("true or falses", "truths")
    if kind.startswith("map("):
        return f"a table of {in_words(kind[4:-1].partition(',')[2]).removeprefix('a ').removeprefix('an ')}s"
    return kind


def _sorted(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Faults by place; of two at one place only the first."""
    placed: dict[int, Fault] = {}
    for fault in faults:
        placed.setdefault(fault.offset, fault)
    return tuple(placed[at] for at in sorted(placed))


def _unreadable(source: str) -> Fault | None:
    """What must not reach the runtime at all."""
    if len(source) > LONGEST:
        return Fault(LONGEST, f"{len(source):,} characters", f"at most {LONGEST:,}", "split it with let")
    for at, character in enumerate(source):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            return Fault(at, f"the character U+{ord(character):04X}", "text", "take it out")
    return None


def _forbidden(read_names: Iterable[Path], scope: Mapping[str, Declared]) -> Iterable[Fault]:
    """Macros, has() and `.given` of a name that needs none: the runtime would expand or accept them."""
    for path in read_names:
        head, _, last = path.name.rpartition(".")
        if path.called and path.name == "has" and not path.member:
            yield Fault(path.offset, "has() does not test dotted names", "NAME.given", "use event.consent_id.given")
        elif path.called and last in MACROS and (head or path.member):
            at = path.offset + len(path.name) - len(last)
            yield Fault(at, f"the macro {last}()", "an expression without loops", "a measure or a dimension that fans out")
        elif last == "given" and not path.called and head in scope and not scope[head].optional:
            yield Fault(path.offset, f"{head} is always there", "a name that may have no value", f"leave {path.name} out")


def _variables(read_names: Iterable[Path], scope: Mapping[str, Declared]) -> dict[str, cel.Type]:
    """The names of the scope that the source may mean; a scope has hundreds, an expression reads three."""
    variables = {}
    for path in read_names:
        parts = path.name.split(".")
        for size in range(1, len(parts) + 1):
            name = ".".join(parts[:size])
            if name in scope:
                variables[name] = cel_type(scope[name].type)
            elif parts[size - 1] == "given" and ".".join(parts[: size - 1]) in scope:
                variables[name] = cel.Type.BOOL
    return variables


@lru_cache(maxsize=256)
def cel_type(name: TypeName) -> cel.Type:
    """Return the runtime's type for a short name."""
    plain = {"int": cel.Type.INT, "double": cel.Type.DOUBLE, "bool": cel.Type.BOOL, "string": cel.Type.STRING,
             "timestamp": cel.Type.TIMESTAMP, "duration": cel.Type.DURATION, "dyn": cel.Type.DYN, "event": cel.Type.DYN}  # fmt: skip
    if name in plain:
        return plain[name]
    if name.startswith("list("):
        return cel.Type.List(cel_type(name[5:-1]))
    key, _, value = name[4:-1].partition(",")
    return cel.Type.Map(cel_type(key), cel_type(value))


@lru_cache(maxsize=1)
def _declarations() -> tuple[cel.FunctionDecl, ...]:
    """Our functions as the runtime declares them: types only, it never runs them."""
    return tuple(
        cel.FunctionDecl(
            function.name,
            [
                cel.Overload(key, cel_type(result), [cel_type(each) for each in params], is_member=function.member)
                for key, params, result in function.overloads
            ],
        )
        for function in FUNCTIONS.values()
    )


_ERROR: Final = re.compile(r"^(?:[A-Z_]+: )?ERROR: <input>:(-?\d+):(-?\d+): (.*)", re.MULTILINE)
_UNDECLARED: Final = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD: Final = re.compile(r"found no matching overload for '([^']*)' applied to '(.*)'")
_SYNTAX: Final = re.compile(r"Syntax error: (.*?)(?: expecting (.*))?$")


def _runtime_faults(text: str, source: str, scope: Mapping[str, Declared]) -> list[Fault]:
    """Turn the runtime's one text into faults with places in the source."""
    starts = [0, *(at + 1 for at, character in enumerate(source) if character == "\n")]
    faults = []
    for line, column, message in _ERROR.findall(text):
        row = int(line)
        if 1 <= row <= len(starts):
            at = min(starts[row - 1] + int(column) - 1, len(source))
            faults.append(_runtime_fault(_tidy(message), at, source, scope))
    if faults:
        return faults
    if "recursion" in text:
        return [Fault(0, "an expression nested more than 32 deep", "a flatter one", "split it with let")]
    return [Fault(0, _tidy(text.splitlines()[0]), "an expression the runtime accepts", "mend it")]


def _tidy(message: str) -> str:
    """Take the runtime's own wrapping off a message."""
    short = re.sub(r" \[[A-Z_]+\]$", "", message).removesuffix(" (in container '')")
    return short.replace("google.protobuf.", "").replace("Duration", "duration").replace("Timestamp", "timestamp")


def _runtime_fault(message: str, at: int, source: str, scope: Mapping[str, Declared]) -> Fault:
    if found := _UNDECLARED.match(message):
        return _undeclared(found[1], at, source, scope)
    if found := _OVERLOAD.match(message):
        return _no_overload(found[1], found[2], at)
    if found := _SYNTAX.match(message):
        expected = found[2] or "an expression"
        if len(expected) > 60:
            expected = "a value"  # The runtime lists every token that may begin one.
        return Fault(at, f"syntax error: {found[1]}", expected, "mend the expression here")
    return Fault(at, message, "an expression the runtime accepts", "mend it here")


def _undeclared(name: str, at: int, source: str, scope: Mapping[str, Declared]) -> Fault:
    """An unknown name; the runtime points at its last dot, we at its start."""
    head = name.rpartition(".")[0]
    start = at - len(head) if head and source[at - len(head) :].startswith(name) else at
    called = source[start + len(name) :].lstrip().startswith("(") if not head else False
    before = source[:at].rstrip()
    if called or source[at : at + 1] == "(":
        mend = did_you_mean(name, FUNCTIONS) or f"the functions are {' '.join(sorted(FUNCTIONS))}"
        return Fault(max(0, len(before) - len(name)) if before.endswith(name) else start,
                     f"undeclared reference to '{name}'", "a function of the rule language", mend)  # fmt: skip
    stem = name.removesuffix(".given")
    known = [each for each in scope if each != stem]
    mend = did_you_mean(stem, known) or _kin(stem, scope)
    return Fault(start, f"undeclared reference to '{name}'", "a name that stands here", mend)


def _kin(name: str, scope: Mapping[str, Declared]) -> str:
    """The names that begin as an unknown one does, or those that may stand alone."""
    prefix = name.rpartition(".")[0]
    alike = sorted(each for each in scope if each.rpartition(".")[0] == prefix) or sorted(scope)
    if not alike:
        return "no name stands here"
    return f"there are {' '.join(alike[:12])}" + (" …" if len(alike) > 12 else "")


def _no_overload(function: str, types: str, at: int) -> Fault:
    symbol = function.strip("_@").replace("_", " ") or function
    kinds = re.findall(r"(?:list|map)\([^()]*(?:\([^()]*\))?[^()]*\)|\w+", types[1:-1])
    spoken = " and ".join(in_words(kind.replace(", ", ",")) for kind in kinds)
    mend = f"give {symbol} values that go together"
    if sorted(set(kinds)) == ["double", "int"]:
        mend = "say double(…) for the whole number, or write it with a decimal point"
    elif function in FUNCTIONS:
        wanted = " or ".join(f"({', '.join(params)})" for _, params, _ in FUNCTIONS[function].overloads)
        mend = f"{function} takes {wanted}"
    return Fault(at, f"no matching overload for '{function}' applied to '{types}'", f"{symbol} that takes {spoken}", mend)


def _refused(offset: int, construct: str) -> Fault:
    return Fault(offset, construct, "what the rule language has", "rules have no use for it; leave it out")


def _fault_of(finding: Finding, source: str) -> Fault:
    return Fault(finding.offset, finding.found.replace("{source}", source), finding.expected, finding.mend)


def _warnings(tree: Node, scope: Mapping[str, Declared]) -> Iterable[str]:
    """`!=` on a name that may have no value does not hold where it has none; a reader may think it does."""
    if isinstance(tree, Call) and tree.function == "_!=_":
        for arg in tree.args:
            if isinstance(arg, Name) and arg.name in scope and scope[arg.name].optional:
                yield f"{arg.name} may have no value, and then != does not hold; test {arg.name}.given too"
    if isinstance(tree, Call | ListOf):
        for part in tree.args if isinstance(tree, Call) else tree.items:
            yield from _warnings(part, scope)
