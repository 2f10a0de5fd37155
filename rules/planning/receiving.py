"""What intake needs of a rule set: the rules about arrival, and whether a tenant may set a limit to a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from engine.program import Face, Intake, Shown
from rules.durations import duration_us
from rules.emitted import Reading
from rules.emitting import Emitter
from rules.limits import DOUBLE_UNITS, INT_UNITS
from rules.model import Case, Limit, RuleSet
from rules.operators import NAMESPACE
from rules.planning.building import LEVELS
from rules.planning.names import names_in
from rules.planning.plan import Filter, Part, Stream, Unit
from rules.planning.reader import constant
from rules.planning.words import Value, teller
from rules.tree import Call, Const, Name, Node
from rules.vocabulary import intake_names

_TYPES: Final = {"event.ahead": "duration", "event.behind": "duration"}


def intake_of(rules: RuleSet, only: tuple[str, ...], first: int, counter: int) -> tuple[Intake, ...]:
    """Compile the intake rules that match the patterns; their faces are numbered from `first` on."""
    found: list[Intake] = []
    for rule in rules.rules().values():
        if only and not any(fnmatchcase(rule.id, pattern) for pattern in only):
            continue
        for case in rule.cases:
            if case.intake:
                found.append(_intake(rules, case, first + len(found), rule.title["zh"]))
    assert counter >= 0, "intake rules count nothing undecided"
    return tuple(found)


def _intake(rules: RuleSet, case: Case, index: int, title: str) -> Intake:
    unit = Unit(case, index, Stream(("@intake",), Filter("", ()), 0), _key(case), {}, ())
    declared = intake_names()
    names = sorted(
        name
        for name in {name for text in (*case.message.values(), *case.action.values()) for part in text.parts
                     if not isinstance(part, str) for name in names_in(part.value.tree)}
        if name in declared
    )  # fmt: skip
    values = tuple(Value(n, n.removeprefix("event."), declared[n].type, declared[n].unit) for n in names)
    unit.shown = tuple(names)
    face = Face(
        index=index, rule=case.rule, case=case.name, alert="ever" if case.alert == "ever" else "event",
        window="asof" if case.alert == "ever" else "event", dimensions=tuple(part.name for part in unit.key),
        key=lambda _, sub: sub, words=teller(unit, values, rules.limits), top=3,
        shadow=rules.rules()[case.rule].shadow,
    )  # fmt: skip
    read = {name for expression in _conditions(case) for name in names_in(expression)}
    return Intake(
        face=face,
        refuses="event.disposition" not in read,
        reads_text="event.clear_text" in read,
        seldom=any(_seldom(conjunct) for conjunct in _conjuncts(case.where.tree)) if case.where else False,
        reason=title,
        judge=_judge(rules, case, unit, names),
    )


def functions_of(rules: RuleSet) -> dict[str, Any]:
    """Return what compiled expressions call: the language's functions, and those that search term lists."""
    lists = rules.lexicons
    return {
        **NAMESPACE,
        "fn_hits": lambda text, name: lists[name].hits(text),
        "fn_mentions": lambda text, name: lists[name].mentions(text),
    }


def _conditions(case: Case) -> list[Any]:
    return [
        expression.tree for expression in (case.where, *(level for _, level in case.levels)) if expression
    ]


def _conjuncts(tree: Node) -> Iterator[Node]:
    if isinstance(tree, Call) and tree.function == "_&&_":
        for part in tree.args:
            yield from _conjuncts(part)
    else:
        yield tree


def _seldom(tree: Node) -> bool:
    """Return whether a condition cannot hold of an ordinary input: decided, not ahead of its time, nothing in clear."""
    if not isinstance(tree, Call) or len(tree.args) != 2:
        return False
    function, (left, right) = tree.function, tree.args
    if function == "_==_" and isinstance(left, Name) and isinstance(right, Const):
        return left.name == "event.disposition" and right.value != "decided"
    if function != "_>_":
        return False
    sized = isinstance(left, Call) and left.function == "size" and isinstance(left.args[0], Name)
    return (isinstance(left, Name) and left.name == "event.ahead") or (
        sized and left.args[0].name == "event.clear_text"  # type: ignore[union-attr]  # `sized` says so
    )


def _key(case: Case) -> tuple[Part, ...]:
    named = tuple(Part(dim.name, dim.value.tree) for dim in case.per)
    return named or (Part("event", Name("event.id", "string", 0)),)


def _judge(
    rules: RuleSet, case: Case, unit: Unit, shown: list[str]
) -> Callable[[dict[str, Any]], tuple[int, tuple[Any, ...], Shown] | None]:
    """Compile an intake rule to one function of an input's facts."""

    def read(name: str) -> Reading:
        if name.startswith("limit."):
            value = constant(rules.limits[name.removeprefix("limit.")])
            return Reading(repr(value), "False" if value is None else None)
        declared = intake_names()[name]
        text = f"e[{name!r}]"
        return Reading(text, f"{text} is not None" if declared.optional else None)

    emitter = Emitter(read)
    where = emitter.true(case.where.tree) if case.where else "True"
    level = "0"
    for name, expression in case.levels:
        level = f"{LEVELS[name]} if {emitter.true(expression.tree)} else {level}"
    key = ", ".join(emitter.value(part.tree).text for part in unit.key)
    held = ", ".join(f"e[{name!r}]" for name in shown)
    source = (
        "def judge(e):\n"
        f"    if not ({where}): return None\n"
        f"    level = {level}\n"
        f"    return (level, ({key},), (None, {held})) if level else None\n"
    )
    space = functions_of(rules)
    exec(compile(source, f"<intake {case.rule}>", "exec"), space)  # noqa: S102  # written from checked trees
    judge: Callable[[dict[str, Any]], tuple[int, tuple[Any, ...], Shown] | None] = space["judge"]
    return judge


# --- limits that a tenant sets ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Readers:
    """Reads the value of a `limit_profile.set` as rules read it, or says why it cannot be one."""

    limits: dict[str, Limit]

    def fault(self, name: str, value: Any) -> str:
        limit = self.limits.get(name)
        if limit is None:
            return f"data.limit: found {name!r}; expected the name of a limit of this rule set"
        if limit.table is not None:
            return f"data.limit: {name!r} has one value per kind; it cannot be set to a single one"
        try:
            self.value(name, value)
        except (TypeError, ValueError):
            return f"data.value: found {value!r}; expected a value in {limit.unit}"
        return ""

    def value(self, name: str, value: Any) -> Any:
        limit = self.limits[name]
        if limit.unit == "duration" and (span := duration_us(value)) is not None:
            return span
        if limit.unit in INT_UNITS and isinstance(value, int) and not isinstance(value, bool):
            return value
        if limit.unit in DOUBLE_UNITS and isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        if limit.unit == "terms" and isinstance(value, (list, tuple)):
            return tuple(str(term) for term in value)
        if limit.unit == "text" and isinstance(value, str):
            return value
        raise TypeError(name)


def limit_readers(limits: dict[str, Limit]) -> tuple[Callable[[str, Any], str], Callable[[str, Any], Any]]:
    """Return the check of a limit's value, and the reading of it."""
    readers = _Readers(limits)
    return readers.fault, readers.value
