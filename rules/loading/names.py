"""The names of one case, checked when they are first read.

A `let` is a name for an expression and is read where it stands: each place that reads it checks it with the names of
that place. A measure is built once. What nothing reads is never built, so a case carries only what it uses; and since
a name is finished only after those it reads, the order in which names are finished is the order to compute them in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from rules.checking import Checked, Declared, Scope, check
from rules.locating import Part, Scalar, Written
from rules.location import Location
from rules.model import Expression, Let, Limit, Measure
from rules.problems import Desk
from rules.scanning import paths
from rules.tree import Call, Const, ListOf, Node, TypeName
from rules.vocabulary import limit_names

# Where an event has no account or owner there is mostly no key, and it is passed over.
_NEARLY_ALWAYS: Final = (".account", ".owner")

# Aggregates that say something about nothing: no events are 0 events.
_ALWAYS: Final = frozenset({"count", "sum", "distinct", "series", "histogram"})


@dataclass(slots=True)
class Ground:
    """What all rules of one load share, and what they have read of it so far."""

    limits: dict[str, Limit]
    broken: frozenset[str]  # Limits with a mistake of their own; what reads them is not judged.
    lexicons: frozenset[str]
    scope: Scope = field(init=False)
    used_limits: set[str] = field(default_factory=set)
    used_lexicons: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.scope = limit_names(self.limits)

    def note(self, checked: Checked) -> None:
        """Remember which limits and lexicons an expression reads."""
        for name in checked.names:
            if name.startswith("limit."):
                self.used_limits.add(name.split(".")[1])
        self.used_lexicons.update(_lexicons(checked.tree))


@dataclass(frozen=True, slots=True)
class Space:
    """A place where expressions stand: its names, and whether measures have values there."""

    name: str
    scope: Scope
    measures: bool = False


class Names:
    """The lets and measures that a case may read."""

    def __init__(
        self, ground: Ground, desk: Desk, lets: Mapping[str, Scalar], measures: Mapping[str, Part]
    ) -> None:
        self.ground, self.desk, self.lets, self.measures = ground, desk, lets, measures
        self.read_measure: Callable[[str, Part], tuple[Measure, Scope] | None] | None = None
        self.built_lets: dict[str, Let] = {}
        self.built: dict[str, Measure] = {}
        self.attempted: set[str] = set()
        self._declared: dict[str, Scope | None] = {}
        self._open: list[str] = []
        self._fields: dict[str, set[str]] = {}

    def expression(
        self,
        part: Written | None,
        space: Space,
        desk: Desk,
        want: TypeName | None = None,
        *,
        levels: bool = False,
    ) -> Expression | None:
        """Check an expression where it stands; note every fault and give None where there is one."""
        if part is None:
            return None
        scope = self._scope(part, space, desk)
        if scope is None:
            return None
        checked = check(part.text, scope, want=want, levels=levels, lexicons=self.ground.lexicons)
        if not isinstance(checked, Checked):
            for fault in checked:
                desk.refuse(part.place(fault.offset), fault.found, fault.expected, fault.mend)
            return None
        for name in checked.unequal:
            if f"{name}.given" not in checked.names and not name.endswith(_NEARLY_ALWAYS):
                desk.warn(part.at, "unequal_to_nothing", name=name)
        self._note(checked)
        return Expression(part.text, checked.tree, checked.type, checked.unit, part.at, checked.names)

    def finished(self) -> tuple[Measure, ...]:
        """Return the measures in use, those that others read first, with the fields read of each record."""
        return tuple(
            replace(measure, fields=frozenset(self._fields[name])) if name in self._fields else measure
            for name, measure in self.built.items()
        )

    def measure(self, name: str, at: Location) -> Measure | None:
        """Build a measure by name, for another that aggregates it."""
        if name not in self.measures:
            return None
        self._measure(name, at)
        return self.built.get(name)

    def _scope(self, part: Written, space: Space, desk: Desk) -> Scope | None:
        """Return the names that stand here, the lets and measures that the text mentions among them."""
        scope = dict(space.scope)
        for path in paths(part.text):
            name, _, rest = path.name.partition(".")
            if name == "limit" and rest.removesuffix(".given") in self.ground.broken:
                return None
            self.attempted.add(name)
            declared: Scope | None = {}
            if name in self.lets:
                declared = self._let(name, space, part.place(path.offset))
            elif name in self.measures and space.measures:
                declared = self._measure(name, part.place(path.offset))
            elif name in self.measures:
                mend = "test it in levels, or write an event field"
                desk.refuse(
                    part.place(path.offset), f"the measure {name}", "a name that has its value here", mend
                )
                declared = None
            if declared is None:
                return None
            scope.update(declared)
        # What the text does not mention cannot be misread, and may be what it meant.
        for name in (*self.lets, *(self.measures if space.measures else ())):
            scope.setdefault(name, Declared("int"))
        return scope

    def _let(self, name: str, space: Space, at: Location) -> Scope | None:
        key = f"{space.name}/{space.measures}/{name}"
        if self._circular(name, at):
            return None
        if key not in self._declared:
            self._open.append(name)
            found = self.expression(self.lets[name], space, self.desk.about(f"let {name}"))
            self._open.pop()
            self._declared[key] = None
            if found is not None:
                self.built_lets.setdefault(name, Let(name, found))
                optional = self._may_lack(found.tree, space)
                self._declared[key] = {name: Declared(found.type, found.unit, optional)}
        return self._declared[key]

    def _measure(self, name: str, at: Location) -> Scope | None:
        if self._circular(name, at):
            return None
        if name not in self._declared:
            assert self.read_measure is not None, "a case sets its reader before anything is read"
            self._open.append(name)
            found = self.read_measure(name, self.measures[name])
            self._open.pop()
            self._declared[name] = None
            if found is not None:
                measure, record = found
                self.built[name] = measure
                if measure.record:
                    self._fields[name] = set()
                optional = measure.aggregate not in _ALWAYS or measure.at_least is not None
                self._declared[name] = {name: Declared(measure.type, measure.unit, optional), **record}
        return self._declared[name]

    def _circular(self, name: str, at: Location) -> bool:
        if name not in self._open:
            return False
        circle = " → ".join([*self._open[self._open.index(name) :], name])
        self.desk.refuse(at, f"the circle {circle}", "names that end somewhere", "break the circle")
        return True

    def _note(self, checked: Checked) -> None:
        self.ground.note(checked)
        for name in checked.names:
            head, _, rest = name.partition(".")
            if head in self._fields and rest and rest != "given":
                self._fields[head].add(rest.removesuffix(".given"))

    def _may_lack(self, tree: Node, space: Space) -> bool:
        """Return whether an expression may have no value: an optional name in it, or a function that can fail."""
        scope = {
            **space.scope,
            **{n: d for found in self._declared.values() for n, d in (found or {}).items()},
        }
        return any(
            (isinstance(node, Call) and node.function[:1] not in "_!@")
            or (isinstance(node, Call) and node.function in ("_/_", "_%_", "_[_]"))
            or (
                not isinstance(node, Call | Const | ListOf)
                and node.name in scope
                and scope[node.name].optional
            )
            for node in walk(tree)
        )


def walk(tree: Node) -> Iterator[Node]:
    """Yield a tree's nodes, each before its parts."""
    yield tree
    parts = tree.args if isinstance(tree, Call) else tree.items if isinstance(tree, ListOf) else ()
    for part in parts:
        yield from walk(part)


def _lexicons(tree: Node) -> Iterator[str]:
    for node in walk(tree):
        if (
            isinstance(node, Call)
            and node.function in ("hits", "mentions")
            and isinstance(node.args[1], Const)
        ):
            yield str(node.args[1].value)
