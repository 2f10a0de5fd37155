"""Checks one expression: the official CEL runtime for types, the rule language for everything else.

The runtime reads and types the source against the names of its scope; its answer comes back as a tree (`wire.py`).
What the language leaves out, units that do not mix, inline numbers and times that nobody can read are found on that
tree. All faults of an expression are reported at once, each with its place and the way to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from cel_expr_python import cel

from rules.faults import Fault, in_words, runtime_faults
from rules.functions import FUNCTIONS
from rules.refusing import Finding, findings
from rules.scanning import Path, paths
from rules.tree import Call, ListOf, Name, Node, TypeName
from rules.units import Units
from rules.wire import read

__all__ = ["Checked", "Declared", "Fault", "Scope", "cel_type", "check", "in_words", "names"]

LONGEST: Final = 4_000  # Characters of one expression; the longest shipped one has 200.
MACROS: Final = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})


@dataclass(frozen=True, slots=True)
class Declared:
    """A name that an expression may read. `optional`: it may have no value, and `NAME.given` tells."""

    type: TypeName
    unit: str = ""
    optional: bool = False


Scope: TypeAlias = dict[str, Declared]  # By dotted name.


@dataclass(frozen=True, slots=True)
class Checked:
    """An expression without faults. `names` are the variables it reads; `X.given` counts as itself.

    `unequal` are those that may have no value and stand beside `!=`.
    """

    tree: Node
    type: TypeName
    unit: str
    names: frozenset[str]
    unequal: tuple[str, ...] = ()


def check(
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
    faults = list(_forbidden(read_names, scope))
    try:
        serialized = _compiled(source, _variables(read_names, scope))
    except RuntimeError as error:
        return _sorted([*faults, *(() if _expands(faults) else runtime_faults(str(error), source, scope))])
    tree, refusals = read(serialized)
    faults += [_refused(refusal.offset, refusal.construct) for refusal in refusals if not _expands(faults)]
    if not faults:
        found = findings(tree, levels=levels, lexicons=lexicons, open_types=open_types)
        faults += [_fault_of(each, source) for each in found]
    units = Units(lambda name: scope[name].unit if name in scope else "")
    unit = units.of(tree)
    faults += [
        Fault(at, found, "one unit", "compare like with like, or name another limit")
        for at, found in units.faults
    ]
    if want is not None and tree.type not in {want, "error"}:
        faults.append(
            Fault(0, in_words(tree.type), in_words(want), f"the whole expression must give {in_words(want)}")
        )
    if faults:
        return _sorted(faults)
    return Checked(tree, tree.type, unit, names(tree), tuple(_unequal(tree, scope)))


def names(tree: Node) -> frozenset[str]:
    """Return every variable that a tree reads."""
    match tree:
        case Name(name=name):
            return frozenset({name})
        case ListOf(items=parts) | Call(args=parts):
            return frozenset().union(*map(names, parts))
    return frozenset()


def _sorted(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return faults by place; of two at one place only the first."""
    placed: dict[int, Fault] = {}
    for fault in faults:
        placed.setdefault(fault.offset, fault)
    return tuple(placed[at] for at in sorted(placed))


def _unreadable(source: str) -> Fault | None:
    """Return what must not reach the runtime at all."""
    if len(source) > LONGEST:
        return Fault(LONGEST, f"{len(source):,} characters", f"at most {LONGEST:,}", "split it with let")
    for at, character in enumerate(source):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            return Fault(at, f"the character U+{ord(character):04X}", "text", "take it out")
    return None


def _forbidden(read_names: Sequence[Path], scope: Mapping[str, Declared]) -> Iterable[Fault]:
    """Find macros, has() and `.given` of a name that needs none: the runtime would expand or accept them."""
    for at, path in enumerate(read_names):
        head, _, last = path.name.rpartition(".")
        if path.called and path.name == "has" and not path.member:
            tested = read_names[at + 1].name if at + 1 < len(read_names) else "NAME"
            found = "has() does not test dotted names"
            yield Fault(path.offset, found, "NAME.given", f"use {tested}.given")
        elif path.called and last in MACROS and (head or path.member):
            start = path.offset + len(path.name) - len(last)
            mend = "a measure or a dimension that fans out looks at many"
            yield Fault(start, f"the macro {last}()", "an expression without loops", mend)
        elif last == "given" and not path.called and head in scope and not scope[head].optional:
            found = f"{head} is always there"
            yield Fault(path.offset, found, "a name that may have no value", f"leave {path.name} out")


def _expands(faults: Iterable[Fault]) -> bool:
    """Say whether a macro was found; what the runtime says of its expansion would only confuse."""
    return any(fault.found.startswith(("the macro", "has()")) for fault in faults)


def _variables(read_names: Iterable[Path], scope: Mapping[str, Declared]) -> frozenset[tuple[str, TypeName]]:
    """Return the names of the scope that the source may mean: it has hundreds, an expression reads three."""
    variables: dict[str, TypeName] = {}
    for path in read_names:
        parts = path.name.split(".")
        for size in range(1, len(parts) + 1):
            name = ".".join(parts[:size])
            if name in scope and scope[name].type != "event":  # A record is read field by field.
                variables[name] = scope[name].type
            elif parts[size - 1] == "given" and ".".join(parts[: size - 1]) in scope:
                variables[name] = "bool"
    return frozenset(variables.items())


@lru_cache(maxsize=4_096)
def _compiled(source: str, variables: frozenset[tuple[str, TypeName]]) -> bytes:
    """Return the typed expression as the runtime writes it. A text says the same in two languages: asked once.

    Raises RuntimeError with all that the runtime finds wrong.
    """
    typed: bytes = _environment(variables).compile(source).serialize()
    return typed


@lru_cache(maxsize=1_024)
def _environment(variables: frozenset[tuple[str, TypeName]]) -> cel.Env:
    return cel.NewEnv(
        variables={name: cel_type(of) for name, of in sorted(variables)}, functions=_declarations()
    )


@lru_cache(maxsize=256)
def cel_type(name: TypeName) -> cel.Type:
    """Return the runtime's type for a short name."""
    plain = {
        "int": cel.Type.INT,
        "double": cel.Type.DOUBLE,
        "bool": cel.Type.BOOL,
        "string": cel.Type.STRING,
        "timestamp": cel.Type.TIMESTAMP,
        "duration": cel.Type.DURATION,
        "dyn": cel.Type.DYN,
    }
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
                cel.Overload(
                    key, cel_type(result), [cel_type(each) for each in params], is_member=function.member
                )
                for key, params, result in function.overloads
            ],
        )
        for function in FUNCTIONS.values()
    )


def _refused(offset: int, construct: str) -> Fault:
    return Fault(offset, construct, "what the rule language has", "rules have no use for it; leave it out")


def _fault_of(finding: Finding, source: str) -> Fault:
    return Fault(finding.offset, finding.found.replace("{source}", source), finding.expected, finding.mend)


def _unequal(tree: Node, scope: Mapping[str, Declared]) -> Iterable[str]:
    """Find `!=` on a name that may have no value: without one it does not hold; a reader may think it does."""
    if isinstance(tree, Call) and tree.function == "_!=_":
        for arg in tree.args:
            if isinstance(arg, Name) and arg.name in scope and scope[arg.name].optional:
                yield arg.name
    if isinstance(tree, Call | ListOf):
        for part in tree.args if isinstance(tree, Call) else tree.items:
            yield from _unequal(part, scope)
