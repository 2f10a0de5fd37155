"""The Python of sequences: how each step is found from the later ones, tested, and bound into one derived event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rules.planning.fields import LIMITS, is_as_of, prefix_of
from rules.planning.folding import indent
from rules.planning.names import canonical, expanded, names_in, rewrite
from rules.planning.plan import Plan, Stream, Unit
from rules.planning.reader import Reader, true
from rules.planning.states import Lines
from rules.tree import Call, Name, Node


def conjuncts(tree: Node | None) -> Iterator[Node]:
    """Yield the parts of a condition that must all hold."""
    if isinstance(tree, Call) and tree.function == "_&&_":
        for part in tree.args:
            yield from conjuncts(part)
    elif tree is not None:
        yield tree


class Chain:
    """A sequence as planned: its conditions sorted by the earliest step they read."""

    def __init__(self, plan: Plan, unit: Unit) -> None:
        self.unit = unit
        self.names = [step.name for step in unit.case.sequence]
        self.own: list[list[Node]] = [[] for _ in self.names]  # About one step alone: its stream's filter.
        self.between: list[list[Node]] = [[] for _ in self.names]  # About this step and later ones.
        for at, step in enumerate(unit.case.sequence):
            where = expanded(canonical(step.where.tree), unit.lets) if step.where else None
            for part in conjuncts(where):
                self._sort(part, at)
        self.streams: list[Stream] = [
            plan.streams.of(step.events, *(self._as_event(tree, step.name) for tree in self.own[at]))
            for at, step in enumerate(unit.case.sequence)
        ]

    def _sort(self, part: Node, at: int) -> None:
        read = {
            self.names.index(prefix) for name in names_in(part) if (prefix := prefix_of(name)) in self.names
        }
        plain = any(
            prefix_of(name) not in self.names and prefix_of(name) != "limit" for name in names_in(part)
        )
        steps = read | ({at} if plain else set())
        if len(steps) <= 1:
            self.own[min(steps, default=at)].append(part)
        else:
            self.between[min(steps)].append(part)

    @staticmethod
    def _as_event(tree: Node, step: str) -> Node:
        def change(node: Node) -> Node | None:
            if isinstance(node, Name) and prefix_of(node.name) == step:
                return Name("event" + node.name[len(step) :], node.type, node.offset)
            return None

        return canonical(rewrite(tree, change))

    def joins(self, at: int) -> list[tuple[str, str]]:
        """Return (name of this step, name of a later one) for every equality that finds this step."""
        found: list[tuple[str, str]] = []
        for tree in self.between[at]:
            if isinstance(tree, Call) and tree.function == "_==_":
                for mine, other in (tree.args, tree.args[::-1]):
                    both = isinstance(mine, Name) and isinstance(other, Name)
                    if both and prefix_of(mine.name) == self.names[at] != prefix_of(other.name):  # type: ignore[union-attr]
                        found.append((mine.name, other.name))  # type: ignore[union-attr]  # both are names
                        break
        return found

    def kept(self, at: int) -> list[str]:
        """Return what is remembered of a step beyond its place, as `event.` names."""
        names = sorted(self.reads(at) - set(_PLACED))
        return [*names, LIMITS] if at == len(self.names) - 1 else names

    def reads(self, at: int) -> set[str]:
        """Return what is read of a step, as `event.` names."""
        step = self.names[at]
        trees = [tree for trees in self.between for tree in trees]
        names = {name for tree in trees for name in names_in(tree)} | self.bound_names()
        found = {"event" + name[len(step) :] for name in names if prefix_of(name) == step}
        if at == len(self.names) - 1:
            found |= {name for name in names if prefix_of(name) == "event" or self._looked_up(name)}
        return found

    def bound_names(self) -> set[str]:
        """Return what the derived event must carry: all that the case reads of its steps."""
        unit = self.unit
        trees = (
            [tree for _, tree in unit.levels] + list(unit.lets.values()) + [part.tree for part in unit.key]
        )
        trees += [tree for bound in unit.bounds.values() for tree in bound.state.value]
        names = {name for tree in trees for name in names_in(tree)} | set(unit.shown)
        names |= {name for bound in unit.bounds.values() for name in bound.asks}
        return {name for name in names if prefix_of(name) in (*self.names, "event")}

    def _column(self, name: str) -> str:
        """Return the name by which a step keeps a value: `paid.account` → `event.account`; as-of values have one."""
        return name if self._looked_up(name) else "event" + name[len(prefix_of(name)) :]

    def _looked_up(self, name: str) -> bool:
        return is_as_of(name) and prefix_of(name) not in self.names

    def _step(self, name: str) -> int:
        """Return the step that a name reads; what names none is the last one's."""
        prefix = prefix_of(name)
        return self.names.index(prefix) if prefix in self.names else len(self.names) - 1

    def lines(self, events: list[Reader], since: int, kind: str) -> Lines:
        """Return the functions of every step, and `bind_N`; `events` read an event, the rest what is kept of it."""
        index = self.unit.index
        lines: Lines = []
        readers: list[Reader] = []
        for at, event in enumerate(events):
            names = self.kept(at)
            texts = "".join(f", {event.text(name)}" for name in names)
            lines += [f"def keep_{index}_{at}(p):", *indent([f"return (p[0], p[1], p[2], p[3]{texts})"]), ""]
            readers.append(
                replace(event, columns={name: _FIRST + number for number, name in enumerate(names)}, memo={})
            )
        for at in range(len(self.names) - 1):
            lines += self._link_lines(at, readers)
        last = len(self.names) - 1
        fields = [
            f"{name!r}: {self._text(name, readers)}"
            for name in sorted(self.bound_names())
            if name not in _PLACED
        ]
        fields.append(f"{LIMITS!r}: h[{last}][{(readers[last].columns or {})[LIMITS]}]")
        held = f"h[{since}]" if since >= 0 else "None"
        step = self.unit.case.sequence[since].name if since >= 0 else ""
        return [
            *lines,
            f"def bind_{index}(T, h):",
            *indent(
                [
                    f"p = h[{last}]; s = {held}",
                    "mark = '' if s is None else repr(s[:3])",
                    f"q = (p[0], p[1], p[2], f'\\x00{kind}\\x00{{mark}}')",
                    f"return p[0], {{'@place': (p[1], p[2], q), '@since.{step}': s and s[:4], {', '.join(fields)}}}",
                ]
            ),
            "",
        ]

    def _text(self, name: str, readers: list[Reader]) -> str:
        at = self._step(name)
        return readers[at].text(self._column(name)).replace(f"{readers[at].var}[", f"h[{at}][", 1)

    def _link_lines(self, at: int, readers: list[Reader]) -> Lines:
        index, joins = self.unit.index, self.joins(at)
        near = [pair for pair in joins if self._step(pair[1]) == at + 1]
        mine_near = [readers[at].text(self._column(name)) for name, _ in near]
        asked_near = [self._later(name, at, readers) for _, name in near]
        mine = [readers[at].text(self._column(name)) for name, _ in joins]
        asked = [self._later(name, at, readers) for _, name in joins]
        fits = true(tuple(self.between[at]), self._bound_reader(at, readers))
        return [
            f"def near_{index}_{at}(p):",
            *indent(_values(mine_near)),
            "",
            f"def asked_near_{index}_{at}(h):",
            *indent(_values(asked_near)),
            "",
            f"def join_{index}_{at}(p):",
            *indent(_values(mine)),
            "",
            f"def asked_{index}_{at}(h):",
            *indent(_values(asked)),
            "",
            f"def fits_{index}_{at}(h):",
            *indent([f"return {fits}"]),
            "",
        ]

    def _later(self, name: str, at: int, readers: list[Reader]) -> str:
        """Read a later step's value when the chain holds the steps after `at`."""
        step = self._step(name)
        return readers[step].text(self._column(name)).replace("p[", f"h[{step - at - 1}][", 1)

    def _bound_reader(self, at: int, readers: list[Reader]) -> Reader:
        """Return a reader for a chain that holds step `at` and all after it."""
        named = {}
        for tree in self.between[at]:
            for name in names_in(tree):
                if prefix_of(name) in (*self.names, "event") or self._looked_up(name):
                    step = self._step(name)
                    reader = readers[step]
                    held = Reader(
                        reader.kinds, reader.limits, reader.columns, f"h[{step - at}]", reader.dynamic
                    )
                    named[name] = held(self._column(name))
        return readers[at].knowing(named)


_FIRST = 4  # What is kept of an event begins after its place.
_PLACED = ("event.time", "event.source", "event.id", "event.type")


def _values(texts: list[str]) -> Lines:
    if not texts:
        return ["return ()"]
    given = " and ".join(f"{text} is not None" for text in texts)
    return [f"return ({', '.join(texts)},) if {given} else None"]
